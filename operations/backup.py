"""``railyard backup``: volumes and databases of a stack are backed up now, and what there is is listed.

Owns the commands and how their answers look. Backups of volumes are Railway's (``volume_backups``), dumps of databases
lie in a Spaces bucket (``dumps``). Nothing is deleted unless an option says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from operations.console import JsonOption, StackOption, count, people, write_json
from operations.railway import SandboxOption, connected
from operations.stack import read_stack
from operations.volume_backups import BackedUp, Backup, backed_up, make, thin_out

WhereArgument = Annotated[
    str | None,
    typer.Argument(metavar="[SYSTEM[/SERVICE]]", help="Which volumes. Default: all.", show_default=False),
]

application = typer.Typer(no_args_is_help=True, help="Back up volumes and databases, and list what there is.")


@application.command("list")
def list_(
    where: WhereArgument = None,
    stack: StackOption = "staging",
    *,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """List the volumes with their schedules and backups, newest first. Exit code 1 when a volume has no backup."""
    with people(json=json):
        here = read_stack(stack)
        with connected(here, sandbox=sandbox) as railway:
            volumes = railway.run(backed_up(railway.client, here, where))
    if json:
        write_json({"stack": stack, "volumes": {each.where: _volume(each) for each in volumes}})
    else:
        Console(highlight=False).print(_table(volumes))
        for each in volumes:
            if not each.backups:
                typer.echo(f"{each.where} has no backup; next: ./bin/railyard backup create {each.where} -s {stack}")
    if not all(each.backups for each in volumes):
        raise typer.Exit(1)


@application.command()
def create(
    where: WhereArgument = None,
    stack: StackOption = "staging",
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
    made: dict[str, dict[str, Any]] = {}
    with people(json=json):
        here = read_stack(stack)
        with connected(here, sandbox=sandbox) as railway:
            for volume in railway.run(backed_up(railway.client, here, where, backups=False)):
                backup = railway.run(make(railway.client, volume, name))
                gone = railway.run(thin_out(railway.client, volume, keep)) if keep else []
                made[volume.where] = {**_backup(backup), "deleted": [each.name for each in gone]}
                if not json:
                    typer.echo(f"{volume.where}: {_sentence(backup)}" + _deleted(gone))
    if json:
        write_json({"stack": stack, "backups": made})


def _sentence(backup: Backup) -> str:
    ends = f"kept until {_minute(backup.expires_at)}" if backup.expires_at else "kept until somebody deletes it"
    return f"{backup.name}, {backup.used_mb or 0} MB, {ends} (id {backup.id})"


def _deleted(gone: list[Backup]) -> str:
    return f"; {count(len(gone), 'older one')} deleted" if gone else ""


def _minute(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"


def _table(volumes: list[BackedUp]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in ("volume", "backup", "made, UTC", "size", "ends, UTC"):
        table.add_column(column, no_wrap=True)
    for volume in volumes:
        disk = volume.disk
        table.add_row(
            volume.where, ", ".join(volume.schedules) or "no schedule", "", f"{disk.used_mb:g}/{disk.size_mb} MB", ""
        )
        for each in volume.backups:
            table.add_row(
                f" {each.id[:8]}",
                each.name,
                each.created_at[5:16].replace("T", " "),
                f"{each.used_mb or 0} MB",
                each.expires_at[5:16].replace("T", " ") if each.expires_at else "never",
            )
    return table


def _volume(volume: BackedUp) -> Mapping[str, Any]:
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
