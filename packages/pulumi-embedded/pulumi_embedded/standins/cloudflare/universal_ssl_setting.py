"""``cloudflare.UniversalSslSetting``: whether Cloudflare has a certificate for a zone's visitors.

It always exists at Cloudflare, so create and update are the same PATCH, and delete only leaves the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from pulumi_embedded.standins.cloudflare.client import CloudflareClient
from pulumi_provider.declaration import Context, Inputs, Property, Resource


@dataclass(frozen=True, kw_only=True)
class UniversalSslSettingInputs(Inputs):
    """Hold what a program gives."""

    zone_id: Annotated[str, Property("Cloudflare's id of the zone.", replaces=True)]
    enabled: Annotated[bool | None, Property("True if the zone has the certificate.")] = None


class UniversalSslSetting(Resource[UniversalSslSettingInputs, UniversalSslSettingInputs]):
    """The setting of one zone. Its id is that of the zone."""

    token = "cloudflare:index/universalSslSetting:UniversalSslSetting"
    inputs_type, state_type = UniversalSslSettingInputs, UniversalSslSettingInputs

    async def create(self, context: Context, new: UniversalSslSettingInputs) -> tuple[str, UniversalSslSettingInputs]:
        return new.zone_id, await _change(context, new)

    async def read(
        self, context: Context, id: str, old: UniversalSslSettingInputs | None
    ) -> UniversalSslSettingInputs | None:
        del old
        setting = await cast("CloudflareClient", context.client).result("GET", _path(id))
        return UniversalSslSettingInputs(zone_id=id, enabled=setting.get("enabled"))

    async def update(
        self, context: Context, id: str, old: UniversalSslSettingInputs, new: UniversalSslSettingInputs
    ) -> UniversalSslSettingInputs:
        del id, old
        return await _change(context, new)

    async def delete(self, context: Context, id: str, old: UniversalSslSettingInputs) -> None:
        del id, old
        await context.warn("Universal SSL cannot be destroyed: the zone keeps it as it is")


async def _change(context: Context, new: UniversalSslSettingInputs) -> UniversalSslSettingInputs:
    client = cast("CloudflareClient", context.client)
    changed = await client.result("PATCH", _path(new.zone_id), {"enabled": new.enabled})
    return UniversalSslSettingInputs(zone_id=new.zone_id, enabled=changed.get("enabled"))


def _path(zone_id: str) -> str:
    return f"/zones/{zone_id}/ssl/universal/settings"
