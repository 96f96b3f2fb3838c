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
import gc
import importlib
import io
import marshal
import os
import pkgutil
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

PRELOADED = (
    "annotated_types", "anyio._backends._asyncio", "boto3", "cryptography.hazmat.primitives.asymmetric.x25519",
    "cryptography.hazmat.primitives.ciphers.aead", "cryptography.x509", "dill", "graphql", "grpc.aio", "httpx",
    "moto.s3.models", "moto.s3.responses", "pulumi.automation", "pulumi.provider", "pydantic.main",
    "pydantic.type_adapter", "pyrage", "rich.console", "rich.live", "rich.markup", "rich.table", "ruamel.yaml",
    "tarfile", "typer", "yaml", "zoneinfo",
)  # fmt: skip
"""Without the SDKs of Cloudflare and DigitalOcean, of which ``components/packages.py`` loads what is used."""
OWN = (
    "sops", "pulumi_operations", "railway_api", "pulumi_provider", "railway_sandbox", "pulumiverse_railway",
    "pulumi_embedded", "components", "stacks", "railyard",
)  # fmt: skip
"""Packages of this project, each after those that it imports."""
GENERATORS = ("components.generate", "pulumiverse_railway.provider.generate", "stacks.schema")
"""Modules that write beside themselves: each process loads its own."""
_sources: dict[Path, dict[Path, bytes]] = {}
"""Folder of a package → its files of Python, and what stands in them."""
USED = {
    "cloudflare": ("DnsRecord", "UniversalSslSetting", "ZoneSetting", "get_zone"),
    "digitalocean": ("Cdn", "SpacesBucket", "SpacesBucketCorsConfiguration", "SpacesKey"),
}
"""Of the packages of the two clouds, by ``components/packages.py``."""
_code = [1]
"""How this process ends: the exit code of its program, or below 0 the signal that ends it."""
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_ROOM = 32 * 1024
"""Bytes for the arguments and for the environment that other processes see in /proc."""
_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "TZ")
"""Variables that a process reads once, when it starts."""
_MEASURED = "COVERAGE_PROCESS_"
"""How the variables begin by which coverage tells processes that it measures them, too."""
_BACKGROUND = '"$@" &'
"""How a shell script begins that starts its arguments and goes on."""
_END = 9
"""The file from which a shell reads until the program that was forked for it has ended."""


@dataclass(frozen=True)
class _Order:
    """A process to start: ``python`` with ``command``, below a shell that runs ``script`` if there is one."""

    executable: str
    command: list[str]
    script: list[str]
    cwd: str
    env: dict[str, str]
    session: bool
    group: int


class _Server:
    """The process that forks, as those see it who have it start others."""

    def __init__(self, connection: socket.socket, executable: str, at_start: Mapping[str, str]) -> None:
        self._connection, self._lock = connection, threading.Lock()
        self.executable, self.at_start = executable, at_start

    def fork(self, order: _Order, files: Sequence[int]) -> int:
        """Start a process, and return its number: it is a child of this process."""
        with self._lock, _adopting():
            _send(self._connection, asdict(order), files)
            return _receive(self._connection)[0]

    def close(self) -> None:
        """Let the server end."""
        self._connection.close()


@contextlib.contextmanager
def _adopting() -> Any:
    # What loses its parent meanwhile becomes a child of this process.
    libc = ctypes.CDLL(None)
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_SUBREAPER, 0, 0, 0, 0)


def _send(connection: socket.socket, message: Any, files: Sequence[int] = ()) -> None:
    data = marshal.dumps(message)
    socket.send_fds(connection, [struct.pack("!I", len(data))], files)
    connection.sendall(data)


def _receive(connection: socket.socket) -> tuple[Any, list[int]]:
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
        _replace(_installed[0])


def _replace(server: Callable[[], _Server]) -> None:
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
        self._server: _Server | None = None
        self._address = ""
        self._lock = threading.Lock()

    def __call__(self) -> _Server:
        with self._lock:
            if self._server is None:
                self._server = self._start()
            return self._server

    def _start(self) -> _Server:
        ours, its = socket.socketpair()
        folder = str(Path(__file__).parent)
        # Coverage sees what a process loads itself.
        own = not any(name.startswith(_MEASURED) for name in os.environ)
        code = f"import sys; sys.path[0] = {folder!r}; import forked; "
        code += f"forked.serve({its.fileno()}, own={own})()"
        at_start = _of_start(os.environ)
        with its:
            process = subprocess.Popen(
                [sys.executable, "-c", code, " " * (_ROOM // 8)],
                env={**_unmeasured(os.environ), "PADDING": " " * _ROOM},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
            )
        atexit.register(_end, process, ours)
        return _Server(ours, sys.executable, at_start)

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
            (command, cwd, env, session, group), files = _receive(connection)
            order = _Order(sys.executable, command, [], cwd, env, session=False, group=group)
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


def _unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(_MEASURED)}


def _of_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START) and name != "PYTHONPATH"}


def _order_of(
    server, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, startupinfo, creationflags, shell,
    p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, restore_signals, gid, gids, uid, umask, session, group,
) -> tuple[_Order | None, list[int]]:  # fmt: skip
    """What the server shall start, if it can: the arguments are those of ``subprocess.Popen._execute_child``."""
    if isinstance(args, (str, bytes, os.PathLike)) or executable or shell or preexec_fn or pass_fds or not close_fds:
        return None, []
    if (gid, gids, uid) != (None, None, None) or umask >= 0 or not restore_signals:
        return None, []
    command, script = [_plain(part) for part in args], list[str]()
    if command[:2] == ["/bin/sh", "-c"] and command[2].startswith(_BACKGROUND):
        script, command = command[2:4], command[4:]
    if command[:1] != [sys.executable]:
        return None, []
    environment = {_plain(name): _plain(value) for name, value in (os.environ if env is None else env).items()}
    order = _Order(command[0], command[1:], script, _plain(cwd or Path.cwd()), environment, session, group)
    files = [given if given != -1 else own for own, given in enumerate((p2cread, c2pwrite, errwrite))]
    return (order if _can_be_forked(server, order) else None), files


