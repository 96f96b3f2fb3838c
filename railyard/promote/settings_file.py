"""Writing into ``Pulumi.<stack>.yaml``: single values, with every other character of the file as it was.

Owns the edit and its proof: the changed file, read again, is the old one with these values, and the settings in it are
valid. A YAML library that writes the whole file anew would fold lines, move comments and change quotes, and a reviewer
could not see what changes. Does not know what the values mean.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import go_yaml
from go_yaml import ScalarNode
from pulumi_operations.project import ProjectError
from railyard.shared.console import OperationError
from railyard.shared.files import write_whole
from railyard.shared.project import project_directory
from railyard.shared.stack import settings_in
from stacks.problems import SettingsError
from stacks.releases import Key
from stacks.shared_settings import NAMESPACE, file_name

Changes = Mapping[Key, Any]
"""Keys from the system's name on (``seance``, ``commit``) → their new values: texts, numbers, lists, groups."""
_PLAIN: Final = re.compile(r"[A-Za-z][\w./-]*(:[\w.-]+)?(@sha256:[0-9a-f]+)?")
"""Texts that need no quotes: a commit that begins with a digit could be read as a number."""
_SOURCES: Final = ("repo", "branch", "image")
"""Behind these a new key is easiest to find."""


@dataclass(frozen=True)
class Edit:
    """A settings file before and after."""

    file: Path
    before: str
    after: str

    @property
    def lines(self) -> list[str]:
        """Return the difference: the lines of a unified diff with the file's name on both sides."""
        name = self.file.name
        difference = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), name, name, lineterm="", n=1
        )
        return list(difference)

    def write(self) -> None:
        """Replace the file, or make a new one, unless it was changed meanwhile; raises ``OperationError``."""
        if (self.before or self.file.exists()) and text_of(self.file) != self.before:
            raise OperationError(f"{self.file.name} was changed meanwhile: run the command again")
        write_whole(self.file, self.after)


def edited(stack: str, changes: Changes) -> Edit:
    """Return the settings file of ``stack`` with ``changes``, not yet written; raises ``OperationError``."""
    file = project_directory() / file_name(stack)
    before = text_of(file)
    after = before
    for key, value in changes.items():
        # Once an anchor has its new value, the places that share it have it, too.
        if value_at(read(after), key) != value:
            after = with_value(after, _place(key), value)
    _prove(file, before, after, changes)
    return Edit(file, before, after)


def read(text: str) -> Any:
    """Return what a settings file holds, with nothing shared between two places; raises ``OperationError``."""
    try:
        return go_yaml.load(text)
    except go_yaml.YamlError as error:
        raise OperationError(f"the settings file, line {error.line or 1}: {error.problem}") from None


def value_at(document: Any, key: Key) -> Any:
    """Return the value at ``key`` in a settings file that was read; None when nothing does."""
    for part in _place(key):
        if not isinstance(document, Mapping):
            return None
        document = cast("Mapping[Any, Any]", document).get(part)
    return document


def with_value(text: str, place: Sequence[Any], value: Any) -> str:
    """Return ``text`` with ``value`` at ``place``, a list of keys. What is missing of the way there is added.

    What a merge brings to a place is outweighed there; an alias gives way to the value, an anchor stays.
    """
    node = go_yaml.compose(text)
    for index, key in enumerate(place):
        if not isinstance(node, go_yaml.MappingNode):
            break
        inner_node = next(
            (inner for name, inner in node.pairs if isinstance(name, ScalarNode) and name.text == key), None
        )
        if inner_node is None:
            return _added(text, node, place[index:], value)
        node = inner_node
    if node is None or not _in_one_piece(node):
        raise OperationError(_not_as_expected(place, value))
    quotes = node.quotes if isinstance(node, ScalarNode) else ""
    return text[: node.start] + _written(value, quotes) + text[node.end :]


def _in_one_piece(node: go_yaml.Node) -> bool:
    """Tell whether another value can take the place of a node: not of one with a tag, nor of a block of lines."""
    if isinstance(node, ScalarNode):
        return not node.tag
    return isinstance(node, go_yaml.AliasNode) or cast("go_yaml.ListNode | go_yaml.MappingNode", node).flow


