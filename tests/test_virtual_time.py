"""Virtual time: timers fire in their order and at once, and the clock stands still while anything real is under way."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

from tests import virtual_time


def test_an_hour_takes_no_time() -> None:
    """What sleeps longest ends last, at the second that it was to sleep to."""
    ended: list[tuple[float, float]] = []

    async def sleeper(seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append((seconds, virtual_time.now()))

    async def body() -> None:
        await asyncio.gather(*(sleeper(seconds) for seconds in (3_600.0, 0.5, 60.0)))

    virtual_time.run(body())
    assert ended == [(0.5, 0.5), (60.0, 60.0), (3_600.0, 3_600.0)]


def test_the_clock_waits_for_threads_and_sockets() -> None:
    """A timer never overtakes what is real, however long that takes."""

    def late(ours: socket.socket) -> None:
        time.sleep(0.05)
        ours.sendall(b"late")
        ours.close()

    async def body() -> None:
        deadline = asyncio.get_running_loop().call_later(0.001, overtaken.append, "timer")
        assert await asyncio.to_thread(time.sleep, 0.05) is None
        assert overtaken == []
        ours, theirs = socket.socketpair()
        sender = threading.Thread(target=late, args=(ours,))
        sender.start()
        reader, writer = await asyncio.open_connection(sock=theirs)
        assert await reader.read() == b"late"
        assert overtaken == []
        deadline.cancel()
        writer.close()
        await writer.wait_closed()
        sender.join()

    overtaken: list[str] = []
    virtual_time.run(body())


def test_time_passes_for_code_that_does_not_await() -> None:
    """A person who waits between two clicks moves the clock."""

    async def body() -> float:
        virtual_time.block(10.0)
        await asyncio.sleep(1.0)
        return virtual_time.now()

    assert virtual_time.run(body()) == 11.0
