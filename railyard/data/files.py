"""From a volume into an archive in the bucket, and back onto a volume: the work of ``backup files``, ``restore files``.

Owns the order of the steps and the format of the archive, tar and gzip. An archive is uploaded when all of it is here
and whole, and looked through before any of it reaches a volume: nothing in it leads outside of the folder into which it
is unpacked, and SQLite takes its databases. Live files are exchanged after all that came back was read again, and stay
beside the new ones.
"""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from railway_api.documents.deployment import DEPLOYMENT_RESTART
from railyard.accounts.railway_client import Railway, poll_s
from railyard.accounts.running_services_query import running_systems
from railyard.data import volume_files
from railyard.data.cleanup import cleaned_up
from railyard.data.dumps import FilesBackup, FilesBackups, time_now
from railyard.data.volume_access import VolumeConnection
from railyard.data.volume_backups import HEALTHY_S, ServiceVolume
from railyard.data.volume_files import Entry, Tree, printable
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack

MB: Final = 1_000_000
ROOM: Final = 2.2
"""Factor on the size of the files: this machine has them and their archive, or them and what was read back."""


@dataclass(frozen=True, kw_only=True)
class UnpackedArchive:
    """An archive on this machine, as it was made: its checksum is right, and its SQLite databases are whole."""

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
        if torn := _torn(databases(tree, files)):
            raise OperationError(
                f"the bucket got nothing: {'; '.join(torn)}. It was written to while it was read, or is broken on the "
                "volume\nnext: run the command again when less is written"
            )
        pack(tree, files, packed_file)
        service = volume.service.name
        backup = FilesBackup(system=volume.system.name, stack=stack, service=service, time=time, sha256="", bytes=0,
                           files=len(tree.files), file_bytes=tree.file_bytes, unsettled=list(tree.unsettled),
                           skipped=list(tree.skipped))  # fmt: skip
        with store.upload(backup.key) as upload, packed_file.open("rb") as stream:
            upload.write(stream)
            upload.complete()
        backup = backup.model_copy(update={"sha256": upload.sha256, "bytes": upload.bytes})
        store.note_new(backup)
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
        tree = unpack(packed, files)
        packed.unlink()
        inside = databases(tree, files)
        if torn := _torn(inside):
            raise OperationError(f"{store.bucket}/{chosen.key} is of no use: {'; '.join(torn)}")
        yield UnpackedArchive(tree=tree, folder=files, databases=inside)


def restore_beside(
    connection: VolumeConnection, volume: ServiceVolume, unpacked: UnpackedArchive, *, keep: bool
) -> tuple[str, list[str]]:
    """Write the files into a folder of their own on the volume, and read all back.

    Return that folder and what differs. It is deleted again unless ``keep`` is set and nothing differs.
    """
    free_mb = volume.disk.size_mb - volume.disk.used_mb
    if unpacked.tree.file_bytes > free_mb * MB:
        raise OperationError(
            f"the files need {unpacked.tree.file_bytes / MB:.0f} MB beside the live ones, and the volume of "
            f"{connection.name} has {free_mb:.0f} MB left: raise sizeGb of the volume and run up first"
        )
    top = f"{connection.mount}/{volume_files.OWN}restore-{time_now()}"
    is_kept = False
    with cleaned_up(lambda: is_kept or remove(connection, top)):
        connection.run(volume_files.write_beside(connection, unpacked.tree, unpacked.folder, top))
        with tempfile.TemporaryDirectory(prefix="railyard-files-") as again:
            wrong = connection.run(
                volume_files.differences(connection, top, unpacked.tree, unpacked.folder, Path(again))
            )
        is_kept = keep and not wrong
    return top, wrong


def remove(connection: VolumeConnection, top: str) -> None:
    """Delete a folder that a restore made; raises ``OperationError`` that names it."""
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
    except volume_files.HalfExchangedError:
        raise  # the folder holds what the volume lacks
    except BaseException:
        with cleaned_up(lambda: remove(connection, top)):
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
    return [
        f"{printable(path)} is no whole database ({result})" for path, result in databases.items() if result != "ok"
    ]


def _check_room(folder: Path, file_bytes: float) -> None:
    free = shutil.disk_usage(folder).free
    if file_bytes * ROOM > free:
        raise OperationError(
            f"this needs {file_bytes * ROOM / MB:.0f} MB on this machine, and {folder.parent} has {free / MB:.0f} MB: "
            "let TMPDIR name a folder with more"
        )


SQLITE: Final = b"SQLite format 3\x00"
_TYPES: Final = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}


def pack(tree: Tree, folder: Path, archive: Path) -> None:
    """Write the files of ``tree``, which lie in ``folder``, into a new archive."""
    with tarfile.open(archive, "x:gz", format=tarfile.PAX_FORMAT) as packed:
        for entry in tree.entries:
            info = tarfile.TarInfo(entry.path)
            info.type = _TYPES[entry.kind]
            info.size, info.mtime, info.mode = entry.size, entry.modified_s, entry.permissions
            info.uid, info.gid = entry.owner
            info.linkname = entry.target
            if entry.kind == "file":
                with (folder / entry.path).open("rb") as file:
                    packed.addfile(info, file)
            else:
                packed.addfile(info)


def unpack(archive: Path, folder: Path) -> Tree:
    """Write the files of an archive into a folder, and return what there is; links are listed and not made here."""
    entries: list[Entry] = []
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for info in packed:
                entry = _entry(info)
                entries.append(entry)
                target = folder / entry.path
                if entry.kind == "folder":
                    target.mkdir(parents=True, exist_ok=True)
                content = packed.extractfile(info) if entry.kind == "file" else None
                if content is not None:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with target.open("xb") as file:
                        shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as problem:
        raise OperationError(f"the archive cannot be unpacked: {problem}") from None
    return Tree(entries=tuple(entries))


def _entry(info: tarfile.TarInfo) -> Entry:
    path = PurePosixPath(info.name)
    kind = next((kind for kind, type_ in _TYPES.items() if type_ == info.type), None)
    if kind is None or path.is_absolute() or ".." in path.parts:
        raise OperationError(f"the archive holds {info.name!r}, which a backup of files never does: it is another's")
    return Entry(
        path=info.name,
        kind=kind,  # pyright: ignore[reportArgumentType]  (one of the names of _TYPES)
        size=info.size,
        modified_s=int(info.mtime),
        permissions=info.mode,
        owner=(info.uid, info.gid),
        target=info.linkname,
    )


def databases(tree: Tree, folder: Path) -> dict[str, str]:
    """Return the SQLite databases among the files, each with SQLite's word on it: ``ok``, or what is broken."""
    return {each.path: _verdict(folder / each.path) for each in tree.files if _is_database(folder / each.path)}


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def _verdict(path: Path) -> str:
    """Return SQLite's word on a copy, since SQLite writes the write-ahead log beside a database into it."""
    with tempfile.TemporaryDirectory(prefix="railyard-sqlite-") as folder:
        copy = Path(folder) / "database"
        for ending in ("", "-wal", "-journal"):
            beside = path.with_name(path.name + ending)
            if beside.exists():
                shutil.copyfile(beside, copy.with_name(copy.name + ending))
        try:
            with closing(sqlite3.connect(copy)) as database:
                return str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.Error as problem:
            return str(problem)
