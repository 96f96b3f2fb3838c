"""``railyard restore``: a volume from one of Railway's backups, a database from a dump.

Owns the commands, what they say beforehand and the order of their steps. Live data are touched only after the user
typed their name.
"""

from __future__ import annotations

import time as time_
from typing import Annotated, Any

import typer

from railway_api.counting import count
from railyard.accounts.railway_client import Railway, SandboxOption, connected, staged
from railyard.accounts.spaces_client import spaces_refusals
from railyard.data import files_commands
from railyard.data.database import Database, InClearOption, Say, find, reached
from railyard.data.dumping import Restored, replace_live, scratch
from railyard.data.dumps import Dump, Dumps, time_now
from railyard.data.files_commands import Measured
from railyard.data.programs import Server
from railyard.data.volume_backups import Backup, ServiceVolume, bring_back, healthy_again, make, one_volume
from railyard.shared.console import (
    PROBLEM,
    CallError,
    ConfirmOption,
    JsonOption,
    OperationError,
    confirm,
    reported_errors,
    write_json,
)
from railyard.shared.options import FIRST, LAST, StackOption
from railyard.shared.stack import Stack, read_stack
from stacks.project_folder import RAILYARD

application = typer.Typer(no_args_is_help=True, help="Bring back a volume from a backup, or a database from a dump.")
application.command("files")(files_commands.restore)


