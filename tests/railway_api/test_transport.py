"""The connection itself: tokens, retries, and what is never shown."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from railway_api.clock import Clock
from railway_api.documents.project import ACCOUNT, API_TOKEN, PROJECT, PROJECT_DELETE
from railway_api.documents.service import SERVICE_CREATE
from railway_api.documents.storage import BUCKET_DETAILS
from railway_api.errors import (
    Exists,
    NotAuthorized,
    NotFound,
    OutcomeUnknown,
    PlanLimit,
    RailwayError,
    Throttled,
    UnexpectedResponse,
    Unreachable,
    classify,
)
from railway_api.identity import Token
from railway_api.pace import Limiter
from railway_api.plans import PLANS, Plan
from railway_api.transport import ATTEMPTS, Transport
from tests import virtual_time

GOOD = httpx.Response(200, json={"data": {"apiToken": {"workspaces": []}, "projectDelete": True}})
SERVICE = {
    "id": "s",
    "name": "a",
    "icon": None,
    "projectId": "p",
    "deletedAt": None,
    "tracingEnabled": None,
    "autoInstrumentationEnabled": False,
}
SECRET = "token-that-nobody-sees"

Answer = httpx.Response | Exception


class Wire(httpx.AsyncBaseTransport):
    """Gives prepared answers and keeps the requests."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def transport_of(wire: Wire, kind: Any = "account") -> Transport:
    clock = Clock()
    token = Token(kind, SECRET)
    limiter = Limiter(PLANS[Plan.PRO].requests, clock)
    return Transport("https://api.example.com/graphql", token, limiter=limiter, clock=clock, transport=wire)


async def ended(work: Callable[[Transport], Coroutine[Any, Any, Any]], *answers: Answer) -> tuple[Any, Wire]:
    """The result or error of ``work`` with these answers, and what was sent."""
    wire = Wire(answers)

    transport = transport_of(wire)
    try:
        return await work(transport), wire
    except RailwayError as error:
        return error, wire
    finally:
        await transport.close()


def query(transport: Transport) -> Coroutine[Any, Any, Any]:
    return transport.call(API_TOKEN)


def creation(transport: Transport) -> Coroutine[Any, Any, Any]:
    return transport.call(SERVICE_CREATE, input={"name": "web"})


def deletion(transport: Transport) -> Coroutine[Any, Any, Any]:
    return transport.call(PROJECT_DELETE, id="p")


async def test_every_request_has_a_query_string_and_its_operation() -> None:
    """Without a query string Railway's edge holds everybody to ten requests a second."""
    _, wire = await ended(query, GOOD)
    assert wire.requests[0].url.query.decode() == "source=pulumi_railway&op=apiToken"
    assert json.loads(wire.requests[0].content)["operationName"] == "apiToken"


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [("account", "Authorization", f"Bearer {SECRET}"), ("project", "Project-Access-Token", SECRET)],
)
async def test_token_travels_in_the_header_of_its_kind(kind: str, header: str, value: str) -> None:
    """An account token is a bearer token; a project token has a header of its own and no bearer."""
    wire = Wire([GOOD])
    transport = transport_of(wire, kind)
    await transport.call(API_TOKEN)
    await transport.close()
    headers = wire.requests[0].headers
    assert value == headers[header]
    assert len({"authorization", "project-access-token"} & set(headers)) == 1


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.ReadTimeout("late"), httpx.ConnectError("refused")])
async def test_reads_are_repeated(answer: Answer) -> None:
    """A read survives gateway errors, time-outs and refused connections."""
    result, wire = await ended(query, answer, GOOD)
    assert result == {"workspaces": []}
    assert len(wire.requests) == 2


