"""``digitalocean.Cdn``: a CDN endpoint before a bucket.

Requests of the real plugin: POST and GET, PUT of what changed and GET, DELETE. An endpoint that is gone is an error on
refresh there, after half a minute of repeats that this stand-in leaves out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from pulumi_embedded.standins.digitalocean.client import DigitalOceanClient
from pulumi_provider.declaration import Context, Inputs, Property, Resource
from pulumi_provider.errors import Failure

PATH = "/v2/cdn/endpoints"
CLOUDFLARE_CERTIFICATE = "needs-cloudflare-cert"
"""No certificate of DigitalOcean: sent as it is, without a look-up."""


@dataclass(frozen=True, kw_only=True)
class CdnInputs(Inputs):
    """Hold what a program gives."""

    origin: Annotated[str, Property("Host of the bucket.", replaces=True)]
    ttl: Annotated[int | None, Property("Time for which an object is kept, in seconds. Default: 3600.")] = None
    custom_domain: Annotated[str | None, Property("Own name of the endpoint.")] = None
    certificate_name: Annotated[str | None, Property("Name of the certificate for the own name.")] = None
    certificate_id: Annotated[str | None, Property("The former way to name the certificate.")] = None


@dataclass(frozen=True, kw_only=True)
class CdnState(CdnInputs):
    """Hold what DigitalOcean adds."""

    endpoint: Annotated[str, Property("Host that serves the bucket.", stable=True)]
    created_at: Annotated[str | None, Property("Time of its creation, ISO 8601.", stable=True)] = None


class Cdn(Resource[CdnInputs, CdnState]):
    """One CDN endpoint."""

    token = "digitalocean:index/cdn:Cdn"
    inputs_type, state_type = CdnInputs, CdnState

    def left_out(self, state: Mapping[str, Any]) -> Collection[str]:
        """Leave out names that are empty: those of an endpoint without a name of its own."""
        names = ("custom_domain", "certificate_name", "certificate_id")
        return [name for name in names if not state.get(name)]

    async def create(self, context: Context, new: CdnInputs) -> tuple[str, CdnState]:
        client = cast("DigitalOceanClient", context.client)
        leftover_id = await _leftover(client, new.origin) if context.interrupted else ""
        if leftover_id:
            return leftover_id, await self.update(context, leftover_id, await _read(client, leftover_id), new)
        body: dict[str, Any] = {"origin": new.origin, "ttl": new.ttl or 0}
        if new.custom_domain:
            body |= {"custom_domain": new.custom_domain, "certificate_id": await _certificate_id(client, new)}
        endpoint_id = str((await client.json("POST", PATH, body))["endpoint"]["id"])
        return endpoint_id, await _read(client, endpoint_id)

    async def read(self, context: Context, id: str, old: CdnState | None) -> CdnState | None:
        return await _found(cast("DigitalOceanClient", context.client), id)

    async def update(self, context: Context, id: str, old: CdnState, new: CdnInputs) -> CdnState:
        client = cast("DigitalOceanClient", context.client)
        if new.ttl != old.ttl:
            await client.json("PUT", f"{PATH}/{id}", {"ttl": new.ttl or 0})
        domain, certificate = new.custom_domain or "", _certificate_name(new)
        if domain != (old.custom_domain or "") or certificate not in ("", _certificate_name(old)):
            # A domain that is dropped leaves its certificate behind: the real plugin sends the old one.
            certificate_id = await _certificate_id(client, new if certificate else old)
            await client.json("PUT", f"{PATH}/{id}", {"custom_domain": domain, "certificate_id": certificate_id})
        return await _read(client, id)

    async def delete(self, context: Context, id: str, old: CdnState) -> None:
        await cast("DigitalOceanClient", context.client).remove(f"{PATH}/{id}")


def _certificate_name(values: CdnInputs) -> str:
    return values.certificate_name or values.certificate_id or ""


async def _certificate_id(client: DigitalOceanClient, values: CdnInputs) -> str:
    """Return DigitalOcean's id of the named certificate."""
    name = _certificate_name(values)
    if name in ("", CLOUDFLARE_CERTIFICATE):
        return name
    certificates = (await client.json("GET", f"/v2/certificates?name={name}"))["certificates"]
    if not certificates:
        raise Failure(f"there is no certificate {name!r}: make it first, or use {CLOUDFLARE_CERTIFICATE!r}")
    return str(certificates[0]["id"])


async def _read(client: DigitalOceanClient, id: str) -> CdnState:
    """Return what DigitalOcean has of an endpoint that was just made or changed."""
    state = await _found(client, id)
    if state is None:
        raise Failure(f"the CDN endpoint {id} is gone again right after it was changed")
    return state


async def _found(client: DigitalOceanClient, id: str) -> CdnState | None:
    """Return what DigitalOcean has; None when there is no such endpoint."""
    answer = await client.find(f"{PATH}/{id}")
    if answer is None:
        return None
    endpoint = answer["endpoint"]
    certificate = str(endpoint.get("certificate_id") or "")
    if certificate and certificate != CLOUDFLARE_CERTIFICATE:
        certificate = str((await client.json("GET", f"/v2/certificates/{certificate}"))["certificate"]["name"])
    return CdnState(
        origin=endpoint["origin"],
        ttl=endpoint["ttl"],
        custom_domain=endpoint.get("custom_domain") or "",
        certificate_name=certificate or None,
        certificate_id=certificate or None,
        endpoint=endpoint["endpoint"],
        created_at=_as_go_prints_it(endpoint.get("created_at")),
    )


def _as_go_prints_it(created_at: str | None) -> str:
    """Return a moment in the form of the real plugin's output, ``2026-01-01 00:00:00 +0000 UTC``."""
    if not created_at:
        return "0001-01-01 00:00:00 +0000 UTC"
    moment = datetime.fromisoformat(created_at)
    return f"{moment:%Y-%m-%d %H:%M:%S} +0000 UTC"


async def _leftover(client: DigitalOceanClient, origin: str) -> str:
    """Return the id of the endpoint that an interrupted create may have left: an origin has one at most."""
    endpoints = (await client.json("GET", f"{PATH}?page=1&per_page=200"))["endpoints"]
    return next((str(endpoint["id"]) for endpoint in endpoints if endpoint["origin"] == origin), "")
