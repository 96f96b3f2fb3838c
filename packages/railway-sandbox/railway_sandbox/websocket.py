"""One WebSocket connection as RFC 6455 has it, as far as text goes: handshake, frames, ping and close.

Owns the bytes on the wire; the meaning of the texts belongs to the caller.
"""

from __future__ import annotations

import base64
import hashlib
import select
import socket
import ssl
import struct
from typing import Final

from railway_sandbox.http_messages import Request

_MAGIC: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_LARGEST_BYTES: Final = 1 << 20


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
    """The server's end of a connection that was taken over. One thread reads and writes: TLS allows no more."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._read = b""

    def has_news(self, within_s: float) -> bool:
        """Tell whether something arrives within so many real seconds, or has arrived."""
        decrypted = self._connection.pending() if isinstance(self._connection, ssl.SSLSocket) else 0
        return bool(self._read or decrypted or select.select([self._connection], [], [], within_s)[0])

    def receive(self) -> str | None:
        """Return the text that arrives next; an empty one for a ping, which is answered; None at the end."""
        frame = self._frame()
        if frame is None:
            return None
        kind, data = frame
        if kind == _TEXT:
            return data.decode()
        if kind == _CLOSE:
            self._send(_CLOSE, data[:2])
            return None
        if kind == _PING:
            self._send(_PONG, data)
        return ""

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
        self._connection.sendall(head + data)

    def _take(self, size: int) -> bytes:
        """Return so many bytes. Raises ``EOFError`` when the other end goes before."""
        while len(self._read) < size:
            more = self._connection.recv(1 << 16)
            if not more:
                raise EOFError
            self._read += more
        data, self._read = self._read[:size], self._read[size:]
        return data

    def _frame(self) -> tuple[int, bytes] | None:
        """Return kind and content of the next message, its continuations included; None at the end."""
        kind, data = 0, b""
        try:
            while True:
                first, second = self._take(2)
                size = second & 0x7F
                if size >= 126:
                    size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
                if size > _LARGEST_BYTES or not second & _MASKED:
                    return None
                mask = self._take(4)
                payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(self._take(size)))
                kind, data = first & 0x0F or kind, data + payload
                if first & _FINAL:
                    return kind, data
        except EOFError:
            return None
