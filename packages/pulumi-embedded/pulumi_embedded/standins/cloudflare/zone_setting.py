"""``cloudflare.ZoneSetting``, one setting of a zone, and ``cloudflare.UniversalSslSetting``, its certificate.

They always exist at Cloudflare, so create and update are the same PATCH, and delete only leaves the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pulumi_embedded.standins.cloudflare.client import CloudflareClient
from pulumi_provider.declaration import Context, Inputs, Property, Resource


@dataclass(frozen=True, kw_only=True)
class ZoneSettingInputs(Inputs):
    """Hold what a program gives."""

    zone_id: Annotated[str, Property("Cloudflare's id of the zone.", replaces=True)]
    setting_id: Annotated[str, Property("Cloudflare's name of the setting, such as ssl.", replaces=True)]
    value: Annotated[str | None, Property("Value of the setting.")] = None
    enabled: Annotated[bool | None, Property("For the one setting that is only on or off.")] = None


@dataclass(frozen=True, kw_only=True)
class ZoneSettingState(ZoneSettingInputs):
    """Hold what Cloudflare adds."""

    editable: Annotated[bool | None, Property("True if the plan allows a change.")] = None
    modified_on: Annotated[str | None, Property("Time of its last change, ISO 8601.")] = None
    time_remaining: Annotated[float | None, Property("Seconds until it falls back.")] = None


class ZoneSetting(Resource[ZoneSettingInputs, ZoneSettingState]):
    """One setting of a zone."""

    token = "cloudflare:index/zoneSetting:ZoneSetting"
    inputs_type, state_type = ZoneSettingInputs, ZoneSettingState

    async def create(self, context: Context, new: ZoneSettingInputs) -> tuple[str, ZoneSettingState]:
        return new.setting_id, await _change(context, new)

    async def read(self, context: Context, id: str, old: ZoneSettingState | None) -> ZoneSettingState | None:
        """Return the setting; the id of an import is ``ZONE/SETTING``."""
        zone_id, _, setting_id = id.rpartition("/")
        zone_id = zone_id or (old.zone_id if old else "")
        client = cast("CloudflareClient", context.client)
        return _state(await client.result("GET", f"/zones/{zone_id}/settings/{setting_id}"), zone_id, setting_id)

    async def update(
        self, context: Context, id: str, old: ZoneSettingState, new: ZoneSettingInputs
    ) -> ZoneSettingState:
        return await _change(context, new)

    async def delete(self, context: Context, id: str, old: ZoneSettingState) -> None:
        await context.warn(f"the setting {old.setting_id} cannot be destroyed: the zone keeps its value {old.value}")


async def _change(context: Context, new: ZoneSettingInputs) -> ZoneSettingState:
    client = cast("CloudflareClient", context.client)
    body = {"value": new.value} if new.enabled is None else {"enabled": new.enabled}
    changed = await client.result("PATCH", f"/zones/{new.zone_id}/settings/{new.setting_id}", body)
    return _state(changed, new.zone_id, new.setting_id)


def _state(setting: Mapping[str, Any], zone_id: str, setting_id: str) -> ZoneSettingState:
    return ZoneSettingState(
        zone_id=zone_id,
        setting_id=setting_id,
        value=setting.get("value"),
        enabled=setting.get("enabled"),
        editable=setting.get("editable"),
        modified_on=setting.get("modified_on"),
        time_remaining=setting.get("time_remaining"),
    )


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
        return new.zone_id, await _change_ssl(context, new)

    async def read(
        self, context: Context, id: str, old: UniversalSslSettingInputs | None
    ) -> UniversalSslSettingInputs | None:
        setting = await cast("CloudflareClient", context.client).result("GET", _ssl_path(id))
        return UniversalSslSettingInputs(zone_id=id, enabled=setting.get("enabled"))

    async def update(
        self, context: Context, id: str, old: UniversalSslSettingInputs, new: UniversalSslSettingInputs
    ) -> UniversalSslSettingInputs:
        return await _change_ssl(context, new)

    async def delete(self, context: Context, id: str, old: UniversalSslSettingInputs) -> None:
        await context.warn("Universal SSL cannot be destroyed: the zone keeps it as it is")


async def _change_ssl(context: Context, new: UniversalSslSettingInputs) -> UniversalSslSettingInputs:
    client = cast("CloudflareClient", context.client)
    changed = await client.result("PATCH", _ssl_path(new.zone_id), {"enabled": new.enabled})
    return UniversalSslSettingInputs(zone_id=new.zone_id, enabled=changed.get("enabled"))


def _ssl_path(zone_id: str) -> str:
    return f"/zones/{zone_id}/ssl/universal/settings"
