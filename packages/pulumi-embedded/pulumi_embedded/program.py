"""Runs the user's program in this process: in an event loop and a context of its own.

Restores what a program may change (environment, working directory, modules, ``sys.path``) and turns its failures into
texts for people. Since directory and environment belong to the whole process, one program runs at a time.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import re
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, cast

import pulumi
import pulumi.runtime

from pulumi_embedded.monitor import Identity, Monitor
from pulumi_embedded.report import EngineService

_CALLS: Final = 32  # each registration that is under way holds one of the SDK's threads
_ENGINE: Final = Path(__file__).resolve().parent
_one_at_a_time = threading.Lock()


@contextmanager
def borrowed_process(root: Path, environment: Mapping[str, str] | None) -> Generator[None]:
    """Give a program the process as it wants it, and put it back afterwards.

    The current directory is ``root`` and ``environment`` is added to the variables. Modules of the program that were
    loaded meanwhile are forgotten, so that the next run sees edited files.
    """
    with _one_at_a_time:
        variables, directory, path, arguments = dict(os.environ), Path.cwd(), list(sys.path), list(sys.argv)
        modules = set(sys.modules)
        os.environ.update(environment or {})
        os.chdir(root)
        sys.argv = [str(root)]
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(variables)
            os.chdir(directory)
            sys.path[:] = path
            sys.argv = arguments
            for name in set(sys.modules) - modules:
                if name.partition(".")[0] not in modules and _is_of_program(root, name):
                    del sys.modules[name]


def _is_of_program(root: Path, name: str) -> bool:
    """Tell whether a module lies in the program's directory under its own name; packages installed below it do not."""
    file = getattr(sys.modules[name], "__file__", None)
    if file is None:
        return False
    return Path(file).resolve().with_suffix("") in {
        root.resolve().joinpath(*name.split(".")),
        root.resolve().joinpath(*name.split("."), "__init__"),
    }


def run_program(
    program: Path | Callable[[], Any],
    identity: Identity,
    monitor: Monitor,
    service: EngineService,
) -> str:
    """Run a program to its end; return its failure, or an empty string. Call it within ``borrowed_process``.

    The thread must be one without an event loop.
    """
    problems: list[str] = []
    # A context of its own: the SDK keeps its settings and the root resource in context variables.
    contextvars.Context().run(_main(program, identity, monitor, service, problems))
    return problems[0] if problems else ""


def _main(
    program: Path | Callable[[], Any],
    identity: Identity,
    monitor: Monitor,
    service: EngineService,
    problems: list[str],
) -> Callable[[], None]:
    async def body() -> None:
        # What a program's top level returns is dropped here: the SDK would await it.
        if callable(program):
            program()
        else:
            runpy.run_path(str(program), run_name="__main__")
        # Lets all registrations begin. The SDK then waits for each of them in turn; before they have begun, it knows
        # outputs alone, and looks at all of them again after each answer, which is work that grows with the square.
        await asyncio.sleep(0)

    def main() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        pool = ThreadPoolExecutor(_CALLS + identity.parallel, thread_name_prefix="registration")
        loop.set_default_executor(pool)
        loop.set_exception_handler(lambda _loop, _context: None)  # unheard futures are how a failed program ends
        level = logging.getLogger("asyncio").level
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        try:
            _configure_sdk(identity, monitor, service)
            loop.run_until_complete(pulumi.runtime.run_in_stack(body))
        except BaseException as error:  # noqa: BLE001 - whatever ends the program is reported, sys.exit too
            problems.append(explain(error, program))
        finally:
            _end(loop, pool)
            logging.getLogger("asyncio").setLevel(level)

    return main


def _configure_sdk(identity: Identity, monitor: Monitor, service: EngineService) -> None:
    pulumi.runtime.set_all_config(dict(identity.config), [])
    settings = pulumi.runtime.Settings(
        project=identity.project,
        stack=identity.stack,
        monitor=cast("Any", monitor),
        engine=cast("Any", service),
        parallel=cast("Any", identity.parallel),
        dry_run=identity.preview,
        organization="organization",
        root_directory=str(Path.cwd()),
    )
    pulumi.runtime.configure(settings)


def _end(loop: asyncio.AbstractEventLoop, pool: ThreadPoolExecutor) -> None:
    pool.shutdown(wait=True)  # registrations that are under way end first: their outcome belongs in the state
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    asyncio.set_event_loop(None)


def explain(error: BaseException, program: Path | Callable[[], Any]) -> str:
    """Return a program's failure for people: its own frames only, and none for ``pulumi.RunError``."""
    if isinstance(error, SystemExit) and isinstance(error.__cause__, pulumi.RunError):
        error = error.__cause__  # the program has logged it, and ended as Pulumi's host wants it to
    if isinstance(error, pulumi.RunError):
        return str(error)
    if isinstance(error, SystemExit):
        return f"the program ended itself with sys.exit({error.code!r}); end it by returning, or raise pulumi.RunError"
    # The SDK takes this engine for a CLI that is too old.
    unsupported = re.fullmatch(
        r"The Pulumi CLI does not support (?:the )?(.*?)\. Please update the Pulumi CLI\.", str(error)
    )
    if unsupported:
        return f"{unsupported[1]} needs the Pulumi CLI; this engine does not have it"
    # What a provider's function said, without the SDK's words around it.
    if invoked := re.fullmatch(r"invoke of \S+ failed: (invocation of .*)", str(error), re.DOTALL):
        return invoked[1]
    frames = _own_frames(error.__traceback__, program)
    lines = traceback.format_list(frames) + traceback.format_exception_only(error)
    heading = "Program failed with an unhandled exception:\n"
    return heading + ("Traceback (most recent call last):\n" if frames else "") + "".join(lines).rstrip()


def _own_frames(trace: TracebackType | None, program: Path | Callable[[], Any]) -> list[traceback.FrameSummary]:
    frames = traceback.extract_tb(trace)
    if isinstance(program, Path):
        root = program if program.is_dir() else program.parent
        foreign = Path(sys.prefix).resolve()
        return [
            frame
            for frame in frames
            if not frame.filename.startswith("<")
            and (path := Path(frame.filename).resolve()).is_relative_to(root)
            and not path.is_relative_to(foreign)
            and not path.is_relative_to(_ENGINE)
        ]
    file = program.__code__.co_filename if hasattr(program, "__code__") else ""
    return [frame for frame in frames if frame.filename == file]
