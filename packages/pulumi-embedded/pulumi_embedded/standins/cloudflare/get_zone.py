"""``cloudflare.getZone``: a zone by its id, as far as Railyard asks: its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from pulumi_embedded.standins.cloudflare.client import CloudflareClient
from pulumi_provider.declaration import Context, Function, Inputs, Property


@dataclass(frozen=True, kw_only=True)
class GetZoneInputs(Inputs):
    """The zone that is meant."""

    zone_id: Annotated[str, Property("Cloudflare's id of the zone.")]


@dataclass(frozen=True, kw_only=True)
class GetZoneResult(Inputs):
    """A zone as it is."""

    zone_id: Annotated[str, Property("Cloudflare's id of the zone.")]
    name: Annotated[str, Property("Its name.")]
    status: Annotated[str, Property("Status of the zone: active, pending, …")]
    type: Annotated[str, Property("Type of the zone: full, partial, …")]
    paused: Annotated[bool, Property("True if Cloudflare only answers its DNS.")]


class GetZone(Function[GetZoneInputs, GetZoneResult]):
    """A zone, by its id."""

    token = "cloudflare:index/getZone:getZone"
    inputs_type, result_type = GetZoneInputs, GetZoneResult

    async def call(self, context: Context, inputs: GetZoneInputs) -> GetZoneResult:
        zone = await cast("CloudflareClient", context.client).result("GET", f"/zones/{inputs.zone_id}")
        same = {name: zone[name] for name in ("name", "status", "type", "paused")}
        return GetZoneResult(zone_id=zone["id"], **same)
