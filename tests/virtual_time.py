"""Virtual time for tests: an event loop whose clock jumps to the next timer when nothing else is ready.

An hour of waiting costs no time, and what a test sees does not depend on how fast the machine is. Sockets and threads
are real: while one of them is under way, the clock stands still.

    async def test_something(): ...           with the fixture ``anyio_backend`` returning ``VIRTUAL_TIME``
    run(something())                          anywhere else
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

HANGS_S: Final = 60.0
"""Real seconds for which sockets and threads may keep the clock from moving: a test that takes longer hangs."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that begins at second 0 and never waits for a timer."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.threads: set[asyncio.Future[Any]] = set()
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self.now_s

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Keep the clock from moving while a thread works."""
        future = super().run_in_executor(executor, func, *args)
        self.threads.add(future)
        future.add_done_callback(self.threads.discard)
        return future


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        # The loop's own pipe, by which threads wake it, is always registered.
        if timeout is None or self._loop.threads or len(self.get_map()) > 1:
            ready = super().select(HANGS_S)
            if not ready:
                raise TimeoutError(f"nothing happened for {HANGS_S:.0f} real seconds")
            return ready
        self._loop.now_s += timeout
        return []


VIRTUAL_TIME: Final = ("asyncio", {"loop_factory": VirtualTimeLoop})
"""What the fixture ``anyio_backend`` returns for tests in virtual time."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of ``work``, run in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)


def now() -> float:
    """Return the virtual second of the running loop; 0 before it runs."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return 0.0


def block(seconds: float) -> None:
    """Let virtual seconds pass in code that does not await; real ones where no loop with virtual time runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if isinstance(loop, VirtualTimeLoop):
        loop.now_s += seconds
    else:
        time.sleep(seconds)
