"""The diagram of a comparison in Mermaid: system → component → resource, with what needs what between components.

Every text is reduced to harmless characters, since a fork may have written it: Mermaid has no dependable escaping.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from railyard.review.resource_changes import Change, Kind

MOST: Final = 40
"""Resources in one picture; of more, only components are shown, with counts."""
_UNSAFE: Final = re.compile(r"[^\w .:/+~-]")
_CLASSES: Final = (
    "classDef create fill:#d4f7d4,stroke:#2e7d32,color:#000",
    "classDef update fill:#fff3cd,stroke:#b58900,color:#000",
    "classDef replace fill:#f5d0f5,stroke:#8e24aa,color:#000",
    "classDef delete fill:#f8d0d0,stroke:#c62828,color:#000",
)


def diagram(changes: Sequence[Change]) -> list[str]:
    """Return the lines of a Mermaid flowchart of ``changes``."""
    tree: dict[str, dict[str, list[Change]]] = {}
    for change in sorted(changes, key=lambda each: (each.system, each.component, each.name)):
        tree.setdefault(change.system or "stack", {}).setdefault(change.component, []).append(change)
    lines, number, nodes = ["flowchart LR"], 0, dict[str, str]()
    for system, components in tree.items():
        number += 1
        top = f"n{number}"
        lines.append(f'  {top}(["{_safe(system)}"])')
        for component, members in components.items():
            # What belongs to the system itself hangs on it directly.
            above = top
            if component and component != system.lower():
                number += 1
                above = f"n{number}"
                count = f": {len(members)}" if len(changes) > MOST else ""
                lines.append(f'  {top} --> {above}["{_safe(component)}{count}"]')
            for change in members:
                nodes[change.name] = above
                if len(changes) <= MOST:
                    number += 1
                    lines.append(f'  {above} --> n{number}["{_label(change)}"]:::{change.kind.value}')
    lines += _needs(changes, nodes)
    return [*lines, *(f"  {line}" for line in _CLASSES if len(changes) <= MOST)]


def _needs(changes: Sequence[Change], nodes: dict[str, str]) -> list[str]:
    """Return edges between components: of what changes, what needs what. One for each pair, whatever the direction."""
    edges: dict[frozenset[str], str] = {}
    for change in changes:
        for name in change.needs:
            node, needed = nodes[change.name], nodes.get(name)
            if needed and needed != node:
                edges.setdefault(frozenset((node, needed)), f"  {node} -. needs .-> {needed}")
    return list(edges.values())[:MOST]


def _label(change: Change) -> str:
    sign = {Kind.REPLACE: "+/-", Kind.DELETE: "delete", Kind.CREATE: "new", Kind.UPDATE: "~"}[change.kind]
    paths = ", ".join(each.path for each in change.properties[:3]) + (" …" if len(change.properties) > 3 else "")
    return _safe(f"{sign} {change.type.rsplit(':', 1)[-1]}" + (f": {paths}" if paths else ""))


def _safe(text: str) -> str:
    return _UNSAFE.sub(" ", text)[:60].strip() or "-"
