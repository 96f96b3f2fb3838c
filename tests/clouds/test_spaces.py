"""The simulated Spaces behave as an S3 client and the Pulumi plugin expect, whatever way the bucket is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from railway_api.certificates import trusted
from railway_sandbox.http_messages import Request
from railway_sandbox.server import Sandbox
from tests.clouds.clients import SIGNATURE, SpacesClient

SIGNED = {"Authorization": SIGNATURE}
HOST = "http://seance-cdn.sfo3.digitaloceanspaces.com"


@pytest.fixture
def proxied(address: str) -> Any:
    """Sends what the real plugin sends: absolute addresses through the proxy."""
    with httpx.Client(proxy=address, headers=SIGNED, trust_env=False, verify=trusted(address)) as client:
        yield client


def error_code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response.get("Error", {}).get("Code"))


@pytest.mark.parametrize("style", ["virtual", "path"])
def test_object_is_kept_in_both_styles_of_address(address: str, spaces_at: SpacesClient, style: str) -> None:
    """The bucket may stand in the host or in the path."""
    client = spaces_at(address, style=style)
    client.create_bucket(Bucket="seance-cdn", ACL="private")
    client.put_object(Bucket="seance-cdn", Key="prod/a file.txt", Body=b"hello")

    other = spaces_at(address, style="path" if style == "virtual" else "virtual")

    assert other.get_object(Bucket="seance-cdn", Key="prod/a file.txt")["Body"].read() == b"hello"
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["seance-cdn"]


def test_create_sequence_of_the_plugin(proxied: httpx.Client) -> None:
    """Requests without a body, with a trailing "=" in the query, get what the plugin reads from them."""
    statuses = [
        proxied.put(HOST, headers={"x-amz-acl": "private"}).status_code,
        proxied.head(HOST).status_code,
        proxied.put(f"{HOST}/?acl=", headers={"x-amz-acl": "private"}).status_code,
        proxied.get("http://sfo3.digitaloceanspaces.com/seance-cdn?location=").status_code,
        proxied.get(f"{HOST}/?versioning=").status_code,
    ]
    life_cycle = proxied.get(f"{HOST}/?lifecycle=")
    cors = proxied.get(f"{HOST}/?cors=")

    assert statuses == [200, 200, 200, 200, 200]
    assert life_cycle.status_code == 404
    assert "NoSuchLifecycleConfiguration" in life_cycle.text
    assert cors.status_code == 404
    assert "NoSuchCORSConfiguration" in cors.text


def test_location_is_empty(proxied: httpx.Client) -> None:
    """A location other than the region would make the plugin replace the bucket."""
    proxied.put(HOST)

    assert "us-east-1" not in proxied.get("http://sfo3.digitaloceanspaces.com/seance-cdn?location=").text


def test_unknown_bucket_is_404_without_a_body(proxied: httpx.Client) -> None:
    """HEAD is how clients learn that a bucket is gone."""
    response = proxied.head(HOST)

    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize("host", ["seance.digitaloceanspaces.com", "a.b.c.example.digitaloceanspaces.com"])
def test_strange_host_is_never_a_missing_bucket(proxied: httpx.Client, host: str) -> None:
    """``NoSuchBucket`` for a host that means nothing would be repeated for five minutes."""
    response = proxied.get(f"http://{host}/?location=")

    assert response.status_code == 400
    assert "InvalidRequest" in response.text


def test_name_of_somebody_else_is_taken(sandbox: Sandbox, spaces: Any) -> None:
    """Bucket names are shared by all customers."""
    sandbox.spaces.taken.add("seance-cdn")

    with pytest.raises(ClientError) as error:
        spaces.create_bucket(Bucket="seance-cdn")

    assert error_code(error) == "BucketAlreadyExists"


def test_own_bucket_is_not_made_twice(spaces: Any) -> None:
    """A second create is refused, and the bucket stays as it is."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.put_object(Bucket="seance-cdn", Key="a", Body=b"a")

    with pytest.raises(ClientError) as error:
        spaces.create_bucket(Bucket="seance-cdn")

    assert error_code(error) == "BucketAlreadyOwnedByYou"
    assert spaces.list_objects_v2(Bucket="seance-cdn")["KeyCount"] == 1


def test_bucket_exists_in_its_region_alone(address: str, spaces: Any, spaces_at: SpacesClient) -> None:
    """The same name in another region is another address, where nothing is."""
    spaces.create_bucket(Bucket="seance-cdn")

    with pytest.raises(ClientError) as error:
        spaces_at(address, region="nyc3").head_bucket(Bucket="seance-cdn")

    assert error_code(error) == "404"


