"""Starts a provider as the engine expects it: a gRPC server on loopback, its port as the first line of stdout.

Owns the life of the process: arguments, port, signals, and the end when the engine is gone. Nothing but the port is
printed on stdout.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import grpc.aio

if TYPE_CHECKING:  # a plugin prints its port before it loads these
    from .declaration import Provider
    from .servicer import Servicer

_MAX_MESSAGE_BYTES: Final = 400 * 1024 * 1024
"""The engine's own limit."""
_GRACE_S: Final = 5.0
"""Time that operations have to end after a signal."""
_PARENT_CHECK_S: Final = 2.0

OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", _MAX_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
)


def main(load: Callable[[], Provider]) -> None:
    """Serve until the engine stops the process or is gone.

    The provider is loaded after the port is printed, so that the engine goes on with its own work meanwhile.
    """
    asyncio.run(_serve(load, engine_address(sys.argv[1:])))


def engine_address(arguments: Sequence[str]) -> str | None:
    """Return the engine's host:port: the last argument that is no flag (flags such as ``-v=9`` come before it)."""
    return next((argument for argument in reversed(arguments) if not argument.startswith("-")), None)


async def start(servicer: Servicer) -> tuple[grpc.aio.Server, int]:
    """Start a server for ``servicer`` on a free loopback port; returns (server, port)."""
    server, port = _listen()
    await _answer(server, servicer)
    return server, port


def _listen() -> tuple[grpc.aio.Server, int]:
    """Take a free loopback port. Clients that connect wait until the server starts."""
    server = grpc.aio.server(options=OPTIONS)
    return server, server.add_insecure_port("127.0.0.1:0")


async def _answer(server: grpc.aio.Server, servicer: Servicer) -> None:
    from .protocol import provider_pb2_grpc  # noqa: PLC0415 after the port is printed

    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    await server.start()


async def _serve(load: Callable[[], Provider], address: str | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watching = asyncio.create_task(_watch_parent(stop, os.getppid()))
    server, port = _listen()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    from .servicer import Servicer  # noqa: PLC0415 after the port is printed

    servicer = Servicer(load(), address)
    await _answer(server, servicer)
    await stop.wait()
    watching.cancel()
    servicer.running.stopping.set()
    await server.stop(_GRACE_S)


async def _watch_parent(stop: asyncio.Event, parent: int) -> None:
    """End the process when the one that started it is gone, even if it was killed."""
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_CHECK_S)
    stop.set()
