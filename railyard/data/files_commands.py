"""``railyard backup files`` and ``railyard restore files``: what is on a volume leaves Railway, and comes back.

Owns the commands, what they say and what they measure: how old what comes back is (the recovery point), and how long it
takes (the recovery time), each against what the settings ask for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import typer

from components.service_kind import ServiceSettings
from components.volume import OffsiteBackups
from railway_api.counting import count
from railyard.accounts.railway_client import Railway, SandboxOption, connected, surroundings
from railyard.accounts.spaces_client import spaces_refusals
from railyard.data.cleanup import cleaned_up
from railyard.data.database import tools_of
from railyard.data.dumps import FilesBackup, FilesBackups, StoredBackup
from railyard.data.volume_backups import ServiceVolume, one_volume
from railyard.shared.console import PROBLEM, CallError, ConfirmOption, JsonOption, confirm, reported_errors, write_json
from railyard.shared.options import FIRST, LAST, StackOption
from railyard.shared.stack import Stack, read_stack
from stacks.project_folder import RAILYARD

MB = 1_000_000
WhereArgument = Annotated[str, typer.Argument(metavar="SYSTEM[/SERVICE]", help="Whose volume.", show_default=False)]
_HOURS = {"daily": 25, "weekly": 7 * 24 + 1, "monthly": 31 * 24 + 1}
"""Allowed age of the newest backup in hours: an hour more than the interval."""


def backup(
    where: WhereArgument,
    stack_name: StackOption = "",
    *,
    keep: Annotated[int | None, typer.Option(min=1, help="Keep so many. Default: all.")] = None,
    keep_days: Annotated[int | None, typer.Option(min=1, help="Delete those older than this. Default: none.")] = None,
    create_bucket: Annotated[bool, typer.Option("--create-bucket", help="Make the bucket if there is none.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Back up nothing; list what there is, newest first.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Copy the files of a volume into the backup bucket of the stack, as one archive.

    The service goes on running. What it writes to meanwhile is read again, and SQLite looks into each of its
    databases before anything is uploaded. The newest archive is never deleted.
    """
    with reported_errors(json=json), spaces_refusals():
        stack = read_stack(stack_name)
        if listing:
            _list(stack, where, sandbox=sandbox, json=json)
            return
        archive, bucket, deleted = back_up(
            stack, where, keep, keep_days, create_bucket=create_bucket, sandbox=sandbox, json=json
        )
    if json:
        write_json({**document(archive), "bucket": bucket, "deleted": [each.key for each in deleted]})
        return
    suffix = f"; {count(len(deleted), 'older one')} deleted" if deleted else ""
    typer.echo(f"{stack_name}/{archive.system}/{archive.service}: {described(archive)}{suffix}")
    typer.echo(f"{bucket}/{archive.key}, SHA-256 {archive.sha256}")


def volume_of(railway: Railway, stack: Stack, where: str) -> ServiceVolume:
    """Return the one volume that ``where`` names; raises ``CallError`` for several, and for those of databases."""
    volume = railway.run(one_volume(railway, stack, where, backups=False))
    if volume.service.declared and tools_of(volume.service.declared.args):
        raise CallError(
            f"{volume.where} is a database, whose files are of use only when nobody writes to them: "
            f"{RAILYARD} backup dump {volume.where}"
        )
    return volume


def back_up(
    stack: Stack,
    where: str,
    keep: int | None,
    keep_days: int | None,
    *,
    create_bucket: bool = False,
    sandbox: bool,
    json: bool,
) -> tuple[FilesBackup, str, list[FilesBackup]]:
    """Back up the files of a volume; return the archive, its bucket, and those that went for it."""
    from railyard.data import files  # noqa: PLC0415 slow to import: it brings SSH
    from railyard.data.volume_access import reached  # noqa: PLC0415

    with connected(stack, sandbox=sandbox, about=where) as railway:
        volume = volume_of(railway, stack, where)
        store = FilesBackups(stack, volume.system.name, volume.service.name)
        if create_bucket:
            store.create_bucket()
        store.check()
        with reached(
            railway, volume, f"{stack.name}/{volume.where}", lambda text: typer.echo(text, err=json)
        ) as access:
            archive = files.back_up(access, store, volume, stack.name)
        return archive, store.bucket, store.thin_out(keep, keep_days)