def test_full_bucket_is_not_deleted(spaces: Any) -> None:
    """Deleting needs an empty bucket, and forced deletion is a list and a multi-object delete."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.put_object(Bucket="seance-cdn", Key="a", Body=b"a")
    with pytest.raises(ClientError) as error:
        spaces.delete_bucket(Bucket="seance-cdn")

    versions = spaces.list_object_versions(Bucket="seance-cdn")["Versions"]
    named = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
    spaces.delete_objects(Bucket="seance-cdn", Delete={"Objects": named})
    spaces.delete_bucket(Bucket="seance-cdn")

    assert error_code(error) == "BucketNotEmpty"
    assert spaces.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain"])
def test_body_is_stored_whatever_its_type(proxied: httpx.Client, content_type: str) -> None:
    """What curl sends by default is content too, not a form."""
    proxied.put(HOST)
    proxied.put(f"{HOST}/a.txt", content=b"a=1&b=2", headers={"Content-Type": content_type})

    assert proxied.get(f"{HOST}/a.txt").content == b"a=1&b=2"


def test_head_of_an_object_tells_its_length(proxied: httpx.Client) -> None:
    """The length of what is not sent."""
    proxied.put(HOST)
    proxied.put(f"{HOST}/a.txt", content=b"hello")

    response = proxied.head(f"{HOST}/a.txt")

    assert (response.headers["Content-Length"], response.content) == ("5", b"")


def test_chunked_body_is_stored(proxied: httpx.Client) -> None:
    """A body whose length is not known beforehand."""
    proxied.put(HOST)
    proxied.put(f"{HOST}/a.txt", content=iter([b"hel", b"lo"]))

    assert proxied.get(f"{HOST}/a.txt").content == b"hello"


def test_unknown_access_key_is_refused(address: str, spaces_at: SpacesClient) -> None:
    """Only the team's own key and the keys that were made exist."""
    with pytest.raises(ClientError) as error:
        spaces_at(address, access_key="DO00STRANGER").list_buckets()

    assert error_code(error) == "InvalidAccessKeyId"


def test_scoped_key_reaches_its_bucket_alone(
    address: str, spaces: Any, spaces_at: SpacesClient, digitalocean: httpx.Client
) -> None:
    """A read-write grant covers the objects of one bucket: no other bucket, no settings, no deletion."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.create_bucket(Bucket="private")
    grants = [{"bucket": "seance-cdn", "permission": "readwrite"}]
    key = digitalocean.post("/spaces/keys", json={"name": "seance", "grants": grants}).json()["key"]
    scoped = spaces_at(address, access_key=key["access_key"], secret_key=key["secret_key"])

    scoped.put_object(Bucket="seance-cdn", Key="a", Body=b"a")
    with pytest.raises(ClientError) as elsewhere:
        scoped.put_object(Bucket="private", Key="a", Body=b"a")
    with pytest.raises(ClientError) as deletion:
        scoped.delete_bucket(Bucket="seance-cdn")

    assert [error_code(elsewhere), error_code(deletion)] == ["AccessDenied", "AccessDenied"]


@pytest.mark.parametrize(("acl", "copied"), [("private", False), ("public-read", True)])
def test_scoped_key_copies_only_what_it_may_read(
    address: str, spaces: Any, spaces_at: SpacesClient, digitalocean: httpx.Client, acl: str, *, copied: bool
) -> None:
    """A copy into its own bucket is a read of the other one."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.create_bucket(Bucket="private")
    spaces.put_object(Bucket="private", Key="a file ?.txt", Body=b"secret", ACL=acl)
    grants = [{"bucket": "seance-cdn", "permission": "readwrite"}]
    key = digitalocean.post("/spaces/keys", json={"name": "seance", "grants": grants}).json()["key"]
    scoped = spaces_at(address, access_key=key["access_key"], secret_key=key["secret_key"])

    refusal = ""
    try:
        scoped.copy_object(Bucket="seance-cdn", Key="a", CopySource={"Bucket": "private", "Key": "a file ?.txt"})
    except ClientError as error:
        refusal = str(error.response.get("Error", {}).get("Code"))

    assert refusal == ("" if copied else "AccessDenied")
    assert spaces.list_objects_v2(Bucket="seance-cdn")["KeyCount"] == int(copied)


