"""Files on volumes and in backups of them: folders of this machine, each below the id of a disk or a backup.

Owns where they are. Without a directory, in a cloud that nobody serves, volumes have no files.
"""

from __future__ import annotations

import shutil
from pathlib import Path


class VolumeFiles:
    """The folders of one sandbox."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    def folder(self, id: str) -> Path:
        """Return the folder of a disk, made if need be; raises ``LookupError`` where volumes have no files."""
        if self._directory is None:
            raise LookupError("volumes have files in a sandbox that is served, and in no other")
        folder = self._directory / id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def copy(self, of: str, to: str) -> None:
        """Copy the files of ``of``, for example a disk, to ``to``, a backup; do nothing where there are none."""
        if self._directory is None or not (self._directory / of).is_dir():
            return
        shutil.copytree(self._directory / of, self._directory / to, symlinks=True, dirs_exist_ok=True)

    def size(self, id: str) -> int:
        """Return the bytes of all files of a disk."""
        if self._directory is None:
            return 0
        files = (path for path in (self._directory / id).rglob("*") if path.is_file() and not path.is_symlink())
        return sum(path.stat().st_size for path in files)
