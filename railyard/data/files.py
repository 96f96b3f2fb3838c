"""From a volume into an archive in the bucket, and back onto a volume: the work of ``backup files``, ``restore files``.

Owns the order of the steps. An archive is uploaded when all of it is here and whole, and looked through before any of
it reaches a volume. Live files are exchanged after all that came back was read again, and stay beside the new ones.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from railway_api.documents.deployment import DEPLOYMENT_RESTART
from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services_query import running_systems
from railyard.accounts.workflows import poll_s
from railyard.data import archive, volume_files
from railyard.data.dumps import FilesBackup, FilesBackups, time_now
from railyard.data.volume_access import VolumeConnection
from railyard.data.volume_backups import HEALTHY_S, ServiceVolume
from railyard.data.volume_files import Tree
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack

MB: Final = 1_000_000
ROOM: Final = 2.2
"""This machine needs so many times the size of the files: they and their archive, or they and what was read back."""


@dataclass(frozen=True, kw_only=True)
class UnpackedArchive:
    """An archive on this machine, as it was made: its checksum is right, and SQLite takes its databases."""

    tree: Tree
    folder: Path
    databases: dict[str, str] = field(default_factory=dict[str, str])


def back_up(connection: VolumeConnection, store: FilesBackups, volume: ServiceVolume, stack: str) -> FilesBackup:
    """Return a new archive of a volume in the bucket; raises ``OperationError`` when a database in it is torn."""
    time = time_now()
    with tempfile.TemporaryDirectory(prefix="railyard-files-") as name:
        folder = Path(name)
        _check_room(folder, volume.disk.used_mb * MB)
        files, packed_file = folder / "files", folder / "archive"
        files.mkdir()
        tree = connection.run(volume_files.read_all(connection, files))
        if torn := _torn(archive.databases(tree, files)):
            raise OperationError(
                f"the bucket got nothing: {'; '.join(torn)}. It was written to while it was read, or is broken on the "
                "volume\nnext: run the command again when less is written"
            )
        archive.pack(tree, files, packed_file)
        service = volume.service.name
        backup = FilesBackup(system=volume.system.name, stack=stack, service=service, time=time, sha256="", bytes=0,
                           files=len(tree.files), file_bytes=tree.file_bytes, unsettled=list(tree.unsettled),
                           skipped=list(tree.skipped))  # fmt: skip
        with store.upload(backup.key) as upload, packed_file.open("rb") as stream:
            upload.write(stream)
            upload.complete()
        backup = backup.model_copy(update={"sha256": upload.sha256, "bytes": upload.bytes})
        store.note(backup)
    return backup


@contextmanager
def unpacked(store: FilesBackups, chosen: FilesBackup) -> Generator[UnpackedArchive]:
    """Yield an archive of the bucket, unpacked on this machine for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="railyard-files-") as name:
        folder = Path(name)
        _check_room(folder, chosen.file_bytes)
        packed, files = folder / "archive", folder / "files"
        with packed.open("xb") as stream:
            store.read(chosen, stream)
        files.mkdir()
        tree = archive.unpack(packed, files)
        packed.unlink()
        databases = archive.databases(tree, files)
        if torn := _torn(databases):
            raise OperationError(f"{store.bucket}/{chosen.key} is of no use: {'; '.join(torn)}")
        yield UnpackedArchive(tree=tree, folder=files, databases=databases)


def restore_beside(
    connection: VolumeConnection, volume: ServiceVolume, archive: UnpackedArchive, *, keep: bool
) -> tuple[str, list[str]]:
    """Write the files into a folder of their own on the volume, and read all back.

    Return that folder and what differs. It is deleted again unless ``keep`` is set and nothing differs.
    """
    free_mb = volume.disk.size_mb - volume.disk.used_mb
    if archive.tree.file_bytes > free_mb * MB:
        raise OperationError(
            f"the files need {archive.tree.file_bytes / MB:.0f} MB beside the live ones, and the volume of "
            f"{connection.name} has {free_mb:.0f} MB left: raise sizeGb of the volume and run up first"
        )
    name = f"{volume_files.OWN}restore-{time_now()}"
    top = f"{connection.mount}/{name}"
    kept = False
    try:
        connection.run(volume_files.write_beside(connection, archive.tree, archive.folder, name))
        with tempfile.TemporaryDirectory(prefix="railyard-files-") as again:
            wrong = connection.run(volume_files.differences(connection, top, archive.tree, archive.folder, Path(again)))
        kept = keep and not wrong
    finally:
        if not kept:
            _remove(connection, top)
    return top, wrong


def _remove(connection: VolumeConnection, top: str) -> None:
    try:
        connection.run(volume_files.remove(connection, top))
    except OperationError as problem:
        raise OperationError(
            f"{top} is still on the volume of {connection.name}, and of no use there: {problem}"
        ) from None


def exchange(connection: VolumeConnection, top: str) -> str:
    """Let the files of a folder take the place of the live ones; return the folder in which those are now."""
    former = f"{connection.mount}/{volume_files.OWN}before-{time_now()}"
    try:
        connection.run(volume_files.exchange(connection, top, former))
    except OperationError:
        _remove(connection, top)
        raise
    return former


def restart(railway: Railway, stack: Stack, volume: ServiceVolume) -> None:
    """Start the service again, which has the former files open, and wait until it is healthy."""
    client, before = railway.client, volume.service.serving
    if before is None:
        return
    railway.run(client.call(DEPLOYMENT_RESTART, id=before.id))
    until = client.clock.now() + HEALTHY_S
    while client.clock.now() < until:
        railway.run(client.clock.sleep(poll_s(client)))
        (system,) = railway.run(running_systems(railway, stack, [volume.system.name]))
        service = system.service(volume.service.name)
        if service and service.proven:
            return
    raise OperationError(f"{volume.where} is not healthy {HEALTHY_S / 60:.0f} minutes after its restart")


def _torn(databases: dict[str, str]) -> list[str]:
    return [f"{path} is no whole database ({result})" for path, result in databases.items() if result != "ok"]


def _check_room(folder: Path, file_bytes: float) -> None:
    free = shutil.disk_usage(folder).free
    if file_bytes * ROOM > free:
        raise OperationError(
            f"this needs {file_bytes * ROOM / MB:.0f} MB on this machine, and {folder.parent} has {free / MB:.0f} MB: "
            "let TMPDIR name a folder with more"
        )
