"""Buckets: Railway's own object stores, with the credentials to use them.

Owns the operations on buckets. A bucket is made for the project here, and gets into an environment by a patch
(``config.buckets``). The store behind it is not simulated, only how many objects it holds.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.buckets import store_of
from railway_sandbox.railway.errors import invalid, not_found
from railway_sandbox.railway.records import Bucket, BucketInstance, Project

CREDENTIALS_AFTER_S = 6.0
"""Seconds for which a new bucket has no credentials."""
ENDPOINT = "https://storage.railway.app"
BYTES_PER_OBJECT = 1_000


def make(cloud: RailwayCloud, project: Project, name: str | None) -> Bucket:
    """Make the identity of a bucket, which no environment has yet. Raises ``Refused`` for a blank name."""
    new_id, now = cloud.new_id(), cloud.now()
    name = name or f"bucket-{short_of(new_id, 4)}"
    _check_name(name)
    bucket = Bucket(id=new_id, project_id=project.id, name=name, created_at=now, updated_at=now)
    cloud.state.buckets[new_id] = bucket
    return bucket


def rename(bucket: Bucket, name: str) -> None:
    """Rename a bucket. Raises ``Refused`` for a blank name."""
    _check_name(name)
    bucket.name = name


def _check_name(name: str) -> None:
    if not name.strip():
        raise invalid("name")


def _create(caller: Caller, arguments: Arguments) -> Bucket:
    inputs = arguments["input"]
    return make(caller.cloud, caller.project(inputs["projectId"]), inputs.get("name"))


def _bucket(caller: Caller, id: str) -> Bucket:
    bucket = caller.cloud.state.buckets.get(id)
    if bucket is None:
        raise not_found("Bucket")
    caller.project(bucket.project_id)
    return bucket


def _update(caller: Caller, arguments: Arguments) -> Bucket:
    bucket = _bucket(caller, arguments["id"])
    rename(bucket, arguments["input"]["name"])
    bucket.updated_at = caller.now
    return bucket


def _store(caller: Caller, arguments: Arguments) -> BucketInstance:
    bucket = _bucket(caller, arguments["bucketId"])
    environment = caller.named_environment(arguments)
    store = store_of(caller.cloud, environment.id, bucket.id)
    if store is None:
        raise not_found("BucketInstance")
    return store


def _credentials(caller: Caller, arguments: Arguments) -> list[dict[str, Any]]:
    store = _store(caller, arguments)
    if caller.now < store.created_at + CREDENTIALS_AFTER_S:
        raise not_found("BucketInstanceCredential")
    return [_shown(caller.cloud, store)]


def _shown(cloud: RailwayCloud, store: BucketInstance) -> dict[str, Any]:
    bucket = cloud.state.buckets[store.bucket_id]
    return {
        "accessKeyId": f"tid_{short_of(f'{store.id}/{store.resets}/id', 20)}",
        "secretAccessKey": f"tsec_{short_of(f'{store.id}/{store.resets}/secret', 40)}",
        "bucketName": f"{bucket.name}-{short_of(store.id, 6)}",
        "endpoint": ENDPOINT,
        "region": "auto",
        "urlStyle": "virtual",
        "createdAt": store.created_at,
        **store.credentials,
    }


def _reset(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    store = _store(caller, arguments)
    store.resets, store.credentials = store.resets + 1, {}
    return _shown(caller.cloud, store)


def _details(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    store = _store(caller, arguments)
    return {"objectCount": store.objects, "sizeBytes": store.objects * BYTES_PER_OBJECT}


def of_project(cloud: RailwayCloud, project_id: str) -> list[Bucket]:
    """Return the buckets of a project that some environment has, and those that none ever had."""
    stores = cloud.state.bucket_instances.values()
    once = {store.bucket_id for store in stores}
    now = {store.bucket_id for store in stores if store.deleted_at is None}
    buckets = [bucket for bucket in cloud.state.buckets.values() if bucket.project_id == project_id]
    return [bucket for bucket in buckets if bucket.id in now or bucket.id not in once]


QUERIES: Operations = {"bucketS3Credentials": _credentials, "bucketInstanceDetails": _details}
MUTATIONS: Operations = {"bucketCreate": _create, "bucketUpdate": _update, "bucketCredentialsReset": _reset}
FIELDS: FieldResolvers = {
    "Bucket.groupId": lambda _caller, _bucket, _arguments: None,
    "Bucket.project": lambda caller, bucket, _arguments: caller.cloud.state.projects[bucket.project_id],
    "Project.buckets": lambda caller, project, _arguments: of_project(caller.cloud, project.id),
}
