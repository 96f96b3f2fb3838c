"""The stand-in for the DigitalOcean plugin sends what the real one sends, and gives the same outputs."""

from __future__ import annotations

from typing import Any

import grpc
import httpx
import pytest
from pulumi.runtime.proto import provider_pb2

from pulumi_operations.values import SIGNATURE
from railway_api.certificates import trusted
from railway_sandbox.addresses import SPACES_ACCESS_KEY
from railway_sandbox.server import Sandbox
from tests.clouds.plugin import (
    BUCKET,
    CDN,
    CORS,
    KEY,
    ORIGIN,
    SPACE,
    Engine,
    plain,
    requests_of,
    urn,
)


def test_bucket_is_made_in_the_order_of_the_real_plugin(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """PUT, HEAD, the settings, then everything is read."""
    made, state = digitalocean_plugin.create(BUCKET, {**SPACE, "versioning": {"enabled": True}})

    assert requests_of(standin_sandbox) == [
        "PUT /seance-cdn",
        "HEAD /seance-cdn",
        "PUT /seance-cdn?acl",
        "PUT /seance-cdn?versioning",
        "HEAD /seance-cdn",
        "GET /seance-cdn?location",
        "GET /seance-cdn?versioning",
        "GET /seance-cdn?lifecycle",
    ]
    assert (made, state["region"], state["versioning"]) == ("seance-cdn", "sfo3", {"enabled": True})
    assert (
        state["bucketDomainName"],
        state["endpoint"],
        state["bucketUrn"],
    ) == (ORIGIN, "sfo3.digitaloceanspaces.com", "do:space:seance-cdn")


def test_bucket_lifecycle(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """No change, versioning in place, another region by replacement, import, then gone."""
    made, state = digitalocean_plugin.create(BUCKET, SPACE)
    changed = {**SPACE, "versioning": {"enabled": True}}

    same = digitalocean_plugin.diff(BUCKET, made, SPACE, state, SPACE)
    replacement = digitalocean_plugin.diff(BUCKET, made, SPACE, state, {**SPACE, "region": "nyc3"})
    renamed = digitalocean_plugin.diff(BUCKET, made, SPACE, state, {**SPACE, "name": "seance-files"})
    updated = digitalocean_plugin.update(BUCKET, made, state, changed)
    imported = plain(digitalocean_plugin.read(BUCKET, "sfo3,seance-cdn").inputs)
    digitalocean_plugin.delete(BUCKET, made, updated)

    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert (list(replacement.replaces), replacement.deleteBeforeReplace) == (["region"], True)
    assert (list(renamed.diffs), list(renamed.replaces)) == (["name"], [])
    assert updated["versioning"] == {"enabled": True}
    assert {name: imported[name] for name in SPACE} == SPACE
    assert not standin_sandbox.spaces.owns("seance-cdn")


def test_versioning_that_is_left_out_is_suspended(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """As the real plugin does; a bucket that never had any is left alone."""
    given = {**SPACE, "versioning": {"enabled": True}}
    made, state = digitalocean_plugin.create(BUCKET, given)

    updated = digitalocean_plugin.update(BUCKET, made, state, SPACE)
    again = digitalocean_plugin.update(BUCKET, made, updated, {**SPACE, "acl": "public-read"})

    assert again["versioning"] == {"enabled": False}
    assert requests_of(standin_sandbox).count("PUT /seance-cdn?versioning") == 2


def test_life_cycle_rules_read_back_as_given(digitalocean_plugin: Engine) -> None:
    """No drift from the way S3 writes them."""
    rules = [
        {
            "id": "old-logs",
            "enabled": True,
            "prefix": "logs/",
            "abortIncompleteMultipartUploadDays": 3,
            "expiration": {"days": 30},
            "noncurrentVersionExpiration": {"days": 7},
        }
    ]
    given = {**SPACE, "lifecycleRules": rules}
    made, state = digitalocean_plugin.create(BUCKET, given)

    assert rules == plain(digitalocean_plugin.read(BUCKET, made, given, state).inputs)["lifecycleRules"]


def test_bucket_with_objects_goes_only_when_forced(
    digitalocean_plugin: Engine, standin_sandbox: Sandbox, shared: tuple[Sandbox, str]
) -> None:
    """Objects are nobody's to delete, unless it was said before."""
    made, state = digitalocean_plugin.create(BUCKET, SPACE)
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={SPACES_ACCESS_KEY}/20260101/us-east-1/s3/aws4_request"}
    with httpx.Client(proxy=shared[1], headers=signed, trust_env=False, verify=trusted(shared[1])) as client:
        client.put(f"http://{ORIGIN}/a.txt", content=b"hello")

    with pytest.raises(grpc.RpcError, match="BucketNotEmpty"):
        digitalocean_plugin.delete(BUCKET, made, state)
    forced = digitalocean_plugin.update(BUCKET, made, state, {**SPACE, "forceDestroy": True})
    digitalocean_plugin.delete(BUCKET, made, forced)

    assert not standin_sandbox.spaces.owns("seance-cdn")


def test_taken_name_is_told(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """A bucket of somebody else."""
    standin_sandbox.spaces.taken.add("theirs")

    with pytest.raises(grpc.RpcError, match="Error creating Spaces bucket: BucketAlreadyExists"):
        digitalocean_plugin.create(BUCKET, {**SPACE, "name": "theirs"})
    with pytest.raises(grpc.RpcError, match="BucketAlreadyExists"):
        digitalocean_plugin.create(BUCKET, {**SPACE, "name": "theirs"}, interrupted=True)


def test_interrupted_bucket_is_taken_over(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """A bucket that is ours already is the one that the interrupted create made."""
    digitalocean_plugin.create(BUCKET, SPACE)

    made, _ = digitalocean_plugin.create(BUCKET, SPACE, interrupted=True)

    assert made == "seance-cdn"
    assert requests_of(standin_sandbox).count("PUT /seance-cdn") == 1


def test_missing_bucket_leaves_the_state(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """HEAD 404 is the proof."""
    made, state = digitalocean_plugin.create(BUCKET, SPACE)
    standin_sandbox.spaces.reset()

    assert digitalocean_plugin.read(BUCKET, made, SPACE, state).id == ""


def test_cors_rules_lifecycle(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """The rules go there and back without drift, and away without the bucket."""
    digitalocean_plugin.create(BUCKET, SPACE)
    rule = {
        "allowedOrigins": ["https://seance.dev", "https://www.seance.dev"],
        "allowedMethods": ["GET", "HEAD"],
        "allowedHeaders": ["*"],
        "maxAgeSeconds": 3600,
    }
    given = {"bucket": "seance-cdn", "region": "sfo3", "corsRules": [rule]}
    made, state = digitalocean_plugin.create(CORS, given)

    read = plain(digitalocean_plugin.read(CORS, made, given, state).inputs)
    digitalocean_plugin.delete(CORS, made, state)

    assert given == read
    with pytest.raises(grpc.RpcError, match="NoSuchCORSConfiguration"):
        digitalocean_plugin.read(CORS, made, given, state)
    assert standin_sandbox.spaces.owns("seance-cdn")


def test_key_keeps_its_secret(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """The secret is marked secret, comes once, and stays through refresh and update."""
    given = {"name": "seance", "grants": [{"bucket": "seance-cdn", "permission": "readwrite"}]}
    checked = digitalocean_plugin.check(KEY, given).inputs
    made = digitalocean_plugin.stub.Create(provider_pb2.CreateRequest(urn=urn(KEY), properties=checked))
    state = plain(made.properties)

    read = plain(digitalocean_plugin.read(KEY, made.id, given, state).properties)
    updated = digitalocean_plugin.update(KEY, made.id, state, {**given, "name": "renamed"})
    digitalocean_plugin.delete(KEY, made.id, state)

    assert SIGNATURE in made.properties["secretKey"]
    assert (made.id, 43) == (state["accessKey"], len(state["secretKey"]))
    assert [state["secretKey"]] * 2 == [read["secretKey"], updated["secretKey"]]
    assert standin_sandbox.digitalocean.spaces_keys() == []


def test_interrupted_key_is_made_anew(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """A key whose secret nobody knows is deleted, other keys are not."""
    given = {"name": "seance", "grants": [{"bucket": "seance-cdn", "permission": "readwrite"}]}
    lost, _ = digitalocean_plugin.create(KEY, given)
    other, _ = digitalocean_plugin.create(KEY, {**given, "name": "other"})

    made, _ = digitalocean_plugin.create(KEY, given, interrupted=True)

    assert lost != made
    assert {other, made} == {key["access_key"] for key in standin_sandbox.digitalocean.spaces_keys()}


def test_key_cannot_be_imported(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """Its secret cannot be read: there is nothing to import."""
    made, _ = digitalocean_plugin.create(KEY, {"name": "seance"})

    assert digitalocean_plugin.read(KEY, made).id == ""


def test_cdn_lifecycle(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """A default ttl, a new one in place, a domain with Cloudflare's certificate, then gone."""
    given: dict[str, Any] = {"origin": ORIGIN}
    made, state = digitalocean_plugin.create(CDN, given)
    same = digitalocean_plugin.diff(CDN, made, given, state, given)
    given |= {"ttl": 600, "customDomain": "cdn.seance.dev", "certificateName": "needs-cloudflare-cert"}
    updated = digitalocean_plugin.update(CDN, made, state, given)
    without = digitalocean_plugin.update(CDN, made, updated, {"origin": ORIGIN, "ttl": 600})
    digitalocean_plugin.delete(CDN, made, without)

    assert (state["endpoint"], state["ttl"]) == ("seance-cdn.sfo3.cdn.digitaloceanspaces.com", 3600)
    assert state["createdAt"] == "2026-01-01 00:00:00 +0000 UTC"
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert (
        updated["ttl"],
        updated["customDomain"],
        updated["certificateName"],
    ) == (600, "cdn.seance.dev", "needs-cloudflare-cert")
    assert (without["customDomain"], without["certificateName"]) == ("", "needs-cloudflare-cert")
    assert standin_sandbox.digitalocean.endpoints() == []


def test_interrupted_cdn_is_taken_over(digitalocean_plugin: Engine, standin_sandbox: Sandbox) -> None:
    """An origin has one endpoint at most, so it is ours; it becomes what is wanted."""
    made, _ = digitalocean_plugin.create(CDN, {"origin": ORIGIN})

    again, state = digitalocean_plugin.create(CDN, {"origin": ORIGIN, "ttl": 600}, interrupted=True)

    assert (made, 600) == (again, state["ttl"])
