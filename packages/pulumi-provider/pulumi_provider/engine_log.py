"""Messages of the provider to the user, through the engine's Log service.

Owns the connection back to the engine. A message that cannot be sent is dropped: it must not fail an operation.
Failures do not belong here: an error that is only logged would leave the exit code at 0.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import grpc
import grpc.aio

from .protocol import engine_pb2, engine_pb2_grpc

_LOGGER: Final = logging.getLogger(__name__)
_TIMEOUT_S: Final = 5.0


class EngineLog:
    """Send messages to the engine at ``address`` (host:port); without an address, send none."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._channel: grpc.aio.Channel | None = None

    async def connect(self, address: str) -> None:
        """Send to the engine at ``address`` from now on, and close the connection to the one before."""
        if not address or address == self._address:
            return
        former, self._address, self._channel = self._channel, address, None
        if former is not None:
            await former.close(
                _TIMEOUT_S
            )  # messages on their way arrive: cancelled, they would cancel their operations

    async def status(self, text: str, urn: str) -> None:
        """Show ``text`` in the row of a resource, in place of the one before."""
        await self._send(engine_pb2.INFO, text, urn, ephemeral=True)

    async def info(self, text: str, urn: str) -> None:
        """Show ``text`` below the resource, where it stays after the run."""
        await self._send(engine_pb2.INFO, text, urn)

    async def warn(self, text: str, urn: str) -> None:
        """Show ``text`` as a warning below the resource, where it stays after the run."""
        await self._send(engine_pb2.WARNING, text, urn)

    async def _send(
        self, severity: engine_pb2.LogSeverity.ValueType, text: str, urn: str, *, ephemeral: bool = False
    ) -> None:
        if not self._address:
            return
        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self._address)
        engine: Any = engine_pb2_grpc.EngineStub(self._channel)  # Pulumi's types of it name modules that do not exist
        request = engine_pb2.LogRequest(severity=severity, message=text, urn=urn, ephemeral=ephemeral)
        try:
            await engine.Log(request, timeout=_TIMEOUT_S)
        except grpc.RpcError:
            _LOGGER.debug("the engine does not take log messages", exc_info=True)
