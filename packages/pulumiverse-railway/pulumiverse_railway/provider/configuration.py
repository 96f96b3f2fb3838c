"""The provider's configuration, and how an API client is made of it.

Owns the precedence (configuration before environment variables) and the messages for what is missing. The HTTP library
is loaded only when a client is really made: a preview needs none.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

from pulumi_provider.declaration import Inputs, Property
from railway_api.clock import speed_of
from railway_api.failure import Failure
from railway_api.loopback import host_of, is_loopback
from railway_api.plans import Plan

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport

    from railway_api.client import Client
    from railway_api.identity import Token

URL_VARIABLE: Final = "RAILWAY_API_URL"
TOKEN_VARIABLE: Final = "RAILWAY_API_TOKEN"
PROJECT_TOKEN_VARIABLE: Final = "RAILWAY_TOKEN"
DEFAULT_URL: Final = "https://backboard.railway.com/graphql/v2"
DISTRIBUTION: Final = "pulumiverse-railway"


@dataclass(frozen=True, kw_only=True)
class Configuration(Inputs):
    """The configuration with which the provider reaches Railway. Everything may come from the environment instead."""

    token: Annotated[
        str | None,
        Property("Account or workspace token. Default: the environment variable RAILWAY_API_TOKEN.", secret=True),
    ] = None
    project_token: Annotated[
        str | None,
        Property(
            "Token of one environment of one project, which cannot create projects. Default: the environment variable "
            "RAILWAY_TOKEN. Exclusive with token.",
            secret=True,
        ),
    ] = None
    api_url: Annotated[
        str | None,
        Property(
            f"Address of Railway's GraphQL API. Default: the environment variable RAILWAY_API_URL, else {DEFAULT_URL}."
        ),
    ] = None
    plan: Annotated[
        Plan,
        Property(
            "Railway plan whose request budget is kept: free or trial (100 requests an hour), hobby (1,000) or pro "
            "(10,000). Default: pro."
        ),
    ] = Plan.PRO
    workspace_id: Annotated[
        str | None,
        Property("Railway's id of the workspace for new projects. Default: the only workspace of the token."),
    ] = None


def build_client(configuration: Configuration, *, transport: AsyncBaseTransport | None = None) -> Client:
    """Return the API client; raises ``Failure`` unless one token is set. A ``transport`` takes the network's place."""
    from httpx import InvalidURL  # noqa: PLC0415 a preview needs no HTTP library

    from railway_api.client_factory import connect  # noqa: PLC0415

    url, token = _url(configuration), _token(configuration)
    plan, workspace_id = configuration.plan, configuration.workspace_id
    try:
        return connect(token, url=url, plan=plan, workspace_id=workspace_id, version=_version(), transport=transport)
    except (ImportError, OSError, ValueError, InvalidURL) as unusable:
        # The error may hold the password of a proxy, so only its type is reported.
        raise Failure(
            "the connection to Railway cannot be set up: look at the environment variables HTTPS_PROXY, ALL_PROXY "
            f"(an http:// address; SOCKS is not supported), SSL_CERT_FILE and SSL_CERT_DIR ({type(unusable).__name__})"
        ) from unusable


def time_scale() -> float:
    """Return how much faster than real time the API runs: more than 1 in the sandbox alone, by the environment."""
    return speed_of(os.environ.get(URL_VARIABLE) or DEFAULT_URL)


def _url(configuration: Configuration) -> str:
    url = (configuration.api_url or os.environ.get(URL_VARIABLE) or DEFAULT_URL).strip()
    if (host := host_of(url)) is None:
        raise Failure(f"{URL_VARIABLE} (or railway:apiUrl) must be an address such as {DEFAULT_URL}, not {url!r}")
    if urlsplit(url).scheme == "http" and not is_loopback(url):
        raise Failure(f"{URL_VARIABLE} (or railway:apiUrl) must begin with https: {host} would see the token")
    return url


def _token(configuration: Configuration) -> Token:
    from railway_api.identity import Token  # noqa: PLC0415

    token, project_token = configuration.token, configuration.project_token
    if not token and not project_token:
        token, project_token = os.environ.get(TOKEN_VARIABLE), os.environ.get(PROJECT_TOKEN_VARIABLE)
    if token and project_token:
        raise Failure(
            "both an account token and a project token are set, and Railway takes one: unset "
            f"{PROJECT_TOKEN_VARIABLE} (railway:projectToken), or {TOKEN_VARIABLE} (railway:token)"
        )
    if token:
        return Token("account", _plain(token))
    if project_token:
        return Token("project", _plain(project_token))
    raise Failure(
        "no Railway token is set: create one at https://railway.com/account/tokens, then either\n"
        f"    export {TOKEN_VARIABLE}=<token>\n"
        "or  pulumi config set --secret railway:token <token>"
    )


def _plain(token: str) -> str:
    """Return a token without the line break that copying adds; for anything else the HTTP library would quote it."""
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Failure("the Railway token holds spaces or characters that no token has: copy it again, and nothing else")
    return token


@cache
def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0.1.0"
