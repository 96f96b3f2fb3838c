"""``railyard status``: every service of a stack on one screen, with ``--usage`` also its CPU and memory.

Owns the command, its output, and the request for CPU and memory, of whose samples the newest counts; a GB of memory is
1,000,000,000 bytes at Railway. ``running_services_query`` reads what runs. The services themselves are asked by
``verify``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from railway_api.answers import MetricMeasurement
from railway_api.client import Client
from railway_api.documents.lookup import METRICS
from railway_api.pace import HOUR_S
from railyard.accounts.railway_client import Railway, SandboxOption, connected
from railyard.accounts.running_services import (
    Deployed,
    Health,
    Load,
    RunningDomain,
    RunningService,
    RunningSystem,
    source_of,
)
from railyard.accounts.running_services_query import running_systems
from railyard.map.picture import declared, draw, with_status
from railyard.map.svg import page
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    SystemsArgument,
    reported_errors,
    table,
    table_console,
    write_json,
)
from railyard.shared.files import write_whole
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack
from stacks.project_folder import RAILYARD

SHARE: Final = 0.25
"""Share of the hourly request budget that ``--watch`` may use."""
_COLORS: Final = {
    Health.HEALTHY: "green",
    Health.DEPLOYING: "yellow",
    Health.ROLLED_BACK: "yellow",
    Health.UNHEALTHY: "red",
    Health.MISSING: "red",
}


def status(
    systems: SystemsArgument = None,
    stack_name: StackOption = "",
    *,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with a picture as well.")
    ] = None,
    usage: Annotated[
        bool, typer.Option("--usage", help="CPU and memory too: one more request for each system.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again until Ctrl-C.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Show what each service runs, how it is, and its domains and volumes.

    Sends one request for all projects and one for each system.

    Exit code 1 when a service is unhealthy, missing, or serves something that neither settings nor Railway ask for.
    """
    with reported_errors(json=json):
        if watch and (json or not table_console().is_terminal):
            raise CallError(
                "--watch is for a terminal: leave it out in a pipe, or for --json, and call again to look again"
            )
        stack = read_stack(stack_name)
        with connected(stack, sandbox=sandbox) as railway:
            look = partial(_look, railway, stack, systems or (), usage=usage)
            running = railway.run(look())
            if watch:
                running = _watch(railway, stack, look, running)
            elif json:
                write_json(document(stack, railway, running))
            else:
                table_console().print(screen(stack, railway, running))
        if html:
            drawn = with_status(draw(stack, declared(stack_name), [system.name for system in running]), running)
            write_whole(html, page(drawn, problems(running, stack.name)))
    services = [service for system in running for service in system.services]
    if any(service.problems or service.health is Health.MISSING for service in services):
        raise typer.Exit(PROBLEM)


async def _look(railway: Railway, stack: Stack, systems: Sequence[str], *, usage: bool) -> list[RunningSystem]:
    running = await running_systems(railway, stack, systems)
    return (
        list(await asyncio.gather(*(with_load(railway.of(system.name), system) for system in running)))
        if usage
        else running
    )


def _watch(
    railway: Railway,
    stack: Stack,
    look: Callable[[], Coroutine[Any, Any, list[RunningSystem]]],
    running: list[RunningSystem],
) -> list[RunningSystem]:
    """Repeat ``look`` until Ctrl-C, as often as the request budget allows; return the last result.

    ``running`` is that of the first look, whose requests say how many each costs.
    """
    budget = railway.client.transport.limiter.budget
    interval_s = max(budget.poll_s, _requests(railway) * HOUR_S / (budget.per_hour * SHARE))

    async def next_look() -> list[RunningSystem]:
        await railway.client.clock.sleep(interval_s)
        return await look()

    note = f"looking again every {interval_s:.0f} s; Ctrl-C ends"
    with Live(screen(stack, railway, running, note), console=table_console(), auto_refresh=False) as live:
        while True:
            try:
                running = railway.run(next_look())
            except KeyboardInterrupt:
                return running
            except OperationError as error:
                note = f"the last look failed: {error}"
            live.update(screen(stack, railway, running, note), refresh=True)


def screen(stack: Stack, railway: Railway, systems: Sequence[RunningSystem], note: str = "") -> RenderableType:
    """Return the table, and below it what is wrong."""
    shown = table("service", "health", "deployed", "#", "runs", folded="runs")
    for system in systems:
        shown.add_row(Text(system.name, style="bold"), "", "", "", Text(system.project_name, style="dim"))
        for service in system.services:
            shown.add_row(*_row(service))
    services = [service for system in systems for service in system.services]
    counted = ", ".join(
        f"{number} {health}" for health in Health if (number := sum(each.health is health for each in services))
    )
    parts: list[RenderableType] = [shown, Text()]
    parts += [Text(line) for line in problems(systems, stack.name)]
    now = f"{datetime.now(UTC):%H:%M:%S} UTC"
    parts.append(Text(f"{stack.name} in {railway.place} at {now}: {counted}" + (f"; {note}" if note else "")))
    return Group(*parts)


def _requests(railway: Railway) -> int:
    """Return how many requests the command has sent, to all accounts."""
    return sum(client.requests for client in {railway.client, *railway.own.values()})