CORS_RULES = [
    {"AllowedOrigins": ["https://seance.dev", "https://*.seance.dev"], "AllowedMethods": ["GET", "HEAD"]},
    {"AllowedOrigins": ["https://admin.example"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["content-*"]},
]


@pytest.mark.parametrize(
    ("origin", "method", "header", "status"),
    [
        ("https://seance.dev", "GET", None, 200),
        ("https://www.seance.dev", "HEAD", None, 200),
        ("https://admin.example", "PUT", "Content-Type", 200),
        ("https://seance.dev", "PUT", None, 403),
        ("https://seance.dev", "GET", "x-strange", 403),
        ("https://admin.example", "PUT", "content-type, x-strange", 403),
        ("https://seance.dev.stranger.example", "GET", None, 403),
        ("http://seance.dev", "GET", None, 403),
        ("null", "GET", None, 403),
        (None, "GET", None, 400),
        ("https://seance.dev", None, None, 400),
    ],
)
def test_preflight(
    address: str, spaces: Any, origin: str | None, method: str | None, header: str | None, status: int
) -> None:
    """A browser asks before it sends: by the origin, the method and the headers that it is going to send."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.put_bucket_cors(Bucket="seance-cdn", CORSConfiguration={"CORSRules": CORS_RULES})
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": header,
    }

    with httpx.Client(proxy=address, trust_env=False, verify=trusted(address)) as browser:
        sent = {name: value for name, value in asked.items() if value}
        answer = browser.options(f"{HOST}/prod/a.png", headers=sent)

    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)


def test_preflight_of_a_bucket_without_rules(address: str, spaces: Any) -> None:
    """No page of another origin may use it."""
    spaces.create_bucket(Bucket="seance-cdn")

    with httpx.Client(proxy=address, trust_env=False, verify=trusted(address)) as browser:
        asked = {"Origin": "https://seance.dev", "Access-Control-Request-Method": "GET"}
        answer = browser.options(f"{HOST}/a", headers=asked)

    assert (answer.status_code, "CORS is not enabled" in answer.text) == (403, True)


def test_answers_are_shown_to_allowed_origins_alone(address: str, spaces: Any) -> None:
    """Everybody gets a public object; a browser shows it to the pages that the rules name."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.put_bucket_cors(Bucket="seance-cdn", CORSConfiguration={"CORSRules": CORS_RULES})
    spaces.put_object(Bucket="seance-cdn", Key="a.png", Body=b"hello", ACL="public-read")

    shown: dict[str, tuple[int, str | None]] = {}
    with httpx.Client(proxy=address, trust_env=False, verify=trusted(address)) as browser:
        for origin in ("https://seance.dev", "https://seance.dev.stranger.example", "https://admin.example"):
            answer = browser.get(f"{HOST}/a.png", headers={"Origin": origin})
            shown[origin] = (answer.status_code, answer.headers.get("Access-Control-Allow-Origin"))

    assert shown == {
        "https://seance.dev": (200, "https://seance.dev"),
        "https://seance.dev.stranger.example": (200, None),
        "https://admin.example": (200, None),
    }


def test_public_object_is_read_by_anybody(address: str, spaces: Any) -> None:
    """A public object needs no key, a private one does."""
    spaces.create_bucket(Bucket="seance-cdn")
    spaces.put_object(Bucket="seance-cdn", Key="public.txt", Body=b"hello", ACL="public-read")
    spaces.put_object(Bucket="seance-cdn", Key="private.txt", Body=b"hello")

    with httpx.Client(proxy=address, trust_env=False, verify=trusted(address)) as visitor:
        statuses = [visitor.get(f"{HOST}/{name}").status_code for name in ("public.txt", "private.txt", "none.txt")]

    assert statuses == [200, 403, 403]


def test_two_sandboxes_do_not_share_buckets(tmp_path: Any, spaces: Any, spaces_at: SpacesClient) -> None:
    """Each sandbox is a world of its own, even in one process."""
    spaces.create_bucket(Bucket="seance-cdn")

    with Sandbox(tmp_path / "other").serve() as other:
        client = spaces_at(other)
        client.create_bucket(Bucket="seance-cdn")
        client.delete_bucket(Bucket="seance-cdn")

    assert [bucket["Name"] for bucket in spaces.list_buckets()["Buckets"]] == ["seance-cdn"]


def test_another_sandbox_of_the_process_leaves_objects_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """Several sandboxes may be open at once: one that is opened or emptied must not close the objects of another."""
    host = "seance-cdn.sfo3.digitaloceanspaces.com"
    signed = {name.lower(): value for name, value in SIGNED.items()}
    for path, body in (("/", b""), ("/a", b"1")):
        sandbox.handle(Request(method="PUT", host=host, path=path, headers=signed, body=body))

    Sandbox(tmp_path / "other").spaces.reset()

    assert sandbox.handle(Request(method="GET", host=host, path="/a", headers=signed)).body == b"1"
