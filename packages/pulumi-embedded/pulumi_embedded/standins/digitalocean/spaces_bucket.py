"""``digitalocean.SpacesBucket``: a bucket with its access, versioning and life cycle.

Requests in the order of the real plugin 4.84.1: create is PUT, HEAD, the settings, then everything is read; an update
sends only what changed; delete is one DELETE, and more only with ``force_destroy``. A changed name replaces nothing:
the state shows the new one and the bucket keeps the old one, unless the program has ``replace_on_changes``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pulumi_embedded.standins.digitalocean.bucket_documents import (
    LifecycleRule,
    Versioning,
    lifecycle_document,
    lifecycle_of,
    versioning_document,
    versioning_of,
)
from pulumi_embedded.standins.digitalocean.spaces_client import (
    SpacesClient,
    check,
    document,
    element,
    error_code,
    serialized,
    text,
)
from pulumi_provider.declaration import Context, Inputs, Property, Resource
from pulumi_provider.errors import Failure


@dataclass(frozen=True, kw_only=True)
class SpacesBucketInputs(Inputs):
    """Hold what a program gives."""

    name: Annotated[str, Property("Name of the bucket, unique among all users. A change renames nothing.")]
    region: Annotated[str, Property("DigitalOcean region.", replaces=True)] = "nyc3"
    acl: Annotated[str, Property("private or public-read. Never read back.", write_only=True)] = "private"
    force_destroy: Annotated[
        bool, Property("True if a delete also deletes the objects. Known here alone.", write_only=True)
    ] = False
    versioning: Annotated[Versioning | None, Property("True if overwritten objects are kept.")] = None
    lifecycle_rules: Annotated[list[LifecycleRule] | None, Property("Rules by which objects expire.")] = None


@dataclass(frozen=True, kw_only=True)
class SpacesBucketState(SpacesBucketInputs):
    """Hold what follows from the name."""

    bucket_domain_name: Annotated[str, Property("Host of the bucket.")]
    bucket_urn: Annotated[str, Property("DigitalOcean's uniform resource name.")]
    endpoint: Annotated[str, Property("Host of the region.", stable=True)]


class SpacesBucket(Resource[SpacesBucketInputs, SpacesBucketState]):
    """One bucket."""

    token = "digitalocean:index/spacesBucket:SpacesBucket"
    inputs_type, state_type = SpacesBucketInputs, SpacesBucketState
    delete_before_replace = True
    """In another region it has the same name."""

    def left_out(self, state: Mapping[str, Any]) -> Collection[str]:
        """Leave out versioning where it is off: the real plugin sees no difference between that and nothing."""
        versioning: Mapping[str, Any] = state.get("versioning") or {}
        return set[str]() if versioning.get("enabled") else {"versioning"}

    async def create(self, context: Context, new: SpacesBucketInputs) -> tuple[str, SpacesBucketState]:
        spaces = _spaces(context)
        exists = context.interrupted and (await spaces.ask("HEAD", new.region, new.name)).succeeded
        if not exists:
            headers = {"x-amz-acl": new.acl}
            check("Error creating Spaces bucket", await spaces.ask("PUT", new.region, new.name, headers=headers))
        check("Error finding Spaces bucket", await spaces.ask("HEAD", new.region, new.name))
        await _put_acl(spaces, new)
        if new.versioning:
            await _put_versioning(spaces, new)
        if new.lifecycle_rules:
            await _put_lifecycle(spaces, new)
        return new.name, await _whole(spaces, new.name, new)

    async def read(self, context: Context, id: str, old: SpacesBucketState | None) -> SpacesBucketState | None:
        """Return the bucket; the id of an import is ``REGION,NAME``."""
        region, _, name = id.rpartition(",")
        inputs = old or SpacesBucketInputs(name=name, region=region)
        return await _read(_spaces(context), name, inputs)

    async def update(
        self, context: Context, id: str, old: SpacesBucketState, new: SpacesBucketInputs
    ) -> SpacesBucketState:
        spaces = _spaces(context)
        if new.acl != old.acl:
            await _put_acl(spaces, new)
        # Left out, it is suspended where it was on: the real plugin takes no group for a disabled one.
        if _versioned(new) != _versioned(old):
            await _put_versioning(spaces, new)
        if new.lifecycle_rules and new.lifecycle_rules != old.lifecycle_rules:
            await _put_lifecycle(spaces, new)
        elif old.lifecycle_rules and not new.lifecycle_rules:
            deleted = await spaces.ask("DELETE", new.region, new.name, "/?lifecycle=")
            check("Error removing the life cycle", deleted)
        return await _whole(spaces, id, new)

    async def delete(self, context: Context, id: str, old: SpacesBucketState) -> None:
        spaces = _spaces(context)
        deleted = await spaces.ask("DELETE", old.region, id)
        if not deleted.succeeded and error_code(deleted) == "BucketNotEmpty" and old.force_destroy:
            await _empty(spaces, old.region, id)
            deleted = await spaces.ask("DELETE", old.region, id)
        if not deleted.succeeded and not (error_code(deleted) == "NoSuchBucket" and deleted.repeated):
            check(f"Error deleting the Spaces bucket {id}", deleted)


def _spaces(context: Context) -> SpacesClient:
    return cast("SpacesClient", context.client.spaces)


def _versioned(values: SpacesBucketInputs) -> bool:
    return bool(values.versioning and values.versioning.enabled)


async def _put_acl(spaces: SpacesClient, new: SpacesBucketInputs) -> None:
    answer = await spaces.ask("PUT", new.region, new.name, "/?acl=", headers={"x-amz-acl": new.acl})
    check("Error putting the ACL", answer)


async def _put_versioning(spaces: SpacesClient, new: SpacesBucketInputs) -> None:
    body = versioning_document(new.versioning or Versioning())
    check("Error putting versioning", await spaces.ask("PUT", new.region, new.name, "/?versioning=", body))


async def _put_lifecycle(spaces: SpacesClient, new: SpacesBucketInputs) -> None:
    body = lifecycle_document(new.lifecycle_rules or [])
    check("Error putting the life cycle", await spaces.ask("PUT", new.region, new.name, "/?lifecycle=", body))


async def _whole(spaces: SpacesClient, id: str, new: SpacesBucketInputs) -> SpacesBucketState:
    state = await _read(spaces, id, new)
    if state is None:
        raise Failure(f"the bucket {id} is gone again right after it was changed")
    return state


async def _read(spaces: SpacesClient, id: str, inputs: SpacesBucketInputs) -> SpacesBucketState | None:
    """Return the bucket ``id``, under the name that the program has for it."""
    region = inputs.region
    head = await spaces.ask("HEAD", region, id)
    if head.status == 404:
        return None
    check(f"Error reading the Spaces bucket {id}", head)
    location = text(document(check("Error reading the location", await spaces.location(region, id))), ".")
    versioning = check("Error reading versioning", await spaces.ask("GET", region, id, "/?versioning="))
    life_cycle = await spaces.ask("GET", region, id, "/?lifecycle=")
    rules: list[LifecycleRule] = []
    if life_cycle.status != 404:
        rules = lifecycle_of(document(check("Error reading the life cycle", life_cycle)))
    host = f"{region}.digitaloceanspaces.com"
    return SpacesBucketState(
        name=inputs.name,
        region=location.strip() or region,
        acl=inputs.acl,
        force_destroy=inputs.force_destroy,
        versioning=versioning_of(document(versioning)),
        lifecycle_rules=rules,
        bucket_domain_name=f"{inputs.name}.{host}",
        bucket_urn=f"do:space:{inputs.name}",
        endpoint=host,
    )


async def _empty(spaces: SpacesClient, region: str, name: str) -> None:
    """Delete every version of every object, as one list and one delete of many."""
    listed = check("Error listing objects", await spaces.ask("GET", region, name, "/?versions="))
    root: Any = document(listed)
    objects = [
        element(
            "Object",
            element("Key", value=text(version, "Key")),
            element("VersionId", value=text(version, "VersionId") or "null"),
        )
        for kind in ("Version", "DeleteMarker")
        for version in root.iter(kind)
    ]
    body = serialized(element("Delete", *objects))
    check("Error deleting objects", await spaces.ask("POST", region, name, "/?delete=", body))
