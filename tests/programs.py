"""Runs Pulumi programs, and values of programs, on an event loop of their own, of which nothing outlives the call."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pulumi
import pulumi.runtime


def run(mocks: pulumi.runtime.Mocks, program: Callable[[], Any], *, preview: bool = False) -> None:
    """Run a program against mocks, and wait for all that it registered and for what it returns."""

    def whole() -> None:
        with _threads() as threads, event_loop() as loop:
            loop.set_default_executor(threads)
            pulumi.runtime.set_mocks(mocks, project="railyard", stack="test", preview=preview)
            # It also forgets what programs before, and values that were made without one, have left to wait for.
            try:
                pulumi.runtime.test(program)()
            except Exception:
                # Nobody waits any more for what a program that failed has promised.
                loop.set_exception_handler(lambda _loop, _context: None)
                raise

    contextvars.Context().run(whole)


@contextmanager
def _threads() -> Generator[ThreadPoolExecutor]:
    """Each with an event loop: Pulumi's mocks would make one in every thread that registers, and leave it open."""
    loops: list[asyncio.AbstractEventLoop] = []

    def begin() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    with ThreadPoolExecutor(initializer=begin) as threads:
        yield threads
    for loop in loops:
        loop.close()


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """For outputs that are made: what nobody waited for is cancelled at the end."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        asyncio.set_event_loop(loop)
        yield loop