def _plain(text: Any) -> str:
    """A string and nothing more: the member of an enumeration is one, too."""
    return "".join(os.fsdecode(text))


def _can_be_forked(server: Callable[[], _Server], order: _Order) -> bool:
    first = order.command[0] if order.command else "-"
    if first.startswith("-") and first != "-m":
        return False
    return Path(order.cwd).is_dir() and (server().executable, server().at_start) == (
        order.executable,
        _of_start(order.env),
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


# The server, and what it forks


def serve(number: int, *, own: bool) -> Callable[[], None]:
    """Fork until nobody asks any more; in each of the new processes, return what it is to run.

    Where ``own`` is true, these have the packages of this project.
    """
    atexit.register(_leave)
    connection = socket.socket(fileno=number)
    connection.set_inheritable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    at_start = _of_start(os.environ)
    _load(own=own)
    while True:
        try:
            message, files = _receive(connection)
        except EOFError:
            os._exit(0)
        order = _Order(**message)
        if not _forked_for_parent(connection, files):
            continue
        connection.close()
        if order.session:
            os.setsid()
        elif order.group >= 0:
            os.setpgid(0, order.group)
        ours, its = socket.socketpair()
        if os.fork():
            its.close()
            return _prepared(order, files, _Server(ours, order.executable, at_start))
        # The server of what the new process will start: it has nothing of it but the connection.
        ours.close()
        connection = its
        null = os.open(os.devnull, os.O_RDWR)
        for file in (0, 1, 2):
            os.dup2(null, file)
        for file in (null, *files):
            os.close(file)


def _load(*, own: bool) -> None:
    """Load what the new processes have."""
    for name in PRELOADED:
        importlib.import_module(name)
    if own:
        _load_own()
    del sys.path[0]
    assert len([*Path("/proc/self/task").iterdir()]) == 1, "a fork has none of the threads that a package has started"
    gc.collect()
    gc.freeze()


def _load_own() -> None:
    """Load the packages of this project whole, but for the modules that are programs."""
    root = Path(__file__).parents[1]
    before = list(sys.path)
    sys.path[:0] = [str(root), *map(str, root.glob("packages/*"))]
    for name in OWN:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__") and module.name not in GENERATORS:
                importlib.import_module(module.name)
        _sources[_folder(package)] = _sources_in(_folder(package))
    packages = importlib.import_module("components.packages")
    for cloud, names in USED.items():
        for name in names:
            getattr(getattr(packages, cloud), name)
    # The simulated Railway judges each document by its schema once.
    parsed = importlib.import_module("railway_sandbox.railway.wire").parsed
    for _, text in importlib.import_module("railway_api.documents").DOCUMENTS:
        parsed(text)
    shared_salt = importlib.import_module("shared_salt")
    shared_salt.share()
    shared_salt.derive()
    sys.path[:] = before


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


def _folder(package: ModuleType) -> Path:
    return Path(str(package.__file__)).parent


def _sources_in(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.py")}


def _adopt_copies() -> None:
    """Let packages of this project lie where this process would find them, up to the first that is another one there.

    From that one on they are forgotten. Those to which a link leads stay where they are.
    """
    for index, name in enumerate(OWN):
        if name not in sys.modules:
            return
        specs = (finder.find_spec(name, None) for finder in sys.meta_path)
        spec, here = next(filter(None, specs), None), _folder(sys.modules[name])
        there = Path(spec.origin).parent if spec and spec.origin else None
        if there is not None and there.samefile(here):
            continue
        if there is None or _sources_in(there) != _sources[here]:
            for module in [module for module in sys.modules if module.partition(".")[0] in OWN[index:]]:
                del sys.modules[module]
            return
        _move(name, str(here), str(there))


def _move(name: str, here: str, there: str) -> None:
    for module in [module for path, module in sys.modules.items() if path.partition(".")[0] == name]:
        spec = module.__spec__
        if spec is None or module.__file__ is None:
            continue
        module.__file__ = module.__file__.replace(here, there)
        if spec.submodule_search_locations is not None:
            module.__path__ = [path.replace(here, there) for path in module.__path__]
            spec.submodule_search_locations[:] = module.__path__
        spec.origin = module.__file__


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
    _send(connection, int(os.read(told, 20)))
    os.close(told)
    return False


def _prepared(order: _Order, files: Sequence[int], server: _Server) -> Callable[[], None]:
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
    if order.script:
        server.close()  # it forks for the shell, which asks for nothing
    else:
        _replace(lambda: server)
    if any(name.startswith(_MEASURED) for name in order.env):
        importlib.import_module("coverage").process_startup()
    return _program(order)


def _become_shell_of_a_fork(order: _Order) -> None:
    """Go on in a child, and let this process become the shell that would have started it."""
    until_its_end, held = os.pipe()
    if child := os.fork():
        os.close(held)
        os.dup2(until_its_end, _END)
        os.set_inheritable(_END, True)
        # The shell does not know of this child: where it would wait for it, it reads until nobody holds the pipe.
        rest = order.script[0].removeprefix(_BACKGROUND).replace("$!", str(child))
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


def _program(order: _Order) -> Callable[[], None]:
    import runpy  # noqa: PLC0415

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
    _adopt_copies()
    return run
