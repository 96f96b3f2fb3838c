"""The files of a volume: read as they lie there, written to a folder beside the live ones, exchanged with those.

Owns which files are the data of a volume, and when what was read counts as one state. Works over SFTP; ``files`` makes
the archive.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
import stat
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Literal, cast

from asyncssh import SFTPAttrs, SFTPClient, SFTPError, SFTPNoSuchFile

from railyard.data.volume_access import VolumeConnection
from railyard.shared.console import OperationError
from railyard.shared.files import sha256_of

AT_ONCE: Final = 16
"""Files that are under way at the same time."""
ATTEMPTS: Final = 4
"""Number of attempts to read a file that is written to meanwhile."""
FRESH_S: Final = 2
"""Seconds for which a file counts as just written: SFTP has times in whole seconds, so a change may leave no trace."""
OWN: Final = ".railyard-"
"""Prefix of the folders that a restore makes at the top of a volume; they are no data."""
SYSTEM: Final = "lost+found"
"""The folder that ext4 makes at the top of each volume."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file, folder or link."""

    path: str
    """Below the top of the volume, ``artifacts/1.html``."""
    kind: Literal["file", "folder", "link"]
    size: int = 0
    modified_s: int = 0
    permissions: int = 0
    owner: tuple[int, int] = (0, 0)
    """Its user and group, by number."""
    target: str = ""
    """Target of a link."""

    @property
    def looks(self) -> tuple[str, int, int, str]:
        """Return what a change of the content would change: kind, size, time and target."""
        return self.kind, self.size, self.modified_s if self.kind == "file" else 0, self.target


@dataclass(frozen=True, kw_only=True)
class Tree:
    """All that is on a volume."""

    entries: tuple[Entry, ...]
    """Folders before what is in them."""
    unsettled: tuple[str, ...] = ()
    """Files that changed at each attempt to read them, as they can be printed."""
    skipped: tuple[str, ...] = ()
    """Paths of other kinds than file, folder and link, as they can be printed."""

    @property
    def files(self) -> tuple[Entry, ...]:
        """Return the files alone."""
        return tuple(each for each in self.entries if each.kind == "file")

    @property
    def file_bytes(self) -> int:
        """Return the size of all files, in bytes."""
        return sum(each.size for each in self.files)


class HalfExchangedError(OperationError):
    """Live files are in the folder of the former ones, and could not be moved back."""


def printable(path: str) -> str:
    """Return a path as it can be printed and written down: a name on Linux may hold any byte."""
    return os.fsencode(path).decode("utf-8", "replace")


async def _scanned(sftp: SFTPClient, folder: str, *, is_sure: bool = True) -> list[tuple[str, SFTPAttrs]]:
    """Return what is directly in a folder, by name; nothing when it was deleted, unless it ``is_sure`` to be there."""
    try:
        found = [(str(each.filename), each.attrs) async for each in sftp.scandir(folder)]
    except SFTPNoSuchFile:
        if is_sure:
            raise
        return []
    if wrong := next((name for name, _ in found if "/" in name), None):
        raise OperationError(f"the server lists {wrong!r} in a folder, which is not a name")
    return sorted(((name, attrs) for name, attrs in found if name not in (".", "..")), key=itemgetter(0))


async def _names(sftp: SFTPClient, folder: str) -> list[str]:
    return [name for name, _ in await _scanned(sftp, folder)]


def _is_own(name: str) -> bool:
    """Tell whether a name at the top of a volume is that of a folder of a restore, or of ext4's."""
    return name.startswith(OWN) or name == SYSTEM


async def _listed(sftp: SFTPClient, top: str, *, whole: bool) -> Tree:
    """Return what is below a folder; without ``whole`` the folders of restores and of ext4 are left out."""
    entries: list[Entry] = []
    skipped: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop(0)
        for name, attrs in await _scanned(sftp, posixpath.join(top, folder), is_sure=not folder):
            if not folder and not whole and _is_own(name):
                continue
            path = posixpath.join(folder, name)
            try:
                entry = await _entry(sftp, top, path, attrs)
            except SFTPNoSuchFile:
                continue  # a link that was deleted meanwhile
            if entry is None:
                skipped.append(printable(path))
                continue
            entries.append(entry)
            if entry.kind == "folder":
                pending.append(path)
    return Tree(entries=tuple(entries), skipped=tuple(skipped))


