"""The entries of a settings file as parts of its text: each key with its value, its lines and the comment above it.

Owns where an entry begins and ends, so that whole entries can be moved or taken out with every character of the rest
as it was. Does not know what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass

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
