"""The bucket part of a patch: which buckets an environment has, and where they are.

Only a patch creates and deletes a bucket in an environment. The bucket operations stand in ``storage.buckets``.
"""

from __future__ import annotations

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import Refused, invalid, not_found
from railway_sandbox.railway.records import BucketInstance, Config, Environment, part

REGIONS = ("sjc", "iad", "ams", "sin")


def store_of(cloud: RailwayCloud, environment_id: str, bucket_id: str) -> BucketInstance | None:
    """Return the live instance of a bucket in an environment, if there is one."""
    for store in cloud.state.bucket_instances.values():
        if (store.environment_id, store.bucket_id, store.deleted_at) == (environment_id, bucket_id, None):
            return store
    return None


def check(cloud: RailwayCloud, environment: Environment, patch: Config) -> None:
    """Refuse buckets that do not exist, unknown regions, and a move to another region."""
    for bucket_id, entry in part(patch, "buckets").items():
        bucket = cloud.state.buckets.get(bucket_id)
        store = store_of(cloud, environment.id, bucket_id)
        settings: Config = entry or {}
        if bucket is None or bucket.project_id != environment.project_id:
            raise not_found("Bucket")
        if store is None and not settings.get("isCreated"):
            raise not_found("BucketInstance")
        region = settings.get("region")
        if region is None and store is None:
            raise invalid(f"buckets.{bucket_id}.region")
        if region is not None and region not in REGIONS:
            raise invalid(f"buckets.{bucket_id}.region")
        if store is not None and region not in (None, store.region):
            raise Refused("The region of a bucket cannot be changed")


def apply(cloud: RailwayCloud, environment: Environment, patch: Config, at: float) -> None:
    """Create and delete buckets in the environment."""
    for bucket_id, entry in part(patch, "buckets").items():
        settings: Config = entry or {}
        store = store_of(cloud, environment.id, bucket_id)
        if store is None and not settings.get("isDeleted"):
            store = BucketInstance(
                id=cloud.new_id(),
                bucket_id=bucket_id,
                environment_id=environment.id,
                region=settings["region"],
                created_at=at,
            )
            cloud.state.bucket_instances[store.id] = store
        elif store is not None and settings.get("isDeleted"):
            store.deleted_at = at