def _list(stack: Stack, where: str, *, sandbox: bool, json: bool) -> None:
    with connected(stack, sandbox=sandbox, about=where) as railway:
        volume = volume_of(railway, stack, where)
    with surroundings(sandbox=sandbox):
        store = FilesBackups(stack, volume.system.name, volume.service.name)
        store.check()
        backups = store.all()
    if json:
        write_json({"stack": stack.name, "bucket": store.bucket, "backups": [document(each) for each in backups]})
    else:
        for each in backups:
            typer.echo(f"{each.time}  {described(each)}")
        if not backups:
            typer.echo(f"{store.bucket} has none; next: {RAILYARD} backup files {volume.where} -s {stack.name}")
    if not backups:
        raise typer.Exit(PROBLEM)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The time that a restore took, and how much it would have lost."""

    age_h: float
    """Recovery point: how old what came back is."""
    took_s: float
    """Recovery time, from the beginning of the command."""
    schedule: OffsiteBackups | None

    @classmethod
    def since(cls, began: float, chosen: StoredBackup, schedule: OffsiteBackups | None) -> Self:
        """Return what a restore of ``chosen`` took that began at a moment of the monotonic clock and ends now."""
        age_s = (datetime.now(UTC) - chosen.made).total_seconds()
        return cls(age_h=age_s / 3_600, took_s=time.monotonic() - began, schedule=schedule)

    def document(self) -> dict[str, Any]:
        """Return both figures, for programs."""
        return {
            "recoveryPointHours": round(self.age_h, 2),
            "recoveryTimeSeconds": round(self.took_s, 1),
            "problems": self.problems,
        }

    @property
    def problems(self) -> list[str]:
        """Return what the settings ask for and was not reached."""
        if self.schedule is None:
            return []
        late, minutes = _HOURS[self.schedule.every], self.schedule.recovery_minutes
        problems = [f"it is older than {late} h, and the settings ask for {self.schedule.every} ones"] * (
            self.age_h > late
        )
        if minutes and self.took_s > minutes * 60:
            problems.append(f"it took longer than the {minutes} minutes that the settings ask for")
        return problems

    def sentence(self) -> str:
        """Return both figures, for people."""
        minutes = self.schedule.recovery_minutes if self.schedule else None
        return (
            f"recovery point: {self.age_h:.1f} h ago"
            + (f" ({self.schedule.every} ones are asked for)" if self.schedule else "")
            + f"; recovery time: {self.took_s:.0f} s"
            + (f" (of {minutes} minutes)" if minutes else "")
        )


def restore(
    where: WhereArgument,
    backup_time: Annotated[str, typer.Argument(metavar="[BACKUP]", help="Its time, as 'backup files --list' says.")] = (
        "latest"
    ),
    source: Annotated[
        str,
        typer.Option("--from", callback=LAST, help="The stack whose backup it is."),
    ] = "",
    into: Annotated[
        str,
        typer.Option("--into", callback=FIRST, help="The stack that gets it."),
    ] = "",
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the restored files take the place of the live ones.")
    ] = False,
    typed: ConfirmOption = None,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Write a backup of files into a folder beside the live ones, read all of it back, and delete it.

    That is the rehearsal, and it touches no live file. With --replace the restored files take the live ones' place
    afterwards, the former ones are kept in a folder, and the service is started again. Exit code 1 when something
    differs, or when it is older or took longer than the settings ask for.
    """
    with reported_errors(json=json), spaces_refusals():
        restored = restore_files(
            read_stack(source), read_stack(into), where, backup_time, typed, replace=replace, sandbox=sandbox, json=json
        )
    if json:
        write_json(restored.document())
    else:
        for line in restored.lines():
            typer.echo(line)
    if restored.differences or restored.measured.problems:
        raise typer.Exit(PROBLEM)


