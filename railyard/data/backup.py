"""``railyard backup``: volumes and databases of a stack are backed up now, and what there is is listed.

Owns the commands and how their answers look. Backups of volumes are Railway's (``volume_backups``), dumps of databases
lie in a Spaces bucket (``dumps``). Nothing is deleted unless an option says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from railway_api.counting import count
from railyard.accounts.railway_client import SandboxOption, connected, surroundings
from railyard.accounts.spaces_client import spaces_refusals
from railyard.data import files_commands
from railyard.data.database import InClearOption, find, reached
from railyard.data.dumping import dump_of
from railyard.data.dumps import Dump, Dumps
from railyard.data.volume_backups import Backup, ServiceVolume, backed_up, make, thin_out
from railyard.shared.console import (
    PROBLEM,
    JsonOption,
    OperationError,
    reported_errors,
    table,
    table_console,
    write_json,
)
from railyard.shared.options import StackOption
from railyard.shared.stack import read_stack
from stacks.project_folder import RAILYARD

WhereArgument = Annotated[
    str | None,
    typer.Argument(metavar="[SYSTEM[/SERVICE]]", help="Volumes to back up. Default: all.", show_default=False),
]

application = typer.Typer(no_args_is_help=True, help="Back up volumes and databases, and list what there is.")
application.command("files")(files_commands.backup)


@application.command("list")
def list_(
    where: WhereArgument = None,
    stack_name: StackOption = "",
    *,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """List the volumes with their schedules and backups, newest first. Exit code 1 when a volume has no backup."""
    with reported_errors(json=json):
        stack = read_stack(stack_name)
        with connected(stack, sandbox=sandbox) as railway:
            volumes = railway.run(backed_up(railway, stack, where))
    if json:
        write_json({"stack": stack_name, "volumes": {each.where: _volume(each) for each in volumes}})
    else:
        table_console().print(_table(volumes))
        for each in volumes:
            if not each.backups:
                typer.echo(f"{each.where} has no backup; next: {RAILYARD} backup create {each.where} -s {stack_name}")
    if not all(each.backups for each in volumes):
        raise typer.Exit(1)


@application.command()
def create(
    where: WhereArgument = None,
    stack_name: StackOption = "",
    *,
    name: Annotated[
        str | None, typer.Option(help="Its name. Default: railyard-<UTC time>. --keep never deletes named ones.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Keep so many of the backups that this command made. Default: all.")
    ] = None,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Make a backup of each volume, and wait until Railway has it. The services go on running."""
    created: dict[str, dict[str, Any]] = {}
    failure: OperationError | None = None
    with reported_errors(json=json):
        stack = read_stack(stack_name)
        with connected(stack, sandbox=sandbox) as railway:
            volumes = railway.run(backed_up(railway, stack, where, backups=False))
            try:
                for volume in volumes:
                    client = railway.of(volume.system.name)
                    backup = railway.run(make(client, volume, name))
                    created[volume.where] = {**_backup(backup), "deleted": []}
                    deleted = railway.run(thin_out(client, volume, keep)) if keep else []
                    created[volume.where]["deleted"] = [each.name for each in deleted]
                    if not json:
                        typer.echo(f"{volume.where}: {_sentence(backup)}" + _deleted(deleted))
            except OperationError as error:
                if not json or not created:
                    raise
                failure = error
    if json:
        write_json({"stack": stack_name, "backups": created, **({"error": str(failure)} if failure else {})})
    if failure:
        raise typer.Exit(PROBLEM)


