"""A bucket of Railway's own from check to delete, through the protocol, against the simulated Railway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from pulumi_provider.values import SECRET, SIGNATURE, encode
from railway_sandbox.railway.records import BucketInstance
from tests.provider.driver import Driver, Half, Made, Place, Refused, a_project, driving

WHERE = {"projectId": "p", "environmentId": "e"}


async def a_bucket(place: Place, **inputs: Any) -> Made:
    given = {"name": "files", "region": "ams", **inputs}
    return await place.driver.create("Bucket", **place.where, **given)


def stores(driver: Driver) -> list[BucketInstance]:
    return [store for store in driver.cloud.state.bucket_instances.values() if store.deleted_at is None]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"name": "files", "region": "Europe West"}, "region: must be a region such as sjc"),
        ({"name": "", "region": "ams"}, "name: must not be empty"),
        ({"name": "files"}, "region: is missing"),
    ],
)
async def test_impossible_inputs_are_refused(driver: Driver, inputs: Mapping[str, str], reason: str) -> None:
    """What cannot be a bucket is refused without a request."""
    (found,) = await driver.check("Bucket", {**WHERE, **inputs})
    assert reason in found
    assert driver.operations == []


async def test_a_preview_asks_nothing(driver: Driver) -> None:
    """Credentials are not known before the run."""
    shown = await driver.preview("Bucket", **WHERE, name="files", region="ams")
    assert shown["name"] == "files"
    assert driver.operations == []


async def test_a_bucket_has_credentials_and_reads_back_the_same(driver: Driver) -> None:
    """Created, it is waited for until it can be used; refresh and import find what was asked for."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    assert bucket["accessKeyId"]
    assert bucket["secretAccessKey"]
    assert [store.region for store in stores(driver)] == ["ams"]
    assert await driver.diff(bucket) == {}
    read = await place.refreshed(bucket)
    imported = await driver.import_("Bucket", bucket.id)
    assert read is not None
    assert imported is not None
    assert (bucket.inputs, bucket.outputs) == (read.inputs, read.outputs)
    assert (bucket.inputs, bucket.outputs) == (imported.inputs, imported.outputs)


async def test_credentials_are_secrets(driver: Driver) -> None:
    """On the wire both parts of the credentials carry the mark of a secret."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    urn = "urn:pulumi:test::railyard::railway:index:Bucket::files"
    response = await driver.rpc.Read(
        provider_pb2.ReadRequest(urn=urn, id=bucket.id, properties=encode(bucket.outputs), inputs=encode(bucket.inputs))
    )
    for name in ("accessKeyId", "secretAccessKey"):
        marked = response.properties.fields[name].struct_value.fields
        assert marked[SIGNATURE].string_value == SECRET


async def test_a_bucket_is_renamed_in_place_and_moved_by_a_new_one(driver: Driver) -> None:
    """The name changes in place and leaves the credentials alone; a region cannot change."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    renamed = await driver.update(bucket, name="media")
    assert [found.name for found in driver.cloud.state.buckets.values()] == ["media"]
    assert renamed["accessKeyId"] == bucket["accessKeyId"]
    read = await place.refreshed(renamed)
    assert read is not None
    assert read.inputs == renamed.inputs
    assert await driver.diff(renamed, region="sin") == {"region": "UPDATE_REPLACE"}
    await driver.delete(renamed)
    moved = await a_bucket(place, name="media", region="sin")
    assert moved["bucketId"] != bucket["bucketId"]
    assert [store.region for store in stores(driver)] == ["sin"]


async def test_changes_made_elsewhere_are_seen(driver: Driver) -> None:
    """A rename shows as a difference; renewed credentials are taken over."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    driver.cloud.state.buckets[bucket["bucketId"]].name = "renamed"
    stores(driver)[0].resets += 1
    read = await place.refreshed(bucket)
    assert read is not None
    assert read.inputs["name"] == "renamed"
    assert read["secretAccessKey"] != bucket["secretAccessKey"]


async def test_credentials_that_are_not_shown_for_a_moment_stay(driver: Driver) -> None:
    """A refresh keeps what is known as long as the bucket itself is there."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    message = "BucketInstanceCredential not found"
    driver.address.fail("bucketS3Credentials", status=200, message=message)
    read = await place.refreshed(bucket)
    assert read is not None
    assert read.outputs == bucket.outputs


async def test_a_bucket_deleted_elsewhere_is_gone(driver: Driver) -> None:
    """Refresh and import find nothing, and delete has nothing to do, however often."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    stores(driver)[0].deleted_at = driver.cloud.now()
    assert await place.refreshed(bucket) is None
    assert await driver.import_("Bucket", bucket.id) is None
    await driver.delete(bucket)
    await driver.delete(bucket)


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_a_bucket_is_deleted_for_sure(driver: Driver, when: str) -> None:
    """A lost answer to the deletion changes nothing: afterwards the environment has no bucket."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    driver.address.fail("environmentPatchCommit", when=when)
    await driver.delete(bucket)
    assert stores(driver) == []
    await driver.delete(bucket)


async def test_a_bucket_goes_with_its_project(driver: Driver) -> None:
    """In a deleted project there is nothing to read and nothing to delete."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    await driver.delete(place.project)
    assert await place.refreshed(bucket) is None
    await driver.delete(bucket)


@pytest.mark.parametrize("when", ["before", "after", "lost"])
@pytest.mark.parametrize("operation", ["bucketCreate", "environmentPatchCommit"])
async def test_a_lost_answer_makes_one_bucket(driver: Driver, operation: str, when: str) -> None:
    """Whatever became of the answer, there is one bucket in the end, found by its name."""
    place = await a_project(driver)
    driver.address.fail(operation, when=when)
    bucket = await a_bucket(place)
    assert len(driver.cloud.state.buckets) == len(stores(driver)) == 1
    assert await place.refreshed(bucket) is not None


async def test_an_interrupted_bucket_is_taken_over(driver: Driver) -> None:
    """An empty bucket of that name is the one that an earlier run left."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    async with driving(driver.cloud, driver.address) as another:
        again = await a_bucket(Place(another, place.project))
    assert (bucket.id, bucket.outputs) == (again.id, again.outputs)


async def test_a_used_bucket_is_not_taken_over(driver: Driver) -> None:
    """A bucket with objects is somebody's; the error says how to import it."""
    place = await a_project(driver)
    bucket = await a_bucket(place)
    stores(driver)[0].objects = 3
    with pytest.raises(Refused, match=f"pulumi import railway:index:Bucket <resource name> {bucket.id}"):
        await a_bucket(place)


async def test_two_resources_are_never_one_bucket(driver: Driver) -> None:
    """Two resources of the same name in one program are refused."""
    place = await a_project(driver)
    await a_bucket(place)
    with pytest.raises(Refused, match="two resources are the bucket named 'files'"):
        await a_bucket(place)


async def test_a_half_made_bucket_is_kept_and_completed(driver: Driver) -> None:
    """When Railway does not take the region, the bucket is in the state, and the next update completes it."""
    place = await a_project(driver)
    driver.address.fail("environmentPatchCommit", status=200, message="Invalid input: region")
    with pytest.raises(Half, match="Invalid input") as caught:
        await a_bucket(place)
    done = await driver.update(caught.value.made)
    assert done["accessKeyId"]
    assert len(driver.cloud.state.buckets) == len(stores(driver)) == 1
