"""The text of a SOPS file as a tree, with each plain scalar read exactly as the ``sops`` program reads it.

Owns the dialect only. It matters because the message authentication code covers the *values* of unencrypted scalars:
``yes`` and ``n`` are strings here, ``010`` is eight and ``2026-1-2`` is a moment, as in go-yaml version 3, which SOPS
uses, and not as in PyYAML. Knows nothing of encryption. Comments are left out: the code does not cover them either.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

import yaml

from sops.errors import InvalidFileError

Scalar = str | int | float | bool | None
Node = Scalar | list["Node"] | dict[str, "Node"]
Tree = dict[str, Node]


class Moment(str):
    """A point in time in its RFC 3339 form: SOPS has the type, its users want the text."""

    __slots__ = ()


_PLAIN: Final = "!plain"
_STRING: Final = "tag:yaml.org,2002:str"
_MERGE: Final = "tag:yaml.org,2002:merge"
"""Of the key ``<<``, which SOPS writes as ``!!merge <<`` and fills with the values that were merged."""
_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], float("nan")),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], float("inf")),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], float("-inf")),
}
_INTEGERS: Final = (
    (re.compile(r"[+-]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[+-]?0[bB][01]+"), 2),
    (re.compile(r"[+-]?0[oO]?[0-7]+"), 8),
    (re.compile(r"[+-]?(0|[1-9][0-9]*)"), 10),
)
_LONGEST: Final = len("-0b") + 64
"""Digits of an integer that fits into 64 bits, in any base."""
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONFLICT: Final = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:([Tt ])(\d\d?):(\d\d?):(\d\d?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?"
)


def _moment(text: str) -> Moment | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, separator, hour, minute, second, fraction, zone = match.groups()
    if separator and (separator == " ") != (zone is None):
        return None  # with a "T" the zone is required, with a space it is not allowed
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{int(second or 0):02}"
    date = f"{year}-{int(month):02}-{int(day):02}"
    try:
        datetime.fromisoformat(f"{date}T{clock}{zone or 'Z'}")
    except ValueError:
        return None
    fraction = (fraction or "").rstrip("0")
    ending = "Z" if zone in (None, "+00:00", "-00:00") else zone
    return Moment(f"{date}T{clock}{'.' if fraction else ''}{fraction}{ending}")


def plain_scalar(text: str) -> Scalar:
    """What an unquoted YAML scalar means to SOPS."""
    if text in _WORDS:
        return _WORDS[text]
    moment = _moment(text)
    if moment is not None:
        return moment
    digits = text.replace("_", "") if text[:1] in set("+-0123456789") else text
    for form, base in _INTEGERS if len(digits) <= _LONGEST else ():
        if form.fullmatch(digits) and -(2**63) <= int(digits, base) < 2**63:
            return int(digits, base)
    return float(digits) if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)) else text


class _Loader(yaml.SafeLoader):
    """Composes nodes without resolving plain scalars, so that ``plain_scalar`` may."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _STRING
        return str(super().resolve(kind, value, implicit))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]


def _fault(path: Path, node: yaml.Node, what: str) -> InvalidFileError:
    line = cast("Any", node.start_mark).line + 1
    return InvalidFileError(
        f"{path}, line {line}: {what}, which SOPS does not write; restore the file or encrypt it anew"
    )


def _from_node(path: Path, node: yaml.Node) -> Node:
    match node:
        case yaml.ScalarNode() if node.tag in (_PLAIN, _STRING, _MERGE):
            text = str(node.value)
            return plain_scalar(text) if node.tag == _PLAIN else text
        case yaml.SequenceNode():
            return [_from_node(path, item) for item in cast("list[yaml.Node]", node.value)]
        case yaml.MappingNode():
            tree: Tree = {}
            for key_node, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
                key = _from_node(path, key_node)
                if not isinstance(key, str):
                    raise _fault(path, key_node, "a key that is not text")
                if key in tree:
                    raise _fault(path, key_node, f"the key {key!r} a second time")
                tree[str(key)] = _from_node(path, value)
            return tree
        case _:
            raise _fault(path, node, f"a value with the tag {node.tag}")


def _from_yaml(path: Path, text: str) -> Node:
    try:
        # An encrypted file has no anchors: SOPS writes each value out. Refusing them also stops cyclic files.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _Loader)):
            raise InvalidFileError(
                f"{path} uses YAML aliases, which SOPS does not write; restore it or encrypt it anew"
            )
        documents = list(cast("Any", yaml).compose_all(text, _Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InvalidFileError(f"{path}{where}: not valid YAML; restore the file from version control") from None
    if len(documents) > 1:
        raise InvalidFileError(f"{path} holds {len(documents)} YAML documents where one is expected; keep one per file")
    return _from_node(path, documents[0]) if documents else None


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
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidFileError(f"{path}{where}: not valid JSON; restore the file from version control") from None


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
    """``text`` as a tree. Raises InvalidFileError for anything that SOPS would not have written to ``path``."""
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
