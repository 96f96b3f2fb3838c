"""Visits a name: one request over HTTPS, with the certificate really checked.

Owns how a failure becomes a sentence that says which part failed: name, connection, certificate, Cloudflare, Railway.
Does not know what an application should answer. Needs no credential and reads no more than the beginning of a body.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from railway_api.certificates import trusted
from railway_api.clock import in_sandbox
from railway_api.loopback import is_loopback

if TYPE_CHECKING:
    import httpx

EDGE_VARIABLE: Final = "RAILYARD_EDGE"
"""Environment variable: host and port on this machine that replace every port 443. Any other is ignored."""
AUTHORITY_VARIABLE: Final = "RAILYARD_EDGE_AUTHORITY"
"""Environment variable: the PEM file by which certificates are checked there."""
TIMEOUT_S: Final = 15.0
LONGEST_BODY: Final = 4_096

CLOUDFLARE_ERRORS: Final[Mapping[int, str]] = {
    520: "the origin gave an answer that Cloudflare does not understand",
    521: "the origin refuses connections",
    522: "the origin does not answer",
    523: "the origin cannot be reached",
    524: "the origin takes too long to answer",
    525: "the TLS handshake with the origin fails",
    526: "the origin's certificate is not valid for this name, as the zone's SSL mode Full (strict) demands",
    530: "the origin's name has no address: its CNAME leads nowhere",
}
"""Statuses that only Cloudflare gives, and what they mean."""

CLOUDFLARE_DNS_ERRORS: Final[Mapping[str, str]] = {
    "1000": "the record points to an address of Cloudflare's own",
    "1001": "the name cannot be resolved",
    "1014": "the record points to a name behind somebody else's Cloudflare proxy: it must be DNS only, not proxied",
    "1016": "the origin's name has no address",
}
"""Errors that Cloudflare numbers in the page itself."""


@dataclass(frozen=True)
class Certificate:
    """Describe the certificate that a visitor was shown."""

    issuer: str
    """Its issuer: organisation and common name."""
    names: tuple[str, ...]
    """The names that it is for."""
    expires_at: datetime
    """End of its validity, in UTC."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The outcome of one request."""

    url: str
    status: int | None = None
    """The HTTP status; None when there was no answer."""
    time_s: float = 0.0
    """From the request to the answer's headers, in seconds."""
    certificate: Certificate | None = None
    """None when the handshake failed."""
    problem: str | None = None
    """The reason why no application answers; None when one does, whatever its status."""
    location: str = ""
    """Target of a redirect; empty for any other answer."""
    proxied: bool = False
    """True when Cloudflare's proxy answered."""
    reached_railway: bool = False
    """True when name, certificate and proxy are right, whatever Railway or the application answered."""
    body: str = ""
    """The beginning of the answer's body: 4,096 bytes at most."""


async def visit(name: str, path: str = "/", *, timeout_s: float = TIMEOUT_S) -> Answer:
    """Ask ``https://name/path`` as a browser does; no redirect is followed. Never raises for what the network does."""
    import httpx  # noqa: PLC0415 a plugin starts without it

    url = f"https://{name}{path}"
    if simulated() is None and in_sandbox():
        return Answer(url=url, problem=f"{EDGE_VARIABLE} is not set, and the sandbox asks nobody outside this machine")
    started = time.monotonic()
    try:
        async with _client(url, timeout_s) as client, _request(client, name, path) as response:
            took = time.monotonic() - started
            certificate = _certificate(response)
            body = (await _beginning(response, timeout_s)).decode(errors="replace")
    except (httpx.HTTPError, OSError) as failure:
        return Answer(url=url, time_s=time.monotonic() - started, problem=_explained(name, failure))
    problem = _edge_problem(url, response, body)
    return Answer(
        url=url,
        status=response.status_code,
        time_s=took,
        certificate=certificate,
        problem=problem,
        location=response.headers.get("location", ""),
        proxied=response.headers.get("server", "").lower() == "cloudflare",
        reached_railway=problem is None or _railway_itself(response),
        body=body,
    )


async def _beginning(response: httpx.Response, timeout_s: float) -> bytes:
    """Return the first 4,096 bytes of a body; of a stream of events, which has no end, those that arrive in time."""
    import httpx  # noqa: PLC0415 a plugin starts without it

    body = b""
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) >= LONGEST_BODY:
                    break
    except (TimeoutError, httpx.ReadTimeout):
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            raise
    return body[:LONGEST_BODY]


