"""A bucket of Railway's own: an object store that speaks S3, with the credentials to use it.

Owns the bucket and its presence in one environment. There is no operation that deletes one: it is taken out of the
environment's configuration, and because Railway is reported to ignore that at times, this looks whether it is gone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final

from pulumi_provider.declaration import Context, Property, Resource
from pulumi_provider.errors import InitializationFailed
from pulumiverse_railway import rules
from railway_api.documents.storage import BUCKET_CREATE, BUCKET_CREDENTIALS, BUCKET_DETAILS, BUCKET_UPDATE
from railway_api.environment import Environment
from railway_api.errors import NotFound, Opaque, OutcomeUnknown
from railway_api.failure import Failure
from railway_api.relay import nodes
from railway_api.retries import LAG_S, create_or_find, retry_on, wait_for
from railway_api.snapshot import Snapshot

from .shared import checks
from .shared.scopes import EnvironmentScoped, claimed, commit, delete, environment_of, import_hint, join, split

if TYPE_CHECKING:
    from railway_api.answers import BucketS3CompatibleCredentials
    from railway_api.scalars import BucketConfig, EnvironmentConfig


ID_PARTS: Final = ("project id", "environment id", "bucket id")


@dataclass(frozen=True, kw_only=True)
class BucketInputs(EnvironmentScoped):
    """Inputs of a bucket."""

    name: Annotated[
        str,
        Property(
            "Name of the bucket in its project, which all environments that have it share; references to its "
            "credentials use it, ${{name.ACCESS_KEY_ID}} (API: name).",
            check=checks.name,
        ),
    ]
    region: Annotated[
        str,
        Property(
            "Region: sjc (California), iad (Virginia), ams (Amsterdam) or sin (Singapore). Another one makes a new, "
            "empty bucket (API: EnvironmentConfig buckets.region).",
            replaces=True,
            check=rules.Matching(r"[a-z0-9-]+", "a region such as sjc, iad, ams or sin"),
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class BucketState(BucketInputs):
    """A bucket as it is."""

    bucket_id: Annotated[str, Property("Railway's id of the bucket (API: Bucket.id).", stable=True)]
    bucket_name: Annotated[
        str, Property("Name by which S3 clients address it, unlike name unique worldwide (API: bucketName).")
    ]
    endpoint: Annotated[str, Property("Address for S3 clients (API: endpoint).", stable=True)]
    signing_region: Annotated[str, Property("Region that S3 clients sign for (API: region).", stable=True)]
    url_style: Annotated[
        str,
        Property(
            "Style by which S3 clients put the bucket's name in the address: virtual or path (API: urlStyle).",
            stable=True,
        ),
    ]
    access_key_id: Annotated[str, Property("S3 access key (API: accessKeyId).", secret=True, stable=True)]
    secret_access_key: Annotated[
        str, Property("S3 secret access key (API: secretAccessKey).", secret=True, stable=True)
    ]


class Bucket(Resource[BucketInputs, BucketState]):
    """An object store of Railway's own, for S3 clients. Deleting it deletes its objects: protect it.

    Its id is <project id>/<environment id>/<bucket id>.
    """

    token = "railway:index:Bucket"
    inputs_type, state_type = BucketInputs, BucketState
    delete_before_replace = True

    async def create(self, context: Context, new: BucketInputs) -> tuple[str, BucketState]:
        """Create the bucket, or take the empty one of that name, and bring it into the environment."""
        environment = environment_of(context, new.project_id, new.environment_id)
        leftover_id = await _left_over(environment, new)
        bucket_id = leftover_id or await _create(context, environment, new)
        id = join(new.project_id, new.environment_id, bucket_id)
        if not claimed(context, environment, bucket_id, id):
            raise Failure(f"two resources are the bucket named {new.name!r}: give one of them another name")
        if leftover_id:
            await context.info(f"took over bucket {bucket_id} of the same name")
        # What exists is kept from here on; an update completes it.
        try:
            await _materialise(context, environment, bucket_id, new)
            return id, await _with_credentials(context, environment, bucket_id, new)
        except Failure as failure:
            raise InitializationFailed(id, {**asdict(new), "bucket_id": bucket_id}, [str(failure)]) from failure

    async def read(self, context: Context, id: str, old: BucketState | None) -> BucketState | None:
        """Return the bucket, as long as the environment has it, with its credentials."""
        project_id, environment_id, bucket_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none()
        if snapshot is None or not _is_here(snapshot, bucket_id):
            return None
        name = _names(snapshot).get(bucket_id) or (old and old.name)
        if not name:
            raise Failure(f"Railway does not list bucket {bucket_id} yet: import it in two minutes")
        region = _entry(snapshot, bucket_id).get("region") or (old and old.region) or ""
        inputs = BucketInputs(project_id=project_id, environment_id=environment_id, name=name, region=region)
        if old is None or not old.access_key_id:
            return await _with_credentials(context, environment, bucket_id, inputs)
        try:
            return await _with_credentials(context, environment, bucket_id, inputs, for_s=0.0)
        except NotFound:
            # The bucket is there, so its credentials are only late: those that are known stay.
            return replace(old, **asdict(inputs))

    async def update(self, context: Context, id: str, old: BucketState, new: BucketInputs) -> BucketState:
        """Rename it, and complete what an earlier run left undone."""
        environment = environment_of(context, new.project_id, new.environment_id)
        await _materialise(context, environment, old.bucket_id, new)
        if _names(await environment.snapshot()).get(old.bucket_id) != new.name:
            await environment.write(BUCKET_UPDATE, id=old.bucket_id, input={"name": new.name})
        return await _with_credentials(context, environment, old.bucket_id, new)

    async def delete(self, context: Context, id: str, old: BucketState) -> None:
        """Delete it from the environment with its objects; Railway can restore it for two days."""
        project_id, environment_id, bucket_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)

        async def action() -> None:
            if await environment.snapshot_or_none() is not None:
                await commit(context, environment, lambda snapshot: _without(snapshot, bucket_id))
                await _gone(context, environment, bucket_id)

        await delete(context, environment, action, lambda snapshot: _is_here(snapshot, bucket_id))


def _names(snapshot: Snapshot) -> dict[str, str]:
    """Return names of the project's buckets by id."""
    return {bucket["id"]: bucket["name"] for bucket in nodes(snapshot.project["buckets"])}


