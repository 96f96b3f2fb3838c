"""Carries requests to Railway's GraphQL API: authentication, time-outs, retries and the rate limit.

Decides what to do when the response is lost: a read is retried, a write only when it was certainly not executed or is
idempotent; any other lost write raises ``OutcomeUnknown``, and the caller reads before it retries. Knows no operation.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Final, cast

import httpx

from railway_api.certificates import trusted
from railway_api.clock import Clock
from railway_api.decoding import Body, decoded
from railway_api.errors import (
    EdgeBlocked,
    OutcomeUnknown,
    RailwayError,
    Throttled,
    UnexpectedResponse,
    Unreachable,
    Validation,
    advice_for,
)
from railway_api.identity import Identity, Token
from railway_api.json_objects import is_object
from railway_api.loopback import is_loopback
from railway_api.operation import Answer, Document, Operation
from railway_api.pace import Limiter

TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500
REFUSED_TOKEN: Final = frozenset({401, 403})
TIMEOUT_S: Final = 90.0
"""Railway's own command line waits this long: some writes take more than half a minute."""
ATTEMPTS: Final = 6
FIRST_BACK_OFF_S: Final = 1.0
LONGEST_BACK_OFF_S: Final = 20.0
EDGE_BLOCK: Final = "error code: 1015"
"""All that the edge answers to an address that it blocks, without any header on limits."""
BLOCKED_S: Final = 600.0
"""Pause of all requests after such an answer, in API time."""
LONGEST_RETRY_AFTER_S: Final = 300.0
"""A longer Retry-After than this is the user's to wait for, not ours."""

LARGEST_ANSWER: Final = 64_000_000
"""Bytes of an answer at most; the one big read of an environment with a hundred services has less than a million."""
LONGEST_ANSWER_S: Final = 2 * TIMEOUT_S
"""Limit for an answer that arrives slowly, although no single read times out."""

