"""``railyard logs``: the build or deployment log of one service, its last lines or followed.

Owns the command, and masks the stack's secrets in what it prints. Follows a log by polling within the request budget:
Railway's subscriptions need a WebSocket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, cast
from urllib.parse import quote

import typer

import sops
from railway_api import answers
from railway_api.deployment_failures import FAILURE_BY_STATUS
from railway_api.documents.deployment import BUILD_LOG, DEPLOYMENT_LOG
from railway_api.operation import Document
from railway_api.redaction import redact
from railyard.accounts.railway_client import Railway, SandboxOption, connected
from railyard.accounts.running_services import RunningService
from railyard.accounts.running_services_query import running_systems
from railyard.operate.log_lines import Level, Selection, level_of, moment, printed
from railyard.shared.console import CallError, JsonOption, OperationError, reported_errors, shown, write_json
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack
from stacks.secrets import read_file
from stacks.services import services

LARGEST: Final = 5_000
"""Number of lines that one request may ask for."""
_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
"""Control characters with which an application could write elsewhere on the reader's terminal."""

Line = answers.Log
Lines = answers.BuildLogsLines | answers.DeploymentLogsLines


@dataclass(frozen=True)
class Log:
    """One log of one deployment."""

    where: str
    """``seance/backend``."""
    deployment_id: str
    build: bool

    @property
    def document(self) -> Document[Lines]:
        """Return the query that reads it."""
        return BUILD_LOG if self.build else DEPLOYMENT_LOG

    @property
    def kind(self) -> str:
        """Return its name: ``build`` or ``deployment``."""
        return "build" if self.build else "deployment"


DeploymentArgument = Annotated[
    str | None, typer.Argument(help="Railway's id of a deployment. Default: the newest.", show_default=False)
]
BuildOption = Annotated[
    bool | None,
    typer.Option("--build/--deploy", help="Kind of log. Default: the deployment's, or the build's if it never ran."),
]
ContainsOption = Annotated[
    str, typer.Option("--filter", metavar="TEXT", help="Only lines that contain this, as they are printed.")
]
LevelOption = Annotated[
    Level | None, typer.Option("--level", help="Only lines of this level, or worse.", show_default=False)
]
SinceOption = Annotated[
    str,
    typer.Option("--since", metavar="TIME", help="Only lines from then on: 10m, 2h, 1d, 2026-11-29T10:00 (UTC)."),
]
UnmaskedOption = Annotated[bool, typer.Option("--unmasked", help="Also where the stack's secrets cannot be read.")]


