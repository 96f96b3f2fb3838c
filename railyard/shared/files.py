"""Files that a command writes or reads, whatever they hold.

Owns that a file is written in one piece, so that a run that is killed leaves the old one or the new one; that a
document which a command of ours has written, in another job or by another person, is read up to a limit of its size;
and how files that ``make generate`` writes are compared by ``make check``.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from railway_api.counting import count
from railyard.shared.console import OperationError, shown
from railyard.shared.project import project_directory


def write_whole(path: Path, text: str, *, mode: int | None = None) -> None:
    """Put ``text`` in the place of a file: a reader finds all of the old or of the new one, after a kill too.

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
    _remove_leftovers(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)  # of a killed process of this number, perhaps with other permissions
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            if mode is None and target.exists():
                os.fchmod(file.fileno(), target.stat().st_mode & 0o777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _remove_leftovers(target: Path) -> None:
    """Remove what killed processes have written of a file; those that run write parts of their own."""
    for part in target.parent.glob(f".{escape(target.name)}.*.part"):
        with suppress(OSError, ValueError):
            try:
                os.kill(int(part.name.split(".")[-2]), 0)
            except ProcessLookupError:
                part.unlink()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 checksum of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


DocumentT = TypeVar("DocumentT", bound=BaseModel)


def read_document(file: Path, kind: type[DocumentT], *, command: str, option: str, limit: int) -> DocumentT:
    """Return the document in ``file``, which ``command`` writes with ``option``; raises ``OperationError``.

    A file of more than ``limit`` bytes is not read.
    """
    try:
        if file.stat().st_size > limit:
            raise OperationError(f"{shown(file)} is larger than {limit:,} bytes: that is not a document of `{command}`")
        return kind.model_validate_json(file.read_bytes())
    except OSError:
        raise OperationError(f"{shown(file)} cannot be read: make it with `{command} {option}`") from None
    except ValidationError as error:
        raise OperationError(
            f"{shown(file)} is not a valid document of `{command}` ({count(error.error_count(), 'problem')})"
        ) from None


def write_or_check(name: str, text: str, arguments: Sequence[str]) -> int:
    """Write the file ``name`` of the project, or compare it where ``--check`` is given; return the exit code."""
    file = project_directory() / name
    if "--check" in arguments:
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            sys.stdout.write(f"{name} is out of date: make generate\n")
            return 1
        return 0
    file.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{name} written\n")
    return 0
