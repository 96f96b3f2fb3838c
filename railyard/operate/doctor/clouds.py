"""Checks of ``doctor`` at Cloudflare, DigitalOcean and Spaces: do the tokens work, and are zones and buckets as the
settings say?

Only reads: whether a token may also write shows when something is written, and the findings say so.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

import httpx

from components.bucket import BucketSettings
from components.zone import ZoneSettings, holds
from railway_api.certificates import trusted
from railyard.accounts.cloud_addresses import cloudflare_url, digitalocean_url, token_of
from railyard.accounts.spaces_client import FORBIDDEN, MISSING, refusal_code, spaces_client, spaces_errors
from railyard.operate.doctor.findings import Finding, note, ok, problem
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack
from stacks.arguments_tree import walk_arguments
from stacks.names import names_of

TIMEOUT_S: Final = 20.0
TOKENS_AT_CLOUDFLARE: Final = "https://dash.cloudflare.com/profile/api-tokens"


class _ReadError(Exception):
    """An API refused to be read, or gave no usable answer; the text says which."""

    def __init__(self, text: str, *, refused: bool) -> None:
        super().__init__(text)
        self.refused = refused
        """True when the API said no: False leaves open whether the token is good."""

    def problem(self, area: str, text: str, fix: str) -> Finding:
        """Return ``text`` with the reason; ``fix`` is for a refusal, and nothing to do where there was no answer."""
        return problem(area, f"{text}: {self}", fix if self.refused else "check the network, and run doctor again")


async def cloudflare_token() -> Finding:
    """Check whose the token is: that of a user, or that of an account, which is refused here and reads zones."""
    fix = f"it is revoked or mistyped: make a new one at {TOKENS_AT_CLOUDFLARE}"
    try:
        status = (await _cloudflare("/user/tokens/verify"))["status"]
    except _ReadError as failure:
        if not failure.refused:
            return failure.problem("tokens", "CLOUDFLARE_API_TOKEN was not checked", fix)
        try:
            await _cloudflare("/zones?per_page=1")
        except _ReadError as zones:
            if not zones.refused:
                return zones.problem("tokens", "CLOUDFLARE_API_TOKEN was not checked", fix)
            return failure.problem("tokens", "Cloudflare refuses CLOUDFLARE_API_TOKEN", fix)
        return ok("tokens", "CLOUDFLARE_API_TOKEN works; it belongs to an account")
    if status != "active":
        fix = f"activate it, or make another one, at {TOKENS_AT_CLOUDFLARE}"
        return problem("tokens", f"CLOUDFLARE_API_TOKEN is {status}, not active", fix)
    return ok("tokens", "CLOUDFLARE_API_TOKEN is active")


async def cloudflare(stack: Stack, *, up: bool) -> list[Finding]:
    """Check each zone of the settings: its id and name, and the SSL mode that Railway needs.

    ``up`` is True when the stack is up already: a wrong mode is a problem then, and before that the first up sets it.
    """
    zones = stack.settings.stack.zones
    if not zones or not os.environ.get("CLOUDFLARE_API_TOKEN"):
        return []
    by_zone = await asyncio.gather(*(_zone(stack, zone, up=up) for zone in zones))
    return [finding for each in by_zone for finding in each]


async def _zone(stack: Stack, zone: ZoneSettings, *, up: bool) -> list[Finding]:
    try:
        read = await _cloudflare(f"/zones/{zone.id}")
    except _ReadError as failure:
        fix = f"compare the id with the zone's overview page, and give the token Zone Read at {TOKENS_AT_CLOUDFLARE}"
        return [failure.problem("zones", f"{zone.name} ({zone.id}) cannot be read", fix)]
    if read["name"] != zone.name:
        fix = f"write the id of {zone.name}, from its overview page, into Pulumi.{stack.name}.yaml"
        return [problem("zones", f"the id of {zone.name} belongs to {read['name']}", fix)]
    findings = [ok("zones", f"{zone.name} is {read['id']}, {read['status']}")]
    if read["status"] != "active":
        fix = "let its registrar point at the name servers that Cloudflare shows"
        findings = [problem("zones", f"{zone.name} is {read['status']}, not active", fix)]
    rights = await asyncio.gather(*(_readable(zone, *each) for each in _needed(stack, zone)))
    return [*findings, *rights, *await _ssl(stack, zone, up=up)]


def _needed(stack: Stack, zone: ZoneSettings) -> Iterator[tuple[str, str, str]]:
    """Yield what an up changes in a zone: its path below the zone, its name, and the right that a token needs."""
    yield "dns_records?per_page=1", "DNS records", "DNS Edit"
    redirects = [each for system in stack.settings.systems.values() for each in system.redirects]
    if any(holds(zone.name, each.hostname) for each in redirects):
        yield "rulesets", "redirect rules", "Single Redirect Edit"


async def _readable(zone: ZoneSettings, path: str, what: str, right: str) -> Finding:
    try:
        await _cloudflare(f"/zones/{zone.id}/{path}")
    except _ReadError as failure:
        fix = f"give the token {right} of it at {TOKENS_AT_CLOUDFLARE}"
        return failure.problem("zones", f"{what} of {zone.name} cannot be read", fix)
    return ok("zones", f"CLOUDFLARE_API_TOKEN reads the {what} of {zone.name}")


async def _ssl(stack: Stack, zone: ZoneSettings, *, up: bool) -> list[Finding]:
    names = [named for settings in stack.settings.systems.values() for named in names_of(settings)]
    if not any(proxied and holds(zone.name, name) for _, name, proxied in names):
        return []
    try:
        mode = (await _cloudflare(f"/zones/{zone.id}/settings/ssl"))["value"]
    except _ReadError as failure:
        fix = f"give the token Zone Settings Edit at {TOKENS_AT_CLOUDFLARE}"
        return [failure.problem("zones", f"the SSL mode of {zone.name} cannot be read", fix)]
    if mode == "full":
        return [ok("zones", f"{zone.name} has SSL mode Full, as Railway needs it behind the proxy")]
    text = f"{zone.name} has SSL mode {mode}; Railway behind Cloudflare's proxy needs Full"
    fix = "run up after a refresh, which sets it, or set it under SSL/TLS, Overview"
    return [problem("zones", text, fix) if up else note("zones", text, "the first up sets it")]


async def digitalocean(stack: Stack) -> list[Finding]:
    """Check the token, and each bucket with the Spaces key."""
    if not _buckets(stack):
        return []
    token = await digitalocean_token() if os.environ.get("DIGITALOCEAN_TOKEN") else []
    return [*token, *await spaces(stack)]


async def digitalocean_token() -> list[Finding]:
    """Check that the token reads what an up makes: keys, and CDN endpoints."""
    address = digitalocean_url()
    fix = "make a token with read and write of spaces_key and cdn at https://cloud.digitalocean.com/account/api/tokens"
    findings: list[Finding] = []
    try:
        for path, what in (("/v2/spaces/keys", "Spaces keys"), ("/v2/cdn/endpoints", "CDN endpoints")):
            await _get(f"{address}{path}", "DIGITALOCEAN_TOKEN")
            findings.append(ok("bucket", f"DIGITALOCEAN_TOKEN reads {what}"))
    except _ReadError as failure:
        text = "DIGITALOCEAN_TOKEN does not work" if failure.refused else "DIGITALOCEAN_TOKEN was not checked"
        findings.append(failure.problem("bucket", text, fix))
    return findings


async def spaces(stack: Stack) -> list[Finding]:
    """Check each bucket with the Spaces key."""
    return await asyncio.gather(*(_bucket(bucket) for bucket in _buckets(stack)))


def _buckets(stack: Stack) -> list[BucketSettings]:
    settings = stack.settings.systems.values()
    return [part for each in settings for _, part in walk_arguments(each) if isinstance(part, BucketSettings)]


async def _bucket(bucket: BucketSettings) -> Finding:
    try:
        client = spaces_client(bucket.region)  # not in the thread: boto3 makes no two clients at the same time
    except OperationError as error:
        return problem("bucket", f"{bucket.name} was not checked", str(error))
    try:
        await asyncio.to_thread(client.head_bucket, Bucket=bucket.name)
    except spaces_errors() as failure:
        if refusal_code(failure) == MISSING:
            return note("bucket", f"{bucket.name} is not in {bucket.region} yet", "the first up makes it")
        if refusal_code(failure) == FORBIDDEN:
            fix = "use a key with full access, or another name: bucket names are shared by all Spaces users"
            return problem("bucket", f"the Spaces key may not use {bucket.name}, or it is somebody else's", fix)
        return problem("bucket", f"{bucket.name}: {failure}", "check the network and the bucket's region")
    return ok("bucket", f"{bucket.name} is in {bucket.region}, and the Spaces key reaches it")


async def _cloudflare(path: str) -> Mapping[str, Any]:
    address = cloudflare_url()
    return (await _get(f"{address}{path}", "CLOUDFLARE_API_TOKEN"))["result"]


async def _get(url: str, variable: str) -> Mapping[str, Any]:
    """Return the answer as JSON; raises ``_ReadError`` with the API's own words."""
    try:
        token = token_of(variable)
    except OperationError as error:
        raise _ReadError(str(error), refused=True) from None
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, verify=trusted(url)) as client:
            response = await client.get(url, headers={"Authorization": f"Bearer {token}"})
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        raise _ReadError(f"no answer ({type(failure).__name__})", refused=False) from None
    try:
        body: Any = response.json()
    except ValueError:
        body = None
    if response.is_success and isinstance(body, dict):
        return cast("Mapping[str, Any]", body)
    text = "; ".join(_messages(body)) or "without an explanation"
    refused = response.is_client_error and response.status_code != HTTPStatus.TOO_MANY_REQUESTS
    raise _ReadError(f"{response.status_code} {text}", refused=refused)


def _messages(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        fields = cast("Mapping[str, Any]", body)
        for error in fields.get("errors") or ():
            yield str(error.get("message"))
        if "message" in fields:
            yield str(fields["message"])
