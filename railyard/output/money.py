"""The money that a change costs a month: the difference by system, from the steps of a preview.

Owns the way from the inputs of a resource to the arithmetic of ``stacks.monthly_cost``. A resource that does not change
costs the same before and after, so that the steps of what changes are enough, of either engine, on any state. Buckets
of Spaces alone share a subscription: what one costs depends on those that do not change, of which the settings
tell where steps do not.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from components.bucket import BucketSettings
from components.databases import SERVERS
from pulumi_operations.events import Step, StepKind
from railway_api.counting import count
from railway_api.plans import Plan
from railyard.shared.urns import name_of, system_of, type_of, types_in
from stacks import resource_types
from stacks.arguments_tree import walk_arguments
from stacks.monthly_cost import MB_PER_GB, Calculation, Cost, Line, Load
from stacks.prices import Prices, ServiceUsage
from stacks.settings import StackSettings

_STORES: Final = tuple(server.token for server in SERVERS)
_COUNTED: Final = frozenset({StepKind.CREATE, StepKind.UPDATE, StepKind.REPLACE, StepKind.DELETE})
"""Steps that change a bill: of a replacement that of the whole, not its halves; an import was paid for before."""
_STAYS: Final = frozenset({StepKind.SAME, StepKind.UPDATE, StepKind.REPLACE, StepKind.IMPORT})
"""Steps of what is there before and after."""
_USAGE: Final = TypeAdapter(dict[str, ServiceUsage])


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One step, in what both forms of steps have in common."""

    kind: StepKind
    urn: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @property
    def system(self) -> str:
        """Return the key of its system in the settings; empty where it has none."""
        return system_of(self.urn).lower()


class SystemMoney(BaseModel):
    """The money that a change costs in one system, in US dollars a month; negative where it costs less."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    at_rest: float
    as_used: float
    at_limits: float | None
    """None where a service without a limit comes or goes, or gets or loses one: the plan's limit is no amount."""