def _entry(snapshot: Snapshot, bucket_id: str) -> BucketConfig:
    """Return what the configuration says of a bucket."""
    return (snapshot.config.get("buckets") or {}).get(bucket_id) or {}


def _is_known(snapshot: Snapshot, bucket_id: str) -> bool:
    """Tell whether the environment has the bucket, or had it and still remembers."""
    return bucket_id in (snapshot.config.get("buckets") or {})


def _is_here(snapshot: Snapshot, bucket_id: str) -> bool:
    return _is_known(snapshot, bucket_id) and not _entry(snapshot, bucket_id).get("isDeleted")


def _without(snapshot: Snapshot, bucket_id: str) -> EnvironmentConfig:
    return {"buckets": {bucket_id: {"isDeleted": True}}} if _is_here(snapshot, bucket_id) else {}


async def _left_over(environment: Environment, new: BucketInputs) -> str | None:
    """Return the bucket of this name that is empty, or that only other environments have; a used one is an error."""
    snapshot = await environment.snapshot()
    for bucket_id, name in _names(snapshot).items():
        if name != new.name:
            continue
        if not _is_known(snapshot, bucket_id):
            return bucket_id
        if _is_here(snapshot, bucket_id):
            details = await environment.ask(
                BUCKET_DETAILS, bucketId=bucket_id, environmentId=environment.environment_id
            )
            if _entry(snapshot, bucket_id).get("region") == new.region and not (details and details["objectCount"]):
                return bucket_id
            id = join(new.project_id, new.environment_id, bucket_id)
            raise Failure(
                f"the environment has a bucket named {new.name!r} already, with objects in it or in another region: "
                f"{import_hint('Bucket', id)}"
            )
    return None


async def _create(context: Context, environment: Environment, new: BucketInputs) -> str:
    # Without an environment it is made for the project alone; the configuration says where it is to be.
    inputs = {"projectId": new.project_id, "environmentId": None, "name": new.name}

    async def look() -> str | None:
        environment.forget()
        return await _left_over(environment, new)

    async def make() -> str:
        return (await environment.write(BUCKET_CREATE, input=inputs))["id"]

    return await create_or_find(context, make, look, on=(OutcomeUnknown, Opaque))


async def _materialise(context: Context, environment: Environment, bucket_id: str, new: BucketInputs) -> None:
    """Bring the bucket into the environment, and look whether it is there: a commit may do nothing."""
    patch: EnvironmentConfig = {"buckets": {bucket_id: {"region": new.region, "isCreated": True}}}
    await commit(context, environment, lambda snapshot: {} if _is_here(snapshot, bucket_id) else patch)

    async def look() -> bool | None:
        if _is_here(await environment.snapshot(), bucket_id):
            return True
        environment.forget()
        return None

    if not await wait_for(context, look, doing="waiting for the bucket..."):
        raise Failure(f"Railway accepted bucket {new.name} but does not show it: run the command again")


async def _gone(context: Context, environment: Environment, bucket_id: str) -> None:
    """Wait until the environment does not have the bucket any more."""

    async def look() -> bool | None:
        snapshot = await environment.snapshot_or_none()
        if snapshot is None or not _is_here(snapshot, bucket_id):
            return True
        environment.forget()
        return None

    if not await wait_for(context, look, doing="waiting until the bucket is gone..."):
        raise Failure(
            f"Railway accepted the deletion of bucket {bucket_id} but still has it: run the command again, or "
            "delete it in the dashboard"
        )


async def _with_credentials(
    context: Context, environment: Environment, bucket_id: str, new: BucketInputs, *, for_s: float = LAG_S
) -> BucketState:
    """Return the state, once Railway has made the credentials: some seconds after the bucket."""

    async def ask() -> list[BucketS3CompatibleCredentials]:
        credentials = await environment.ask(
            BUCKET_CREDENTIALS,
            projectId=environment.project_id,
            environmentId=environment.environment_id,
            bucketId=bucket_id,
        )
        if not credentials:
            raise NotFound(f"Railway has no credentials for bucket {new.name}: run the command again")
        return credentials

    every = await retry_on(context, ask, on=(NotFound,), for_s=for_s, doing="waiting for the credentials...")
    newest = max(every, key=lambda credentials: credentials["createdAt"])
    return BucketState(
        **asdict(new),
        bucket_id=bucket_id,
        bucket_name=newest["bucketName"],
        endpoint=newest["endpoint"],
        signing_region=newest["region"],
        url_style=newest["urlStyle"],
        access_key_id=newest["accessKeyId"],
        secret_access_key=newest["secretAccessKey"],
    )
