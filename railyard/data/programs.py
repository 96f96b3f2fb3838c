"""A database's own programs as children of a command, found on PATH.

Owns how they are found, run and ended, and what their errors look like. No command line or message holds a password.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from railyard.shared.console import OperationError


def program(name: str, package: str) -> str:
    """Return the path of a program; raises ``OperationError`` with what to install when it is not there."""
    found = shutil.which(name)
    if found is None:
        raise OperationError(f"{name} is not on PATH: install {package}")
    return found


@contextmanager
def child(
    command: Sequence[str], environment: Mapping[str, str], *, reads: bool, secret: str
) -> Generator[subprocess.Popen[bytes]]:
    """Run a program for as long as the block takes: it reads what the block writes, or writes what the block reads.

    Raises ``OperationError`` with its words when it ends badly.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if reads else subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield process
            code = process.wait()
        finally:
            end(process)
        if code != 0:
            errors.seek(0)
            raise OperationError(said(command[0], errors.read().decode(errors="replace"), secret))


def end(process: subprocess.Popen[Any]) -> None:
    """End a program that still runs, and close what leads to it."""
    if process.poll() is None:
        process.terminate()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            try:
                stream.close()
            except BrokenPipeError:
                continue


def said(name: str, errors: str, secret: str) -> str:
    """Return the last words of a program, without the password."""
    lines = [line for line in errors.replace(secret, "***").splitlines() if line.strip()]
    return f"{name.rpartition('/')[2]} failed: " + ("\n".join(lines[-10:]) or "it does not say why")
