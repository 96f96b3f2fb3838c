"""One HTTP server on loopback that also acts as a proxy, and as a TLS server on the same port.

Owns sockets, TLS and HTTP/1.1: keep-alive, chunked bodies, absolute addresses, lost answers. Every request goes to one
function, those over TLS to another; this module knows no API. It is built on the standard library's server, because
WSGI servers cannot break a connection on purpose and close it after every answer.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from railway_sandbox import websocket
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.websocket import WebSocket

Answer = Callable[[Request], Response]

Talk = Callable[[Request, WebSocket], None]
"""Serves one WebSocket until its end."""

LOOPBACK: Final = "127.0.0.1"
IDLE_TIMEOUT_S: Final = 120.0
BODYLESS: Final = frozenset({204, 304})
TLS_HANDSHAKE: Final = b"\x16"
"""The first byte of a connection that begins with TLS."""

Certificate = ssl.SSLContext | ssl.AlertDescription
"""The certificate with which a handshake goes on, or the alert with which it ends."""


@dataclass(frozen=True)
class TlsEndpoint:
    """TLS for connections: the certificate for each name that a client asks for, and the answers to its requests."""

    certificate: Callable[[str], Certificate]
    answer: Answer

    def wrap(self, connection: socket.socket) -> ssl.SSLSocket:
        """Return the connection after its handshake."""

        def choose(handshake: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
            chosen = self.certificate(name or "")
            if isinstance(chosen, ssl.AlertDescription):
                return chosen
            handshake.context = chosen
            return None

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose
        return context.wrap_socket(connection, server_side=True)


class HttpServer(ThreadingHTTPServer):
    """Serves ``answer`` on a loopback port from a thread of its own until ``close``."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        answer: Answer,
        port: int = 0,
        secure: TlsEndpoint | None = None,
        talk: Talk | None = None,
        simulated: Collection[str] = (),
    ) -> None:
        """Begin to serve. ``talk`` serves clients that ask for a WebSocket; without it they get an ordinary answer.

        Clients whose proxy is the server reach it over TLS at the hosts ``simulated`` as well.
        """
        self.answer, self.talk, self.secure = answer, talk, secure
        self.simulated = simulated
        self._connections: set[socket.socket] = set()
        self._changing = threading.Lock()
        super().__init__((LOOPBACK, port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), name="sandbox", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the port that was given, or that the system chose."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def close(self) -> None:
        """Stop listening and end every connection."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._changing:
            open_ones = list(self._connections)
        for connection in open_ones:
            _end(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changing:
            self._connections.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, in a thread of its own."""
        request.settimeout(IDLE_TIMEOUT_S)
        if self.secure is None or request.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            _Handler(request, client_address, self)
            return
        with self.secure.wrap(request) as secured:
            self.replace(request, secured)
            try:
                _SecureHandler(secured, client_address, self, self.secure.answer)
            finally:
                self.replace(secured, request)

    def replace(self, old: socket.socket, new: socket.socket) -> None:
        """End ``new`` in place of ``old`` with the server: one connection, before and after a TLS handshake."""
        with self._changing:
            self._connections.discard(old)
            self._connections.add(new)

    def shutdown_request(self, request: Any) -> None:
        with self._changing:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what went wrong with a connection, unless its client went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_S
    disable_nagle_algorithm = True
    wbufsize = -1
    server: HttpServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def answer(self, request: Request) -> Response:
        return self.server.answer(request)

    def version_string(self) -> str:
        return "sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the request log is written where the meaning of a request is known."""

    def handle_expect_100(self) -> bool:
        """Send what clients wait for before they send a body: it must not stay in the buffer."""
        proceeds = super().handle_expect_100()
        self.wfile.flush()
        return proceeds

    def _handle(self) -> None:
        request = self._request()
        if request is None:
            self.send_error(400, "unreadable body")
            self.close_connection = True
            return
        if self.command == "CONNECT" and request.host in self.server.simulated and self.server.secure:
            self._tunnel(self.server.secure)
            return
        if self.server.talk is not None and websocket.is_wanted(request):
            self._talk(request, self.server.talk)
            return
        try:
            response = self.answer(request)
        except OSError as problem:
            # A full disk, for example; the user who runs the server gets the same error when it ends.
            message = f"the sandbox cannot store this request: {problem.filename}: {problem.strerror}"
            response = Response.of_json(500, {"message": message}, {"x-should-retry": "false"})
        except Exception:  # noqa: BLE001 - a fault of the sandbox itself must reach both the client and a person
            traceback.print_exc()
            response = Response.of_json(500, {"message": "the sandbox itself failed"}, {"x-should-retry": "false"})
        if response.lost:
            self.close_connection = True
            _end(self.connection)
        else:
            self._send(response)

    def _talk(self, request: Request, talk: Talk) -> None:
        """Take the connection over for a WebSocket, until it ends."""
        self.close_connection = True
        self.send_response_only(101)
        for name, value in websocket.accepting(request).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.connection.settimeout(None)  # a subscription may have nothing to tell for long
        talk(request, WebSocket(self.connection))

    def _tunnel(self, secure: TlsEndpoint) -> None:
        """Serve over TLS, on this connection, what a client wants to reach at a host that is simulated here."""
        self.close_connection = True
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        with secure.wrap(self.connection) as secured:
            self.server.replace(self.connection, secured)
            try:
                _Handler(secured, self.client_address, self.server)
            finally:
                self.server.replace(secured, self.connection)

    def _request(self) -> Request | None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(headers)
        if body is None:
            return None
        location, _, query = self.path.partition("?")
        host = headers.get("host", "")
        if location.startswith(("http://", "https://")):
            host, _, path = location.partition("://")[2].partition("/")
            location = f"/{path}"
        elif self.command == "CONNECT":
            host, location = location, "/"
        return Request(
            method=self.command,
            host=host.partition(":")[0].lower(),
            path=location,
            query=query,
            headers=headers,
            body=body,
        )

    def _body(self, headers: dict[str, str]) -> bytes | None:
        """Return the whole body; ``None`` when its length is not valid, or the client went away before its end."""
        try:
            if "chunked" not in headers.get("transfer-encoding", "").lower():
                return self._bytes(int(headers.get("content-length") or 0))
            chunks: list[bytes] = []
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                chunks.append(self._bytes(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass  # trailers
        except ValueError:
            return None
        return b"".join(chunks)

    def _bytes(self, size: int) -> bytes:
        """Return exactly so many bytes of the body. Raises ``ValueError`` where there are fewer."""
        if size < 0 or len(data := self.rfile.read(size)) < size:
            raise ValueError(f"the body has fewer than {size} bytes")
        return data

    def _send(self, response: Response) -> None:
        names = {name.lower() for name in response.headers}
        if names & {"server", "date"}:
            self.send_response_only(response.status)
        else:
            self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if "content-length" not in names and response.status not in BODYLESS:
            self.send_header("Content-Length", str(len(response.body)))
        if self.command == "CONNECT":
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in BODYLESS:
            self.wfile.write(response.body)
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = _handle  # noqa: N815


class _SecureHandler(_Handler):
    """One connection over TLS."""

    def __init__(self, connection: ssl.SSLSocket, client_address: Any, server: HttpServer, answer: Answer) -> None:
        self._answer = answer
        super().__init__(connection, client_address, server)

    def answer(self, request: Request) -> Response:
        return self._answer(request)