def logs(
    service: Annotated[str, typer.Argument(help="Service: shop/web, or web where no other system has one.")],
    deployment: DeploymentArgument = None,
    stack_name: StackOption = "",
    *,
    build: BuildOption = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, max=LARGEST, help="Number of lines, the last ones.")
    ] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends, or Ctrl-C.")] = False,
    contains: ContainsOption = "",
    level: LevelOption = None,
    since: SinceOption = "",
    unmasked: UnmaskedOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Show the log of a service. Values of the stack's secrets are replaced by their names.

    Masking needs the key of the secrets file; without it the command refuses unless --unmasked is given.
    """
    with reported_errors(json=json):
        if json and follow:
            raise CallError("--json prints one document, and --follow does not end: give one of them")
        selection = Selection(contains=contains, level=level, since=since)
        if since:
            moment(since, datetime.now(UTC))  # refused before a request is sent
        stack = read_stack(stack_name)
        system, name = find(stack, service)
        with connected(stack, sandbox=sandbox, about=system) as railway:
            # Read again: in here the environment may name the sandbox's own secrets file.
            secrets = {} if unmasked else hidden(read_stack(stack_name), made_up=not railway.real)
            (running,) = railway.run(running_systems(railway, stack, [system]))
            where, current = f"{system}/{name}", running.service(name)
            log, printed = railway.run(_opened(railway, where, current, deployment, build, selection, lines, follow))
            shown = _selected(railway, selection, printed)[-lines:]
            if json:
                write_json(_document(log, shown, secrets))
                return
            typer.echo(f"{log.kind} log of {log.where}, deployment {log.deployment_id}:", err=True)
            for line in shown:
                typer.echo(shown_line(line, secrets))
            if follow:
                _follow(railway, log, selection, printed, secrets)
            elif not shown:
                typer.echo("nothing in it" + (" fits these options" if selection.narrow else " yet"), err=True)


def find(stack: Stack, service: str) -> tuple[str, str]:
    """Return the names of the system and service that ``seance/backend`` or ``backend`` means; raises ``CallError``."""
    all_services = [
        (system, each.name) for system, settings in stack.settings.systems.items() for each in services(settings)
    ]
    system, _, name = service.rpartition("/")
    same = [each for each in all_services if each[1] == name and system in ("", each[0])]
    if len(same) == 1:
        return same[0]
    if same:
        raise CallError(f"{name} is in several systems: name one of {', '.join('/'.join(each) for each in same)}")
    raise CallError(
        f"{stack.name} has no service {service!r}: name one of {', '.join('/'.join(e) for e in all_services)}"
    )


def hidden(stack: Stack, *, made_up: bool) -> dict[str, str]:
    """Return the secrets to mask, name → value; raises ``OperationError`` when they cannot be read.

    With ``made_up``, in the sandbox, a file that does not exist is no error: its values are made up.
    """
    values: dict[str, object] = {}
    try:
        for part in stack.by_file():
            file = read_file(Path(shown(part.secrets_file)), part.environment, empty=made_up or part.needs_no_file)
            values |= file.decrypt()
    except sops.SopsError as error:
        raise OperationError(
            f"secrets cannot be masked: {error}\nnext: give --unmasked to see the log as it is"
        ) from None
    hidden_values: dict[str, str] = {}
    for system, group in values.items():
        for name, value in cast("Mapping[str, object]", group).items() if isinstance(group, Mapping) else ():
            hidden_values[f"{system}.{name}"] = str(value)
            # As it is written in DATABASE_URL.
            hidden_values[f"{system}.{name} in an address"] = quote(str(value), safe="")
    return hidden_values


async def _opened(
    railway: Railway,
    where: str,
    service: RunningService | None,
    deployment: str | None,
    build: bool | None,
    selection: Selection,
    lines: int,
    follow: bool,
) -> tuple[Log, list[Line]]:
    """Return the log and its last lines: as many as Railway gives where some are left out or it is followed."""
    limit = LARGEST if selection.narrow or follow else lines
    since = moment(selection.since, datetime.now(UTC)) if selection.since and railway.real else None
    newest = service.latest if service else None
    if deployment is None and newest is None:
        raise OperationError(f"{where} has no deployment, so no log: bring it up first")
    log = Log(where, deployment or (newest.id if newest else ""), bool(build))
    answer = await _ask(railway, log, limit, since)
    if service is None or answer["deployment"]["serviceId"] != service.service_id:
        raise CallError(f"deployment {log.deployment_id} is not one of {where}")
    shown = _lines(answer)
    if build is None and not shown and since is None:
        # It ended before it ran, or has not run yet: the build log says why.
        log = Log(where, log.deployment_id, build=True)
        shown = _lines(await _ask(railway, log, limit, None))
    return log, shown


async def _ask(railway: Railway, log: Log, limit: int, since: str | None) -> Lines:
    # Without Railway's own filter: it knows neither the level that is printed nor what the line says of itself.
    return await railway.client.transport.read(
        log.document, deploymentId=log.deployment_id, filter="", limit=limit, startDate=since
    )


def _selected(railway: Railway, selection: Selection, lines: Sequence[Line]) -> list[Line]:
    """Return the selected lines; in the sandbox, whose time is its own, durations count from the newest line."""
    if not selection.since:
        return selection.of(lines)
    newest = lines[-1]["timestamp"] if lines else ""
    now = datetime.now(UTC) if railway.real or not newest else datetime.fromisoformat(newest)
    return selection.of(lines, start=moment(selection.since, now))


def _lines(answer: Lines) -> list[Line]:
    lines = answer["buildLogs"] if "buildLogs" in answer else answer["deploymentLogs"]
    return sorted(lines, key=lambda line: line["timestamp"])


def _follow(
    railway: Railway, log: Log, selection: Selection, first: Sequence[Line], secrets: Mapping[str, str]
) -> None:
    """Print new lines until the deployment or its build is over, or Ctrl-C."""
    interval_s = railway.client.transport.limiter.budget.poll_s
    printed = list(first)

    async def look() -> Lines:
        await railway.client.clock.sleep(interval_s)
        return await _ask(railway, log, LARGEST, printed[-1]["timestamp"] if printed else None)

    while True:
        try:
            answer = railway.run(look())
        except KeyboardInterrupt:
            return
        for line in selection.of(fresh(_lines(answer), printed)):
            typer.echo(shown_line(line, secrets))
        status = answer["deployment"]["status"]
        if status in FAILURE_BY_STATUS or (
            log.build and status not in {"QUEUED", "WAITING", "INITIALIZING", "BUILDING"}
        ):
            typer.echo(f"deployment {log.deployment_id} is {status}", err=True)
            return


def fresh(lines: Sequence[Line], printed: list[Line]) -> Iterator[Line]:
    """Yield the lines that are not in ``printed``, and append them there.

    Lines of its last timestamp come again, and are compared by their message. Earlier ones were printed, or left out by
    --lines: none is printed after a later one.
    """
    latest = printed[-1]["timestamp"] if printed else ""
    messages = [line["message"] for line in printed if line["timestamp"] == latest]
    for line in lines:
        if line["timestamp"] < latest:
            continue
        if line["timestamp"] == latest and line["message"] in messages:
            messages.remove(line["message"])
            continue
        printed.append(line)
        yield line


def shown_line(line: Line, secrets: Mapping[str, str]) -> str:
    """Return a line as it is printed: time, level and message, with secrets masked."""
    return f"{line['timestamp'][:19].replace('T', ' ')}  {_clean(printed(line), secrets)}"


def _clean(text: str, secrets: Mapping[str, str]) -> str:
    return redact(_CONTROL.sub("", text), secrets)


def _document(log: Log, lines: Sequence[Line], secrets: Mapping[str, str]) -> dict[str, Any]:
    return {
        "service": log.where,
        "deployment": log.deployment_id,
        "log": log.kind,
        "lines": [
            {
                "timestamp": line["timestamp"],
                "severity": line["severity"],
                "level": level_of(line),
                "message": _clean(str(line["message"]), secrets),
            }
            for line in lines
        ],
    }
