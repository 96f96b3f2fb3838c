"""``railyard backup due``: every copy outside of Railway that the settings ask for, made when it is due.

Owns the schedule (``outside`` of a volume or a database) and what a job that runs every night does by it. The work is
that of ``backup files``, ``backup dump`` and their restores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import typer

from components.database import DatabaseSettings
from components.volume import OffsiteBackups
from railyard.accounts.railway_client import SandboxOption, surroundings
from railyard.accounts.spaces_client import spaces_refusals
from railyard.data import backup, files_commands, restore
from railyard.data.database import tools_of
from railyard.data.dumps import Dumps, FilesBackups, Store, StoredBackup
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    SystemsArgument,
    reported_errors,
    table,
    table_console,
    write_json,
)
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack
from stacks.services import services

DAYS: Final = {"daily": 1, "weekly": 7, "monthly": 30}
"""Interval in days."""
EARLY: Final = timedelta(hours=2)
"""Time by which a copy is due before its interval ends: a nightly job does not begin to the minute."""


@dataclass(frozen=True, kw_only=True)
class ScheduledCopy:
    """One copy that the settings ask for."""

    system: str
    service: str
    kind: Literal["files", "dump"]
    outside: OffsiteBackups
    title: str | None = None
    """Kind of the dumped database, for example PostgreSQL."""

    @property
    def where(self) -> str:
        """Return ``omega/bot``."""
        return f"{self.system}/{self.service}"

    def store(self, stack: Stack) -> Store[Any]:
        """Return where such copies lie."""
        if self.kind == "dump":
            return Dumps(stack, self.system, self.service, self.title)
        return FilesBackups(stack, self.system, self.service)


def scheduled_copies(stack: Stack, systems: list[str] | None = None) -> list[ScheduledCopy]:
    """Return the copies that the settings of a stack ask for, in the settings' order; raises ``CallError``."""
    copies: list[ScheduledCopy] = []
    for system, settings in stack.chosen(systems or []).items():
        for service in services(settings):
            args = service.args
            kind: Literal["files", "dump"] = "dump" if isinstance(args, DatabaseSettings) else "files"
            outside = args.outside if isinstance(args, DatabaseSettings) else args.volume and args.volume.outside
            tools = tools_of(args)
            if outside and (kind == "files" or tools):
                title = tools.title if tools else None
                copies.append(
                    ScheduledCopy(system=system, service=service.name, kind=kind, outside=outside, title=title)
                )
    return copies


def due(
    systems: SystemsArgument = None,
    stack_name: StackOption = "",
    *,
    rehearse_in: Annotated[
        str | None, typer.Option("--rehearse-in", metavar="STACK", help="Rehearse the restore of each there.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Make none; list them with the newest of each.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Make each copy outside of Railway that is due, as the settings say with `outside`, and delete those too old.

    Files of volumes and dumps of databases. With --rehearse-in the newest of each is restored as a rehearsal, whether
    or not it was made now. What fails does not keep the next one back; exit code 1 when one did.
    """
    failed = False
    with reported_errors(json=json), spaces_refusals():
        stack = read_stack(stack_name)
        if rehearse_in is not None:
            read_stack(rehearse_in)
        copies = scheduled_copies(stack, systems)
        if json and not listing:
            raise CallError("--json goes with --list: what is made is reported line by line")
        newest = {} if not copies else _newest(stack, copies, sandbox=sandbox)
        if listing:
            _list(stack, copies, newest, json=json)
            return
        for each in copies:
            steps = list(_steps(each, stack_name, newest[each.where], rehearse_in, sandbox=sandbox))
            failed |= not _went_well(steps)
    if failed:
        raise typer.Exit(PROBLEM)


def _newest(stack: Stack, copies: list[ScheduledCopy], *, sandbox: bool) -> dict[str, str | None]:
    """Return the time of the newest copy of each, None where there is none."""
    newest: dict[str, str | None] = {}
    with surroundings(sandbox=sandbox):
        for each in copies:
            store = each.store(stack)
            store.check()
            newest[each.where] = next((stored.time for stored in store.own()), None)
    return newest


def _is_due(each: ScheduledCopy, newest: str | None) -> bool:
    age = timedelta(days=DAYS[each.outside.every]) - EARLY
    return newest is None or datetime.now(UTC) - StoredBackup.moment(newest) >= age


def _steps(
    each: ScheduledCopy, stack: str, newest: str | None, rehearse_in: str | None, *, sandbox: bool
) -> Iterator[Callable[[], None]]:
    """Return what is to be done about one copy, in this order."""
    files = each.kind == "files"
    make, back = (files_commands.backup, files_commands.restore) if files else (backup.dump, restore.dump)
    if _is_due(each, newest):
        yield lambda: make(each.where, stack, keep_days=each.outside.keep_days, sandbox=sandbox)
    else:
        yield lambda: typer.echo(f"{stack}/{each.where}: not due yet, {each.outside.every} and made at {newest}")
    if rehearse_in is not None:
        yield lambda: back(each.where, "latest", stack, rehearse_in, sandbox=sandbox)


def _went_well(steps: list[Callable[[], None]]) -> bool:
    """Run the steps until one fails, and tell whether none did. The commands report what went wrong themselves."""
    try:
        for step in steps:
            step()
    except typer.Exit as ended:
        return not ended.exit_code
    return True


def _list(stack: Stack, copies: list[ScheduledCopy], newest: dict[str, str | None], *, json: bool) -> None:
    if json:
        documents = [
            {
                "system": each.system,
                "service": each.service,
                "kind": each.kind,
                **each.outside.model_dump(by_alias=True),
                "newest": newest[each.where],
                "due": _is_due(each, newest[each.where]),
            }
            for each in copies
        ]
        write_json({"stack": stack.name, "copies": documents})
        return
    shown = table("copy of", "how", "every", "kept", "newest, UTC", folded="copy of")
    for each in copies:
        last = newest[each.where]
        state = f"{last or 'none'}{', due' if _is_due(each, last) else ''}"
        shown.add_row(each.where, each.kind, each.outside.every, f"{each.outside.keep_days} days", state)
    table_console().print(shown)