@pytest.mark.parametrize("answer", [httpx.Response(504), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")])
async def test_writes_of_unknown_outcome_are_not_repeated(answer: Answer) -> None:
    """A create that may have happened is not sent again: whoever sent it looks first."""
    result, wire = await ended(creation, answer)
    assert isinstance(result, OutcomeUnknown)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("answer", [httpx.ConnectError("refused"), httpx.Response(429, headers={"Retry-After": "1"})])
async def test_writes_that_surely_did_not_happen_are_repeated(answer: Answer) -> None:
    """A connection that was never made and a 429 change nothing, so a create is sent again."""
    good = httpx.Response(200, json={"data": {"serviceCreate": SERVICE}})
    result, wire = await ended(creation, answer, good)
    assert result == SERVICE
    assert len(wire.requests) == 2


async def test_harmless_writes_are_repeated() -> None:
    """A delete may be sent twice."""
    result, _ = await ended(deletion, httpx.Response(502), GOOD)
    assert result is True


async def test_patience_ends() -> None:
    """An API that stays away is given up after a few attempts, with a next step."""
    result, wire = await ended(query, httpx.Response(503))
    assert isinstance(result, Unreachable)
    assert "https://status.railway.com" in str(result)
    assert len(wire.requests) == ATTEMPTS


async def test_long_rate_limit_is_the_users_to_wait_for() -> None:
    """A Retry-After of an hour ends the run at once and says how long to wait."""
    result, wire = await ended(query, httpx.Response(429, headers={"Retry-After": "3600"}))
    assert isinstance(result, Throttled)
    assert "wait 3600 s" in str(result)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("Sat, 21 Nov 2026 12:16:40 GMT", 1_000), ("Sat, 21 Nov 2026 12:00:00 +0000", 0), ("soon", 20), ("nan", 20)],
)
async def test_retry_after_may_be_a_date(asked: str, seconds: float) -> None:
    """A date counts by the server's clock; what says nothing is a short wait."""
    answer = httpx.Response(429, headers={"Retry-After": asked, "Date": "Sat, 21 Nov 2026 12:00:00 GMT"})
    result, _ = await ended(query, answer)
    assert f"wait {seconds:.0f} s" in str(result)


async def test_retry_after_without_a_date_of_the_server_counts_by_our_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is read in UTC, wherever this machine is: nine hours further east nothing is waited for longer."""
    with monkeypatch.context() as east:
        east.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        limited = httpx.Response(429, headers={"Retry-After": formatdate(usegmt=True)})
        result, _ = await ended(query, limited, GOOD)
    time.tzset()
    assert result == {"workspaces": []}


async def test_rate_limits_at_once_are_waited_for_once() -> None:
    """Requests that are refused together wait side by side, not one after the other."""
    limiter = Limiter(PLANS[Plan.PRO].requests, Clock())
    for _ in range(20):
        limiter.pause(60)
    await limiter.acquire()
    assert virtual_time.now() == pytest.approx(60)


CUT = httpx.Response(200, text='{"data": {"apiToken": {"works', headers={"Content-Type": "application/json"})


async def test_answer_that_breaks_off_is_a_lost_one() -> None:
    """A read is repeated; a write may have happened."""
    assert (await ended(query, CUT, GOOD))[0] == {"workspaces": []}
    result, wire = await ended(creation, CUT)
    assert isinstance(result, OutcomeUnknown)
    assert len(wire.requests) == 1


async def test_refusing_proxy_has_sent_nothing() -> None:
    """The request never left, so a create is sent again, and the proxy's word is told."""
    result, wire = await ended(creation, httpx.ProxyError("407 Proxy Authentication Required"))
    assert isinstance(result, Unreachable)
    assert "407 Proxy Authentication Required" in str(result)
    assert len(wire.requests) == ATTEMPTS


