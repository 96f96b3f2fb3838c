"""What can go wrong with one mutation: each fault as a way to answer requests.

Owns what the provider meets on the wire. A fault strikes once, at the first request that holds its mutation, and tells
whether it did.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx

from railway_sandbox.http_messages import LOST, Request, Response
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.records import Aftermath, Patch
from railway_sandbox.railway.state import State
from railway_sandbox.railway.wire import respond
from railway_sandbox.server import Sandbox
from tests.provider.in_process import Connection
from tests.provider.kills.death import Mortal

HANG_S: Final = 30.0
HANGS: Final = "x-hangs-s"
"""The header of an answer that says how much later it arrives."""
THROTTLE: Final = "throttle"
REFUSED_LATER: Final = "Max size of 50000 MB on current plan. Please select a valid size or upgrade"
NEVER: Final = 1e12
LAG_S: Final = 30.0
"""How long reads show what was there before the mutation."""


@dataclass
class Trouble:
    """Answers requests, and one of them wrongly. Seconds are of simulated time."""

    fault: Fault
    mutation: str
    refusal: str | None = None
    """What Railway says when the mutation comes too often, if it has such a limit."""
    provider: Mortal = field(default_factory=Mortal)
    """The provider that asks now."""
    struck: bool = False
    before: State | None = None
    """What reads show until ``stale_until``."""
    stale_until: float = 0.0
    hanging: Patch | None = None
    """A commit that is not going to be in effect before somebody lets it."""

    def relent(self, now: float) -> None:
        """Let happen what was held up during the run."""
        if self.hanging is not None:
            self.hanging.applies_at = now

    def respond(self, sandbox: Sandbox, request: Request) -> Response:
        """Answer one request."""
        kind, names = _asked(request)
        if self.struck or self.mutation not in names:
            stale = self.before if kind == "query" and sandbox.clock.now() < self.stale_until else None
            return respond(_as_of(sandbox.railway, stale), request) if stale else sandbox.handle(request)
        self.struck = True
        return self.fault.strike(self, sandbox, request)


class Disturbed(Connection):
    """A simulated Railway with trouble, as a provider that was started anew asks it, and may die of it."""

    def __init__(self, sandbox: Sandbox, trouble: Trouble) -> None:
        super().__init__(sandbox, lambda request: trouble.respond(sandbox, request))
        self._provider = trouble.provider = Mortal()

    async def _answer(self, http: httpx.Request) -> httpx.Response:
        answer = await self._provider.carry(http, super()._answer)
        await asyncio.sleep(float(answer.headers.get(HANGS, 0)))
        return answer


@dataclass(frozen=True)
class Fault:
    """One kind of trouble."""

    name: str
    meaning: str
    strike: Callable[[Trouble, Sandbox, Request], Response]
    kills: bool = False
    noted: bool = True
    """For a killed provider: whether the engine knows that a create was under way."""
    creations_only: bool = False
    """Met only by what makes something: anything else may be sent twice."""
    later: str | None = None
    """What the run has to say of it, where Railway accepts the mutation and fails afterwards."""


def _asked(request: Request) -> tuple[str, set[str]]:
    """Whether a request reads or writes, and all names in it."""
    text = str(json.loads(request.body).get("query"))
    return text.partition(" ")[0].partition("{")[0], set(re.findall(r"\w+", text))


def _as_of(cloud: RailwayCloud, state: State) -> RailwayCloud:
    return RailwayCloud(cloud.now, cloud.ids, cloud.dns, state, proxied=cloud.proxied)


def _gateway(status: int) -> Response:
    page = f"<html><body><h1>{status}</h1></body></html>".encode()
    return Response(status=status, headers={"Content-Type": "text/html"}, body=page)


def _refused_before(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    return _gateway(503)


def _refused_after(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    sandbox.handle(request)
    return _gateway(502)


def _lost(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    sandbox.handle(request)
    return LOST


def _too_many(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    body = {"errors": [{"message": "Rate limit exceeded", "extensions": {"code": "RATE_LIMITED"}}]}
    return Response.of_json(429, body, {"Retry-After": "20"})


def _throttled(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    body: dict[str, Any] = {"data": None, "errors": [{"message": trouble.refusal}]}
    return Response.of_json(200, body)


def _lagging(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    cloud = sandbox.railway
    with cloud.lock:
        trouble.before = State.from_json(cloud.state.to_json())
        answer = sandbox.handle(request)
        trouble.stale_until = cloud.now() + LAG_S
        return answer


def _lost_while_lagging(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    _lagging(trouble, sandbox, request)
    return LOST


def _hanging(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    answer = sandbox.handle(request)
    return replace(answer, headers={**answer.headers, HANGS: str(HANG_S)})


def _killed(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    sandbox.handle(request)
    trouble.provider.dead.set()
    return LOST


def _accepted(trouble: Trouble, sandbox: Sandbox, request: Request) -> tuple[Response, Patch]:
    """Let Railway accept a commit; its patch, before it is applied."""
    answer = sandbox.handle(request)
    return answer, [each for each in sandbox.railway.state.patches.values() if each.workflow_id][-1]


def _refused_later(aftermath: Aftermath) -> Callable[[Trouble, Sandbox, Request], Response]:
    def strike(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
        with sandbox.railway.lock:
            answer, patch = _accepted(trouble, sandbox, request)
            patch.refused_with, patch.aftermath = REFUSED_LATER, aftermath
        return answer

    return strike


def _hangs(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    with sandbox.railway.lock:
        answer, patch = _accepted(trouble, sandbox, request)
        patch.applies_at = NEVER
    trouble.hanging = patch
    return answer


def _fails_though_done(trouble: Trouble, sandbox: Sandbox, request: Request) -> Response:
    with sandbox.railway.lock:
        answer, patch = _accepted(trouble, sandbox, request)
        patch.failed_with, patch.aftermath = REFUSED_LATER, "committed"
    return answer


FAULTS: Final = (
    Fault("5xx before", "a gateway error instead of the effect", _refused_before),
    Fault("5xx after", "a gateway error after the effect", _refused_after),
    Fault("lost reply", "the effect, then a broken connection", _lost),
    Fault("429", "HTTP 429 with Retry-After: 20", _too_many),
    Fault(THROTTLE, 'Railway\'s own "too quickly", where it has one', _throttled),
    Fault("list lag", f"for {LAG_S:.0f} s every read shows what was there before", _lagging),
    Fault(
        "lost and list lag",
        "both at once: a creation, no answer, and reads that lag",
        _lost_while_lagging,
        creations_only=True,
    ),
    Fault("30 s hang", "the effect, and its answer half a minute later", _hanging),
    Fault("killed", "the provider is killed after the effect; the engine knows of it", _killed, kills=True),
    Fault(
        "killed, no note",
        "the same, with an engine that forgets what was under way, as the Pulumi CLI does",
        _killed,
        kills=True,
        noted=False,
    ),
    Fault(
        "refused later",
        "a commit that is accepted; its workflow ends with an error, and the patch is staged again",
        _refused_later("staged"),
        later=REFUSED_LATER,
    ),
    Fault(
        "refused, unlisted", "the same, and no list shows the patch", _refused_later("unlisted"), later=REFUSED_LATER
    ),
    Fault("FAILED", "the same, and the patch is FAILED with the reason", _refused_later("failed"), later=REFUSED_LATER),
    Fault(
        "FAILED, no reason",
        "the same; only the workflow knows the reason",
        _refused_later("silent"),
        later=REFUSED_LATER,
    ),
    Fault(
        "fails, though done",
        "all of the commit is in effect, and its workflow ends with an error: a warning",
        _fails_though_done,
        later=REFUSED_LATER,
    ),
    Fault(
        "never ends",
        "a workflow that is running as long as the run waits; afterwards the commit is in effect",
        _hangs,
        later="still applying",
    ),
)
"""The columns of the matrix."""
