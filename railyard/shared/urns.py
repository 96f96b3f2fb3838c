"""Parts of URNs, ``urn:pulumi:stack::project::type$type::name``, and patterns of URNs."""

from __future__ import annotations

from collections.abc import Iterable

from stacks import resource_types


def name_of(urn: str) -> str:
    """Return the last part of a URN."""
    return urn.rsplit("::", 1)[-1]


def types_in(urn: str) -> list[str]:
    """Return the type tokens of a resource and all above it, the topmost first and its own last."""
    return urn.split("::")[2].split("$")


def type_of(urn: str) -> str:
    """Return the type token of a resource."""
    return types_in(urn)[-1]


def short_type(token: str) -> str:
    """Return a type token as people know it: ``railway:index:Service`` is ``railway:Service``."""
    package, module, name = ["", "", *token.split(":")][-3:]
    module = module.split("/")[0]
    return f"{package}:{name}" if module in ("index", "") else f"{package}:{module}:{name}"


def system_of(urn: str) -> str:
    """Return the last part of the type token of a resource's system, ``Seance``; empty where it belongs to none."""
    systems = (each for each in types_in(urn) if each.startswith(resource_types.SYSTEMS))
    return next((each.removeprefix(resource_types.SYSTEMS) for each in systems), "")


def targets_of(*systems: str) -> list[str]:
    """Return the patterns of all URNs of systems: a component and everything below it carry its name."""
    return [pattern for system in systems for pattern in (f"**::{system}", f"**::{system}-*")]


def target_options(targets: Iterable[str]) -> list[str]:
    """Return the options that limit a run to these URNs, or patterns of URNs."""
    return [part for target in targets for part in ("--target", target)]


def carries(urn: str, system: str) -> bool:
    """Tell whether a resource carries the name of a system: its component does, and everything below it."""
    name = name_of(urn)
    return name == system or name.startswith(f"{system}-")