@application.command()
def volume(
    where: Annotated[str, typer.Argument(metavar="SYSTEM/SERVICE", help="Whose volume.")],
    backup: Annotated[str, typer.Argument(help="Name of the backup, the beginning of its id, or 'latest'.")],
    stack_name: StackOption = "",
    *,
    typed: ConfirmOption = None,
    backup_first: Annotated[
        bool, typer.Option("--backup-first/--no-backup-first", help="Back up the present state before.")
    ] = True,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Put a volume made of a backup in the place of the present one, and wait until the service is healthy on it.

    What was written since the backup is gone for the service. The present volume stays at Railway, without a service.
    """
    with reported_errors(json=json):
        stack = read_stack(stack_name)
        with connected(stack, sandbox=sandbox, about=where) as railway:
            disk, chosen = _prepared(railway, stack, where, backup)
            losses = [*_losses(disk, chosen), f"{stack_name} is in {railway.place}."]
            confirm(f"{stack_name}/{disk.where}", typed, losses, json=json)
            fresh = None
            if backup_first:
                fresh = railway.run(make(railway.client, disk))
                _say(f"the present state is backed up as {fresh.name}, and stays on volume {disk.disk.name}", json=json)
            railway.run(bring_back(railway.client, disk, chosen))
            _say("restored and committed; waiting until the service is healthy", json=json)
            now = _healthy(railway, stack, disk)
    if json:
        ids = {"restored": chosen.id, "backupBefore": fresh and fresh.id, "formerVolumeId": disk.disk.volume_id}
        write_json({"stack": stack_name, "service": disk.where, "volumeId": now.disk.volume_id, **ids})
        return
    typer.echo(f"{disk.where} is healthy on volume {now.disk.name}, {now.disk.used_mb:g} MB")
    typer.echo(_afterwards(stack_name, disk, real=railway.real))


TimeArgument = Annotated[str, typer.Argument(metavar="[DUMP]", help="Time of the dump, as 'backup dumps' lists it.")]
IntoOption = Annotated[str, typer.Option("--into", callback=FIRST, help="The stack whose server it is restored into.")]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Let the restored database take the place of the live one.")
]


@application.command()
def dump(
    system: Annotated[str, typer.Argument(metavar="SYSTEM[/SERVICE]", help="Whose database.")],
    time: TimeArgument = ("latest"),
    source: Annotated[str, typer.Option("--from", callback=LAST, help="The stack whose dump it is.")] = "",
    into: IntoOption = "",
    *,
    replace: ReplaceOption = False,
    typed: ConfirmOption = None,
    in_clear: InClearOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Restore a dump into a scratch database beside the live one, compare the rows of each table, and drop it.

    That is the rehearsal, and it writes to no live database. With --replace the restored database takes the live
    one's name afterwards, and the former one is kept under another. That a dump came back is noted beside it, for
    review environments. Exit code 1 when a table differs, or when the dump is older or the restore took longer than the
    settings ask for.
    """

    def say(text: str) -> None:
        typer.echo(text, err=json)

    began = time_.monotonic()
    with reported_errors(json=json), spaces_refusals():
        source_stack, stack = read_stack(source), read_stack(into)
        with connected(stack, sandbox=sandbox, about=system) as railway:
            database = find(railway, stack, system)
            if replace and database.tools.irreplaceable:
                raise CallError(database.tools.irreplaceable)
            dumps = database.dumps(source_stack)
            dumps.check()
            chosen = dumps.one(time)
            database.tools.check_installed(*database.tools.to_restore)
            if replace:
                losses = [*_losses_of_database(database, chosen), f"{into} is in {railway.place}."]
                confirm(database.full_name, typed, losses, json=json)
                began = time_.monotonic()
            with reached(railway, database, say, in_clear=in_clear) as server:
                restored, former = _restored(database, server, dumps, chosen, say, replace=replace)
    measured = Measured.since(began, chosen, database.args.outside)
    if json:
        write_json({**_document(chosen, database.full_name, restored, former), **measured.document()})
    else:
        outcome = [_became(database.full_name, former), measured.sentence(), *measured.problems]
        for line in (*_verdict(chosen, restored.rows, restored.differences), *outcome):
            typer.echo(line)
    if restored.differences or measured.problems:
        raise typer.Exit(PROBLEM)


def _restored(
    database: Database, server: Server, dumps: Dumps, chosen: Dump, say: Say, *, replace: bool
) -> tuple[Restored, str | None]:
    """Restore a dump and note that it came back; return the name of the former live database that it replaced."""
    former = None
    with scratch(database.tools, server, dumps, chosen, database) as restored:
        if restored.differences:
            return restored, None
        dumps.note(chosen.model_copy(update={"rehearsed": time_now()}))
        if replace:
            former = replace_live(database.tools, server, restored)
            say(f"exchanged, the former database is {former}")
    return restored, former


def _losses_of_database(database: Database, chosen: Dump) -> list[str]:
    return [
        f"{database.full_name} gets the dump of {chosen.stack} from {chosen.time}, if it comes back whole.",
        "What is in the live database now stays beside it under another name; its connections are ended.",
    ]


def _document(chosen: Dump, into: str, restored: Restored, former: str | None) -> dict[str, Any]:
    return {
        "dump": chosen.key,
        "into": into,
        "rows": restored.rows,
        "differences": restored.differences,
        "replaced": former is not None,
        "formerDatabase": former,
    }


def _verdict(chosen: Dump, rows: dict[str, int], differences: list[str]) -> list[str]:
    if differences:
        return [f"{chosen.key} does not come back as it was dumped:", *(f"  {line}" for line in differences)]
    total = f"{count(sum(rows.values()), 'row')} in {count(len(rows), 'table')}"
    return [f"{chosen.key} comes back as it was dumped: checksum right, {total}, each with as many rows as then"]


def _became(where: str, former: str | None) -> str:
    if former is None:
        return f"The scratch database was dropped; the live one of {where} was not touched"
    return (
        f"{where} has the restored database now; the former one is kept on its volume as {former}: drop it when nobody "
        "needs it any more"
    )


def _prepared(railway: Railway, stack: Stack, where: str, backup_name: str) -> tuple[ServiceVolume, Backup]:
    """Return the volume and its backup; raises ``OperationError`` when something else waits to be deployed there."""
    volume = railway.run(one_volume(railway, stack, where))
    chosen = volume.backup(backup_name, stack.name)
    if waiting := railway.run(staged(railway.client, volume.system.environment_id)):
        raise OperationError(
            f"{count(len(waiting), 'staged change')} of {volume.system.project_name} would be deployed too: "
            "deploy or discard them in the dashboard first"
        )
    return volume, chosen


def _losses(volume: ServiceVolume, chosen: Backup) -> list[str]:
    newer = [each for each in volume.backups if each.created_at > chosen.created_at]
    lines = [
        f"{volume.where} gets the state of {chosen.created_at[:16].replace('T', ' ')} UTC (backup {chosen.name}).",
        f"What was written since is lost to it: its present volume {volume.disk.name}, {volume.disk.used_mb:g} MB, "
        "stays at Railway without a service.",
        "The service is deployed again and cannot be reached meanwhile.",
    ]
    if newer:
        names = ", ".join(each.name for each in newer)
        lines.append(f"Railway deletes backups that are newer than the restored one, these and one made now: {names}.")
    return lines


def _healthy(railway: Railway, stack: Stack, volume: ServiceVolume) -> ServiceVolume:
    try:
        return railway.run(healthy_again(railway, stack, volume))
    except OperationError as error:
        raise OperationError(
            f"{error}\nnext: {RAILYARD} logs {volume.where} -s {stack.name}; to go back, mount volume "
            f"{volume.disk.name} ({volume.disk.volume_id}) at {volume.disk.mount_path} again in the dashboard"
        ) from None


def _afterwards(stack: str, volume: ServiceVolume, *, real: bool) -> str:
    program = "pulumi" if real else RAILYARD
    refresh, up = (f"{program} {each} -s {stack}" for each in ("refresh", "up"))
    return (
        f"next: {refresh}, then {up}: the first sees that the volume is another one, the second takes it over.\n"
        f"The former volume {volume.disk.name} ({volume.disk.volume_id}) is kept and billed: delete it in the "
        "dashboard when nobody needs it any more"
    )


def _say(text: str, *, json: bool) -> None:
    if not json:
        typer.echo(text)
