"""Messages of the provider to the user, through the engine's Log service.

Owns the connection back to the engine. Saying something must never make an operation fail, so a lost engine is silent
here. Failures do not belong here: an error that is only logged would leave the exit code at 0.
"""

from __future__ import annotations

import logging
from typing import Any

import grpc
import grpc.aio

from .protocol import engine_pb2, engine_pb2_grpc

_LOGGER = logging.getLogger(__name__)


class EngineLog:
    """Send texts to the engine at ``address`` (host:port); without an address it says nothing."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._stub: Any = None

    def connect(self, address: str) -> None:
        """Use another engine from now on."""
        if address and address != self._address:
            self._address, self._stub = address, None

    async def status(self, text: str, urn: str) -> None:
        """Show ``text`` in the row of a resource, in place of the one before."""
        await self._send(engine_pb2.INFO, text, urn, ephemeral=True)

    async def info(self, text: str, urn: str) -> None:
        """Say something for good, under the resource."""
        await self._send(engine_pb2.INFO, text, urn)

    async def warn(self, text: str, urn: str) -> None:
        """Warn, under the resource."""
        await self._send(engine_pb2.WARNING, text, urn)

    async def _send(
        self, severity: engine_pb2.LogSeverity.ValueType, text: str, urn: str, *, ephemeral: bool = False
    ) -> None:
        if not self._address:
            return
        if self._stub is None:
            self._stub = engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(self._address))
        request = engine_pb2.LogRequest(severity=severity, message=text, urn=urn, ephemeral=ephemeral)
        try:
            await self._stub.Log(request, timeout=5)
        except grpc.RpcError:
            _LOGGER.debug("the engine does not take log messages", exc_info=True)