def problems(systems: Sequence[RunningSystem], stack: str) -> list[str]:
    """Return lines for people: each problem with the system or service it is about, and the next step."""
    lines: list[str] = []
    for system in systems:
        if system.project_id is None:
            lines.append(f"{system.name}: the token reaches no project {system.project_name}; next: bring it up")
            continue
        if system.environment_id is None:
            text = f"the project {system.project_name} does not have the environment of the settings"
            lines.append(f"{system.name}: {text}; next: bring it up")
            continue
        for service in system.services:
            where = f"{system.name}/{service.name}"
            lines += [f"{where}: {problem}" for problem in service.problems]
            lines += [f"{where}: note: {note}" for note in service.notes]
            if service.health is Health.MISSING:
                lines.append(f"{where}: the settings have it, Railway does not; next: bring it up")
            elif service.rolled_back and not service.as_settings_say:
                back, into = (f"{RAILYARD} {verb} {system.name} -s {stack}" for verb in ("deploy", "rollback"))
                lines.append(
                    f"  next: it was rolled back or deployed by hand; {back} brings back what the settings say, "
                    f"{into} writes what serves into them"
                )
            elif service.problems and service.serving is None:
                lines.append(f"  next: {RAILYARD} logs {where} -s {stack}")
            if service.declared is None:
                lines.append(f"{where}: the settings do not have it; it was added by hand")
    return lines


def _row(service: RunningService) -> list[RenderableType]:
    shown = service.serving or service.latest
    domains = [f"{domain.name} {certificate(domain)}" for domain in service.domains]
    load = [str(service.load)] if service.load else []
    disks = [f"volume {disk.used:.0%} of {disk.size_mb / 1_000:g} GB" for disk in service.disks]
    return [
        f" {service.name}",
        Text(service.health, style=_COLORS[service.health]),
        _deployed_at(shown) if shown else "-",
        "+".join(str(number) for number in service.replicas.values()) or "-",
        # Below each other, so that a terminal of 80 columns breaks none of them.
        "\n".join([source_of(shown) if shown else "-", *domains, *disks, *load]),
    ]


def _deployed_at(deployed: Deployed) -> str:
    """Return when a deployment was created, in UTC: ``11-21 14:03``."""
    return datetime.fromisoformat(deployed.created_at).astimezone(UTC).strftime("%m-%d %H:%M")


def certificate(domain: RunningDomain) -> str:
    """Return who holds the certificate of a domain, or how far it is."""
    if not domain.verified:
        return "unverified"
    if domain.certificate == "VALID":
        return "valid"
    if domain.proxied and domain.behind_proxy:
        return "proxy"
    return {"ISSUE_FAILED": "failed", "ISSUING": "issuing"}.get(domain.certificate, "waiting")


def document(stack: Stack, railway: Railway, systems: Sequence[RunningSystem]) -> dict[str, Any]:
    """Return the document for programs."""
    return {
        "stack": stack.name,
        "place": railway.place,
        "requests": _requests(railway),
        "systems": {system.name: _system(system) for system in systems},
    }


def _system(system: RunningSystem) -> dict[str, Any]:
    return {
        "project": system.project_name,
        "projectId": system.project_id,
        "environmentId": system.environment_id,
        "services": {service.name: _service(service) for service in system.services},
    }


def _service(service: RunningService) -> dict[str, Any]:
    return {
        "serviceId": service.service_id,
        "health": service.health.value,
        "proven": service.proven,
        "problems": list(service.problems),
        "notes": list(service.notes),
        "latest": _deployment(service.latest),
        "serving": _deployment(service.serving),
        "replicas": dict(service.replicas),
        "domains": [
            {
                "name": domain.name,
                "verified": domain.verified,
                "certificate": domain.certificate,
                "proxied": domain.proxied,
            }
            for domain in service.domains
        ],
        "volumes": [
            {"name": disk.name, "mountPath": disk.mount_path, "sizeMb": disk.size_mb, "usedMb": disk.used_mb}
            for disk in service.disks
        ],
        **({"load": asdict(service.load)} if service.load else {}),
    }


def _deployment(deployed: Deployed | None) -> dict[str, Any] | None:
    if deployed is None:
        return None
    document = {
        "id": deployed.id,
        "status": deployed.status,
        "createdAt": deployed.created_at,
        "image": deployed.image,
        "digest": deployed.digest,
        "repo": deployed.repo,
        "branch": deployed.branch,
        "commit": deployed.commit,
    }
    return {name: value for name, value in document.items() if value is not None}


PERIOD: Final = timedelta(minutes=10)
"""Period of the requested samples."""
SAMPLE_S: Final = 60
_MEASUREMENTS: Final[tuple[MetricMeasurement, ...]] = ("CPU_USAGE", "CPU_LIMIT", "MEMORY_USAGE_GB", "MEMORY_LIMIT_GB")


async def with_load(client: Client, system: RunningSystem) -> RunningSystem:
    """Return ``system`` with the load of each service that has samples of CPU and memory."""
    if system.environment_id is None:
        return system
    results = await client.call(
        METRICS,
        environmentId=system.environment_id,
        groupBy=["SERVICE_ID"],
        measurements=list(_MEASUREMENTS),
        startDate=f"{datetime.now(UTC) - PERIOD:%Y-%m-%dT%H:%M:%SZ}",
        sampleRateSeconds=SAMPLE_S,
    )
    newest = {
        (each["tags"]["serviceId"], each["measurement"]): max(each["values"], key=lambda value: value["ts"])["value"]
        for each in results
        if each["values"]
    }

    def load(service_id: str | None) -> Load | None:
        vcpus, vcpus_limit, memory, memory_limit = (newest.get((service_id, name)) for name in _MEASUREMENTS)
        if vcpus is None or memory is None:
            return None
        return Load(vcpus=vcpus, vcpus_limit=vcpus_limit, memory_gb=memory, memory_limit_gb=memory_limit)

    services = (replace(each, load=load(each.service_id)) for each in system.services)
    return replace(system, services=tuple(services))
