"""``digitalocean.SpacesKey``: an access key for buckets.

Its secret is in the answer to the create and nowhere else, so a key whose create was interrupted is useless: it is
deleted and a new one made. The real plugin cannot import keys either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pulumi_embedded.standins.digitalocean.client import DigitalOceanClient
from pulumi_provider.declaration import Context, Inputs, Nested, Property, Resource

PATH = "/v2/spaces/keys"


@dataclass(frozen=True, kw_only=True)
class Grant(Nested):
    """Hold what the key may do with a bucket."""

    bucket: Annotated[str, Property("Name of the bucket; empty for fullaccess.")]
    permission: Annotated[str, Property("read, readwrite or fullaccess.")]


@dataclass(frozen=True, kw_only=True)
class SpacesKeyInputs(Inputs):
    """Hold what a program gives."""

    name: Annotated[str, Property("Name of the key, for people.")]
    grants: Annotated[list[Grant] | None, Property("Permissions of the key, in an order that counts.")] = None


@dataclass(frozen=True, kw_only=True)
class SpacesKeyState(SpacesKeyInputs):
    """Hold what DigitalOcean makes."""

    access_key: Annotated[str, Property("The public half.", stable=True)]
    secret_key: Annotated[str | None, Property("The private half.", secret=True, stable=True, write_only=True)] = None
    created_at: Annotated[str | None, Property("Time of its creation, ISO 8601.", stable=True)] = None


class SpacesKey(Resource[SpacesKeyInputs, SpacesKeyState]):
    """One access key."""

    token = "digitalocean:index/spacesKey:SpacesKey"
    inputs_type, state_type = SpacesKeyInputs, SpacesKeyState

    async def create(self, context: Context, new: SpacesKeyInputs) -> tuple[str, SpacesKeyState]:
        client = cast("DigitalOceanClient", context.client)
        if context.interrupted:
            await _remove_leftovers(client, new)
        key = (await client.json("POST", PATH, _sent(new)))["key"]
        return str(key["access_key"]), _state(key)

    async def read(self, context: Context, id: str, old: SpacesKeyState | None) -> SpacesKeyState | None:
        if old is None:
            return None
        answer = await cast("DigitalOceanClient", context.client).find(f"{PATH}/{id}")
        return _state(answer["key"], old) if answer else None

    async def update(self, context: Context, id: str, old: SpacesKeyState, new: SpacesKeyInputs) -> SpacesKeyState:
        client = cast("DigitalOceanClient", context.client)
        return _state((await client.json("PUT", f"{PATH}/{id}", _sent(new)))["key"], old)

    async def delete(self, context: Context, id: str, old: SpacesKeyState) -> None:
        await cast("DigitalOceanClient", context.client).remove(f"{PATH}/{id}")


def _sent(new: SpacesKeyInputs) -> dict[str, Any]:
    grants = [{"bucket": grant.bucket, "permission": grant.permission} for grant in new.grants or []]
    return {"name": new.name, "grants": grants}


def _state(key: Mapping[str, Any], old: SpacesKeyState | None = None) -> SpacesKeyState:
    grants: list[dict[str, str]] = key.get("grants") or []
    return SpacesKeyState(
        name=key["name"],
        grants=[Grant(bucket=grant["bucket"], permission=grant["permission"]) for grant in grants],
        access_key=key["access_key"],
        secret_key=key.get("secret_key") or (old.secret_key if old else None),
        created_at=key.get("created_at"),
    )


async def _remove_leftovers(client: DigitalOceanClient, new: SpacesKeyInputs) -> None:
    """Delete keys of this name with these grants, whose secrets are lost."""
    body = _sent(new)
    for key in (await client.json("GET", f"{PATH}?page=1&per_page=200"))["keys"]:
        if key["name"] == body["name"] and (key.get("grants") or []) == body["grants"]:
            await client.remove(f"{PATH}/{key['access_key']}")
