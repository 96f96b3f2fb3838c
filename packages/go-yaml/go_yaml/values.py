"""The values of nodes, and the way to a node.

Owns merges (``<<``) and the rule that keys are strings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import cast

from go_yaml.errors import Reason, YamlError, shortened
from go_yaml.nodes import MERGE, AliasNode, ListNode, MappingNode, Node, ScalarNode, compose
from go_yaml.scalars import Scalar, Timestamp, plain_scalar

Value = Scalar | list["Value"] | dict[str, "Value"]


def load(text: str) -> Value:
    """Return what ``text`` holds, None for an empty one; points in time as ``Timestamp``. Raises ``YamlError``."""
    node = compose(text)
    return None if node is None else value_of(node)


def value_of(node: Node) -> Value:
    """Return the value of a node, with nothing that two places share. Raises ``YamlError``."""
    node = resolved(node)
    if isinstance(node, ScalarNode):
        return scalar_of(node)
    if isinstance(node, ListNode):
        return [value_of(item) for item in node.items]
    return {key.text: value_of(value) for key, value in entries(cast("MappingNode", node))}


def scalar_of(node: ScalarNode) -> Scalar:
    """Return the value of a scalar: a string when it has quotes or the tag ``!!str``; ``!`` changes nothing."""
    return node.text if node.quotes or node.tag == "!!str" else plain_scalar(node.text)


def resolved(node: Node) -> Node:
    """Return what an alias stands for; any other node itself."""
    while isinstance(node, AliasNode):
        node = node.target
    return node


def entries(mapping: MappingNode) -> Iterator[tuple[ScalarNode, Node]]:
    """Yield the keys of a mapping with their nodes: its own, then those that it merges and does not have.

    Raises ``YamlError`` for a key that is not a string, and for a merge of something that has no keys.
    """
    keys: set[str] = set()
    merges: list[Node] = []
    for key, value in mapping.pairs:
        if is_merge(key):
            merges.append(value)
            continue
        text = _key(key)
        keys.add(text.text)
        yield text, value
    for merged in merges:
        for source in _sources(merged):
            for key, value in entries(source):
                if key.text not in keys:
                    keys.add(key.text)
                    yield key, value


def is_merge(key: Node) -> bool:
    """Tell whether a key asks for the keys of another mapping."""
    return isinstance(key, ScalarNode) and key.text == MERGE and not key.quotes and key.tag in ("", "!", "!!merge")


def find(node: Node | None, path: Sequence[str | int]) -> Node | None:
    """Return the node at ``path``, through aliases and merges; None when there is none. Raises ``YamlError``."""
    for part in path:
        node = None if node is None else resolved(node)
        if isinstance(node, MappingNode):
            node = next((value for key, value in entries(node) if key.text == part), None)
        elif isinstance(node, ListNode) and isinstance(part, int) and 0 <= part < len(node.items):
            node = node.items[part]
        else:
            return None
    return node


def written(node: Node) -> str:
    """Return a scalar with the characters that it has in the text, anything else as JSON.

    What is in quotes or on several lines comes in double quotes.
    """
    node = resolved(node)
    if isinstance(node, ScalarNode):
        return json.dumps(node.text, ensure_ascii=False) if node.quotes else node.text
    return json.dumps(value_of(node), ensure_ascii=False)


def _sources(merged: Node) -> list[MappingNode]:
    node = resolved(merged)
    sources = [resolved(item) for item in node.items] if isinstance(node, ListNode) else [node]
    if not all(isinstance(source, MappingNode) for source in sources):
        raise YamlError(
            "<< merges groups of keys, and this is not one: name an anchor of one",
            merged.line,
            merged.column,
            reason=Reason.ALIAS,
        )
    return cast("list[MappingNode]", sources)


def _key(node: Node) -> ScalarNode:
    if not isinstance(node, ScalarNode):
        kind = "an alias" if isinstance(node, AliasNode) else "a list or a group of keys"
        raise YamlError(
            f"a key is {kind}, and needs to be a string: write the string", node.line, node.column, reason=Reason.KEY
        )
    value = scalar_of(node)
    if isinstance(value, str) and not isinstance(value, Timestamp):
        return node
    label = shortened(node.text)
    raise YamlError(
        f"the key {label or 'of no characters'} is {_KINDS[type(value)]} in YAML, and needs to be a string: "
        f'write "{label}" in quotes, '
        "or another name",
        node.line,
        node.column,
        reason=Reason.KEY,
    )


_KINDS = {int: "a number", float: "a number", bool: "a flag", type(None): "nothing", Timestamp: "a date"}