def _place(key: Key) -> list[Any]:
    return ["config", f"{NAMESPACE}:{key[0]}", *key[1:]]


def _added(text: str, mapping: go_yaml.MappingNode, missing: Sequence[Any], value: Any) -> str:
    entry = _entry(missing, value)
    if mapping.flow:
        if not mapping.pairs:
            return text[: mapping.end - 1] + entry + text[mapping.end - 1 :]
        end = _neighbour(mapping.pairs)[1].end
        return f"{text[:end]}, {entry}{text[end:]}"
    ended = [pair for pair in mapping.pairs if _ends_on_its_line(pair[1])]
    first = mapping.pairs[0][0]
    indent = " " * (first.column - 1)
    if not ended:
        return f"{text[: first.start]}{entry}{_line_end(text)}{indent}{text[first.start :]}"
    end = text.find("\n", _neighbour(ended)[1].end)
    if end < 0:
        return f"{text}{_line_end(text)}{indent}{entry}"
    return f"{text[: end + 1]}{indent}{entry}{_line_end(text)}{text[end + 1 :]}"


Pair = tuple[go_yaml.Node, go_yaml.Node]


def _neighbour(pairs: Sequence[Pair]) -> Pair:
    named = [pair for pair in pairs if isinstance(pair[0], ScalarNode) and pair[0].text in _SOURCES]
    return (named or pairs)[-1]


def _ends_on_its_line(node: go_yaml.Node) -> bool:
    """Tell whether a value ends on the line on which it begins: a block ends where the next thing begins."""
    if isinstance(node, ScalarNode):
        return node.quotes not in ("|", ">")
    return isinstance(node, go_yaml.AliasNode) or cast("go_yaml.ListNode | go_yaml.MappingNode", node).flow


def _entry(keys: Sequence[Any], value: Any) -> str:
    first, *rest = keys
    return f"{first}: {{{_entry(rest, value)}}}" if rest else f"{first}: {_written(value, '')}"


def _written(value: Any, quotes: str) -> str:
    """Return a value in one line, in flow style."""
    if isinstance(value, Mapping):
        entries = [f"{key}: {_written(each, '')}" for key, each in cast("Mapping[str, Any]", value).items()]
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written(each, '') for each in cast('Sequence[Any]', value))}]"
    return _quoted(value, quotes) if isinstance(value, str) else json.dumps(value)


def _quoted(value: str, quotes: str) -> str:
    if quotes in ("'", '"') and not set(value) & set("'\"\\\n"):
        return f"{quotes}{value}{quotes}"
    plain = _PLAIN.fullmatch(value) and go_yaml.plain_scalar(value) == value
    return value if plain else json.dumps(value, ensure_ascii=False)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _prove(file: Path, before: str, after: str, changes: Changes) -> None:
    expected = read(before)
    for key, value in changes.items():
        *way, last = _place(key)
        inner = expected
        for part in way:
            inner = cast("dict[str, Any]", inner).setdefault(part, {}) if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            raise OperationError(_not_as_expected(_place(key), value))
        inner[last] = value
    try:
        edited = go_yaml.load(after)
    except go_yaml.YamlError:
        edited = None
    if edited != expected:
        raise OperationError("\n".join(_not_as_expected(_place(key), value) for key, value in changes.items()))
    try:
        settings_in(file.name, after)
    except (ProjectError, SettingsError) as error:
        raise OperationError(f"the settings would not be valid with this, and nothing was written\n{error}") from None


def _not_as_expected(place: Sequence[Any], value: Any) -> str:
    where = ".".join(map(str, place[1:]))
    text = _written(value, '"')
    return f"the settings file is not laid out as expected, so nothing was written: set {where} to {text} by hand"


def text_of(file: Path) -> str:
    """Return the text of a settings file with its own line ends, by which ``Edit`` knows it again."""
    return file.read_bytes().decode("utf-8")
