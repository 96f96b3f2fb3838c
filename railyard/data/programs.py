"""A database's own programs as children of a command, found on PATH.

Owns how they are found, run and ended, and what their errors look like. No command line or message holds a password.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO, Any, Final

from railyard.shared.console import OperationError

_LISTENS_EVERY_S: Final = 1.0
_PIPE: Final = 64 * 1024
"""Capacity of a pipe, in bytes."""
_INTERRUPTS: Final = (signal.SIGINT, signal.SIGTERM)


def program(name: str, package: str) -> str:
    """Return the path of a program; raises ``OperationError`` with what to install when it is not there."""
    path = shutil.which(name)
    if path is None:
        raise OperationError(f"{name} is not on PATH: install {package}")
    return path


@contextmanager
def child(
    command: Sequence[str], environment: Mapping[str, str], *, reads: bool, secret: str
) -> Generator[subprocess.Popen[bytes]]:
    """Run a program for as long as the block takes: it reads what the block writes, or writes what the block reads.

    Raises ``OperationError`` with its words when it ends badly.
    """
    with tempfile.TemporaryFile() as errors:
        with _interrupts_held() as held:
            process = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if reads else subprocess.PIPE,
                stderr=errors,
            )
        try:
            for number in held:
                signal.raise_signal(number)
            yield process
            code = process.wait()
        finally:
            end(process)
        if code != 0:
            errors.seek(0)
            raise OperationError(said(command[0], errors.read().decode(errors="replace"), secret))


@contextmanager
def _interrupts_held() -> Generator[list[int]]:
    """Note a Ctrl-C or SIGTERM instead of acting on it: in the middle of a start nobody knows the program to end."""
    held: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield held
        return

    def hold(number: int, _: FrameType | None) -> None:
        held.append(number)

    before = {number: signal.signal(number, hold) for number in _INTERRUPTS}
    try:
        yield held
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def output_of(command: Sequence[str], environment: Mapping[str, str], secret: str) -> Generator[IO[bytes]]:
    """Return what a program writes; raises ``OperationError`` when it ends badly."""
    with child(command, environment, reads=False, secret=secret) as process:
        assert process.stdout
        yield process.stdout


@contextmanager
def input_of(command: Sequence[str], environment: Mapping[str, str], secret: str) -> Generator[IO[bytes]]:
    """Return where a program reads from; raises ``OperationError`` when it ends badly."""
    with child(command, environment, reads=True, secret=secret) as process:
        assert process.stdin
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            pass  # It has ended with an error, which its exit code tells.


@contextmanager
def private_file(suffix: str, text: str) -> Generator[str]:
    """Return the path of a file with this text, which nobody else can read and which goes with the block."""
    with tempfile.NamedTemporaryFile("w", suffix=suffix, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        yield file.name


def read(stream: IO[bytes], size: int) -> bytes:
    """Return the next ``size`` bytes of a program's output, fewer only at its end.

    Never waits in one read for long: a signal that comes right before it would be heard only after it.
    """
    part = bytearray()
    while len(part) < size:
        while not select.select([stream], [], [], _LISTENS_EVERY_S)[0]:
            continue
        piece = os.read(stream.fileno(), min(size - len(part), _PIPE))
        if not piece:
            break
        part += piece
    return bytes(part)


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
