"""``railyard cost``: what a stack costs a month, and with ``--actual`` what Railway says beside it.

Owns the command, its output, and the remarks: a service that does nothing, a volume that is much too large. The
arithmetic is in ``stacks.monthly_cost``. Railway is asked three things: the estimate of each project for the billing
period, the usage of each service in the last days, and how full the volumes are. Its figures are priced with the
stack's own prices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from components.database import DatabaseSettings
from components.problems import Problem
from railway_api.client import Client
from railway_api.counting import count
from railway_api.documents.lookup import ESTIMATED_USAGE, USAGE
from railway_api.prices import HOURS_PER_MONTH, USD_PER_UNIT
from railyard.accounts.railway_client import Railway, SandboxOption, connected
from railyard.accounts.running_services import RunningService, RunningSystem
from railyard.accounts.running_services_query import running_systems
from railyard.shared.console import (
    PROBLEM,
    JsonOption,
    SystemsArgument,
    reported_errors,
    table,
    table_console,
    write_json,
)
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack
from stacks.budget import lines_of_stack, over_budget
from stacks.monthly_cost import MB_PER_GB, Cost, Kind, Line, total
from stacks.prices import SOURCES, RailwayPrices


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of the command."""

    stack: Stack
    lines: Sequence[Line]
    whole: bool
    """True for all systems and what they share."""
    actual: Sequence[Actual] | None
    """Usage that Railway reports; None where it was not asked."""
    over_budget: Sequence[Problem]
    """Why the stack costs more than it may, if it does."""

    @property
    def cost(self) -> Cost:
        """Return what all of it costs."""
        return total(self.lines)

    @property
    def systems(self) -> list[str]:
        """Return the systems that cost something; last the empty name, for what belongs to the whole stack."""
        return sorted(dict.fromkeys(line.system for line in self.lines), key=lambda name: (not name, name))

    def of(self, system: str) -> list[Line]:
        """Return the lines of one system."""
        return [line for line in self.lines if line.system == system]

    def actual_of(self, system: str) -> Actual | None:
        """Return what Railway says of one system; None where it was not asked."""
        return next((each for each in self.actual or () if each.system == system), None)


