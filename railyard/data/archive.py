"""The files of a volume as one archive of tar and gzip, and back: with what SQLite says of the databases among them.

Owns the format, and that nothing in an archive leads outside of the folder into which it is unpacked.
"""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Final

from railyard.data.volume_files import Entry, Tree
from railyard.shared.console import OperationError

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
    """Write the files of an archive into a folder, and return what there is; links are told and not made here."""
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
    except (tarfile.TarError, EOFError, FileExistsError) as problem:
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
    """Return the SQLite databases among the files, each with what SQLite says of it: ``ok``, or what is broken."""
    return {each.path: _verdict(folder / each.path) for each in tree.files if _is_database(folder / each.path)}


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def _verdict(path: Path) -> str:
    """Look into a copy: SQLite writes what is in the write-ahead log beside a database into it."""
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
