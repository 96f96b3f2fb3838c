"""One WebSocket connection as RFC 6455 has it, as far as text goes: handshake, frames, ping and close.

Owns bytes on the wire. What is said in the texts belongs to whoever serves the connection.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Final, Protocol

from railway_sandbox.http_messages import Request

_MAGIC: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_LARGEST_BYTES: Final = 1 << 20


class Reader(Protocol):
    """The readable side of a connection."""

    def read(self, size: int, /) -> bytes: ...


def is_wanted(request: Request) -> bool:
    """Tell whether a request asks for a WebSocket."""
    return request.headers.get("upgrade", "").lower() == "websocket" and "sec-websocket-key" in request.headers


def accepting(request: Request) -> dict[str, str]:
    """Return the headers of the answer 101 that takes the connection over, in the first protocol that is asked for."""
    key = request.headers["sec-websocket-key"]
    accept = base64.b64encode(hashlib.sha1(f"{key}{_MAGIC}".encode()).digest()).decode()  # noqa: S324 the RFC's choice
    protocol = request.headers.get("sec-websocket-protocol", "").partition(",")[0].strip()
    chosen = {"Sec-WebSocket-Protocol": protocol} if protocol else {}
    return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept, **chosen}


class WebSocket:
    """The server's end of a connection that was taken over. Several threads may send."""

    def __init__(self, connection: socket.socket, reader: Reader) -> None:
        self._connection, self._reader = connection, reader
        self._sending = threading.Lock()

    def texts(self) -> Iterator[str]:
        """Yield each text that arrives until the other end closes; pings are answered on the way."""
        while (frame := self._frame()) is not None:
            kind, data = frame
            if kind == _TEXT:
                yield data.decode()
            elif kind == _PING:
                self._send(_PONG, data)
            elif kind == _CLOSE:
                self._send(_CLOSE, data[:2])
                return

    def send(self, text: str) -> None:
        """Send a text. Raises ``OSError`` when the other end has gone."""
        self._send(_TEXT, text.encode())

    def close(self, code: int, reason: str) -> None:
        """Say why this end closes, with a code such as 4403."""
        self._send(_CLOSE, struct.pack("!H", code) + reason.encode())

    def _send(self, kind: int, data: bytes) -> None:
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", _FINAL | kind, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", _FINAL | kind, 126, size)
        else:
            head = struct.pack("!BBQ", _FINAL | kind, 127, size)
        with self._sending:
            self._connection.sendall(head + data)

    def _frame(self) -> tuple[int, bytes] | None:
        """Return kind and content of the next message, its continuations included; None at the end."""
        kind, data = 0, b""
        while True:
            head = self._reader.read(2)
            if len(head) < 2:
                return None
            final, opcode, size = head[0] & _FINAL, head[0] & 0x0F, head[1] & 0x7F
            if size >= 126:
                size = int.from_bytes(self._reader.read(2 if size == 126 else 8), "big")
            if size > _LARGEST_BYTES or not head[1] & _MASKED:
                return None
            mask = self._reader.read(4)
            part = bytes(byte ^ mask[at % 4] for at, byte in enumerate(self._reader.read(size)))
            kind, data = opcode or kind, data + part
            if final:
                return kind, data