@application.command()
def dump(
    system: Annotated[str, typer.Argument(metavar="SYSTEM[/SERVICE]", help="Whose database.")],
    stack_name: StackOption = "",
    *,
    keep: Annotated[int | None, typer.Option(min=1, help="Keep so many dumps. Default: all.")] = None,
    keep_days: Annotated[int | None, typer.Option(min=1, help="Delete dumps older than this. Default: none.")] = None,
    create_bucket: Annotated[bool, typer.Option("--create-bucket", help="Make the bucket if there is none.")] = False,
    in_clear: InClearOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Dump a database into the backup bucket of the stack, and note how many rows each table had.

    PostgreSQL, MySQL or MongoDB. It goes on running; for as long as this takes it has a public TCP proxy. The newest
    dump is never deleted.
    """

    def say(text: str) -> None:
        typer.echo(text, err=json)

    with reported_errors(json=json), spaces_refusals():
        stack = read_stack(stack_name)
        with connected(stack, sandbox=sandbox, about=system) as railway:
            database = find(railway, stack, system)
            dumps = database.dumps(stack)
            if create_bucket:
                dumps.create_bucket()
            dumps.check()
            database.tools.check_installed(*database.tools.to_dump)
            with reached(railway, database, say, in_clear=in_clear) as server:
                names = (database.system.name, database.service.name, stack_name)
                dump = dump_of(database.tools, server, dumps, *names)
            deleted = dumps.thin_out(keep, keep_days)
    if json:
        write_json({**_dump(dump), "bucket": dumps.bucket, "deleted": [each.key for each in deleted]})
    else:
        typer.echo(f"{database.full_name}: {_described(dump)}{_deleted(deleted)}")
        typer.echo(f"{dumps.bucket}/{dump.key}, SHA-256 {dump.sha256}")


@application.command()
def dumps(
    system: Annotated[str, typer.Argument(help="Whose dumps.")],
    stack_name: StackOption = "",
    *,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """List the dumps of a system's database, newest first. Exit code 1 when there is none."""
    with reported_errors(json=json), spaces_refusals():
        stack = read_stack(stack_name)
        stack.chosen([system])
        with surroundings(sandbox=sandbox):
            store = Dumps(stack, system)
            store.check()
            stored_dumps = store.all()
    if json:
        write_json({"stack": stack_name, "bucket": store.bucket, "dumps": [_dump(each) for each in stored_dumps]})
    else:
        for each in stored_dumps:
            typer.echo(f"{each.time}  {_described(each)}")
        if not stored_dumps:
            typer.echo(f"{store.bucket} has none; next: {RAILYARD} backup dump {system} -s {stack_name}")
    if not stored_dumps:
        raise typer.Exit(1)


def _dump(dump: Dump) -> dict[str, Any]:
    return {"key": dump.key, **dump.model_dump(by_alias=True)}


def _described(dump: Dump) -> str:
    rows = f"{count(sum(dump.rows.values()), 'row')} in {count(len(dump.rows), 'table')}"
    size = f"{dump.bytes / 1_000_000:.1f} MB" if dump.bytes >= 100_000 else f"{dump.bytes / 1_000:.1f} kB"
    return f"{rows}, {size} of {dump.kind} {dump.server_major}"


def _sentence(backup: Backup) -> str:
    ends = f"kept until {_minute(backup.expires_at)}" if backup.expires_at else "kept until somebody deletes it"
    return f"{backup.name}, {backup.used_mb or 0} MB, {ends} (id {backup.id})"


def _deleted(deleted: Sequence[object]) -> str:
    return f"; {count(len(deleted), 'older one')} deleted" if deleted else ""


def _minute(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"


def _table(volumes: list[ServiceVolume]) -> Table:
    shown = table("volume, backups", "made, UTC", "ends, UTC", "size", folded="volume, backups")
    for volume in volumes:
        disk = volume.disk
        schedules = ", ".join(volume.schedules) or "no schedule"
        shown.add_row(f"{volume.where}: {schedules}", "", "", f"{disk.used_mb:g}/{disk.size_mb} MB")
        for each in volume.backups:
            shown.add_row(
                f" {each.id[:8]} {each.name}",
                each.created_at[5:16].replace("T", " "),
                each.expires_at[5:16].replace("T", " ") if each.expires_at else "never",
                f"{each.used_mb or 0} MB",
            )
    return shown


def _volume(volume: ServiceVolume) -> Mapping[str, Any]:
    return {
        "volumeId": volume.disk.volume_id,
        "volumeInstanceId": volume.disk.instance_id,
        "sizeMb": volume.disk.size_mb,
        "usedMb": volume.disk.used_mb,
        "schedules": list(volume.schedules),
        "backups": [_backup(each) for each in volume.backups],
    }


def _backup(backup: Backup) -> dict[str, Any]:
    return {
        "id": backup.id,
        "name": backup.name,
        "createdAt": backup.created_at,
        "expiresAt": backup.expires_at,
        "usedMb": backup.used_mb,
        "scheduled": backup.scheduled,
    }
