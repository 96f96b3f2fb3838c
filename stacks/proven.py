"""The rule of a stack that promotes from another one: it runs what was proven there, and nothing that moves by itself.

Owns the rule. In a stack with ``promotesFrom`` a system names the commits and images that it runs, unless it says
``followsBranch: true``: a push would be live at once otherwise, and no promotion would see it. An image that the system
itself takes of others, by default, is no release of its own and left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from components.arguments import Arguments
from components.problems import Problem
from components.service_kind import ServiceSettings
from stacks.arguments_tree import walk_arguments
from stacks.releases import Key, Release, names_a_version
from stacks.system import System, SystemSettings

_FIX = "run railyard promote, pin it by hand, or give the system followsBranch: true"
_FIX_UPDATES = "remove it, or give the system followsBranch: true"


def unproven(
    source: str | None, systems: Mapping[str, SystemSettings], known: Mapping[str, type[System[Any]]]
) -> Iterator[Problem]:
    """Yield what of ``systems`` is not pinned in a stack that promotes from ``source``."""
    for name, settings in systems.items() if source else ():
        if settings.follows_branch:
            continue
        for release in known[name].releases(settings):
            yield from _of_release(name, settings, release, str(source))
        for path, part in walk_arguments(settings):
            if isinstance(part, ServiceSettings) and part.auto_updates in ("patch", "minor"):
                allowed = f"no updates by themselves, since this stack promotes from {source}"
                yield Problem((name, *path, "autoUpdates"), part.auto_updates, allowed, _FIX_UPDATES)


def _of_release(name: str, settings: SystemSettings, release: Release, source: str) -> Iterator[Problem]:
    for key in release.keys:
        value, written = _at(settings, key), _is_written(settings, key)
        if release.kind == "commit" and not value:
            yield Problem((name, *key), None, f"a commit, since this stack promotes from {source}", _FIX)
        elif release.kind == "image" and written and not names_a_version(str(value)):
            allowed = f"an image with its version, since this stack promotes from {source}"
            yield Problem((name, *key), value, allowed, _FIX)


def _is_written(settings: Arguments, key: Key) -> bool:
    """Tell whether the file has the key, or a default of the system."""
    part = _at(settings, key[:-1])
    return isinstance(part, Arguments) and key[-1] in part.model_fields_set


def _at(settings: Arguments, key: Key) -> Any:
    """Return the value at a key, whose parts are spelled as in the file."""
    value: Any = settings
    for part in key:
        if isinstance(part, int):
            value = cast("Sequence[Any]", value)[part]
            continue
        if isinstance(value, Mapping):
            value = cast("Mapping[str, Any]", value).get(part)
            continue
        fields = type(value).model_fields if isinstance(value, Arguments) else {}
        attribute = next((each for each, field in fields.items() if part in (each, field.alias)), part)
        value = getattr(cast("Any", value), attribute, None)
    return value
