"""Starts Python programs as forks of a process that has imported what they all need, instead of from nothing.

Half of the time of a command goes into imports: Pulumi, gRPC, pydantic, boto3, moto, rich. ``install`` lets
``subprocess`` hand ``python -m …`` and ``python <path> …`` to a server, which forks, so that this half is paid once.
The new process is a child of whoever asked for it, with the arguments, directory, environment, files, session and
signals that it would have had. The code of this project is there, too, also for a process that would find it in a copy,
unless that has other code. What it starts is forked as well, unless a shell holds it, and a script finds such
a ``python`` in an ``environment``. All else (``python -c``, variables that Python reads when it starts, ``preexec_fn``,
other systems than Linux) is started as ever, and so is everything with RAILYARD_TESTS_FORK=0.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import marshal
import os
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_ROOM = 32 * 1024
"""Bytes for the arguments and for the environment that other processes see in /proc."""
_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "TZ")
"""Variables that a process reads once, when it starts."""
MEASURED = "COVERAGE_PROCESS_"
"""How the variables begin by which coverage tells processes that it measures them, too."""
BACKGROUND = '"$@" &'
"""How a shell script begins that starts its arguments and goes on."""


@dataclass(frozen=True)
class Order:
    """A process to start: ``python`` with ``command``, below a shell that runs ``script`` if there is one."""

    executable: str
    command: list[str]
    script: list[str]
    cwd: str
    env: dict[str, str]
    session: bool
    group: int


class Server:
    """The process that forks, as those see it who have it start others."""

    def __init__(self, connection: socket.socket, executable: str, at_start: Mapping[str, str]) -> None:
        self._connection, self._lock = connection, threading.Lock()
        self.executable, self.at_start = executable, at_start

    def fork(self, order: Order, files: Sequence[int]) -> int:
        """Start a process, and return its number: it is a child of this process."""
        with self._lock, _adopting():
            send(self._connection, vars(order), files)
            return receive(self._connection)[0]


@contextlib.contextmanager
def _adopting() -> Any:
    # What loses its parent meanwhile becomes a child of this process.
    libc = ctypes.CDLL(None)
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_SUBREAPER, 0, 0, 0, 0)


def send(connection: socket.socket, message: Any, files: Sequence[int] = ()) -> None:
    """Send what ``marshal`` can write, and files."""
    data = marshal.dumps(message)
    socket.send_fds(connection, [struct.pack("!I", len(data))], files)
    connection.sendall(data)


def receive(connection: socket.socket) -> tuple[Any, list[int]]:
    """The next message, and the files that came with it. Raises ``EOFError`` when nobody is there to send one."""
    length, files, _, _ = socket.recv_fds(connection, 4, 3)
    if not length:
        raise EOFError
    data = b""
    while len(data) < struct.unpack("!I", length)[0]:
        data += connection.recv(1 << 20)
    return marshal.loads(data), files


# Whoever starts processes

_installed: list[_Starter] = []


def install() -> None:
    """Have ``subprocess`` fork Python programs from now on, in this process and in what it starts."""
    if sys.platform == "linux" and os.environ.get("RAILYARD_TESTS_FORK") != "0":
        _installed.append(_Starter())
        replace(_installed[0])


def replace(server: Callable[[], Server]) -> None:
    """Have ``subprocess`` of this process ask the server for what can be forked."""
    original = subprocess.Popen._execute_child  # pyright: ignore[reportAttributeAccessIssue]

    def execute(self: Any, *arguments: Any) -> None:
        order, files = _order_of(server, *arguments)
        if order is None:
            original(self, *arguments)
            return
        self.pid = server().fork(order, files)
        self._child_created = True
        self._close_pipe_fds(*arguments[10:16])

    subprocess.Popen._execute_child = execute  # pyright: ignore[reportAttributeAccessIssue]


class _Starter:
    """Starts the server when it is first needed."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._address = ""
        self._lock = threading.Lock()

    def __call__(self) -> Server:
        with self._lock:
            if self._server is None:
                self._server = self._start()
            return self._server

    def _start(self) -> Server:
        ours, its = socket.socketpair()
        root = str(Path(__file__).parents[1])
        # Coverage sees what a process loads itself.
        own = not any(name.startswith(MEASURED) for name in os.environ)
        code = f"import sys; sys.path[0] = {root!r}; from tests import fork_server; "
        code += f"fork_server.serve({its.fileno()}, own={own})()"
        at_start = of_start(os.environ)
        with its:
            process = subprocess.Popen(
                [sys.executable, "-c", code, " " * (_ROOM // 8)],
                env={**unmeasured(os.environ), "PADDING": " " * _ROOM},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
            )
        atexit.register(_end, process, ours)
        return Server(ours, sys.executable, at_start)

    def listen(self) -> str:
        """Fork for programs that ask as ``forked_client`` does; the name under which they find this process."""
        with self._lock:
            if not self._address:
                self._address = f"railyard-tests-{uuid.uuid4()}"
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(f"\0{self._address}")
                listener.listen()
                threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            return self._address

    def _accept(self, listener: socket.socket) -> None:
        while True:
            threading.Thread(target=self._answer, args=listener.accept()[:1], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        """Fork one program and wait for its end; kill it when nobody waits for the answer any more."""
        with connection:
            (command, cwd, env, session, group), files = receive(connection)
            order = Order(sys.executable, command, [], cwd, env, session=False, group=group)
            try:
                if session != os.getsid(0) or not _can_be_forked(self, order):
                    return
                child = self().fork(order, files)
            finally:
                for file in files:
                    os.close(file)
            ended = os.pidfd_open(child)
            if ended not in select.select([ended, connection], [], [])[0]:
                os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            os.close(ended)
            with contextlib.suppress(BrokenPipeError):
                connection.sendall(str(status).encode())


def _end(process: subprocess.Popen[bytes], connection: socket.socket) -> None:
    connection.close()
    process.wait()


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """Return these variables without those by which coverage measures a process."""
    return {name: value for name, value in environment.items() if not name.startswith(MEASURED)}


def of_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START) and name != "PYTHONPATH"}


def _order_of(
    server, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, startupinfo, creationflags, shell,
    p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, restore_signals, gid, gids, uid, umask, session, group,
) -> tuple[Order | None, list[int]]:  # fmt: skip
    """What the server shall start, if it can: the arguments are those of ``subprocess.Popen._execute_child``."""
    if isinstance(args, (str, bytes, os.PathLike)) or executable or shell or preexec_fn or pass_fds or not close_fds:
        return None, []
    if (gid, gids, uid) != (None, None, None) or umask >= 0 or not restore_signals:
        return None, []
    command, script = [_plain(part) for part in args], list[str]()
    if command[:2] == ["/bin/sh", "-c"] and command[2].startswith(BACKGROUND):
        script, command = command[2:4], command[4:]
    if command[:1] != [sys.executable]:
        return None, []
    environment = {_plain(name): _plain(value) for name, value in (os.environ if env is None else env).items()}
    order = Order(command[0], command[1:], script, _plain(cwd or Path.cwd()), environment, session, group)
    files = [given if given != -1 else own for own, given in enumerate((p2cread, c2pwrite, errwrite))]
    return (order if _can_be_forked(server, order) else None), files


def _plain(text: Any) -> str:
    """A string and nothing more: the member of an enumeration is one, too."""
    return "".join(os.fsdecode(text))


def _can_be_forked(server: Callable[[], Server], order: Order) -> bool:
    first = order.command[0] if order.command else "-"
    if first.startswith("-") and first != "-m":
        return False
    return Path(order.cwd).is_dir() and (server().executable, server().at_start) == (
        order.executable,
        of_start(order.env),
    )


# Whoever has a script start processes


def environment(place: Path) -> None:
    """Make a virtual environment like that of the tests, whose ``python`` has its programs forked by this process."""
    own = Path(sys.prefix)
    if not _installed:
        place.symlink_to(own, target_is_directory=True)
        return
    (place / "bin").mkdir(parents=True)
    for path in [*own.iterdir(), *(own / "bin").iterdir()]:
        target = place / path.relative_to(own)
        if target != place / "bin" and not path.name.startswith("python"):
            target.symlink_to(path)
    python = place / "bin" / "python"
    client = [
        sys.executable,
        "-IS",
        str(Path(__file__).with_name("forked_client.py")),
        _installed[0].listen(),
        sys.executable,
    ]
    python.write_text(f'#!/bin/sh\nexec {shlex.join(client)} "$@"\n')
    python.chmod(0o755)