@dataclass(frozen=True, kw_only=True)
class Restored:
    """The outcome of a restore."""

    chosen: FilesBackup
    into: str
    databases: int
    differences: list[str]
    former: str | None
    measured: Measured

    def lines(self) -> list[str]:
        """Return it for people."""
        if self.differences:
            first = [f"{self.chosen.key} does not come back as it was:", *(f"  {each}" for each in self.differences)]
        else:
            databases = f", {count(self.databases, 'SQLite database')} in order" if self.databases else ""
            first = [
                f"{self.chosen.key} comes back as it was: checksum right, {count(self.chosen.files, 'file')}, "
                f"each read back{databases}"
            ]
        became = (
            f"The folder beside was deleted; the live files of {self.into} were not touched"
            if self.former is None
            else f"{self.into} is healthy on the restored files; the former ones are in {self.former} on its volume: "
            "delete them when nobody needs them any more"
        )
        return [*first, became, self.measured.sentence(), *self.measured.problems]

    def document(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "backup": self.chosen.key,
            "into": self.into,
            "files": self.chosen.files,
            "databases": self.databases,
            "differences": self.differences,
            "replaced": self.former is not None,
            "formerFolder": self.former,
            **self.measured.document(),
        }


def restore_files(
    source_stack: Stack,
    stack: Stack,
    where: str,
    backup_time: str,
    typed: str | None,
    *,
    replace: bool,
    sandbox: bool,
    json: bool,
) -> Restored:
    """Restore a backup of ``source_stack`` onto a volume of ``stack``, beside the live files or in their place."""
    from railyard.data import files  # noqa: PLC0415 slow to import: it brings SSH
    from railyard.data.volume_access import reached  # noqa: PLC0415

    def say(text: str) -> None:
        typer.echo(text, err=json)

    began, former = time.monotonic(), None
    with connected(stack, sandbox=sandbox, about=where) as railway:
        volume = volume_of(railway, stack, where)
        full = f"{stack.name}/{volume.where}"
        store = FilesBackups(source_stack, volume.system.name, volume.service.name)
        store.check()
        chosen = store.one(backup_time)
        if replace:
            losses = [
                f"{full} gets the files of {chosen.stack} from {chosen.time}, if they come back whole.",
                "What is there now stays on the volume in a folder of its own; the service is started again.",
                f"{stack.name} is in {railway.place}.",
            ]
            confirm(full, typed, losses, json=json)
            began = time.monotonic()
        with (
            files.unpacked(store, chosen) as unpacked,
            reached(railway, volume, full, say) as access,
        ):
            top, wrong = files.restore_beside(access, volume, unpacked, keep=replace)
            if replace and not wrong:
                former = files.exchange(access, top)
                say(f"exchanged, the former files are in {former}; waiting until the service is healthy")
                # Whatever comes between: the service has the former files open, and writes to them.
                with cleaned_up(lambda: files.restart(railway, stack, volume)):
                    files.remove(access, top)
            databases = len(unpacked.databases)
    measured = Measured.since(began, chosen, _schedule_of(volume))
    return Restored(chosen=chosen, into=full, databases=databases, differences=wrong, former=former, measured=measured)


def _schedule_of(volume: ServiceVolume) -> OffsiteBackups | None:
    args = volume.service.declared.args if volume.service.declared else None
    return args.volume.outside if isinstance(args, ServiceSettings) and args.volume else None


def document(archive: FilesBackup) -> dict[str, Any]:
    """Return what is known of an archive, for programs."""
    return {"key": archive.key, **archive.model_dump(by_alias=True)}


def described(archive: FilesBackup) -> str:
    """Return what an archive holds, for people."""
    inside, packed = (f"{size / MB:.1f} MB" if size >= MB / 10 else f"{size / 1_000:.1f} kB"
                      for size in (archive.file_bytes, archive.bytes))  # fmt: skip
    lines = f"{count(archive.files, 'file')}, {inside}, {packed} as an archive"
    if archive.unsettled:
        lines += f"; changed while they were read: {', '.join(archive.unsettled[:5])}"
    if archive.skipped:
        lines += f"; neither files nor folders nor links, and left out: {', '.join(archive.skipped[:5])}"
    return lines
