"""Property values in a form that may be shown: secrets masked, long ones shortened, control characters gone.

Owns the masking. A value is masked when it is marked as secret on *either* side of a change, so that a secret that
loses its mark is not printed as the new value. Keys are sorted, since the protocol does not keep their order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from pulumi_operations.events import Step
from pulumi_operations.values import UNKNOWN, PathPart, Secret, parse_path
from railway_api.counting import count
from railway_api.redaction import forms_of

SECRET_TEXT: Final = "[secret]"
UNKNOWN_TEXT: Final = "[unknown]"
LONGEST: Final = 60
"""Characters of one value in a change; longer ones are cut."""
SHORTEST_SECRET: Final = 6
"""Characters of the shortest secret that is looked for in messages; shorter ones would blacken common words."""

_CONTROL: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


class Masked(str):
    """The text that stands for a secret or an unknown value."""

    __slots__ = ()


def clean(text: str) -> str:
    """Return ``text`` without escape sequences and control characters, which logs of builds are full of."""
    return _CONTROL.sub("", text)


def masked(value: Any, *others: Any) -> Any:
    """Return ``value`` with names for its secret and unknown parts; ``others`` are its forms before and after."""
    if isinstance(value, Secret) or any(isinstance(other, Secret) for other in others):
        return Masked(SECRET_TEXT)
    if value is UNKNOWN:
        return Masked(UNKNOWN_TEXT)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        peers = [cast("Mapping[str, Any]", other) for other in others if isinstance(other, Mapping)]
        return {key: masked(fields[key], *(peer.get(key) for peer in peers)) for key in sorted(fields)}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        lists = [cast("list[Any]", other) for other in others if isinstance(other, list)]
        return [masked(item, *(peer[at] for peer in lists if at < len(peer))) for at, item in enumerate(items)]
    return value


def at_path(properties: Mapping[str, Any], path: Iterable[PathPart]) -> Any:
    """Return the value at a property path: a secret when anything on the way is one, None when nothing stands there."""
    node: Any = properties
    secret = False
    for part in path:
        if isinstance(node, Secret):
            secret, node = True, node.value
        if node is UNKNOWN:
            return node
        if isinstance(node, Mapping):
            node = cast("Mapping[Any, Any]", node).get(part)
        elif isinstance(node, list) and isinstance(part, int) and part < len(cast("list[Any]", node)):
            node = cast("list[Any]", node)[part]
        else:
            return None
    return Secret(node) if secret and node is not None else node


def _shown(value: Any) -> str:
    match value:
        case Masked():
            return str(value)
        case str():
            return json.dumps(clean(value), ensure_ascii=False)
        case dict():
            fields = cast("dict[str, Any]", value)
            return "{" + ", ".join(f"{clean(key)}: {_shown(item)}" for key, item in fields.items()) + "}"
        case list():
            return "[" + ", ".join(_shown(item) for item in cast("list[Any]", value)) + "]"
        case _:
            return json.dumps(value, default=str)


def complete(value: Any, *others: Any) -> str:
    """Return a value in full, on one line: strings as they are, the rest as in JSON."""
    ready = masked(value, *others)
    return clean(ready) if isinstance(ready, str) and "\n" not in ready else _shown(ready)


def short(value: Any, *others: Any) -> str:
    """Return a value in at most about ``LONGEST`` characters; of several lines the first and their count."""
    ready = masked(value, *others)
    if isinstance(ready, str) and "\n" in ready.strip("\n"):
        lines = ready.splitlines()
        return f"{_cut(json.dumps(clean(lines[0]), ensure_ascii=False))} ({count(len(lines), 'line')})"
    text = _shown(ready)
    if len(text) > LONGEST and isinstance(ready, dict | list):
        size = len(cast("list[Any]", ready))
        return f"{{{count(size, 'key')}}}" if isinstance(ready, dict) else f"[{count(size, 'item')}]"
    return _cut(text)


def _cut(text: str) -> str:
    """Cut the middle out: what two versions of an image or two addresses differ in mostly stands at the end."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[1 - LONGEST // 2 :]}"


def change(step: Step, path: str) -> tuple[str, str]:
    """Return the old and the new value at ``path``, both short. Inputs are looked at first, then outputs."""
    parts = parse_path(path)
    old, new = at_path(step.old_inputs, parts), at_path(step.new_inputs, parts)
    if old == new:  # what differs was found by the cloud: a refresh, or an output that will change
        old, new = at_path(step.old_outputs, parts), at_path(step.new_outputs, parts)
    return short(old, new), short(new, old)


class Scrubber:
    """Takes secrets out of messages, in case a provider or an API repeats one."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def learn(self, *values: Any) -> None:
        """Remember every secret in ``values``, in all the forms in which a message may repeat it."""
        for value in values:
            self._find(value, secret=False)

    def learn_step(self, step: Step) -> None:
        """Remember every secret of a step."""
        self.learn(step.old_inputs, step.new_inputs, step.old_outputs, step.new_outputs)

    def _find(self, value: Any, *, secret: bool) -> None:
        match value:
            case Secret():
                self._find(value.value, secret=True)
            case Mapping():
                for item in cast("Mapping[str, Any]", value).values():
                    self._find(item, secret=secret)
            case list():
                for item in cast("list[Any]", value):
                    self._find(item, secret=secret)
            case str() if secret:
                self._known.update(form for form in forms_of(value) if len(form) >= SHORTEST_SECRET)
            case _:
                pass

    def __call__(self, text: str) -> str:
        """Return ``text``, cleaned, with known secrets masked; the longest first, since one may contain another."""
        for value in sorted(self._known, key=len, reverse=True):
            text = text.replace(value, SECRET_TEXT)
        return clean(text)
