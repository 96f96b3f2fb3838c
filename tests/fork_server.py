"""The server that forks: each new process becomes the one that was asked for, up to its first line of Python.

Runs in a process of its own, which ``forked`` starts, and in the processes that this one forks.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib
import io
import os
import re
import runpy
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests import forked, preloaded
from tests.forked import Order, Server

_code = [1]
"""How this process ends: the exit code of its program, or below 0 the signal that ends it."""
_END = 9
"""The file from which a shell reads until the program that was forked for it has ended."""


def serve(number: int, *, own: bool) -> Callable[[], None]:
    """Fork until nobody asks any more; in each of the new processes, return what it is to run.

    Where ``own`` is true, these have the packages of this project.
    """
    atexit.register(_leave)
    connection = socket.socket(fileno=number)
    connection.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    at_start = forked.of_start(os.environ)
    preloaded.load(own=own)
    while True:
        try:
            message, files = forked.receive(connection)
        except EOFError:
            os._exit(0)
        order = Order(**message)
        if not _forked_for_parent(connection, files):
            continue
        connection.close()
        if order.session:
            os.setsid()
        elif order.group >= 0:
            os.setpgid(0, order.group)
        if order.script:  # the shell asks for nothing
            return _prepared(order, files)
        ours, its = socket.socketpair()
        if os.fork():
            its.close()
            return _prepared(order, files, Server(ours, order.executable, at_start))
        # The server of what the new process will start: it has nothing of it but the connection.
        ours.close()
        connection = its
        null = os.open(os.devnull, os.O_RDWR)
        for file in (0, 1, 2):
            os.dup2(null, file)
        for file in (null, *files):
            os.close(file)


def _forked_for_parent(connection: socket.socket, files: Sequence[int]) -> bool:
    """Whether this is the new process, a child of who asked for it, or still the server, which has told its number."""
    told, tell = os.pipe()
    between = os.fork()
    if not between:
        between = os.getpid()
        if child := os.fork():
            os.write(tell, str(child).encode())
            os._exit(0)
        os.close(told)
        os.close(tell)
        while os.getppid() == between:
            time.sleep(0.0002)
        return True
    for file in (tell, *files):
        os.close(file)
    os.waitpid(between, 0)
    forked.send(connection, int(os.read(told, 20)))
    os.close(told)
    return False


def _prepared(order: Order, files: Sequence[int], server: Server | None = None) -> Callable[[], None]:
    """Make this process the one that was asked for, up to its first line of Python."""
    # A standard file may have come in the place of another one.
    for number, file in enumerate([os.dup(file) if file < 3 else file for file in files]):
        os.dup2(file, number)
        os.close(file)
    os.chdir(order.cwd)
    os.environ.clear()
    os.environ.update(order.env)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if order.script:
        _become_shell_of_a_fork(order)
    _show([order.executable, *order.command], 48)
    _show([f"{name}={value}" for name, value in order.env.items()], 50)
    for name, mode, number in (("stdin", "r", 0), ("stdout", "w", 1), ("stderr", "w", 2)):
        old = getattr(sys, name)
        plain = os.fdopen(number, f"{mode}b", buffering=0 if old.write_through else -1, closefd=False)
        lines = not old.write_through and mode == "w" and (name == "stderr" or plain.isatty())
        new = io.TextIOWrapper(plain, old.encoding, old.errors, None, lines, old.write_through)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
    if server is not None:
        forked.replace(lambda: server)
    if any(name.startswith(forked.MEASURED) for name in order.env):
        importlib.import_module("coverage").process_startup()
    return _program(order)


def _become_shell_of_a_fork(order: Order) -> None:
    """Go on in a child, and let this process become the shell that would have started it."""
    until_its_end, held = os.pipe()
    if child := os.fork():
        os.close(held)
        os.dup2(until_its_end, _END)
        os.set_inheritable(_END, True)
        # The shell does not know of this child: where it would wait for it, it reads until nobody holds the pipe.
        rest = order.script[0].removeprefix(forked.BACKGROUND).replace("$!", str(child))
        rest = re.sub(rf"\bwait\b(?: {child})?", f"read -r _ <&{_END}", rest)
        os.execv("/bin/sh", ["/bin/sh", "-c", rest, *order.script[1:], order.executable, *order.command])
    os.close(until_its_end)
    # As a shell has it for what it starts in the background.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _show(parts: Sequence[str], field: int) -> None:
    """Write what /proc/<pid>/cmdline (field 48 of its ``stat``) or ``environ`` (field 50) shows."""
    # The name of the program, the second field, may hold blanks.
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[field - 3]), int(fields[field - 2])
    data = b"".join(os.fsencode(part) + b"\0" for part in parts)[: end - start - 1]
    ctypes.memmove(start, data.ljust(end - start, b"\0"), end - start)


def _program(order: Order) -> Callable[[], None]:
    def run() -> None:
        main = vars(sys.modules["__main__"])
        for name in [name for name in main if not name.startswith("__")]:
            del main[name]
        try:
            execute(main)
            _code[0] = 0
        except SystemExit as end:
            _code[0] = end.code if isinstance(end.code, int) else int(end.code is not None)
            raise
        except KeyboardInterrupt:
            _code[0] = -signal.SIGINT
            raise

    def execute(main: dict[str, Any]) -> None:
        if order.command[0] == "-m":
            runpy._run_module_as_main(order.command[1])  # pyright: ignore[reportAttributeAccessIssue]
        elif Path(order.command[0]).is_dir():
            runpy._run_module_as_main("__main__", alter_argv=False)  # pyright: ignore[reportAttributeAccessIssue]
        else:
            main["__file__"] = order.command[0]
            exec(compile(Path(order.command[0]).read_bytes(), order.command[0], "exec"), main)

    path = order.env.get("PYTHONPATH")
    first, arguments = order.cwd, ["-m", *order.command[2:]]
    if order.command[0] != "-m":
        script = Path(order.command[0])
        first, arguments = str(script if script.is_dir() else script.resolve().parent), list(order.command)
    sys.argv, sys.orig_argv = arguments, [order.executable, *order.command]
    sys.path[:0] = [first, *(path.split(os.pathsep) if path else ())]
    preloaded.adopt_copies()
    return run


def _leave() -> None:
    """End as the last of what Python does at an exit, before it would take all modules apart.

    That would write to each of their pages, which the processes share, and cost more than most programs do.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    if _code[0] == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(_code[0])
