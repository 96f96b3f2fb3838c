"""Files that a command writes: in one piece, so that a run that is killed leaves the old one or the new one.

Owns the writing. What stands in a file is the business of whoever calls.
"""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str, *, mode: int | None = None) -> None:
    """Put ``text`` in the place of a file: whoever reads it, after a kill too, finds all of the old or of the new one.

    A link is followed, and what is no file (a pipe, a terminal) is written to. ``mode`` is who may read it, such as
    0o600; without it the old file's stays, and a new one gets what is usual. An ``OSError`` names ``path``.
    """
    try:
        _write(path.resolve(), text, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _write(target: Path, text: str, mode: int | None) -> None:
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8")
        return
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)  # of a run that was killed, perhaps with other permissions
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        if mode is None and target.exists():
            os.fchmod(file.fileno(), target.stat().st_mode & 0o777)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