async def test_answer_in_drops_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte now and then keeps nobody waiting for ever."""

    async def drip(self: Wire, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(3_600)
        raise AssertionError

    monkeypatch.setattr(Wire, "handle_async_request", drip)
    result, wire = await ended(creation, GOOD)
    assert isinstance(result, OutcomeUnknown)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("body", [{"data": None}, {"data": None, "errors": []}, {"errors": []}])
async def test_answer_with_neither_data_nor_error_is_no_crash(body: dict[str, Any]) -> None:
    """It is told as what it is."""

    async def read(transport: Transport) -> Any:
        return await transport.read(ACCOUNT, first=1)

    result, _ = await ended(read, httpx.Response(200, json=body))
    assert isinstance(result, Unreachable)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"data": [1]}, "data is a list"),
        ({"data": None, "errors": {"message": SECRET}}, "errors is an object"),
        ({"data": None, "errors": [SECRET]}, "an error is a string"),
        ({"data": {"serviceCreate": None}}, "null"),
        ({"data": {"serviceCreate": SECRET}}, "a string"),
        ({"data": {"serviceCreate": {"id": None, "name": SECRET}}}, "an object whose id is null"),
        ({"data": {"serviceCreate": {"name": SECRET}}}, "an object whose id is null"),
        ({"data": {"serviceCreate": {"id": ""}}}, "an object whose id is an empty string"),
        ({"data": {"serviceCreate": {"id": 7}}}, "an object whose id is a number"),
    ],
)
async def test_answer_of_another_form_is_one_error(body: dict[str, Any], what: str) -> None:
    """What is no answer to a mutation is told with its operation and without its contents, and never given as one."""

    async def create(transport: Transport) -> Any:
        return await transport.call(SERVICE_CREATE, input={"name": "a"})

    result, _ = await ended(create, httpx.Response(200, json=body))
    assert isinstance(result, UnexpectedResponse)
    assert str(result).startswith(f"Railway answered something unexpected to serviceCreate, {what}: ")
    assert SECRET not in str(result)


async def test_null_is_an_answer_only_where_the_schema_says_so() -> None:
    """A root field that may not be null and is ends a read; one that may be is answered as null."""

    async def project(transport: Transport) -> Any:
        return await transport.call(PROJECT, id="p")

    async def details(transport: Transport) -> Any:
        return await transport.call(BUCKET_DETAILS, bucketId="b", environmentId="e")

    async def account(transport: Transport) -> Any:
        return await transport.read(ACCOUNT, first=1)

    assert isinstance(
        (await ended(project, httpx.Response(200, json={"data": {"project": None}})))[0], UnexpectedResponse
    )
    answer = httpx.Response(200, json={"data": {"apiToken": {"workspaces": []}, "projects": None}})
    assert isinstance((await ended(account, answer))[0], UnexpectedResponse)
    assert (await ended(details, httpx.Response(200, json={"data": {"bucketInstanceDetails": None}})))[0] is None


async def test_answer_without_graphql_points_to_the_address() -> None:
    """A page that is no GraphQL answer is a wrong address, not a crash."""
    result, _ = await ended(query, httpx.Response(404, text="<html>"))
    assert "check RAILWAY_API_URL" in str(result)


@pytest.mark.parametrize("work", [query, creation, deletion])
@pytest.mark.parametrize("type_", ["text/html", "application/json"])
async def test_a_web_page_is_asked_for_once(work: Any, type_: str) -> None:
    """Whatever it calls itself: a proxy or a log-in page answers the same each time, and the error says so."""
    page = httpx.Response(200, headers={"Content-Type": type_}, text="  <!doctype html><html>hello</html>")
    result, wire = await ended(work, page)
    assert "HTTP 200 and a web page in the place of GraphQL: check RAILWAY_API_URL" in str(result)
    assert len(wire.requests) == 1


async def test_neighbours_of_a_failed_call_are_unknown() -> None:
    """When one call of a document empties the whole answer, the other writes are of unknown outcome."""
    error = {"message": "A service named a already exists", "path": ["call_1"]}
    answer = httpx.Response(200, json={"data": None, "errors": [error]})

    async def both(transport: Transport) -> Any:
        return await transport.call_all(SERVICE_CREATE, [{"input": {"name": "a"}}, {"input": {"name": "b"}}])

    (first, second), _ = await ended(both, answer)
    assert isinstance(first, OutcomeUnknown)
    assert isinstance(second, Exists)


async def test_partial_answers_are_kept() -> None:
    """A call whose answer is there is not lost to the failure of another."""
    error = {"message": "Service not found", "path": ["call_1"]}
    answer = httpx.Response(200, json={"data": {"call_0": SERVICE, "call_1": None}, "errors": [error]})

    async def both(transport: Transport) -> Any:
        return await transport.call_all(SERVICE_CREATE, [{"input": {"name": "a"}}, {"input": {"name": "b"}}])

    (first, second), _ = await ended(both, answer)
    assert first == SERVICE
    assert isinstance(second, NotFound)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Project not found", NotFound),
        ("Not Authorized", NotAuthorized),
        ("A volume named x already exists in this project", Exists),
        ('A service named "upgrade-worker" already exists in this project', Exists),
        ("Service upgrade-worker not found", NotFound),
        ("Your workspace already has as many volumes as its plan allows. Please upgrade your plan.", PlanLimit),
        ("Only one environment can be created per user every 30s", Throttled),
        ("Whoa there pal! Try again in a sec", Throttled),
        ("ALWAYS is not available on your plan. Please upgrade your plan.", PlanLimit),
    ],
)
def test_only_the_text_tells_errors_apart(message: str, kind: type[RailwayError]) -> None:
    """Railway gives nearly every business error the same code."""
    error = {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR"}, "traceId": "t-1"}
    failure = classify("anything", error)
    assert kind is type(failure)
    assert "t-1" in str(failure)


async def test_token_is_never_shown() -> None:
    """Neither the representation of a token nor an error shows its text."""
    result, _ = await ended(query, httpx.ConnectError("refused"))
    assert SECRET not in repr(Token("account", SECRET))
    assert SECRET not in str(result)


async def test_rate_limit_is_kept_before_railway_has_to() -> None:
    """The hourly budget of the free plan is never exceeded, whatever is asked."""
    limiter = Limiter(PLANS[Plan.FREE].requests, Clock())
    for _ in range(150):
        await limiter.acquire()
    assert virtual_time.now() >= 50 * 36 - 1
