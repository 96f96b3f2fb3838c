"""Simulated buckets: made for a project, brought into an environment by a patch, and gone by a patch."""

from __future__ import annotations

import pytest

from tests.sandbox_railway.railway_client import Client

CREDENTIALS = """query($p: String!, $e: String!, $b: String!) {
    bucketS3Credentials(projectId: $p, environmentId: $e, bucketId: $b) { accessKeyId secretAccessKey bucketName } }"""


@pytest.fixture
def place(railway: Client) -> tuple[str, str, str]:
    """A project, its environment, and a bucket that the environment has not got yet."""
    project, environment = railway.project()
    query = "mutation($i: BucketCreateInput!) { bucketCreate(input: $i) { id } }"
    bucket = railway.ask(query, i={"projectId": project, "name": "files"})["bucketCreate"]["id"]
    return project, environment, bucket


def listed(railway: Client, project: str) -> list[str]:
    query = "query($p: String!) { project(id: $p) { buckets { edges { node { name } } } } }"
    return [edge["node"]["name"] for edge in railway.ask(query, p=project)["project"]["buckets"]["edges"]]


def test_a_bucket_is_the_projects_until_a_patch_brings_it_in(railway: Client, place: tuple[str, str, str]):
    """Created, it is listed and in no environment; a patch gives it a region."""
    project, environment, bucket = place

    assert (listed(railway, project), railway.config(environment).get("buckets")) == (["files"], None)

    railway.commit(environment, {"buckets": {bucket: {"region": "ams", "isCreated": True}}})
    assert railway.config(environment)["buckets"] == {bucket: {"region": "ams"}}


def test_credentials_come_some_seconds_later(railway: Client, place: tuple[str, str, str]):
    """Until then they are not found; renewing them changes them."""
    project, environment, bucket = place
    railway.begin(environment, {"buckets": {bucket: {"region": "ams", "isCreated": True}}})
    railway.clock.advance(2)
    where = {"p": project, "e": environment, "b": bucket}

    assert railway.refusal(CREDENTIALS, **where) == "BucketInstanceCredential not found"

    railway.clock.advance(10)
    (first,) = railway.ask(CREDENTIALS, **where)["bucketS3Credentials"]
    reset = """mutation($p: String!, $e: String!, $b: String!) {
        bucketCredentialsReset(projectId: $p, environmentId: $e, bucketId: $b) { accessKeyId } }"""
    railway.ask(reset, **where)
    (second,) = railway.ask(CREDENTIALS, **where)["bucketS3Credentials"]
    assert first["bucketName"] == second["bucketName"]
    assert first["secretAccessKey"] != second["secretAccessKey"]


def test_a_patch_deletes_a_bucket(railway: Client, place: tuple[str, str, str]):
    """The config remembers it as deleted; the project lists it no more, and it has no credentials."""
    project, environment, bucket = place
    railway.commit(environment, {"buckets": {bucket: {"region": "ams", "isCreated": True}}})
    railway.commit(environment, {"buckets": {bucket: {"isDeleted": True}}})

    assert railway.config(environment)["buckets"] == {bucket: {"isDeleted": True}}
    assert listed(railway, project) == []
    assert railway.refusal(CREDENTIALS, p=project, e=environment, b=bucket) == "BucketInstance not found"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"region": "ams"}, "BucketInstance not found"),
        ({"isCreated": True}, "Invalid input: buckets"),
        ({"region": "us-west2", "isCreated": True}, "Invalid input: buckets"),
    ],
)
def test_what_is_no_bucket_is_refused(
    railway: Client, place: tuple[str, str, str], entry: dict[str, object], message: str
):
    """A region is needed, of those that there are, and the word that it is to be created."""
    _, environment, bucket = place

    assert railway.commit_refusal(environment, {"buckets": {bucket: entry}}).startswith(message)


def test_a_bucket_stays_in_its_region(railway: Client, place: tuple[str, str, str]):
    """Another region is refused; the same patch again is not."""
    _, environment, bucket = place
    railway.commit(environment, {"buckets": {bucket: {"region": "ams", "isCreated": True}}})
    railway.commit(environment, {"buckets": {bucket: {"region": "ams", "isCreated": True}}})

    refusal = railway.commit_refusal(environment, {"buckets": {bucket: {"region": "sin"}}})
    assert refusal == "The region of a bucket cannot be changed"
