"""A YAML text as nodes, each with its place and its characters.

Checks what go-yaml version 3 checks of a whole text (one document, no duplicate keys, no endless aliases), and the
limits on its size. Nothing here recurses, so a text that is too deep is refused and never exhausts the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, cast

import yaml

from go_yaml.errors import Reason, YamlError, shortened

LONGEST: Final = 250_000
"""Characters of a text that is read."""
DEEPEST: Final = 100
"""Levels of groups and lists, aliases written out."""
MOST_VALUES: Final = 100_000
"""Values of a text, aliases written out: a few lines of anchors can stand for more than any memory holds."""
MERGE: Final = "<<"

_TAGS: Final = {
    "tag:yaml.org,2002:str": "!!str",
    "tag:yaml.org,2002:map": "!!map",
    "tag:yaml.org,2002:seq": "!!seq",
    "tag:yaml.org,2002:merge": "!!merge",
    "!": "!",
}
"""The tags that are read, each with its short form."""
_PROPERTIES: Final = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:\s+|$))*")
"""Anchor and tag in front of a value."""


@dataclass(kw_only=True, eq=False)
class Node:
    """One value of a text."""

    line: int
    """Line of its first character, counted from 1; that of its anchor, if it has one."""
    column: int
    """Column of that character, counted from 1."""
    start: int
    """Index of its first character in the text, behind anchor and tag."""
    end: int
    """Index behind its last character. A block scalar ends where the next node begins."""
    tag: str = ""
    """Its tag in short form, ``!!str``; empty when none is written."""
    size: int = 1
    """Values in it, itself and what its aliases stand for included."""
    depth: int = 1
    """Levels in it, itself included."""


@dataclass(kw_only=True, eq=False)
class ScalarNode(Node):
    """A string, number, boolean, point in time or null."""

    text: str
    """Its characters without quotes."""
    quotes: str = ""
    """The style of the scalar: a quote, ``|`` or ``>``; empty for a plain one."""


@dataclass(kw_only=True, eq=False)
class AliasNode(Node):
    """An alias of a value further above, ``*name``."""

    target: Node


@dataclass(kw_only=True, eq=False)
class ListNode(Node):
    """A list."""

    flow: bool
    """Flow style, in brackets."""
    items: list[Node] = field(default_factory=list[Node])


@dataclass(kw_only=True, eq=False)
class MappingNode(Node):
    """A group of keys."""

    flow: bool
    """Flow style, in braces."""
    pairs: list[tuple[Node, Node]] = field(default_factory=list[tuple[Node, Node]])


@lru_cache(maxsize=8)
def compose(text: str) -> Node | None:
    """Return the only document of ``text``, None for an empty one. Raises ``YamlError``.

    The result is cached, and callers share it: do not change its nodes.
    """
    if len(text) > LONGEST:
        raise YamlError(
            f"it has more than {LONGEST:,} characters, more than settings or secrets need: shorten it",
            reason=Reason.LIMIT,
        )
    composer = _Composer(text)
    try:
        for event in cast("Iterator[Any]", yaml.parse(text, yaml.SafeLoader)):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = cast("Any", error.problem_mark or error.context_mark)
        problem = str(error.problem or error.context)
        if r"'\t'" in problem:
            problem = "a tab stands where spaces are needed: write spaces"
        raise YamlError(problem, *_place(mark)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = error.character if isinstance(error.character, int) else ord(error.character[:1] or "\0")
        raise YamlError(
            f"it holds the character U+{character:04X}, which YAML does not allow", line, reason=Reason.CHARACTER
        ) from None
    except (ValueError, OverflowError):
        raise YamlError(
            r"it holds an escape such as \U99999999, which is not a character", reason=Reason.CHARACTER
        ) from None
    return composer.root


def _place(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Composer:
    """Makes nodes of the events of a text."""

    def __init__(self, text: str) -> None:
        self.root: Node | None = None
        self._text = text
        self._documents = 0
        self._anchors: dict[str, Node] = {}
        self._open: list[tuple[ListNode | MappingNode, list[Node]]] = []

    def take(self, event: Any) -> None:
        """Add the node that ``event`` begins, ends or is."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise YamlError(
                    "a second document begins here: keep one in a file",
                    *_place(event.start_mark),
                    reason=Reason.DOCUMENTS,
                )
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            node, children = self._open.pop()
            node.end = cast("Any", event.end_mark).index
            if isinstance(node, MappingNode):
                node.pairs = list(zip(children[::2], children[1::2], strict=True))
                _refuse_keys(node)
            else:
                node.items = children
            self._add(node)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _begin(self, event: Any) -> None:
        if len(self._open) >= DEEPEST:
            raise YamlError(
                f"it is nested more than {DEEPEST} levels deep: make it flatter",
                *_place(event.start_mark),
                reason=Reason.LIMIT,
            )
        kind = MappingNode if isinstance(event, yaml.MappingStartEvent) else ListNode
        node = kind(**self._common(event), flow=bool(event.flow_style))
        self._name(event, node)
        self._open.append((node, []))

    def _scalar(self, event: Any) -> None:
        text = str(event.value)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise YamlError(
                "it holds half of a character (a surrogate)", *_place(event.start_mark), reason=Reason.CHARACTER
            ) from None
        node = ScalarNode(**self._common(event), text=text, quotes=event.style or "")
        self._name(event, node)
        self._add(node)

    def _alias(self, event: Any) -> None:
        target, name = self._anchors.get(event.anchor), shortened(event.anchor)
        if target is None:
            raise YamlError(
                f"there is no anchor &{name} above *{name}: correct the name, or write the value",
                *_place(event.start_mark),
                reason=Reason.ALIAS,
            )
        if any(node is target for node, _ in self._open):
            raise YamlError(
                f"the anchor &{name} contains itself: write out what is meant",
                *_place(event.start_mark),
                reason=Reason.ALIAS,
            )
        self._add(AliasNode(**self._common(event), target=target, size=target.size, depth=target.depth))

    def _common(self, event: Any) -> dict[str, Any]:
        line, column = _place(event.start_mark)
        start, end = event.start_mark.index, event.end_mark.index
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _TAGS:
            short = tag.replace("tag:yaml.org,2002:", "!!")
            raise YamlError(
                f"the tag {shortened(short)} is not read here: remove it, and write the value itself",
                line,
                column,
                reason=Reason.TAG,
            )
        if tag is not None or getattr(event, "anchor", None):
            match = cast("re.Match[str]", _PROPERTIES.match(self._text, start))
            start = match.end() if isinstance(event, yaml.CollectionStartEvent) else min(match.end(), end)
        return {"line": line, "column": column, "start": start, "end": end, "tag": _TAGS.get(tag or "", "")}

    def _name(self, event: Any, node: Node) -> None:
        if event.anchor:
            self._anchors[event.anchor] = node

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent, children = self._open[-1]
        children.append(node)
        parent.size += node.size
        parent.depth = max(parent.depth, node.depth + 1)
        if parent.size > MOST_VALUES or len(self._open) + node.depth > DEEPEST:
            raise YamlError(
                f"with its aliases written out it has more than {MOST_VALUES:,} values or {DEEPEST} levels: write out "
                "what is meant",
                node.line,
                node.column,
                reason=Reason.LIMIT,
            )


def _refuse_keys(mapping: MappingNode) -> None:
    """Refuse a key that occurs twice, as go-yaml does."""
    keys: set[str] = set()
    for key, _ in mapping.pairs:
        if isinstance(key, ScalarNode):
            if key.text in keys:
                raise YamlError(
                    f"the key {shortened(key.text)!r} stands twice: remove one",
                    key.line,
                    key.column,
                    reason=Reason.KEY_TWICE,
                    key=shortened(key.text),
                )
            keys.add(key.text)
