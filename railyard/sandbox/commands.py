"""``railyard sandbox``: faults that a user orders, to practise with, and simulated time that passes at once.

Owns the names on the command line: a service by its system, an API by its name. The faults are part of the state of the
simulated clouds, so that they last beyond the command, until they are mended.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer

from components.zone import nearest
from railway_api.counting import count
from railyard.engine import operate, sandbox_door
from railyard.operate.logs import find
from railyard.shared.console import CallError, JsonOption, reported_errors, write_json
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack

APIS: Final = ("railway", "cloudflare", "digitalocean", "spaces")
SERVICE_DEFECTS: Final = {
    "crash": "ends now, and so does each deployment that comes next",
    "unhealthy": "runs and answers nobody, and no deployment that comes next becomes healthy",
    "slow": "takes ten minutes longer with each deployment that comes next",
    "build": "cannot be built: each deployment that comes next fails",
    "pre-deploy": "fails in the command before each deployment that comes next",
}
_LONGEST_DAYS: Final = 3_650
_DIGITS: Final = 9
"""Of the number of a time; the longest time in seconds has as many."""
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MEND: Final = "railyard sandbox mend"

application = typer.Typer(
    no_args_is_help=True, help="Let things go wrong in the sandbox, to practise with, and let time pass there."
)


@application.command("break")
def break_(
    what: Annotated[
        str, typer.Argument(help=f"shop/web (a service), {', '.join(APIS)} (an API), dns, or token (Railway's).")
    ],
    how: Annotated[
        str | None,
        typer.Argument(
            help=f"Of a service {', '.join(SERVICE_DEFECTS)}; of an API the HTTP status (503); of dns the name.",
            show_default=False,
        ),
    ] = None,
    stack: StackOption = "",
    *,
    times: Annotated[int | None, typer.Option(min=1, help="Of an API: only the next so many requests.")] = None,
    json: JsonOption = False,
) -> None:
    """Let something go wrong from now on, until `railyard sandbox mend`."""
    with reported_errors(json=json), _control() as address:
        document, sentence = _ordered(read_stack(stack), what, how, times, address)
        ordered = sandbox_door.control(address, "POST", "faults", document)
        if json:
            write_json(ordered)
        else:
            typer.echo(f"{sentence}; {_MEND} ends it")


@application.command()
def mend(*, json: JsonOption = False) -> None:
    """End everything that was ordered. What crashed meanwhile runs again with its next deployment."""
    with reported_errors(json=json), _control() as address:
        mended = sandbox_door.control(address, "DELETE", "faults")
        if json:
            write_json(mended)
            return
        for line in _lines(mended):
            typer.echo(f"mended: {line}")
        if not _lines(mended):
            typer.echo("nothing was broken")


@application.command()
def faults(*, json: JsonOption = False) -> None:
    """List what was ordered and not mended."""
    with reported_errors(json=json), _control() as address:
        ordered = sandbox_door.control(address, "GET", "faults")
        if json:
            write_json(ordered)
            return
        for line in _lines(ordered) or ["nothing is broken"]:
            typer.echo(line)


@application.command()
def advance(
    time: Annotated[str, typer.Argument(metavar="TIME", help="Length of time: 90s, 45m, 3h or 2d.")],
    *,
    json: JsonOption = False,
) -> None:
    """Let simulated time pass at once: certificates, backups and deployments get on, logs and limits grow old."""
    with reported_errors(json=json), _control() as address:
        match = re.fullmatch(r"(\d+)([smhd])", time)
        seconds = int(match[1]) * _UNITS_S[match[2]] if match and len(match[1]) <= _DIGITS else None
        if seconds is None or seconds > _LONGEST_DAYS * _UNITS_S["d"]:
            raise CallError(
                f"{time[:40]!r} is not a valid time: write 90s, 45m, 3h or 2d, at most {_LONGEST_DAYS}d at once"
            )
        now = sandbox_door.control(address, "POST", "time", {"advance_s": seconds})
        if json:
            write_json(now)
        else:
            typer.echo(f"it is {now['now']} in the sandbox")


@application.command()
def volume(
    service: Annotated[str, typer.Argument(metavar="SYSTEM/SERVICE", help="Whose volume.", show_default=False)],
    stack_name: StackOption = "",
    *,
    json: JsonOption = False,
) -> None:
    """Print the folder of this machine that holds the files of a volume, to put some there or to look."""
    with reported_errors(json=json), _control() as address:
        stack = read_stack(stack_name)
        system, name = find(stack, service)
        document = {"project": stack.settings.systems[system].project.name, "service": name}
        answer = sandbox_door.control(address, "PUT", "volume", document)
        if json:
            write_json(answer)
        else:
            typer.echo(answer["folder"])


@contextmanager
def _control() -> Generator[str]:
    """Yield the address of the simulated clouds: those that `make sandbox` serves, or else those of this process."""
    with operate.serving() as address:
        yield address


def _ordered(stack: Stack, what: str, how: str | None, times: int | None, address: str) -> tuple[dict[str, Any], str]:
    """Return the order for the simulated clouds, and the sentence for the user. Raises ``CallError``."""
    if what in APIS:
        status = how or "503"
        if not re.fullmatch(r"[45]\d\d" + ("|200" if what == "railway" else ""), status):
            raise CallError(
                f"{status!r} is not an HTTP status of a failure: name 400 to 599, or 200 for one of GraphQL"
            )
        requests = "every request" if times is None else f"the next {count(times, 'request')}"
        fault = {"api": what, "operation": "", "status": int(status), "count": times}
        return fault, f"{what} answers {requests} with {status}"
    if times is not None:
        raise CallError(f"--times counts requests of an API, and {what} is none of {', '.join(APIS)}")
    if what == "token":
        if how is not None:
            raise CallError(f"the token breaks in one way only: {how!r} is not needed")
        _, token = sandbox_door.graphql(address)
        return {"source": token, "defect": "revoked"}, "Railway knows the token RAILWAY_API_TOKEN no more"
    if what == "dns":
        return _hidden(stack, how)
    if how not in SERVICE_DEFECTS:
        raise CallError(f"a service breaks in one of these ways: {', '.join(SERVICE_DEFECTS)}, not {how!r}")
    system, service = find(stack, what)
    project = stack.settings.systems[system].project.name
    document = {"project": project, "service": service, "defect": how}
    return document, f"{system}/{service} of {project} {SERVICE_DEFECTS[how]}"


def _hidden(stack: Stack, name: str | None) -> tuple[dict[str, Any], str]:
    zones = stack.settings.stack.zones
    plain = (name or "").rstrip(".").lower()
    if not zones:
        raise CallError(f"{stack.name} has no domain to break: it has no zones (railyard:zones)")
    if nearest(zones, plain) is None:
        raise CallError(f"name a domain in a zone of {stack.name}: {', '.join(zone.name for zone in zones)}")
    return {"source": plain, "defect": "dns"}, f"nobody finds DNS records of {plain}"


def _lines(ordered: dict[str, Any]) -> list[str]:
    hit = (
        (each, "every request" if each["count"] is None else count(each["count"], "request"))
        for each in ordered["faults"]
    )
    requests = [f"{each['api']}: {requests}, {each['status']}" for each, requests in hit]
    return [*requests, *(f"{source}: {defect}" for source, defect in ordered["defects"].items())]
