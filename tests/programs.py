"""Runs Pulumi programs on an event loop of their own, which is closed at the end of the call."""

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
            # It also forgets what programs before, and values that were made without one, have left to wait for.
            pulumi.runtime.set_mocks(mocks, project="railyard", stack="test", preview=preview)
            try:
                pulumi.runtime.test(program)()
            except Exception:
                # Nobody waits any more for what a program that failed has promised.
                loop.set_exception_handler(lambda _loop, _context: None)
                raise

    contextvars.Context().run(whole)


@contextmanager
def _threads() -> Generator[ThreadPoolExecutor]:
    """Yield a pool whose threads have an event loop each: Pulumi's mocks would make one in each, and leave it open."""
    loops: list[asyncio.AbstractEventLoop] = []

    def begin() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    try:
        with ThreadPoolExecutor(initializer=begin) as threads:
            yield threads
    finally:
        for loop in loops:
            loop.close()


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run a block that makes Outputs with an event loop; at its end cancel what is still pending."""
    with asyncio.Runner() as runner:
        yield runner.get_loop()
