"""The files of a volume: read as they lie there, written to a folder beside the live ones, exchanged with those.

Owns what belongs to the data of a volume, and when what was read counts as one state. Works over SFTP; the archive is
``files``'s.
"""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, cast

from asyncssh import SFTPAttrs, SFTPClient, SFTPError, SFTPNoSuchFile

from railyard.data.volume_access import VolumeConnection
from railyard.shared.console import OperationError

AT_ONCE: Final = 16
"""Files that are under way at the same time."""
ATTEMPTS: Final = 4
"""Number of attempts to read a file that is written to meanwhile."""
FRESH_S: Final = 2
"""SFTP tells times in whole seconds: what was written so short a time ago may change without a trace."""
OWN: Final = ".railyard-"
"""Prefix of the folders that a restore makes at the top of a volume; they are no data."""
SYSTEM: Final = "lost+found"
"""Every ext4 volume has it."""


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
        """Return what another content would change."""
        return self.kind, self.size, self.modified_s if self.kind == "file" else 0, self.target


@dataclass(frozen=True, kw_only=True)
class Tree:
    """All that is on a volume."""

    entries: tuple[Entry, ...]
    """Folders before what is in them."""
    unsettled: tuple[str, ...] = ()
    """Files that changed at each attempt to read them."""
    skipped: tuple[str, ...] = ()
    """Paths of other kinds than file, folder and link."""

    @property
    def files(self) -> tuple[Entry, ...]:
        """Return the files alone."""
        return tuple(each for each in self.entries if each.kind == "file")

    @property
    def file_bytes(self) -> int:
        """Return how large they are together."""
        return sum(each.size for each in self.files)


async def _listed(sftp: SFTPClient, top: str, *, whole: bool) -> Tree:
    """Return what is below a folder; without ``whole`` the folders of restores and of ext4 are left out."""
    entries: list[Entry] = []
    skipped: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop(0)
        names = [each async for each in sftp.scandir(posixpath.join(top, folder))]
        for each in sorted(names, key=lambda each: str(each.filename)):
            name = str(each.filename)
            if name in (".", "..") or (not folder and not whole and (name.startswith(OWN) or name == SYSTEM)):
                continue
            if "/" in name:
                raise OperationError(f"the server lists {name!r} in a folder, which is no name")
            entry = await _entry(sftp, top, posixpath.join(folder, name), each.attrs)
            if entry is None:
                skipped.append(posixpath.join(folder, name))
                continue
            entries.append(entry)
            if entry.kind == "folder":
                pending.append(entry.path)
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
        settled_before = time.time() - FRESH_S
        tree = await _listed(sftp, mount, whole=False)
        changed = [each for each in tree.files if read.get(each.path) != each]
        if not changed:
            break
        await _read(sftp, mount, changed, into)
        fresh = [each for each in changed if each.modified_s >= settled_before]
        read |= {each.path: each for each in changed if each not in fresh}
        if fresh:
            await asyncio.sleep(FRESH_S + 1)  # by the clock of files, which is the real one in the sandbox, too
    else:
        tree = await _listed(sftp, mount, whole=False)
    unsettled = tuple(each.path for each in tree.files if read.get(each.path) != each)
    return replace(_as_read(tree, into), unsettled=unsettled)


def _as_read(tree: Tree, folder: Path) -> Tree:
    """Return what is in the folder, and delete from it what is gone from the volume."""
    listed = {each.path for each in tree.files}
    sizes: dict[str, int] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in listed:
            path.unlink()
        elif path.is_file():
            sizes[name] = path.stat().st_size
    entries = [each for each in tree.entries if each.kind != "file" or each.path in sizes]
    return replace(tree, entries=tuple(replace(each, size=sizes.get(each.path, 0)) for each in entries))


async def _read(sftp: SFTPClient, top: str, files: Iterable[Entry], into: Path) -> None:
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(entry: Entry) -> None:
        target = into / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        async with limit:
            try:
                await sftp.get(posixpath.join(top, entry.path), str(target))
            except SFTPNoSuchFile:
                target.unlink(missing_ok=True)  # gone meanwhile: the next look finds that, too

    await asyncio.gather(*map(one, files))


async def write_beside(connection: VolumeConnection, tree: Tree, source: Path, name: str) -> str:
    """Write files of this machine into a new folder at the top of the volume; return the folder's path."""
    sftp, top = connection.sftp, posixpath.join(connection.mount, name)
    await sftp.mkdir(top)
    for entry in tree.entries:
        if entry.kind == "folder":
            await sftp.mkdir(posixpath.join(top, entry.path))
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(entry: Entry) -> None:
        async with limit:
            await sftp.put(str(source / entry.path), posixpath.join(top, entry.path))

    await asyncio.gather(*map(one, tree.files))
    for entry in tree.entries:
        if entry.kind == "link":
            await sftp.symlink(entry.target, posixpath.join(top, entry.path))
    # What is in a folder first: writing into it changes its time, and its permissions may forbid it.
    for entry in reversed(tree.entries):
        if entry.kind != "link":
            await _dress(sftp, posixpath.join(top, entry.path), entry)
    return top


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
    wrong += [f"{path}: nobody asked for it" for path in actual if path not in expected]
    for path, entry in expected.items():
        now = actual.get(path)
        if now is None:
            continue
        if now.looks != entry.looks or (now.permissions, now.owner) != (
            entry.permissions,
            entry.owner,
        ):
            if entry.kind != "link" or now.target != entry.target:
                wrong.append(f"{path}: its time, permissions, owner or size are others")
        elif entry.kind == "file" and sha256(source / path) != sha256(into / path):
            wrong.append(f"{path}: its content is another")
    return wrong


def sha256(path: Path) -> str:
    """Return the checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def remove(connection: VolumeConnection, top: str) -> None:
    """Delete a folder that a restore made, if it is there."""
    try:
        await cast("Any", connection.sftp).rmtree(top)
    except SFTPNoSuchFile:
        return


async def exchange(connection: VolumeConnection, beside: str, former: str) -> None:
    """Let what lies in the folder ``beside`` take the place of the live files, which go into the new ``former``.

    Each is renamed, which copies nothing. When one cannot be, all go back to where they were.
    """
    sftp, mount = connection.sftp, connection.mount
    live = [each.path for each in (await _top(sftp, mount, whole=False))]
    new = [each.path for each in (await _top(sftp, beside, whole=True))]
    await sftp.mkdir(former)
    moves = [(posixpath.join(mount, name), posixpath.join(former, name)) for name in live]
    moves += [(posixpath.join(beside, name), posixpath.join(mount, name)) for name in new]
    moved: list[tuple[str, str]] = []
    try:
        for source, target in moves:
            await sftp.rename(source, target)
            moved.append((source, target))
    except (SFTPError, OSError) as problem:
        for source, target in reversed(moved):
            await sftp.rename(target, source)
        await sftp.rmdir(former)
        raise OperationError(f"the live files stay as they are: {problem}") from None
    await sftp.rmdir(beside)


async def _top(sftp: SFTPClient, folder: str, *, whole: bool) -> list[Entry]:
    entries = (await _listed(sftp, folder, whole=whole)).entries
    return [each for each in entries if "/" not in each.path]


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
