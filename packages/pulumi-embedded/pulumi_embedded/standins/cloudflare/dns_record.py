"""``cloudflare.DnsRecord``: one DNS record of a zone.

Requests as of the real plugin 6.23.1: POST, PUT with the whole record, GET on refresh, DELETE. One thing is milder: a
name that was given short stays as it was given, where the real plugin shows the full name after a refresh.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import quote

from pulumi_embedded.standins.cloudflare.client import CloudflareClient
from pulumi_provider.declaration import Context, Inputs, Nested, Problem, Property, Resource

HOST_TYPES = ("A", "AAAA", "CNAME")
"""Types that have address settings."""


@dataclass(frozen=True, kw_only=True)
class Settings(Nested):
    """Settings of how addresses are answered."""

    flatten_cname: Annotated[bool | None, Property("Answer addresses in place of the CNAME.")] = None
    ipv4_only: Annotated[bool | None, Property("Answer no AAAA records.")] = None
    ipv6_only: Annotated[bool | None, Property("Answer no A records.")] = None


@dataclass(frozen=True, kw_only=True)
class DnsRecordInputs(Inputs):
    """Hold what a program gives."""

    zone_id: Annotated[str, Property("Cloudflare's id of the zone.", replaces=True)]
    name: Annotated[str, Property("Full name of the record.")]
    type: Annotated[str, Property("Record type.", replaces=True)]
    ttl: Annotated[float, Property("Seconds that resolvers may remember it; 1 is automatic.")]
    content: Annotated[str | None, Property("Content of the record.")] = None
    proxied: Annotated[bool | None, Property("True if Cloudflare's proxy stands in front of it.")] = None
    priority: Annotated[float | None, Property("Preference of an MX record.")] = None
    comment: Annotated[str | None, Property("A note, without meaning for DNS.")] = None
    tags: Annotated[list[str] | None, Property("Tags; the free plan has none.")] = None
    settings: Annotated[Settings | None, Property("Settings of a record that the proxy answers.")] = None


@dataclass(frozen=True, kw_only=True)
class DnsRecordState(DnsRecordInputs):
    """Hold what Cloudflare adds."""

    proxiable: Annotated[bool | None, Property("True if the proxy could stand in front of it.")] = None
    meta: Annotated[str | None, Property("Cloudflare's own notes, as JSON.")] = None
    created_on: Annotated[str | None, Property("Time of its creation, ISO 8601.", stable=True)] = None
    modified_on: Annotated[str | None, Property("Time of its last change, ISO 8601.")] = None


class DnsRecord(Resource[DnsRecordInputs, DnsRecordState]):
    """One DNS record."""

    token = "cloudflare:index/dnsRecord:DnsRecord"
    inputs_type, state_type = DnsRecordInputs, DnsRecordState
    aliases = ("cloudflare:index/record:Record",)

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        if inputs["proxied"] is True and inputs["ttl"] != 1 and isinstance(inputs["ttl"], (int, float)):
            return [Problem(path="ttl", reason=f"must be 1 when proxied is true, not {inputs['ttl']:g}")]
        return []

    def left_out(self, state: Mapping[str, Any]) -> Collection[str]:
        """Leave out what Cloudflare takes for a record by itself: addresses answered as usual."""
        settings: Mapping[str, Any] = state.get("settings") or {}
        return set[str]() if any(settings.values()) else {"settings"}

    async def create(self, context: Context, new: DnsRecordInputs) -> tuple[str, DnsRecordState]:
        client = cast("CloudflareClient", context.client)
        record = await _leftover(client, new) if context.interrupted else None
        if record is None:
            record = await client.result("POST", f"/zones/{new.zone_id}/dns_records", _sent(new))
        return str(record["id"]), _state(record, new.zone_id, new.name)

    async def read(self, context: Context, id: str, old: DnsRecordState | None) -> DnsRecordState | None:
        zone_id, record_id = _ids(id, old)
        path = f"/zones/{zone_id}/dns_records/{record_id}"
        answer = await cast("CloudflareClient", context.client).find(path)
        return _state(answer["result"], zone_id, old.name if old else None) if answer else None

    async def update(self, context: Context, id: str, old: DnsRecordState, new: DnsRecordInputs) -> DnsRecordState:
        zone_id, record_id = _ids(id, old)
        body: dict[str, Any] = {"tags": [], "settings": _settings(new) or {}, **_sent(new)}
        client = cast("CloudflareClient", context.client)
        record = await client.result("PUT", f"/zones/{zone_id}/dns_records/{record_id}", body)
        return _state(record, zone_id, new.name)

    async def delete(self, context: Context, id: str, old: DnsRecordState) -> None:
        zone_id, record_id = _ids(id, old)
        await cast("CloudflareClient", context.client).remove(f"/zones/{zone_id}/dns_records/{record_id}")


def _ids(id: str, old: DnsRecordState | None) -> tuple[str, str]:
    """Return zone and record id; an import names both as ``ZONE/RECORD``."""
    zone_id, _, record_id = id.rpartition("/")
    return zone_id or (old.zone_id if old else ""), record_id


def _sent(new: DnsRecordInputs) -> dict[str, Any]:
    optional = {
        "comment": new.comment,
        "priority": new.priority,
        "tags": new.tags,
        "settings": _settings(new) if new.settings else None,
    }
    return {
        "content": new.content,
        "name": new.name,
        "proxied": bool(new.proxied),
        "ttl": int(new.ttl),
        "type": new.type,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _settings(new: DnsRecordInputs) -> dict[str, bool] | None:
    settings = new.settings or Settings()
    if new.type not in HOST_TYPES:
        return None
    return {
        "flatten_cname": bool(settings.flatten_cname),
        "ipv4_only": bool(settings.ipv4_only),
        "ipv6_only": bool(settings.ipv6_only),
    }


def _state(record: Mapping[str, Any], zone_id: str, given_name: str | None) -> DnsRecordState:
    settings: Mapping[str, Any] = record.get("settings") or {}
    full = {name: bool(settings.get(name)) for name in ("flatten_cname", "ipv4_only", "ipv6_only")}
    priority: float | None = record.get("priority")
    return DnsRecordState(
        zone_id=zone_id,
        name=given_name if given_name and _same_name(given_name, record["name"]) else record["name"],
        type=record["type"],
        ttl=float(record["ttl"]),
        content=record["content"],
        proxied=record["proxied"],
        priority=None if priority is None else float(priority),
        comment=record.get("comment"),
        tags=list(record.get("tags") or []),
        settings=Settings(**full) if record["type"] in HOST_TYPES else Settings(),
        proxiable=record.get("proxiable"),
        meta=json.dumps(record.get("meta") or {}),
        created_on=record.get("created_on"),
        modified_on=record.get("modified_on"),
    )


def _same_name(name: str, full: str) -> bool:
    """Tell whether the name that was given means the full one. Without the zone's name this is not a proof."""
    return name == full or full.startswith(f"{name}.") or name == "@"


async def _leftover(client: CloudflareClient, new: DnsRecordInputs) -> dict[str, Any] | None:
    """Return what an interrupted create may have left: a record that says exactly what this one should."""
    path = f"/zones/{new.zone_id}/dns_records?name={quote(new.name)}&type={quote(new.type)}"
    fields = {"content": new.content, "proxied": bool(new.proxied), "ttl": int(new.ttl)}
    for record in await client.result("GET", path):
        if all(record.get(name) == value for name, value in fields.items()):
            return record
    return None
