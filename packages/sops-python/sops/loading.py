"""The text of a SOPS file as a tree, with each plain scalar read exactly as the ``sops`` program reads it.

Refuses what SOPS never writes. The YAML dialect matters because the message authentication code covers the *values* of
unencrypted scalars: it is that of go-yaml version 3, which SOPS uses. Knows nothing of encryption. Comments are left
out: the code does not cover them either.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import go_yaml
from go_yaml import Scalar, Timestamp
from sops.errors import InvalidFileError

__all__ = ["Node", "Scalar", "Timestamp", "Tree", "load"]

Node = Scalar | list["Node"] | dict[str, "Node"]
Tree = dict[str, Node]
_CONFLICT: Final = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)


def _fault(path: Path, node: go_yaml.Node, problem: str) -> InvalidFileError:
    return InvalidFileError(
        f"{path}, line {node.line}: {problem}, which SOPS does not write; restore the file or encrypt it anew"
    )


def _from_node(path: Path, node: go_yaml.Node) -> Node:
    match node:
        case go_yaml.ScalarNode():
            return go_yaml.scalar_of(node)
        case go_yaml.ListNode():
            return [_from_node(path, item) for item in node.items]
        case go_yaml.MappingNode():
            return {_key(path, key, value): _from_node(path, value) for key, value in node.pairs}
        case _:  # an encrypted file has no anchors: SOPS writes each value out
            raise _fault(path, node, "YAML aliases")


def _key(path: Path, node: go_yaml.Node, value: go_yaml.Node) -> str:
    """Return a key; ``<<`` is one, which SOPS writes as ``!!merge <<`` and fills with the values that were merged."""
    if go_yaml.is_merge(node) and not isinstance(value, go_yaml.MappingNode):
        raise _fault(path, node, "a merge (<<) of no group of keys")
    key = go_yaml.scalar_of(node) if isinstance(node, go_yaml.ScalarNode) else None
    if not isinstance(key, str):
        raise _fault(path, node, "a key that is not text")
    return str(key)


_REFUSED: Final = {
    go_yaml.Reason.KEY_TWICE: "the key {key!r} a second time; restore the file or encrypt it anew",
    go_yaml.Reason.TAG: "a value with a tag, such as !!binary; restore the file or encrypt it anew",
    go_yaml.Reason.DOCUMENTS: "it holds 2 YAML documents or more where one is expected; keep one per file",
    go_yaml.Reason.ALIAS: "it uses YAML aliases, which SOPS does not write; restore the file or encrypt it anew",
    go_yaml.Reason.CHARACTER: "it holds a character that does not exist; restore the file from version control",
    go_yaml.Reason.LIMIT: "it is too long or nested too deeply for a SOPS file; restore it from version control",
}
"""Text for each reason of a refusal; the parser's own text may quote a value."""


def _from_yaml(path: Path, text: str) -> Node:
    try:
        node = go_yaml.compose(text)
    except go_yaml.YamlError as error:
        problem = _REFUSED.get(error.reason, "not valid YAML; restore the file from version control")
        location = f", line {error.line}" if error.line else ""
        raise InvalidFileError(f"{path}{location}: {problem.format(key=error.key)}") from None
    return None if node is None else _from_node(path, node)


def _from_json(path: Path, text: str) -> Node:
    def fields(pairs: list[tuple[str, Node]]) -> Tree:
        if len(dict(pairs)) != len(pairs):
            raise InvalidFileError(f"{path} has a key twice in one object; restore the file from version control")
        return dict(pairs)

    def integer(digits: str) -> int | float:
        return int(digits) if -(2**63) <= int(digits) < 2**63 else float(digits)

    try:
        return json.loads(text, object_pairs_hook=fields, parse_int=integer)
    except ValueError as error:
        location = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidFileError(f"{path}{location}: not valid JSON; restore the file from version control") from None


def _refuse_conflict(path: Path, text: str) -> None:
    mark = _CONFLICT.search(text)
    if mark is None:
        return
    line = text.count("\n", 0, mark.start()) + 1
    raise InvalidFileError(
        f"{path}, line {line}: holds a merge conflict. Take one side as a whole (git checkout --ours {path}, or "
        f"--theirs), since the message authentication code covers all values; then make the changes of the other side "
        f"again with `sops edit {path}`"
    )


_FORMATS: Final = {".yaml": _from_yaml, ".yml": _from_yaml, ".json": _from_json}


def load(path: Path, text: str) -> Tree:
    """Return ``text`` as a tree. Raises InvalidFileError for anything that SOPS would not have written to ``path``."""
    if path.suffix not in _FORMATS:
        raise InvalidFileError(f"{path}: only {', '.join(_FORMATS)} files are read here; rename or convert the file")
    if not text.strip():
        raise InvalidFileError(f"{path} is empty; restore the file from version control")
    _refuse_conflict(path, text)
    try:
        tree = _FORMATS[path.suffix](path, text)
        json.dumps(tree, ensure_ascii=False).encode()
    except (RecursionError, OverflowError, UnicodeEncodeError):
        raise InvalidFileError(
            f"{path} is nested too deeply, or holds a character that does not exist; SOPS wrote neither: restore the "
            "file from version control"
        ) from None
    if not isinstance(tree, dict):
        raise InvalidFileError(f"{path} holds no keys at its top level; SOPS files are mappings from names to values")
    return tree
