"""The text of a settings file: its entries, each key with its value, its lines and the comment above it; and values as
YAML that go-yaml, by which they are read, reads as the same values.

Owns where an entry begins and ends, so that whole entries can be moved or taken out with every character of the rest
as it was. Does not know what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import yaml
from typing_extensions import override

import go_yaml
from go_yaml import ListNode, MappingNode, Node, ScalarNode
from pulumi_operations.project import full_key
from railyard.shared.console import OperationError
from stacks.shared_settings import NAMESPACE


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry below ``config:``."""

    key: str
    """The full key, ``railyard:omega``."""
    value: Node
    start: int
    """Offset at which the line of its key begins."""
    above: int
    """Offset at which the comment directly above that line begins; ``start`` without one."""
    end: int
    """Offset at which its last line ends, the line end included."""


def entries(name: str, text: str) -> list[Entry]:
    """Return the entries below ``config:`` in the text of the file ``name``.

    Raises ``OperationError`` for a file whose configuration does not stand in lines of its own.
    """
    root = go_yaml.compose(text)
    config = next((value for key, value in _pairs(root) if key.text == "config"), None)
    if not isinstance(config, MappingNode) or config.flow:
        raise OperationError(f"{name} is not laid out as expected: its keys should stand below 'config:', a line each")
    blocks: list[Entry] = []
    for key, value in _pairs(config):
        start = text.rfind("\n", 0, key.start) + 1
        end = text.find("\n", last_character(value))
        full, end = full_key(NAMESPACE, key.text), len(text) if end < 0 else end + 1
        blocks.append(Entry(key=full, value=value, start=start, above=_above(text, start), end=end))
    return blocks


def without(name: str, text: str, key: str, *, comment: bool = False) -> str:
    """Return ``text`` without an entry; what stands above its key stays, unless the ``comment`` there goes, too.

    Raises ``OperationError`` where there is no such entry.
    """
    entry = next((each for each in entries(name, text) if each.key == key), None)
    if entry is None:
        raise OperationError(f"{name} is not laid out as expected: remove {key} by hand")
    start = entry.above if comment else entry.start
    before, after = text[:start], text[entry.end :]
    if before.endswith("\n\n") and (after.startswith("\n") or not after):
        after = after.removeprefix("\n")
    return (before + after).rstrip("\n") + "\n"


def _above(text: str, start: int) -> int:
    """Return where the lines of comment begin that end at ``start``."""
    while start > 0:
        line = text.rfind("\n", 0, start - 1) + 1
        if not text[line:start].lstrip().startswith("#") or not text[line:start].startswith(" "):
            break
        start = line
    return start


def _pairs(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    every = node.pairs if isinstance(node, MappingNode) else ()
    return [(key, value) for key, value in every if isinstance(key, ScalarNode)]


def last_character(node: Node) -> int:
    """Return where the last character of a value stands: a block's own end is where the next thing begins."""
    if isinstance(node, MappingNode) and not node.flow and node.pairs:
        return last_character(node.pairs[-1][1])
    if isinstance(node, ListNode) and not node.flow and node.items:
        return last_character(node.items[-1])
    return node.end


WIDTH = 110
"""Columns after which a line is folded."""


_SHORT = 90
"""Characters up to which a group or list stands in one line, where that is asked for."""


class _Dumper(yaml.SafeDumper):
    """Writes texts in quotes that go-yaml would take for something else: 12e4, say."""

    @override
    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        if node.flow_style and sum(len(key.value) + len(value.value) + 4 for key, value in node.value) > _SHORT:
            node.flow_style = False
        return node


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if go_yaml.plain_scalar(text) == text else '"'
    return cast("Any", dumper).represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def settings_yaml(document: Mapping[str, Any], *, short_in_one_line: bool = False) -> str:
    """Return a document as YAML with its keys in their order.

    ``short_in_one_line`` writes short groups, and lists, that hold no others within braces and brackets.
    """
    style = None if short_in_one_line else False
    return cast("Any", yaml).dump(
        dict(document), Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True, default_flow_style=style
    )