async def _entry(sftp: SFTPClient, top: str, path: str, attrs: SFTPAttrs) -> Entry | None:
    mode = attrs.permissions or 0
    entry = Entry(
        path=path,
        kind="file",
        modified_s=int(attrs.mtime or 0),
        permissions=stat.S_IMODE(mode),
        owner=(attrs.uid or 0, attrs.gid or 0),
    )
    if stat.S_ISDIR(mode):
        return replace(entry, kind="folder")
    if stat.S_ISLNK(mode):
        return replace(entry, kind="link", target=str(await sftp.readlink(posixpath.join(top, path))))
    return replace(entry, size=int(attrs.size or 0)) if stat.S_ISREG(mode) else None


async def read_all(connection: VolumeConnection, into: Path) -> Tree:
    """Read a volume into a folder of this machine, until a look at all files finds each as it was when it was read.

    So what is there is one state of the volume, but for the files that the answer names as unsettled.
    """
    sftp, mount = connection.sftp, connection.mount
    read: dict[str, Entry] = {}
    tree = Tree(entries=())
    for _ in range(ATTEMPTS):
        began_s, server_s = time.monotonic(), await _server_time_s(sftp, mount)
        tree = await _listed(sftp, mount, whole=False)
        _prune(tree, into)
        read = {each.path: each for each in tree.files if read.get(each.path) == each and (into / each.path).is_file()}
        changed = [each for each in tree.files if each.path not in read]
        if not changed:
            break
        await _read(sftp, mount, changed, into)
        # A date in the future was given on purpose: it says nothing of when the file was written.
        now_s = server_s + 1 + time.monotonic() - began_s
        fresh = [each for each in changed if server_s - FRESH_S <= each.modified_s <= now_s]
        read |= {each.path: each for each in changed if each not in fresh}
        if fresh:
            await asyncio.sleep(FRESH_S + 1)  # by the clock of files, which is the real one in the sandbox, too
    else:
        tree = await _listed(sftp, mount, whole=False)
        _prune(tree, into)
    unsettled = tuple(printable(each.path) for each in tree.files if read.get(each.path) != each)
    return replace(_as_read(tree, into), unsettled=unsettled)


async def _server_time_s(sftp: SFTPClient, mount: str) -> int:
    """Return the time by the clock that dates the files of a volume; this machine's where nothing can be written."""
    path = posixpath.join(mount, f"{OWN}clock")
    try:
        async with sftp.open(path, "w"):
            pass
        written_s = (await sftp.lstat(path)).mtime
        await sftp.remove(path)
    except SFTPError:
        written_s = None
    return int(written_s or time.time())


def _prune(tree: Tree, folder: Path) -> None:
    """Delete from a folder of this machine what is gone from the volume, or is of another kind there now."""
    kinds = {each.path: each.kind for each in tree.entries}
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before the folder
        kind = kinds.get(path.relative_to(folder).as_posix())
        if path.is_symlink() or (path.is_file() and kind != "file"):
            path.unlink()
        elif path.is_dir() and kind != "folder":
            path.rmdir()


def _as_read(tree: Tree, folder: Path) -> Tree:
    """Return the tree with the sizes of what is in the folder, without files that were gone before they were read."""
    entries: list[Entry] = []
    for each in tree.entries:
        path = folder / each.path
        if each.kind != "file":
            entries.append(each)
        elif path.is_file():
            entries.append(replace(each, size=path.stat().st_size))
    return replace(tree, entries=tuple(entries))


async def _read(sftp: SFTPClient, top: str, files: Iterable[Entry], into: Path) -> None:
    async def one(entry: Entry) -> None:
        target = into / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            await sftp.get(posixpath.join(top, entry.path), str(target))
        except SFTPNoSuchFile:
            target.unlink(missing_ok=True)  # gone meanwhile: the next look finds that, too

    await _each(files, one)


