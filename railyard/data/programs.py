"""A database's own programs as children of a command, found on PATH, and what those of each kind have to do.

Owns how they are found, run and ended, and what their errors look like. No command line or message holds a password.
What differs between kinds is in ``postgres``, ``mysql`` and ``mongodb``; the order of the steps, which is the same for
all kinds, is in ``dumping``.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import IO, Any, ClassVar, Final
from urllib.parse import quote

from railyard.data.cleanup import cleaned_up
from railyard.shared.console import OperationError

_LISTENS_EVERY_S: Final = 1.0
_PIPE: Final = 64 * 1024
"""Capacity of a pipe, in bytes."""
_INTERRUPTS: Final = (signal.SIGINT, signal.SIGTERM)
Rows = list[list[str]]
Write = Callable[[IO[bytes]], None]
Read = Callable[[IO[bytes]], None]


class UnencryptedError(OperationError):
    """The server answers, but not with TLS, which was asked for."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """One database of one server, and how it is reached."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    encrypted: bool = True
    """True when TLS is required. The image's certificate is self-signed, so it is not checked."""

    def to(self, database: str) -> Server:
        """Return another database of the same server."""
        return replace(self, database=database)


@dataclass(frozen=True, kw_only=True)
class DumpFacts:
    """The facts about a database that was dumped."""

    server_major: int
    database_bytes: int
    rows: dict[str, int] = field(default_factory=dict[str, int])
    """Rows of each table that was not written to meanwhile."""
    unsettled: tuple[str, ...] = ()
    """Tables that were written to while it was dumped."""


class Tools(ABC):
    """The programs that dump and restore databases of one kind."""

    title: ClassVar[str]
    login: ClassVar[tuple[str, str, str]]
    """The variables that hold user, password and database; ``=name`` is a fixed user without a variable."""
    rotated: ClassVar[str]
    """Instruction for changing the password of a running server."""
    hint: ClassVar[str] = ""
    """Further possible reason when nothing answers."""
    package: ClassVar[str]
    """Package to install where a program is missing."""
    to_dump: ClassVar[tuple[str, ...]]
    to_restore: ClassVar[tuple[str, ...]]
    irreplaceable: ClassVar[str] = ""
    """Reason why a restored database cannot take the live one's place, and what to do; empty where it can."""

    def credentials(self, variables: Mapping[str, str]) -> tuple[str, str, str]:
        """Return user, password and database. Raises ``KeyError`` with the names of variables that are missing."""
        missing = [name for name in self.login if not name.startswith("=") and not variables.get(name)]
        if missing:
            raise KeyError(*missing)
        user, password, database = (each[1:] if each.startswith("=") else variables[each] for each in self.login)
        return user, password, database

    def check_installed(self, *names: str) -> None:
        """Raise ``OperationError`` when a program is missing: before anything is done for nothing."""
        for name in names:
            program(name, self.package)

    @abstractmethod
    def ask(self, server: Server) -> None:
        """Send the server a query that changes nothing; raises ``OperationError`` with its words."""

    @abstractmethod
    def major(self, server: Server) -> int:
        """Return the server's major version, which fits the programs that restore; raises ``OperationError``."""

    @abstractmethod
    def take(self, server: Server, write: Write) -> DumpFacts:
        """Write a dump of the database, and return what is known of it."""

    @abstractmethod
    def scratch(self, server: Server, name: str, of: str, read: Read) -> AbstractContextManager[dict[str, int]]:
        """Yield the rows of a new database beside the live one, filled by ``read``; it is dropped at the end."""

    def replace_live(self, server: Server, scratch: str, former: str) -> None:
        """Let the scratch database take the place of the live one, which is kept under the name ``former``."""
        del server, scratch, former
        raise OperationError(self.irreplaceable)


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
            raise OperationError(failure_text(command[0], errors.read().decode(errors="replace"), secret))


@contextmanager
def _interrupts_held() -> Generator[list[int]]:
    """Note a Ctrl-C or SIGTERM and do not act on it: during a start there is no process yet that could be ended."""
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
    """Yield the output of a program; raises ``OperationError`` when it ends badly."""
    with child(command, environment, reads=False, secret=secret) as process:
        assert process.stdout
        yield process.stdout


@contextmanager
def input_of(command: Sequence[str], environment: Mapping[str, str], secret: str) -> Generator[IO[bytes]]:
    """Yield the input of a program; raises ``OperationError`` when it ends badly."""
    with child(command, environment, reads=True, secret=secret) as process:
        assert process.stdin
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            pass  # It has ended, and its exit code says why.


@contextmanager
def private_file(suffix: str, text: str) -> Generator[str]:
    """Yield the path of a file with this text, which no other user can read; it is deleted when the block ends."""
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


def failure_text(name: str, errors: str, secret: str) -> str:
    """Return the last words of a program, without the password, also as it is written in an address."""
    for each in (secret, quote(secret, safe="")):
        errors = errors.replace(each, "***")
    lines = [line for line in errors.splitlines() if line.strip()]
    return f"{name.rpartition('/')[2]} failed: " + ("\n".join(lines[-10:]) or "it does not say why")


@contextmanager
def dropped_at_end(name: str, drop: Callable[[], object]) -> Generator[None]:
    """Drop a scratch database when the block ends; raises ``OperationError`` that names one that stays."""

    def clean() -> None:
        try:
            drop()
        except OperationError as error:
            raise OperationError(f"the scratch database {name} is still on the server, drop it: {error}") from None

    with cleaned_up(clean):
        yield


def counted_around(
    facts: DumpFacts,
    server: Server,
    write: Write,
    row_counts: Callable[[Server], dict[str, int]],
    dumping: Callable[[Server], AbstractContextManager[IO[bytes]]],
) -> DumpFacts:
    """Write a dump; return ``facts`` with the rows of the tables whose number is the same before and after it."""
    before = row_counts(server)
    with dumping(server) as stream:
        write(stream)
    after = row_counts(server)
    moved = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    rows = {name: number for name, number in before.items() if name not in moved}
    return replace(facts, rows=rows, unsettled=tuple(moved))