class MoneyDifference(BaseModel):
    """The money that a change costs in all, and system by system."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    systems: tuple[SystemMoney, ...] = ()
    prices_of: str = ""
    """The day of the list prices."""

    @classmethod
    def of(cls, lines: Iterable[tuple[Line, int]], prices_of: str) -> Self:
        """Sum up ``lines``, each with the sign of what comes (1) or goes (-1)."""
        costs: dict[str, Cost] = {}
        unlimited: dict[str, Counter[str]] = {}
        for line, sign in lines:
            costs[line.system] = costs.get(line.system, Cost()) + (line.cost if sign > 0 else -line.cost)
            unlimited.setdefault(line.system, Counter())[line.name] += sign * line.unlimited
        return cls(
            systems=tuple(
                SystemMoney(
                    system=system,
                    at_rest=_cents(cost.at_rest),
                    as_used=_cents(cost.as_used),
                    at_limits=None if any(unlimited[system].values()) else _cents(cost.at_limits),
                )
                for system, cost in sorted(costs.items())
                if any(_cents(each) for each in (cost.at_rest, cost.as_used, cost.at_limits))
            ),
            prices_of=prices_of,
        )

    @property
    def as_used(self) -> float:
        """Return the sum over all systems, as used."""
        return _cents(sum(each.as_used for each in self.systems))

    @property
    def at_rest(self) -> float:
        """Return the sum over all systems, at rest."""
        return _cents(sum(each.at_rest for each in self.systems))

    def document(self) -> dict[str, Any]:
        """Return it for programs, in US dollars a month."""
        return {
            "atRest": self.at_rest,
            "asUsed": self.as_used,
            "pricesOf": self.prices_of,
            "systems": {
                each.system: {"atRest": each.at_rest, "asUsed": each.as_used, "atLimits": each.at_limits}
                for each in self.systems
            },
        }

    def sentence(self) -> str:
        """Return it in words, the systems that change most first; empty where nothing changes."""
        if not self.systems:
            return ""
        ordered = sorted(self.systems, key=lambda each: (-abs(each.as_used), each.system))
        by_system = ", ".join(f"{each.system or 'the stack itself'} {signed(each.as_used)}" for each in ordered)
        open_ended = sum(each.at_limits is None for each in self.systems)
        limits = f"; {count(open_ended, 'system')} without limits" if open_ended else ""
        return (
            f"about {signed(self.as_used)} a month as used, {signed(self.at_rest)} at rest ({by_system}){limits}; "
            f"list prices of {self.prices_of}"
        )


def signed(amount: float) -> str:
    """Return an amount with its sign, ``+$3.66``."""
    return f"{'-' if amount < 0 else '+'}${abs(amount):,.2f}"


def _cents(amount: float) -> float:
    return round(amount, 2) + 0.0  # no negative zero


def calculation_of(config: Mapping[str, Any]) -> Calculation:
    """Return prices, usage and plan of a stack's configuration, of full keys with values or JSON texts as values.

    What is wrong with them is the program's to say: here the list prices stand in their place.
    """
    plan = str(config.get("railway:plan") or Plan.PRO)
    try:
        prices = Prices.model_validate_json(_json(config.get("railyard:prices")))
        usage = _USAGE.validate_json(_json(config.get("railyard:usage")))
    except ValidationError:
        prices, usage = Prices(), {}
    return Calculation(Plan(plan) if plan in list(Plan) else Plan.PRO, prices, usage)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value or {})


def of_steps(steps: Iterable[Step], calculation: Calculation) -> MoneyDifference:
    """Return the difference that these steps make."""
    return _difference(
        [
            Changed(kind=step.kind, urn=step.urn, old=step.old_inputs, new=step.new_inputs)
            for step in steps
            if step.custom
        ],
        calculation,
    )


def of_document(
    steps: Iterable[Mapping[str, Any]], calculation: Calculation, settings: StackSettings | None = None
) -> MoneyDifference:
    """Return the difference that the steps of a ``pulumi preview --json`` make.

    Buckets of Spaces that ``settings`` name and no step is about stay as they are.
    """
    changed: list[Changed] = []
    for step in steps:
        if step["op"] in list(StepKind):
            old, new = (cast("Mapping[str, Any]", step.get(name) or {}) for name in ("oldState", "newState"))
            inputs = [cast("Mapping[str, Any]", state.get("inputs") or {}) for state in (old, new)]
            changed.append(Changed(kind=StepKind(step["op"]), urn=str(step["urn"]), old=inputs[0], new=inputs[1]))
    return _difference(changed, calculation, settings)


def _difference(
    steps: list[Changed], calculation: Calculation, settings: StackSettings | None = None
) -> MoneyDifference:
    lines: list[tuple[Line, int]] = []
    buckets = [step for step in steps if type_of(step.urn) == resource_types.SPACES_BUCKET]
    for step in steps:
        if step.kind not in _COUNTED or step in buckets:
            continue
        signs = {StepKind.CREATE: (1,), StepKind.DELETE: (-1,)}.get(step.kind, (-1, 1))
        for sign in signs:
            line = _line(step, step.new if sign > 0 else step.old, calculation)
            lines += [(line, sign)] if line else []
    named = {inputs.get("name") for step in buckets for inputs in (step.old, step.new)}
    others = [each for each in _buckets_in(settings) if each[1] not in named] if settings and buckets else []
    return MoneyDifference.of([*lines, *_bucket_lines(buckets, others, calculation)], calculation.prices.as_of)


def _buckets_in(settings: StackSettings) -> list[tuple[str, str]]:
    """Return the system and the name of each bucket of Spaces in the settings of a stack."""
    parts = [(name, part) for name, system in settings.systems.items() for _, part in walk_arguments(system)]
    return [(name.lower(), part.name) for name, part in parts if isinstance(part, BucketSettings)]


def _bucket_lines(
    steps: list[Changed], others: Sequence[tuple[str, str]], calculation: Calculation
) -> Iterator[tuple[Line, int]]:
    """Yield the lines of all buckets of Spaces after the steps, and with the sign of what goes those before them."""
    for kind, sign in ((StepKind.DELETE, -1), (StepKind.CREATE, 1)):
        there = [(step.system, name_of(step.urn)) for step in steps if step.kind is kind or step.kind in _STAYS]
        yield from ((line, sign) for line in calculation.buckets([*others, *there]))


def _line(step: Changed, inputs: Mapping[str, Any], calculation: Calculation) -> Line | None:
    type_ = type_of(step.urn)
    if type_ == resource_types.SERVICE_INSTANCE:
        return calculation.service(step.system, _service(step, "-instance"), _load(step, inputs))
    if type_ == resource_types.RAILWAY_BUCKET:
        return calculation.railway_bucket(step.system, str(inputs.get("name", "")))
    if type_ == resource_types.VOLUME:
        size_mb = _number(inputs.get("sizeMb"))
        backups = [str(each) for each in inputs.get("backupSchedules") or ()]
        return calculation.volume(step.system, _service(step, "-volume-disk"), size_mb and size_mb / MB_PER_GB, backups)
    return None


def _load(step: Changed, inputs: Mapping[str, Any]) -> Load:
    regions = cast("Mapping[str, Any]", inputs.get("regions") or {})
    replicas = sum(_number(each) or 0 for each in regions.values()) if regions else _number(inputs.get("numReplicas"))
    return Load(
        replicas=int(1 if replicas is None else replicas),
        memory_mb=_number(inputs.get("memoryMb")),
        vcpus=_number(inputs.get("vcpus")),
        sleeps=bool(inputs.get("sleepApplication")),
        scheduled=bool(inputs.get("cronSchedule")),
        listens="PORT" in (inputs.get("variables") or {}),
        is_store=any(each in _STORES for each in types_in(step.urn)),
    )


def _service(step: Changed, ending: str) -> str:
    return name_of(step.urn).removesuffix(ending).removeprefix(f"{step.system}-")


def _number(value: Any) -> float | None:
    """Return a number; None for what is not given, or known only after the up."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