def cost(
    systems: SystemsArgument = None,
    stack_name: StackOption = "",
    *,
    actual: Annotated[bool, typer.Option("--actual", help="Ask Railway what is really used.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Tell what each service, system and the stack cost a month: at rest, as used, at their limits.

    Asks nobody, unless --actual is given: then Railway's own estimate stands beside the forecast, and services that do
    nothing and volumes that are much too large are named.

    Exit code 1 when the stack costs more than its budget.
    """
    with reported_errors(json=json):
        stack = read_stack(stack_name)
        chosen = stack.chosen(systems or ())
        lines = [
            line for line in lines_of_stack(stack.settings) if line.system in (chosen if systems else (*chosen, ""))
        ]
        answer = Answer(
            stack=stack,
            lines=lines,
            whole=not systems,
            actual=_actual(stack, list(chosen), sandbox=sandbox) if actual else None,
            over_budget=over_budget(stack.settings),
        )
        if json:
            write_json(document(answer))
        else:
            _show(answer)
    if answer.over_budget:
        raise typer.Exit(PROBLEM)


def _actual(stack: Stack, systems: Sequence[str], *, sandbox: bool) -> list[Actual]:
    with connected(stack, sandbox=sandbox) as railway:
        return railway.run(_used_at_railway(railway, stack, systems, stack.settings.stack.prices.railway))


def _show(answer: Answer) -> None:
    console = table_console()
    shown = table("", "at rest", "as used", "at its limits", *(["Railway says"] if answer.actual else []), folded="")
    for column in shown.columns[1:]:
        column.justify = "right"
    for system in answer.systems:
        lines, usage = answer.of(system), answer.actual_of(system)
        estimate = usage.estimated if usage and len(usage.project) == 1 else None
        estimated = "-" if estimate is None else _usd(estimate)
        shown.add_row(*_row(Text(system or "the stack itself", "bold"), lines), *([estimated] if answer.actual else []))
        for line in lines:
            charged = usage.services.get(line.name) if usage else None
            last = "" if charged is None else _usd(charged)
            shown.add_row(*_row(Text(f"  {line.name}"), [line]), *([last] if answer.actual else []))
    console.print(shown)
    console.print()
    for line in sentences(answer):
        console.print(Text(line))


def _row(name: Text, lines: Sequence[Line]) -> tuple[Text, Text, Text, Text]:
    cost = total(lines)
    limits = "no limit" if any(line.unlimited for line in lines) else _usd(cost.at_limits)
    return name, Text(_usd(cost.at_rest)), Text(_usd(cost.as_used)), Text(limits)


def sentences(answer: Answer) -> Iterator[str]:
    """Yield the lines below the table."""
    settings, cost = answer.stack.settings, answer.cost
    budget = settings.stack.budget
    allowed = f"; the budget of the stack is {_usd(budget)}" if budget else ""
    of = "" if answer.whole else f"{', '.join(answer.systems)} of "
    yield f"{of}{answer.stack.name}: about {_usd(cost.as_used)} a month as used, {_usd(cost.at_rest)} at rest{allowed}"
    for problem in answer.over_budget:
        yield f"over the budget: {problem.allowed}; {problem.fix}"
    open_ended = [line for line in answer.lines if line.unlimited]
    if open_ended:
        most = max(line.cost.at_limits for line in open_ended)
        verb = "has" if len(open_ended) == 1 else "have"
        yield (
            f"{count(len(open_ended), 'service')} {verb} no limit of memory or vCPUs, and may each use what the "
            f"{settings.plan} plan allows, up to {_usd(most)} a month: give memoryMb and vcpus"
        )
    yield from _remarks(answer)
    yield f"list prices of {settings.stack.prices.as_of}: {', '.join(SOURCES)}"


def _remarks(answer: Answer) -> Iterator[str]:
    estimated: set[tuple[str, ...]] = set()
    for usage in answer.actual or ():
        if usage.estimated is None:
            yield f"{usage.system}: Railway has no such project or environment, or the token does not reach it"
            continue
        if usage.project not in estimated:
            estimated.add(usage.project)
            lines = lines_of_stack(answer.stack.settings)
            forecast = total(each for each in lines if each.system in usage.project and each.kind in MEASURED).as_used
            named = ", ".join(usage.project) + (" (one project)" if len(usage.project) > 1 else "")
            yield f"{named}: forecast for Railway {_usd(forecast)}, Railway's own estimate {_usd(usage.estimated)}"
        for name in usage.idle:
            yield f"{usage.system}/{name} does nothing: let it sleep (sleepApplication), or remove it"
        for name, (used_gb, size_gb) in usage.oversized.items():
            yield (
                f"{usage.system}/{name} uses {used_gb:.1f} of {size_gb:g} GB: a volume never shrinks, but what is not "
                "used costs nothing either; start the next one smaller"
            )


def document(answer: Answer) -> dict[str, Any]:
    """Return the document for programs; amounts are US dollars a month."""
    settings = answer.stack.settings
    return {
        "stack": answer.stack.name,
        "plan": settings.plan.value,
        "pricesOf": settings.stack.prices.as_of,
        "budget": settings.stack.budget,
        "overBudget": bool(answer.over_budget),
        **_document(answer.lines),
        "systems": {
            system: {
                **_document(answer.of(system)),
                **_actual_document(answer.actual_of(system)),
                "parts": [
                    {"kind": line.kind.value, "name": line.name, **_document([line])} for line in answer.of(system)
                ],
            }
            for system in answer.systems
            if system
        },
        "shared": [{"kind": line.kind.value, "name": line.name, **_document([line])} for line in answer.of("")],
    }


def _document(lines: Sequence[Line]) -> dict[str, Any]:
    cost = total(lines)
    return {
        "atRest": round(cost.at_rest, 2),
        "asUsed": round(cost.as_used, 2),
        "atLimits": round(cost.at_limits, 2),
        "limited": not any(line.unlimited for line in lines),
    }


def _actual_document(usage: Actual | None) -> dict[str, Any]:
    if usage is None:
        return {}
    return {
        "railway": {
            "estimated": None if usage.estimated is None else round(usage.estimated, 2),
            "estimateOf": list(usage.project),
            "services": {name: round(amount, 2) for name, amount in usage.services.items()},
            "idle": list(usage.idle),
            "oversizedVolumes": {
                name: {"usedGb": round(used, 2), "sizeGb": size} for name, (used, size) in usage.oversized.items()
            },
        }
    }


def _usd(amount: float) -> str:
    return f"${amount:,.2f}"


MEASURED: Final = (Kind.SERVICE, Kind.VOLUME)
"""Kinds of lines that Railway's estimate contains: it has no measurement of what is stored in its buckets."""
LOOKED_BACK: Final = timedelta(days=7)
IDLE_VCPUS: Final = 0.005
IDLE_GB_A_DAY: Final = 0.01
"""A service below both is idle."""
OVERSIZED: Final = 0.1
"""Share of a volume below which it is far larger than needed, …"""
OVERSIZED_GB: Final = 5
"""… if it is at least this large."""
_MINUTES: Final = HOURS_PER_MONTH * 60


@dataclass(frozen=True, kw_only=True)
class Actual:
    """Railway's own figures of one system."""

    system: str
    estimated: float | None
    """US dollars of the project in this billing period, at the stack's prices; None where there is no project."""
    project: tuple[str, ...] = ()
    """Systems of the stack that are in this project: the estimate is of all of them."""
    services: Mapping[str, float] = field(default_factory=dict[str, float])
    """Service → US dollars a month, if it goes on as in the last days."""
    idle: tuple[str, ...] = ()
    """Services that are idle."""
    oversized: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """Service → GB used and size of its volume."""


async def _used_at_railway(railway: Railway, stack: Stack, names: Sequence[str], prices: RailwayPrices) -> list[Actual]:
    """Return what Railway says of the systems; raises ``OperationError`` and ``Failure``."""
    running = await running_systems(railway, stack, names)
    return list(
        await asyncio.gather(
            *(_of_system(railway.of(each.name), each, _in_its_project(stack, each.name), prices) for each in running)
        )
    )


def _in_its_project(stack: Stack, system: str) -> tuple[str, ...]:
    """Return the systems of the stack that are in the project of ``system``, itself included."""
    every = stack.settings.systems
    place = (every[system].project.name, every[system].project.workspace_id)
    return tuple(name for name, each in every.items() if (each.project.name, each.project.workspace_id) == place)


async def _of_system(client: Client, system: RunningSystem, project: tuple[str, ...], prices: RailwayPrices) -> Actual:
    if not system.project_id or not system.environment_id:
        return Actual(system=system.name, estimated=None)
    now = datetime.now(UTC)
    since = now - LOOKED_BACK
    estimates, used = await asyncio.gather(
        client.call(ESTIMATED_USAGE, measurements=list(USD_PER_UNIT), projectId=system.project_id, workspaceId=None),
        client.call(
            USAGE,
            measurements=list(USD_PER_UNIT),
            projectId=system.project_id,
            groupBy=["ENVIRONMENT_ID", "SERVICE_ID"],
            startDate=since.isoformat(),
            endDate=now.isoformat(),
        ),
    )
    by_service: dict[str, dict[str, float]] = {}
    for each in used:
        if each["tags"].get("environmentId") == system.environment_id:
            by_service.setdefault(each["tags"]["serviceId"] or "", {})[each["measurement"]] = each["value"]
    month = timedelta(hours=HOURS_PER_MONTH) / LOOKED_BACK
    services = {service.service_id: service for service in system.services if service.service_id}
    return Actual(
        system=system.name,
        project=project,
        estimated=_priced({each["measurement"]: each["estimatedValue"] for each in estimates}, prices),
        services={each.name: month * _priced(by_service.get(key, {}), prices) for key, each in services.items()},
        idle=tuple(
            each.name
            for key, each in services.items()
            if key in by_service and is_idle(by_service[key]) and _is_always_on(each, since)
        ),
        oversized={
            service.name: (disk.used_mb / MB_PER_GB, disk.size_mb / MB_PER_GB)
            for service in system.services
            for disk in service.disks
            if disk.size_mb >= OVERSIZED_GB * MB_PER_GB and disk.used < OVERSIZED
        },
    )


def _is_always_on(service: RunningService, since: datetime) -> bool:
    """Tell whether a service ran without a break since then, and neither sleeps, has a schedule nor is a database."""
    args = service.declared.args if service.declared else None
    if isinstance(args, DatabaseSettings) or (args and (args.sleep_application or args.cron_schedule)):
        return False
    return service.serving is not None and datetime.fromisoformat(service.serving.created_at) <= since


def is_idle(amounts: Mapping[str, float]) -> bool:
    """Return True when a service that used this much in the last days, by measurement, is idle."""
    minutes = LOOKED_BACK / timedelta(minutes=1)
    sent_gb_a_day = amounts.get("NETWORK_TX_GB", 0.0) / LOOKED_BACK.days
    return amounts.get("CPU_USAGE", 0.0) / minutes < IDLE_VCPUS and sent_gb_a_day < IDLE_GB_A_DAY


def _priced(amounts: Mapping[str, float], prices: RailwayPrices) -> float:
    each = {
        "CPU_USAGE": prices.vcpu / _MINUTES,
        "MEMORY_USAGE_GB": prices.memory_gb / _MINUTES,
        "DISK_USAGE_GB": prices.volume_gb / _MINUTES,
        "BACKUP_USAGE_GB": prices.backup_gb / _MINUTES,
        "NETWORK_TX_GB": prices.egress_gb,
    }
    return sum(amount * each.get(name, 0.0) for name, amount in amounts.items())