_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Transport:
    """Sends GraphQL documents and turns the responses into values or typed errors."""

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        limiter: Limiter,
        clock: Clock,
        version: str = "0",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url
        self.token = token
        self.clock = clock
        self.limiter = limiter
        self.requests = 0
        """Number of HTTP requests sent."""
        self.time: datetime | None = None
        """Railway's clock at its last answer, to the second; None before the first."""
        self._identity = Identity(token, self._ask_as)
        self._blocked_until = -math.inf
        self._http = httpx.AsyncClient(
            headers={"user-agent": f"pulumi-railway/{version}", "x-source": "pulumi-railway"},
            timeout=TIMEOUT_S,
            limits=httpx.Limits(max_connections=20),
            # A proxy of the environment is for the outside world, never for the sandbox on this machine.
            trust_env=not is_loopback(url),
            verify=trusted(url),
            transport=transport,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def call(self, operation: Operation[Answer], **arguments: object) -> Answer:
        """Send one operation and return its answer; raises a ``RailwayError``."""
        (result,) = await self.call_all(operation, [arguments])
        if isinstance(result, RailwayError):
            raise result
        return result

    async def call_all(
        self, operation: Operation[Answer], calls: Sequence[Mapping[str, object]]
    ) -> Sequence[Answer | RailwayError]:
        """Send ``calls`` in one document; return for each its answer or its ``RailwayError``."""
        variables = operation.variables(calls)
        document, repeat = operation.document(len(calls)), operation.safe_to_repeat
        body = await self._answer(operation.name, document, variables, repeat=repeat)
        return [body.answer(operation, key) for key in operation.keys(len(calls))]

    async def read(self, document: Document[Answer], **variables: object) -> Answer:
        """Send a query of several root fields; any error in it is raised."""
        body = await self._answer(document.name, document.text, variables, repeat=True)
        return cast("Answer", body.answers())

    async def _answer(self, name: str, document: str, variables: Mapping[str, object], *, repeat: bool) -> Body:
        """Return the answer to a document, in it errors that blame the token with what the token is."""
        body = decoded(name, await self._post(name, document, variables, repeat=repeat), variables)
        return replace(body, errors={key: await self._identity.explained(each) for key, each in body.errors.items()})

    async def _ask_as(self, operation: Operation[Answer], token: Token) -> Answer:
        """Send a query without arguments with another token than usual."""
        response = await self._post(operation.name, operation.document(), {}, repeat=True, token=token)
        answer = decoded(operation.field, response, {}).answer(operation, operation.field)
        if isinstance(answer, RailwayError):
            raise answer
        return answer

    async def _post(
        self, name: str, document: str, variables: Mapping[str, object], *, repeat: bool, token: Token | None = None
    ) -> Mapping[str, object]:
        """Post until there is a GraphQL answer, as often as that is safe."""
        failure: RailwayError = Unreachable(f"Railway could not be reached for {name}")
        for attempt in range(ATTEMPTS):
            if attempt:
                await self.clock.sleep(_back_off_s(attempt))
            await self.limiter.acquire()
            self._refuse_while_blocked(name)
            try:
                response = await self._send(name, document, variables, token or self.token)
            except _NOT_SENT as lost:
                why = str(lost) or type(lost).__name__
                failure = Unreachable(f"Railway could not be reached at {self.url}: {why}: check the network and retry")
                continue
            except (httpx.HTTPError, TimeoutError) as lost:
                failure = _lost(name, f"no answer ({type(lost).__name__})", repeat=repeat)
            else:
                if response.status_code == TOO_MANY_REQUESTS:
                    failure = self._slow_down(name, response)
                    continue
                if response.status_code < SERVER_ERROR and (body := _body(name, response)) is not None:
                    return body
                failure = _lost(name, f"HTTP {response.status_code}", repeat=repeat)
            if not repeat:
                break
        raise failure

    async def _send(self, name: str, document: str, variables: Mapping[str, object], token: Token) -> httpx.Response:
        self.requests += 1
        async with asyncio.timeout(LONGEST_ANSWER_S):
            request = self._http.stream(
                "POST",
                self.url,
                # Without any query string Railway's edge allows about 10 requests a second.
                params={"source": "pulumi_railway", "op": name},
                json={"query": document, "variables": variables, "operationName": name},
                headers=token.headers(),
            )
            async with request as answering:
                response = await _whole(name, answering)
        with suppress(KeyError, ValueError):
            self.time = parsedate_to_datetime(response.headers["Date"])
        return response

    def _slow_down(self, name: str, response: httpx.Response) -> RailwayError:
        """Let nothing out for as long as Railway asks; return the error for when patience ends."""
        if EDGE_BLOCK in response.text[:200]:
            self._blocked_until = self.clock.now() + BLOCKED_S
            self._refuse_while_blocked(name)
        retry_after_s = _retry_after_s(response)
        refused = Throttled(
            f"Railway's rate limit is used up ({name}): wait {retry_after_s:.0f} s and run the command again, or set "
            "railway:plan to the plan you have",
            retry_after_s=retry_after_s,
        )
        if retry_after_s > LONGEST_RETRY_AFTER_S:
            raise refused
        self.limiter.pause(retry_after_s)
        return refused

    def _refuse_while_blocked(self, name: str) -> None:
        """Send nothing while the edge blocks: each request may make it block longer."""
        if self.clock.now() < self._blocked_until:
            raise EdgeBlocked(
                f"the edge in front of Railway's API blocks this network address ({name}: HTTP 429, {EDGE_BLOCK}). It "
                "counts requests by address, those of other programs and people behind the same address too, and "
                "does not say how long it blocks: minutes as a rule, up to a day has been reported. Nothing more is "
                "sent for now. Stop what else asks Railway from here (scripts that call /graphql/v2 without a query "
                "string cause it), wait ten minutes and run the command again, or run it from another network",
                retry_after_s=BLOCKED_S,
            )


async def _whole(name: str, answering: httpx.Response) -> httpx.Response:
    """Return an answer with all of its body. Raises ``UnexpectedResponse`` for one that has no end."""
    body = bytearray()
    async for chunk in answering.aiter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise UnexpectedResponse(name, f"more than {LARGEST_ANSWER // 1_000_000} MB")
    # The parts are decompressed and put together already.
    dropped = ("content-encoding", "content-length", "transfer-encoding")
    headers = [(key, value) for key, value in answering.headers.multi_items() if key.lower() not in dropped]
    return httpx.Response(answering.status_code, headers=headers, content=bytes(body), request=answering.request)


def _body(name: str, response: httpx.Response) -> Mapping[str, object] | None:
    """Return the GraphQL of an answer; None when it breaks off in the middle."""
    try:
        body: object = response.json()
    except (ValueError, RecursionError) as broken:
        body = None
        if isinstance(broken, RecursionError):
            raise UnexpectedResponse(name, "nested too deep") from broken
        if response.is_success and "json" in response.headers.get("content-type", "") and not _is_page(response):
            return None
    if is_object(body) and ("data" in body or "errors" in body):
        return body
    if response.status_code in REFUSED_TOKEN:
        return {"errors": [{"message": f"Not Authorized (HTTP {response.status_code})"}]}
    content = "a web page in the place of GraphQL" if _is_page(response) else "no GraphQL"
    raise Validation(
        f"Railway answered {name} with HTTP {response.status_code} and {content}: check RAILWAY_API_URL, and whether a "
        "proxy or a log-in page answers in its place"
    )


def _is_page(response: httpx.Response) -> bool:
    """Tell whether an answer is HTML, whatever it says of itself: asking again would bring the same page."""
    return response.text.lstrip()[:1] == "<"


def _retry_after_s(response: httpx.Response) -> float:
    """Return what Retry-After asks for, in seconds: it holds a number of them, or a date by the server's clock."""
    header = response.headers.get("Retry-After", str(FIRST_BACK_OFF_S))
    try:
        seconds = float(header)
    except ValueError:
        try:
            now = response.headers.get("Date") or formatdate(usegmt=True)
            seconds = parsedate_to_datetime(header).timestamp() - parsedate_to_datetime(now).timestamp()
        except ValueError:
            return LONGEST_BACK_OFF_S
    return max(seconds, 0.0) if math.isfinite(seconds) else LONGEST_BACK_OFF_S


def _back_off_s(attempt: int) -> float:
    """Return the seconds before a further attempt: doubling, and spread so that parallel requests part."""
    longest = min(FIRST_BACK_OFF_S * 2 ** (attempt - 1), LONGEST_BACK_OFF_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing


def _lost(name: str, why: str, *, repeat: bool) -> RailwayError:
    """Return the error for a request that went out and was not answered."""
    if repeat:
        advice = "look at https://status.railway.com and run the command again"
        return Unreachable(f"Railway did not answer {name} ({why}) in {ATTEMPTS} attempts: {advice}")
    text = f"Railway did not confirm {name} ({why})"
    return OutcomeUnknown(f"{text}{advice_for(OutcomeUnknown)}", reason=text)
