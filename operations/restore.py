"""``railyard restore``: a volume from one of Railway's backups, a database from a dump.

Owns the commands, what they say beforehand and the order of their steps. Live data are touched only after somebody
typed their name (``confirmation``).
"""

from __future__ import annotations

from typing import Annotated

import typer

from operations.confirmation import ConfirmOption, confirm
from operations.console import JsonOption, OperationError, StackOption, people, write_json
from operations.railway import Railway, SandboxOption, connected
from operations.stack import Stack, read_stack
from operations.volume_backups import BackedUp, Backup, backed_up, bring_back, healthy_again, make, staged

application = typer.Typer(no_args_is_help=True, help="Bring back a volume from a backup, or a database from a dump.")


@application.command()
def volume(
    where: Annotated[str, typer.Argument(metavar="SYSTEM/SERVICE", help="Whose volume.")],
    backup: Annotated[str, typer.Argument(help="Name of the backup, the beginning of its id, or 'latest'.")],
    stack: StackOption = "staging",
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
    with people(json=json):
        here = read_stack(stack)
        with connected(here, sandbox=sandbox) as railway:
            found, chosen = _prepared(railway, here, where, backup)
            losses = [*_losses(found, chosen), f"{stack} is in {railway.place}."]
            confirm(f"{stack}/{found.where}", typed, losses, json=json)
            fresh = None
            if backup_first:
                fresh = railway.run(make(railway.client, found))
                _say(
                    f"the present state is backed up as {fresh.name}, and stays on volume {found.disk.name}", json=json
                )
            railway.run(bring_back(railway.client, found, chosen))
            _say("restored and committed; waiting until the service is healthy", json=json)
            now = _healthy(railway, here, found)
    if json:
        said = {"restored": chosen.id, "backupBefore": fresh and fresh.id, "formerVolumeId": found.disk.volume_id}
        write_json({"stack": stack, "service": found.where, "volumeId": now.disk.volume_id, **said})
        return
    typer.echo(f"{found.where} is healthy on volume {now.disk.name}, {now.disk.used_mb:g} MB")
    typer.echo(_afterwards(stack, found, real=railway.real))


def _prepared(railway: Railway, stack: Stack, where: str, wanted: str) -> tuple[BackedUp, Backup]:
    """The volume and its backup; raises ``OperationError`` when something else waits to be deployed there."""
    (found,) = railway.run(backed_up(railway.client, stack, where))[:1]
    chosen = found.backup(wanted)
    if waiting := railway.run(staged(railway.client, found)):
        raise OperationError(
            f"{len(waiting)} staged changes wait in {found.system.project_name}, and a restore would deploy them too: "
            "deploy or discard them in the dashboard first"
        )
    return found, chosen


def _losses(found: BackedUp, chosen: Backup) -> list[str]:
    newer = [each for each in found.backups if each.created_at > chosen.created_at]
    lines = [
        f"{found.where} gets the state of {chosen.created_at[:16].replace('T', ' ')} UTC (backup {chosen.name}).",
        f"What was written since is lost to it: its present volume {found.disk.name}, {found.disk.used_mb:g} MB, "
        "stays at Railway without a service.",
        "The service is deployed again and cannot be reached meanwhile.",
    ]
    if newer:
        names = ", ".join(each.name for each in newer)
        lines.append(f"Railway deletes backups that are newer than the restored one, these and one made now: {names}.")
    return lines


def _healthy(railway: Railway, stack: Stack, found: BackedUp) -> BackedUp:
    try:
        return railway.run(healthy_again(railway, stack, found))
    except OperationError as error:
        raise OperationError(
            f"{error}\nnext: ./bin/railyard logs {found.where} -s {stack.name}; to go back, mount volume "
            f"{found.disk.name} ({found.disk.volume_id}) at {found.disk.mount_path} again in the dashboard"
        ) from None


def _afterwards(stack: str, found: BackedUp, *, real: bool) -> str:
    refresh, up = (f"pulumi {each} -s {stack}" if real else f"make {each} STACK={stack}" for each in ("refresh", "up"))
    return (
        f"next: {refresh}, then {up}: the first sees that the volume is another one, the second takes it over.\n"
        f"The former volume {found.disk.name} ({found.disk.volume_id}) is kept and billed: delete it in the dashboard "
        "when nobody needs it any more"
    )


def _say(text: str, *, json: bool) -> None:
    if not json:
        typer.echo(text)