def simulated() -> str | None:
    """Return host and port of the simulated edge, where one is set."""
    edge = os.environ.get(EDGE_VARIABLE, "")
    return edge if edge and is_loopback(f"https://{edge}") else None


def _client(url: str, timeout_s: float) -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 a plugin starts without it

    if simulated() is None:
        return httpx.AsyncClient(timeout=timeout_s, verify=trusted(url))
    context = ssl.create_default_context(cafile=os.environ.get(AUTHORITY_VARIABLE) or None)
    return httpx.AsyncClient(timeout=timeout_s, verify=context, trust_env=False)


def _request(client: httpx.AsyncClient, name: str, path: str) -> AbstractAsyncContextManager[httpx.Response]:
    edge = simulated()
    if edge is None:
        return client.stream("GET", f"https://{name}{path}")
    # Another address, the same name in the handshake, in the check of the certificate and in the request.
    return client.stream("GET", f"https://{edge}{path}", headers={"Host": name}, extensions={"sni_hostname": name})


def _certificate(response: httpx.Response) -> Certificate | None:
    stream: Any = response.extensions.get("network_stream")
    connection: ssl.SSLObject | None = stream.get_extra_info("ssl_object") if stream else None
    certificate = cast("Mapping[str, Any]", (connection.getpeercert() if connection else None) or {})
    if not certificate:
        return None
    issuer = {key: value for attributes in certificate["issuer"] for key, value in attributes}
    signed_by = [issuer[key] for key in ("organizationName", "commonName") if key in issuer]
    return Certificate(
        issuer=" ".join(signed_by),
        names=tuple(value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"),
        expires_at=datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC),
    )


def _edge_problem(url: str, response: httpx.Response, body: str) -> str | None:
    """Say why the answer is none of the application's; None when it is."""
    status, location = response.status_code, response.headers.get("location", "")
    cloudflare = response.headers.get("server", "").lower() == "cloudflare"
    if response.is_redirect and _same(location, url):
        return f"{url} redirects to itself: the zone's SSL mode is Flexible or Off, and must be Full"
    if cloudflare and (number := re.search(r"error code: (1\d{3})", body)) and status not in CLOUDFLARE_ERRORS:
        description = CLOUDFLARE_DNS_ERRORS.get(number[1], "see its list of 1xxx errors")
        return f"Cloudflare answers error {number[1]}: {description}"
    if cloudflare and status in CLOUDFLARE_ERRORS:
        return f"Cloudflare answers {status}: {CLOUDFLARE_ERRORS[status]}"
    if _railway_itself(response):
        message = re.search(r'"message"\s*:\s*"([^"]*)"', body)
        return f"Railway answers {status}: {message[1] if message else 'no application'}"
    return None


def _railway_itself(response: httpx.Response) -> bool:
    return response.headers.get("x-railway-fallback") == "true"


def _same(location: str, url: str) -> bool:
    """Tell whether a redirect leads to the same name and path again, over HTTP or HTTPS."""
    target, origin = urlsplit(location), urlsplit(url)
    return bool(target.netloc) and (target.netloc, target.path or "/") == (origin.netloc, origin.path or "/")


def _explained(name: str, failure: BaseException) -> str:
    import httpx  # noqa: PLC0415 a plugin starts without it

    for cause in _causes(failure):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate shown for {name} is not valid: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return _handshake(name, cause.reason or "")
        if isinstance(cause, socket.gaierror):
            return f"the DNS has no address for {name}"
        if isinstance(cause, (httpx.TimeoutException, TimeoutError)):
            return f"{name} does not answer in time"
        if isinstance(cause, ConnectionRefusedError):
            return f"{name} refuses connections"
    return f"{name} cannot be reached: {failure or type(failure).__name__}"


def _handshake(name: str, reason: str) -> str:
    if "UNRECOGNIZED_NAME" in reason:
        # At the simulated edge, which every name leads to, there is no other sign of a name without an address.
        return f"the DNS has no address for {name}" if simulated() else f"the server does not know the name {name}"
    if "HANDSHAKE_FAILURE" in reason:
        return (
            f"there is no certificate for {name}: behind Cloudflare's proxy, Universal SSL has to be on, and covers "
            "the zone's name and one level below it"
        )
    return f"the TLS handshake for {name} fails: {reason.replace('_', ' ').lower()}"


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__
