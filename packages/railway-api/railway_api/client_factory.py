"""Puts a client together: token, address, rate limit, clock and connection. Loads the HTTP library."""

from __future__ import annotations

from typing import Final

import httpx

from railway_api.client import Client
from railway_api.clock import Clock, speed_of
from railway_api.identity import Token
from railway_api.pace import Limiter
from railway_api.plans import PLANS, Plan
from railway_api.transport import Transport

DEFAULT_URL: Final = "https://backboard.railway.com/graphql/v2"


def connect(
    token: Token,
    *,
    url: str = DEFAULT_URL,
    plan: Plan = Plan.PRO,
    workspace_id: str | None = None,
    version: str = "0",
    transport: httpx.AsyncBaseTransport | None = None,
) -> Client:
    """Return a client that keeps to the request budget of ``plan``; nothing is sent before it is used.

    ``workspace_id`` is where new projects go; without it, the only workspace of the token. ``version`` is sent to
    Railway in the user agent. ``transport`` replaces the network, for example in tests.
    """
    clock = Clock(speed_of(url))
    limiter = Limiter(PLANS[plan].requests, clock)
    connection = Transport(url, token, limiter=limiter, clock=clock, version=version, transport=transport)
    return Client(connection, workspace_id=workspace_id)
