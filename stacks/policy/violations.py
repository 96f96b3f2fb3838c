"""The rules that a stack breaks, at the levels that its settings choose.

Owns the levels. A stack may raise, lower or switch off a rule under ``railyard:policies``, with a reason, which is
shown wherever the rule is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, cast

from pydantic import TypeAdapter, ValidationError

from components.arguments import Arguments, Text
from stacks.policy.policy import Level, Policy, Resource, Resources, Violation
from stacks.policy.rules import POLICIES

PolicyName = Literal[
    "data-is-protected",
    "volumes-have-backups",
    "public-names-have-a-check",
    "images-name-a-version",
    "repositories-are-pinned",
    "one-gateway-for-each-token",
    "databases-are-near",
    "databases-are-private",
    "resources-have-an-owner",
    "memory-is-limited",
    "services-restart",
]
"""The names of the rules; a test holds them to the table."""


class PolicyLevel(Arguments):
    """The level that one rule has in a stack."""

    level: Literal["advisory", "mandatory", "disabled"]
    """Reported, refused, or not checked."""
    reason: Text
    """Why the stack has this level, for its reviewers."""


Levels = Mapping[PolicyName, PolicyLevel]
_LEVELS: Final[TypeAdapter[dict[PolicyName, PolicyLevel]]] = TypeAdapter(dict[PolicyName, PolicyLevel])


def levels_of(config: Mapping[str, Any]) -> Levels:
    """Return the levels that a stack's configuration chooses; none for wrong ones, which the program reports."""
    given = config.get("railyard:policies")
    try:
        return _LEVELS.validate_json(given if isinstance(given, str) else json.dumps(given or {}))
    except ValidationError:
        return {}


def violations_of(resources: Iterable[Resource], levels: Levels | None = None) -> list[Violation]:
    """Return the broken rules of a stack, mandatory ones first."""
    stack = Resources(resources)
    violations = [each for policy in POLICIES if (each := violation_of(policy, stack, levels or {}))]
    return sorted(violations, key=lambda each: each.level is not Level.MANDATORY)


def violation_of(policy: Policy, stack: Resources, levels: Levels) -> Violation | None:
    """Return how a stack breaks one rule; None where it keeps it, or has disabled it."""
    own = levels.get(cast("PolicyName", policy.name))
    level = Level(own.level) if own else policy.level
    broken = list(policy.broken(stack)) if level is not Level.DISABLED else []
    if not broken:
        return None
    text = "; ".join(f"{resource.name} {how}" for resource, how in broken)
    return Violation(
        policy=policy.name,
        level=level,
        resources=[resource.name for resource, _ in broken],
        urns=[resource.urn for resource, _ in broken],
        message=f"{text}: {policy.fix}",
        fix=policy.fix,
        reason=own.reason if own else "",
    )
