"""The files of settings as YAML nodes: what a value no longer shows once it is read.

Owns what is wrong with the text of a file, and where its values are encrypted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import go_yaml
from components.problems import Problem
from stacks.arguments_tree import Path
from stacks.problems import SettingsError
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE


def read_nodes(file: str, text: str) -> dict[str, go_yaml.Node]:
    """Return what stands in the file, full key → its value. Raises ``SettingsError`` for a file that is no YAML."""
    try:
        config = go_yaml.find(document := go_yaml.compose(text), ("config",))
        if document is not None:
            go_yaml.value_of(document)
    except go_yaml.YamlError as error:
        place = f":{error.line}" if error.line else ""
        raise SettingsError(f"{file}{place}: {error.problem}", [], prefix="") from None
    config = None if config is None else go_yaml.resolved(config)
    if not isinstance(config, go_yaml.MappingNode):
        return {}
    return {key.text if ":" in key.text else f"{NAMESPACE}:{key.text}": node for key, node in go_yaml.entries(config)}


def problems_of_text(nodes: Mapping[str, go_yaml.Node]) -> Iterator[Problem]:
    """Yield what a value no longer shows once it is read: that it was a date, or that it was encrypted."""
    for key, node in nodes.items():
        if not key.startswith(f"{NAMESPACE}:"):
            continue
        for path, part in _walk(node, (key.partition(":")[2],)):
            if _is_encrypted(part) and not _may_be_encrypted(path):
                allowed = "no encrypted value but below variables; secrets of systems come from the SOPS file"
                yield Problem(path, None, allowed, "store it there")
            elif isinstance(part, go_yaml.ScalarNode) and isinstance(go_yaml.scalar_of(part), go_yaml.Timestamp):
                yield Problem(path, part.text, "a text, and YAML takes this for a date", "", wants_quotes=True)


def foreign_keys(nodes: Mapping[str, go_yaml.Node]) -> Iterator[Problem]:
    """Report keys of the shared file that Pulumi's engine would have to read, which it does not."""
    for key in nodes:
        if not key.startswith(f"{NAMESPACE}:"):
            allowed = f"a key of Railyard, {NAMESPACE}:…: Pulumi's engine does not read {DEFAULTS_FILE}"
            yield Problem((key,), None, allowed, f"write it below config: in Pulumi.yaml, as {key}: {{value: …}}", True)


def encrypted_paths(nodes: Mapping[str, go_yaml.Node]) -> Iterator[Path]:
    """Yield where values are encrypted, and may be."""
    for key, node in nodes.items():
        if key.startswith(f"{NAMESPACE}:"):
            every = _walk(node, (key.partition(":")[2],))
            yield from (path for path, part in every if _is_encrypted(part) and _may_be_encrypted(path))


def _is_encrypted(node: go_yaml.Node) -> bool:
    """Tell whether a value is one that ``pulumi config set --secret`` writes."""
    return isinstance(node, go_yaml.MappingNode) and [key.text for key, _ in go_yaml.entries(node)] == ["secure"]


def _may_be_encrypted(path: Path) -> bool:
    """Tell whether a value stays secret on its way to Railway: that of a variable does."""
    return len(path) > 2 and path[-2] == "variables"


def _walk(node: go_yaml.Node, path: Path) -> Iterator[tuple[Path, go_yaml.Node]]:
    node = go_yaml.resolved(node)
    yield path, node
    if isinstance(node, go_yaml.MappingNode):
        for key, value in go_yaml.entries(node):
            yield from _walk(value, (*path, key.text))
    elif isinstance(node, go_yaml.ListNode):
        for index, item in enumerate(node.items):
            yield from _walk(item, (*path, index))
