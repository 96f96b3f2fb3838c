"""Runs Pulumi programs, and values of programs, on an event loop of their own, of which nothing outlives the call."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime.stack import run_pulumi_func


def run(mocks: pulumi.runtime.Mocks, program: Callable[[], Any], *, preview: bool = False) -> None:
    """Run a program against mocks, and wait for all that it registered and for what it returns."""

    async def body() -> None:
        pulumi.runtime.set_mocks(mocks, project="railyard", stack="test", preview=preview)
        await run_pulumi_func(lambda: pulumi.Output.from_input(program()).future())

    contextvars.Context().run(asyncio.run, body())


@contextmanager
def event_loop() -> Iterator[None]:
    """For outputs that are made without a program: what nobody waited for is cancelled at the end."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield
