"""The settings of a stack as its own file and the file that all stacks share make them.

Owns the names of both files and how one outweighs the other. ``defaults.yaml`` has the form of ``Pulumi.<stack>.yaml``,
and only Railyard's own keys: those of providers are read by Pulumi's engine, which takes what all stacks share from
``config:`` in ``Pulumi.yaml``. Groups are merged key by key; a list, a plain value or null of the stack's file wins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import go_yaml

NAMESPACE: Final = "railyard"
"""Prefix of Railyard's own keys."""
DEFAULTS_FILE: Final = "defaults.yaml"
"""Beside ``Pulumi.yaml``: what all stacks share. It may be absent."""
SERVICES: Final = "services"
"""The key by which a system that is settings alone is recognized."""
_REVIEW: Final = re.compile(r"pr-([1-9]\d*)")
_BEFORE, _AFTER = "Pulumi.", ".yaml"


def file_name(stack: str) -> str:
    """Return the name of a stack's settings file."""
    return f"{_BEFORE}{stack}{_AFTER}"


def stack_of(file: str) -> str:
    """Return the stack whose settings file has this name."""
    return file.removeprefix(_BEFORE).removesuffix(_AFTER)


def stack_names(root: Path) -> list[str]:
    """Return the stacks of the project in ``root``, each ``Pulumi.<name>.yaml`` one, in alphabetical order.

    Review environments are left out: they come and go, and their files are in no repository.
    """
    names = (stack_of(path.name) for path in root.glob(file_name("*")))
    return sorted(name for name in names if review_number(name) is None)


def review_number(stack: str) -> int | None:
    """Return the pull request whose review environment has this name as a stack, None for any other stack."""
    match = _REVIEW.fullmatch(stack)
    return int(match[1]) if match else None


def value_of(value: Any) -> Any:
    """Return a value of the configuration as it is meant: Pulumi hands groups and lists over as JSON."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def own_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return Railyard's own keys of a configuration, without their namespace, as what they mean."""
    own = {key: value_of(value) for key, value in config.items() if key.startswith(f"{NAMESPACE}:")}
    return {key.partition(":")[2]: value for key, value in own.items()}


def shared_values(nodes: Mapping[str, go_yaml.Node]) -> dict[str, Any]:
    """Return what the shared file says, without namespaces, from its nodes (full key → value)."""
    return own_values({key: go_yaml.value_of(node) for key, node in nodes.items()})


def chosen(own: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    """Return the systems that a stack runs: those of its key ``systems``, else those whose key its file holds.

    Does not validate that key.
    """
    named = own.get("systems")
    if isinstance(named, list | tuple):
        return [name for name in known if name in named]
    return [name for name in known if name in own]


def merged(own: Mapping[str, Any], shared: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """Return a stack's settings with those that all stacks share below them; ``known`` are the names of all systems.

    A system of the shared file alone is left out, unless the stack runs it. A key with an empty text is none, as
    ``Pulumi.yaml`` declares those that a stack need not have. Merging again changes nothing.
    """
    known = [*known, *_of_ones_own(own, shared, known)]
    runs = chosen({"systems": shared.get("systems"), **own}, known)
    stated = {key: value for key, value in own.items() if value != "" or key in known}
    keys = [key for key in dict.fromkeys([*stated, *shared, *runs]) if key in stated or key in runs or key not in known]
    return {key: over(shared.get(key), stated[key]) if key in stated else shared.get(key, {}) for key in keys}


def _of_ones_own(own: Mapping[str, Any], shared: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    """Return the systems that are said in the settings alone, which are known by their group of services."""
    groups = [(key, each.get(key)) for each in (own, shared) for key in each if key not in known]
    return list(dict.fromkeys(key for key, value in groups if isinstance(value, Mapping) and SERVICES in value))


def over(below: Any, above: Any) -> Any:
    """Return ``above`` with what it leaves out taken from ``below``, where both are groups; else ``above``."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    low, high = cast("Mapping[str, Any]", below), cast("Mapping[str, Any]", above)
    return {key: over(low.get(key), high[key]) if key in high else low[key] for key in dict.fromkeys([*low, *high])}


def with_shared(config: Mapping[str, Any], shared: Mapping[str, Any], known: Sequence[str]) -> dict[str, str]:
    """Return a whole configuration with what all stacks share below it, both full key → value, as programs get it."""
    own, below = own_values(config), own_values(shared)
    values = merged(own, below, known)
    by_key = {f"{NAMESPACE}:{key}": value for key, value in values.items()}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in by_key.items()}
    return {**config, **texts}
