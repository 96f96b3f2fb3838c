"""The rules that a preview breaks, for people and for programs.

Owns the way from steps to ``stacks.policy`` and how a broken rule is shown. What is going to be deleted is looked at no
more; a resource is seen as it is going to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from pulumi_operations.events import Step, StepKind
from pulumi_operations.values import Secret
from railyard.shared.urns import name_of, type_of
from stacks.policy.policy import Level, Resource, Violation
from stacks.policy.violations import Levels, violations_of

_GOING: Final = (StepKind.DELETE, StepKind.DELETE_REPLACED, StepKind.CREATE_REPLACEMENT)
"""Steps that leave nothing, and a half of a replacement, for which the step of the whole stands."""

_NAMED: Final = 4
"""Number of an advisory rule's resources that are named."""


def violations(steps: Iterable[Step], levels: Levels) -> list[Violation]:
    """Return the rules that the stack breaks once these steps are taken."""
    return violations_of(
        (
            Resource(
                type=step.type,
                name=step.name,
                urn=step.urn,
                props={key: _group(value) for key, value in (step.new_inputs or step.old_inputs).items()},
                protect=step.protect,
                needs=step.dependencies,
            )
            for step in steps
            if step.custom and step.kind not in _GOING
        ),
        levels,
    )


def _group(value: Any) -> Any:
    """Return what rules look at: of variables that are secret as a whole, the names are known."""
    return value.value if isinstance(value, Secret) and isinstance(value.value, dict) else value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def of_document(steps: Iterable[Mapping[str, Any]], levels: Levels) -> list[Violation]:
    """Return the same for the steps of a ``pulumi preview --json --show-sames``."""
    resources: list[Resource] = []
    for step in steps:
        state = cast("Mapping[str, Any]", step.get("newState") or step.get("oldState") or {})
        if not state.get("custom") or step["op"] in _GOING:
            continue
        urn = str(step["urn"])
        resources.append(
            Resource(
                type=type_of(urn),
                name=name_of(urn),
                urn=urn,
                props=state.get("inputs") or {},
                protect=bool(state.get("protect")),
                needs=frozenset(state.get("dependencies") or ()),
            )
        )
    return violations_of(resources, levels)


def refused(violations: Iterable[Violation]) -> bool:
    """Tell whether a mandatory rule is broken."""
    return any(each.level is Level.MANDATORY for each in violations)


def lines(violations: Sequence[Violation]) -> Iterator[str]:
    """Return them for people: a mandatory one whole, of an advisory one the names."""
    for each in violations:
        more = len(each.resources) - _NAMED
        names = [*each.resources[:_NAMED], *([f"and {more} more"] if more > 0 else [])]
        text = each.message if each.level is Level.MANDATORY else ", ".join(names)
        reason = f" ({each.level.value} here: {each.reason})" if each.reason else ""
        yield f"{each.level.value} {each.policy}: {text}{reason}"


def as_document(violations: Iterable[Violation]) -> list[dict[str, Any]]:
    """Return them for programs."""
    return [
        {
            "policy": each.policy,
            "level": each.level.value,
            "resources": list(each.resources),
            "message": each.message,
            "fix": each.fix,
            **({"reason": each.reason} if each.reason else {}),
        }
        for each in violations
    ]