async def _each(files: Iterable[Entry], work: Callable[[Entry], Coroutine[Any, Any, None]]) -> None:
    """Do ``work`` for each file, ``AT_ONCE`` at the same time; after a failure none is under way any more."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(entry: Entry) -> None:
        async with limit:
            await work(entry)

    tasks = [asyncio.create_task(one(each)) for each in files]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def write_beside(connection: VolumeConnection, tree: Tree, source: Path, top: str) -> None:
    """Write files of this machine into ``top``, a new folder on the volume."""
    sftp = connection.sftp
    await sftp.mkdir(top)
    for entry in tree.entries:
        if entry.kind == "folder":
            await sftp.mkdir(posixpath.join(top, entry.path))
    await _each(tree.files, lambda entry: sftp.put(str(source / entry.path), posixpath.join(top, entry.path)))
    for entry in tree.entries:
        if entry.kind == "link":
            await sftp.symlink(entry.target, posixpath.join(top, entry.path))
    # What is in a folder first: writing into it changes its time, and its permissions may forbid it.
    for entry in reversed(tree.entries):
        if entry.kind != "link":
            await _dress(sftp, posixpath.join(top, entry.path), entry)


async def _dress(sftp: SFTPClient, path: str, entry: Entry) -> None:
    """Give a file or folder the owner, permissions and time that it had."""
    attributes = await sftp.lstat(path)
    if (attributes.uid, attributes.gid) != entry.owner:
        await sftp.setstat(path, SFTPAttrs(uid=entry.owner[0], gid=entry.owner[1]))
    times = SFTPAttrs(permissions=entry.permissions, atime=entry.modified_s, mtime=entry.modified_s)
    await sftp.setstat(path, times)


async def differences(connection: VolumeConnection, top: str, uploaded: Tree, source: Path, into: Path) -> list[str]:
    """Return what of a written folder is not as it was to be, for people: all of it is read back for that."""
    written = await _listed(connection.sftp, top, whole=True)
    await _read(connection.sftp, top, written.files, into)
    actual, expected = ({each.path: each for each in tree.entries} for tree in (written, uploaded))
    wrong = [f"{path}: it is not there" for path in expected if path not in actual]
    wrong += [f"{path}: it is not in the backup" for path in actual if path not in expected]
    for path, entry in expected.items():
        now = actual.get(path)
        if now is None:
            continue
        if now.looks != entry.looks or (now.permissions, now.owner) != (entry.permissions, entry.owner):
            if entry.kind != "link" or now.target != entry.target:
                wrong.append(f"{path}: its time, permissions, owner or size are others")
        elif entry.kind == "file" and sha256_of(source / path) != sha256_of(into / path):
            wrong.append(f"{path}: its content is another")
    return [printable(each) for each in wrong]


async def remove(connection: VolumeConnection, top: str) -> None:
    """Delete a folder that a restore made, if it is there."""
    try:
        await cast("Any", connection.sftp).rmtree(top)
    except SFTPNoSuchFile:
        return


async def exchange(connection: VolumeConnection, beside: str, former: str) -> None:
    """Let what lies in the folder ``beside`` take the place of the live files, which go into the new ``former``.

    Each is renamed, which copies nothing. When one cannot be, or the exchange is interrupted, all go back to where they
    were; raises ``HalfExchangedError`` when that fails.
    """
    sftp, mount = connection.sftp, connection.mount
    live = [name for name in await _names(sftp, mount) if not _is_own(name)]
    new = await _names(sftp, beside)
    await sftp.mkdir(former)
    try:
        for name in live:
            await sftp.rename(posixpath.join(mount, name), posixpath.join(former, name))
        for name in new:
            await sftp.rename(posixpath.join(beside, name), posixpath.join(mount, name))
    except BaseException as problem:  # a Ctrl-C cancels
        await _go_back(connection, beside, former, new)
        if isinstance(problem, SFTPError | OSError):
            raise OperationError(f"the live files stay as they are: {problem}") from None
        raise


async def _go_back(connection: VolumeConnection, beside: str, former: str, new: Iterable[str]) -> None:
    """Undo an exchange by what is where now: whether the last rename was made is unknown after an interruption."""
    sftp, mount = connection.sftp, connection.mount
    problems: list[str] = []
    try:
        waiting = await _names(sftp, beside)
        moves = [(mount, name, beside) for name in new if name not in waiting]
        moves += [(former, name, mount) for name in await _names(sftp, former)]
        for source, name, target in moves:
            try:
                await sftp.rename(posixpath.join(source, name), posixpath.join(target, name))
            except SFTPError as problem:
                problems.append(f"{printable(posixpath.join(source, name))}: {problem}")
        if not problems:
            await sftp.rmdir(former)
    except (SFTPError, OSError) as problem:
        problems.append(str(problem))
    if problems:
        raise HalfExchangedError(
            f"the exchange broke off, and not all files of {connection.name} could be moved back: {problems[0]}\n"
            f"next: in the service (railway ssh) move what {mount} has of the backup into {beside}, then all that is "
            f"in {former} into {mount}, and delete the empty folder; backups leave both folders out"
        )


async def exchange_mark(connection: VolumeConnection, mark: str) -> str | None:
    """Leave a mark on a volume, beside its data, and return the one that was there; None where there was none."""
    sftp, path = connection.sftp, posixpath.join(connection.mount, f"{OWN}mark")
    former: str | None = None
    try:
        async with sftp.open(path) as file:
            former = str(await cast("Any", file).read())
    except SFTPNoSuchFile:
        pass
    if former != mark:
        async with sftp.open(path, "w") as file:
            await file.write(mark)
    return former
