"""Names in URNs: ``urn:pulumi:stack::project::type$type::name``."""

from __future__ import annotations


def name_of(urn: str) -> str:
    """Return the last part of a URN."""
    return urn.rsplit("::", 1)[-1]


def targets_of(*systems: str) -> list[str]:
    """Return the patterns of all URNs of systems: a component and everything below it carry its name."""
    return [pattern for system in systems for pattern in (f"**::{system}", f"**::{system}-*")]


def carries(urn: str, system: str) -> bool:
    """Tell whether a resource carries the name of a system: its component does, and everything below it."""
    name = name_of(urn)
    return name == system or name.startswith(f"{system}-")
