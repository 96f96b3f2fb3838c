"""Sending a request and repeating it, as the real plugins' clients do.

Owns retries, waits and the rule that a stand-in stays on this machine. Knows no API: each client decides which answers
are retried.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumi_embedded.loopback import is_loopback
from pulumi_provider.errors import Failure

if TYPE_CHECKING:
    import httpx

LONGEST_WAIT_S: Final = 30.0
TIMEOUT_S: Final = 60.0
NOT_FOUND: Final = 404


@dataclass(frozen=True, kw_only=True)
class Response:
    """The last answer to a request that may have been sent several times."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    repeated: bool
    """An earlier attempt may have taken effect: "exists already" and "not found" may be our own doing."""

    @property
    def succeeded(self) -> bool:
        return self.status < 300

    def json(self) -> dict[str, Any]:
        """Return the body as JSON; an empty one is an empty object."""
        return json.loads(self.body) if self.body else {}


@dataclass(frozen=True, kw_only=True)
class Retries:
    """The number of a client's retries, and the pauses between them."""

    count: int
    """At most this many times after the first."""
    first_wait_s: float
    """Doubled with each repeat, unless the answer says how long to wait."""
    is_retryable: Callable[[httpx.Response], bool]
    """Returns whether to retry after an answer. A broken connection is always retried."""
    count_header: str = ""
    """Header that carries the number of the repeat."""


def check_loopback(address: str, variable: str) -> str:
    """Return the address, if it is on this machine. Raises ``Failure`` otherwise."""
    if not is_loopback(address):
        raise Failure(
            f"{variable} is {address or 'not set'}: this stand-in only talks to the sandbox on this machine; "
            "a real deployment needs the Pulumi CLI with the real plugin"
        )
    return address


def plain_token(token: str, variable: str) -> str:
    """Return a token without the line break that copying adds. Raises ``Failure`` when it holds what no token has."""
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Failure(
            f"{variable}: the token holds spaces, line breaks or characters that no token has: copy it again, and "
            "nothing else"
        )
    return token


def new_client(*, headers: Mapping[str, str] | None = None, proxy: str | None = None) -> httpx.AsyncClient:
    """Make an HTTP client. Its library is loaded here: a preview needs none."""
    import ssl  # noqa: PLC0415

    import httpx  # noqa: PLC0415

    # No authority is trusted, since no address on this machine has TLS: loading the usual ones takes 30 ms.
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(headers=headers, proxy=proxy, timeout=TIMEOUT_S, trust_env=False, verify=trusted)


def speed() -> float:
    """Tell how much faster than real time the sandbox runs: waits are that much shorter."""
    return float(os.environ.get("RAILWAY_SANDBOX_SPEED") or 1.0)


async def send(client: httpx.AsyncClient, build: Callable[[], httpx.Request], retries: Retries) -> Response:
    """Send the request that ``build`` returns, with retries. Raises ``Failure`` when no attempt got an answer."""
    attempt = 0
    while True:
        request = build()
        if retries.count_header:
            request.headers[retries.count_header] = str(attempt)
        response = await _attempt(client, request, last=attempt == retries.count)
        if response is not None and (attempt == retries.count or not retries.is_retryable(response)):
            return Response(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=response.content,
                repeated=attempt > 0,
            )
        await asyncio.sleep(_wait_s(response, attempt, retries))
        attempt += 1


async def _attempt(client: httpx.AsyncClient, request: httpx.Request, *, last: bool) -> httpx.Response | None:
    """Return the answer; ``None`` when the connection broke and there is another attempt."""
    import httpx  # noqa: PLC0415 see new_client

    try:
        return await client.send(request)
    except httpx.TransportError as problem:
        if not last:
            return None
        address = request.url.copy_with(query=None)
        raise Failure(f"{request.method} {address} got no answer ({type(problem).__name__})") from problem


def _wait_s(response: httpx.Response | None, attempt: int, retries: Retries) -> float:
    headers: Mapping[str, str] = response.headers if response is not None else {}
    for name, scale in (("Retry-After-Ms", 0.001), ("Retry-After", 1.0)):
        text = headers.get(name, "")
        if text.isdecimal():
            return int(text) * scale / (1.0 if name == "Retry-After-Ms" else speed())
    return min(LONGEST_WAIT_S, retries.first_wait_s * 2**attempt) / speed()


class RestClient:
    """A JSON API at one address, as a plugin's own client uses it; what its errors say is known by each client."""

    def __init__(self, http: httpx.AsyncClient, address: str, retries: Retries) -> None:
        self._http, self._address, self._retries = http, address.rstrip("/"), retries

    def failure(self, method: str, path: str, answer: Response) -> Failure:
        """Return what went wrong, in the API's words."""
        raise NotImplementedError

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Response:
        """Send a request; whatever its status, the answer comes back."""

        def build() -> httpx.Request:
            return self._http.build_request(method, f"{self._address}{path}", json=body)

        return await send(self._http, build, self._retries)

    async def json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer of a request that must succeed. Raises ``Failure``."""
        answer = await self.ask(method, path, body)
        if not answer.succeeded:
            raise self.failure(method, path, answer)
        return answer.json()

    async def find(self, path: str) -> dict[str, Any] | None:
        """Return what is at a path; None when there is nothing. Raises ``Failure``."""
        answer = await self.ask("GET", path)
        if answer.status == NOT_FOUND:
            return None
        if not answer.succeeded:
            raise self.failure("GET", path, answer)
        return answer.json()

    async def remove(self, path: str) -> None:
        """Delete; "not found" is an error, except after a repeat: then the first attempt did it."""
        answer = await self.ask("DELETE", path)
        if not answer.succeeded and not (answer.status == NOT_FOUND and answer.repeated):
            raise self.failure("DELETE", path, answer)
