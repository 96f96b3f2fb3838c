"""Serves the simulated APIs to ordinary tools: until Ctrl-C, at the same port each time, or while a shell is open.

Owns the port of last time and the file of variables to be sourced, both in the sandbox's directory.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import threading
from pathlib import Path

import typer

from railyard.engine import cli_operations, operate, sandbox_door
from railyard.shared.files import write_whole
from railyard.shared.project import project_directory, sandbox_directory


def serve(port: int | None) -> None:
    """Serve until Ctrl-C at ``port``, 0 for any that is free, None for that of last time; print and write variables.

    The variables point ordinary tools at the APIs; they stand in the file ``environment``. Raises ``OperationError``
    when another server runs, or the port is taken.
    """
    directory = sandbox_directory()
    port_file = directory / "port"
    with (
        sandbox_door.errors(),
        sandbox_door.clouds(directory).serve(port=_last_port(port_file) if port is None else port) as address,
    ):
        write_whole(port_file, address.rpartition(":")[2])
        cli_operations.make_backend(directory)
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in operate.environment(address).items()]
        write_whole(directory / "environment", "".join(lines), mode=0o600)
        typer.echo("".join(lines), nl=False)
        typer.echo(f"# simulated Railway, Cloudflare, DigitalOcean and Spaces at {address}; Ctrl-C ends them", err=True)
        _until_interrupted()


def open_shell() -> int:
    """Open the person's shell with these variables, and with ``railyard`` on its path; return how it ended.

    The APIs are those that ``serve`` serves, or are served while the shell is open.
    """
    with sandbox_door.errors(), operate.serving() as address:
        cli_operations.make_backend(sandbox_directory())
        typer.echo(f"# a shell in the sandbox, at {address}; exit ends it", err=True)
        path = f"{project_directory() / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        variables = {**os.environ, **operate.environment(address), "PATH": path}
        # A Ctrl-C is for what runs in the shell.
        before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
        try:
            return subprocess.run([os.environ.get("SHELL") or "/bin/sh"], env=variables, check=False).returncode
        finally:
            signal.signal(signal.SIGINT, before)


def _last_port(port_file: Path) -> int:
    """Return the port of last time where it is free, else 0."""
    last = port_file.read_text(encoding="utf-8").strip() if port_file.exists() else ""
    if not last.isdecimal():
        return 0
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", int(last)))
        except (OSError, OverflowError):
            typer.echo(f"port {last} of last time is taken: another one is used, and kept", err=True)
            return 0
    return int(last)


def _until_interrupted() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    stopped.wait()
