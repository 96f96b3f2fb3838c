"""The stand-in plugins, as processes over gRPC: they send what the real plugins send, and give the same outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.clock import ManualClock
from sandbox.cloudflare.zones import ZONE_IDS
from sandbox.clouds import SPACES_ACCESS_KEY
from sandbox.server import Sandbox, environment

ROOT = Path(__file__).parents[2]
ZONE = ZONE_IDS["seance.dev"]
SECRET = "4dabf18193072939515e22adb298388d"
"""Pulumi's mark of a special value."""
SECRET_VALUE = "1b47061264138c4ac30d75fd1eb44270"

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
CORS = "digitalocean:index/spacesBucketCorsConfiguration:SpacesBucketCorsConfiguration"
KEY = "digitalocean:index/spacesKey:SpacesKey"
CDN = "digitalocean:index/cdn:Cdn"

CNAME = {
    "zoneId": ZONE,
    "name": "api.seance.dev",
    "type": "CNAME",
    "content": "x.up.railway.app",
    "ttl": 1,
    "proxied": True,
}
SPACE = {"name": "seance-cdn", "region": "sfo3", "acl": "private"}
ORIGIN = "seance-cdn.sfo3.digitaloceanspaces.com"


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def plain(values: struct_pb2.Struct) -> dict[str, Any]:
    """The values, with secrets unwrapped."""

    def unwrapped(value: Any) -> Any:
        if isinstance(value, dict) and value.get(SECRET) == SECRET_VALUE:
            return unwrapped(value["value"])
        if isinstance(value, dict):
            return {key: unwrapped(inner) for key, inner in value.items()}
        return [unwrapped(inner) for inner in value] if isinstance(value, list) else value

    return unwrapped(json_format.MessageToDict(values))


class Engine:
    """What an engine does with a plugin, in few words."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Configure(provider_pb2.ConfigureRequest(args=struct({}), acceptSecrets=True, acceptResources=True))

    def close(self) -> None:
        self._channel.close()

    def check(self, type: str, inputs: dict[str, Any]) -> Any:
        return self.stub.Check(provider_pb2.CheckRequest(urn=urn(type), news=struct(inputs)))

    def create(
        self, type: str, inputs: dict[str, Any], *, preview: bool = False, interrupted: bool = False
    ) -> tuple[str, dict[str, Any]]:
        checked = self.check(type, inputs)
        assert not checked.failures, checked.failures
        metadata = [("railyard-interrupted", "true")] if interrupted else None
        request = provider_pb2.CreateRequest(urn=urn(type), properties=checked.inputs, preview=preview)
        made = self.stub.Create(request, metadata=metadata)
        return made.id, plain(made.properties)

    def diff(self, type: str, id: str, old: dict[str, Any], state: dict[str, Any], new: dict[str, Any]) -> Any:
        news = self.check(type, new).inputs
        olds = self.check(type, old).inputs
        request = provider_pb2.DiffRequest(urn=urn(type), id=id, olds=struct(state), news=news, old_inputs=olds)
        return self.stub.Diff(request)

    def read(
        self, type: str, id: str, inputs: dict[str, Any] | None = None, state: dict[str, Any] | None = None
    ) -> Any:
        request = provider_pb2.ReadRequest(
            urn=urn(type), id=id, inputs=struct(inputs or {}), properties=struct(state or {})
        )
        return self.stub.Read(request)

    def update(self, type: str, id: str, state: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        news = self.check(type, new).inputs
        request = provider_pb2.UpdateRequest(urn=urn(type), id=id, olds=struct(state), news=news)
        return plain(self.stub.Update(request).properties)

    def delete(self, type: str, id: str, state: dict[str, Any]) -> None:
        self.stub.Delete(provider_pb2.DeleteRequest(urn=urn(type), id=id, properties=struct(state)))


def urn(type: str) -> str:
    return f"urn:pulumi:staging::railyard::{type}::it"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Sandbox, str]]:
    """One sandbox for the module: starting a plugin is what takes time."""
    sandbox = Sandbox(tmp_path_factory.mktemp("standins") / ".sandbox", clock=ManualClock())
    with sandbox.serve() as address:
        yield sandbox, address


@pytest.fixture
def sandbox(shared: tuple[Sandbox, str]) -> Sandbox:
    """The shared sandbox, empty again."""
    sandbox = shared[0]
    sandbox.cloudflare.load({})
    sandbox.digitalocean.load({})
    sandbox.spaces.reset()
    sandbox.storage.requests.unlink(missing_ok=True)
    return sandbox


@pytest.fixture(scope="module")
def started(
    shared: tuple[Sandbox, str], tmp_path_factory: pytest.TempPathFactory
) -> Generator[Callable[[str], Engine]]:
    """Starts a plugin as an engine does: in another directory, with the sandbox's environment alone."""
    running: dict[str, tuple[subprocess.Popen[str], Engine]] = {}

    def start(name: str) -> Engine:
        if name not in running:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "sandbox" / "standins" / name), "127.0.0.1:1"],
                cwd=tmp_path_factory.mktemp(name),
                env={"PATH": os.environ["PATH"], **environment(shared[1])},
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout
            running[name] = process, Engine(f"127.0.0.1:{process.stdout.readline().strip()}")
        return running[name][1]

    yield start
    for process, engine in running.values():
        engine.close()
        process.terminate()
        with process:
            process.wait(10)


@pytest.fixture
def cloudflare(sandbox: Sandbox, started: Callable[[str], Engine]) -> Engine:
    return started("cloudflare")


@pytest.fixture
def digitalocean(sandbox: Sandbox, started: Callable[[str], Engine]) -> Engine:
    return started("digitalocean")


def requests_of(sandbox: Sandbox) -> list[str]:
    if not sandbox.storage.requests.exists():
        return []
    return [json.loads(line)["operation"] for line in sandbox.storage.requests.read_text().splitlines()]


# Cloudflare


def test_record_is_made_with_one_request(cloudflare: Engine, sandbox: Sandbox) -> None:
    """POST and nothing else; the outputs have what the program and other resources read."""
    made, state = cloudflare.create(RECORD, CNAME)

    assert [f"POST /zones/{ZONE}/dns_records"] == requests_of(sandbox)
    assert {name: state[name] for name in (*CNAME, "proxiable", "tags", "meta")} == {
        **CNAME,
        "proxiable": True,
        "tags": [],
        "meta": "{}",
    }
    assert state["settings"] == {"flattenCname": False, "ipv4Only": False, "ipv6Only": False}
    assert made == sandbox.cloudflare.records(ZONE)[0]["id"]


@pytest.mark.parametrize(("name", "type", "inputs"), [("cloudflare", RECORD, CNAME), ("digitalocean", BUCKET, SPACE)])
def test_preview_sends_nothing(
    started: Callable[[str], Engine], sandbox: Sandbox, name: str, type: str, inputs: dict[str, Any]
) -> None:
    """A preview shows the inputs and asks nobody."""
    made, state = started(name).create(type, inputs, preview=True)

    assert ("", inputs["name"], []) == (made, state["name"], requests_of(sandbox))


def test_record_lifecycle(cloudflare: Engine, sandbox: Sandbox) -> None:
    """No change, a changed content in place, another type by replacement, then gone."""
    made, state = cloudflare.create(RECORD, CNAME)
    changed = {**CNAME, "content": "y.up.railway.app"}

    same = cloudflare.diff(RECORD, made, CNAME, state, CNAME)
    update = cloudflare.diff(RECORD, made, CNAME, state, changed)
    replacement = cloudflare.diff(RECORD, made, CNAME, state, {**CNAME, "type": "TXT", "proxied": False})
    updated = cloudflare.update(RECORD, made, state, changed)
    cloudflare.delete(RECORD, made, updated)

    assert (same.changes, list(same.replaces)) == (provider_pb2.DiffResponse.DIFF_NONE, [])
    assert (list(update.diffs), list(update.replaces)) == (["content"], [])
    assert list(replacement.replaces) == ["type"]
    assert updated["content"] == "y.up.railway.app"
    assert sandbox.cloudflare.records(ZONE) == []
    path = f"/zones/{ZONE}/dns_records"
    assert [f"POST {path}", f"PUT {path}/{made}", f"DELETE {path}/{made}"] == requests_of(sandbox)


def test_quoted_text_shows_no_drift(cloudflare: Engine) -> None:
    """A TXT record reads back as it was given."""
    given = {**CNAME, "type": "TXT", "content": '"railway-verify=abc"', "proxied": False}
    made, state = cloudflare.create(RECORD, given)

    read = plain(cloudflare.read(RECORD, made, given, state).inputs)

    assert given == {name: read[name] for name in given}


def test_record_changed_by_hand_is_drift(cloudflare: Engine, sandbox: Sandbox) -> None:
    """A refresh sees what somebody changed."""
    made, state = cloudflare.create(RECORD, CNAME)
    sandbox.cloudflare.change_record(ZONE, made, {"content": "by-hand.example.com"})

    assert plain(cloudflare.read(RECORD, made, CNAME, state).inputs)["content"] == "by-hand.example.com"


def test_missing_record_leaves_the_state_on_refresh_but_fails_on_delete(cloudflare: Engine, sandbox: Sandbox) -> None:
    """As with the real plugin: refresh before a destroy."""
    made, state = cloudflare.create(RECORD, CNAME)
    sandbox.cloudflare.delete_record(ZONE, made)

    assert cloudflare.read(RECORD, made, CNAME, state).id == ""
    with pytest.raises(grpc.RpcError, match="81044"):
        cloudflare.delete(RECORD, made, state)


def test_record_is_imported_by_zone_and_id(cloudflare: Engine) -> None:
    """An import needs nothing but ZONE/RECORD."""
    made, _ = cloudflare.create(RECORD, CNAME)

    read = cloudflare.read(RECORD, f"{ZONE}/{made}")

    assert {name: plain(read.inputs)[name] for name in CNAME} == CNAME


def test_clash_is_told_in_cloudflares_words(cloudflare: Engine) -> None:
    """An existing record is never taken over by an ordinary create."""
    cloudflare.create(RECORD, CNAME)

    with pytest.raises(grpc.RpcError, match="81053"):
        cloudflare.create(RECORD, CNAME)


def test_interrupted_record_is_taken_over_when_identical(cloudflare: Engine, sandbox: Sandbox) -> None:
    """What the interrupted create left is the record; anything else is not."""
    made, _ = cloudflare.create(RECORD, CNAME)

    assert made == cloudflare.create(RECORD, CNAME, interrupted=True)[0]
    with pytest.raises(grpc.RpcError, match="81053"):
        cloudflare.create(RECORD, {**CNAME, "content": "other.up.railway.app"}, interrupted=True)
    assert len(sandbox.cloudflare.records(ZONE)) == 1


def test_proxied_record_needs_automatic_ttl(cloudflare: Engine, sandbox: Sandbox) -> None:
    """Refused before anything is sent."""
    failures = cloudflare.check(RECORD, {**CNAME, "ttl": 300}).failures

    assert failures[0].reason == "ttl: must be 1 when proxied is true, not 300"
    assert requests_of(sandbox) == []


def test_busy_api_is_asked_again(cloudflare: Engine, sandbox: Sandbox) -> None:
    """Three failures on the way are nobody's business."""
    sandbox.fail("cloudflare", "POST", status=503, count=3)

    cloudflare.create(RECORD, CNAME)

    assert len(requests_of(sandbox)) == 4


def test_delete_whose_answer_was_lost_succeeds(cloudflare: Engine, sandbox: Sandbox) -> None:
    """The repeat finds nothing: the first attempt did it."""
    made, state = cloudflare.create(RECORD, CNAME)
    sandbox.fail("cloudflare", "DELETE", drop=True, when="after")

    cloudflare.delete(RECORD, made, state)

    assert sandbox.cloudflare.records(ZONE) == []


def test_setting_is_changed_and_stays_after_delete(cloudflare: Engine, sandbox: Sandbox) -> None:
    """Create is a PATCH, delete is nothing."""
    given = {"zoneId": ZONE, "settingId": "ssl", "value": "full"}
    made, state = cloudflare.create(SETTING, given)
    cloudflare.delete(SETTING, made, state)

    assert (made, state["editable"]) == ("ssl", True)
    assert sandbox.cloudflare.setting(ZONE, "ssl")["value"] == "full"
    assert [f"PATCH /zones/{ZONE}/settings/ssl"] == requests_of(sandbox)


# DigitalOcean


def test_bucket_is_made_in_the_order_of_the_real_plugin(digitalocean: Engine, sandbox: Sandbox) -> None:
    """PUT, HEAD, the settings, then everything is read."""
    made, state = digitalocean.create(BUCKET, {**SPACE, "versioning": {"enabled": True}})

    assert requests_of(sandbox) == [
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


def test_bucket_lifecycle(digitalocean: Engine, sandbox: Sandbox) -> None:
    """No change, versioning in place, another region by replacement, import, then gone."""
    made, state = digitalocean.create(BUCKET, SPACE)
    changed = {**SPACE, "versioning": {"enabled": True}}

    same = digitalocean.diff(BUCKET, made, SPACE, state, SPACE)
    replacement = digitalocean.diff(BUCKET, made, SPACE, state, {**SPACE, "region": "nyc3"})
    updated = digitalocean.update(BUCKET, made, state, changed)
    imported = plain(digitalocean.read(BUCKET, "sfo3,seance-cdn").inputs)
    digitalocean.delete(BUCKET, made, updated)

    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert list(replacement.replaces) == ["region"]
    assert updated["versioning"] == {"enabled": True}
    assert {name: imported[name] for name in SPACE} == SPACE
    assert not sandbox.spaces.owns("seance-cdn")


def test_life_cycle_rules_read_back_as_given(digitalocean: Engine) -> None:
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
    made, state = digitalocean.create(BUCKET, given)

    assert rules == plain(digitalocean.read(BUCKET, made, given, state).inputs)["lifecycleRules"]


def test_bucket_with_objects_goes_only_when_forced(
    digitalocean: Engine, sandbox: Sandbox, shared: tuple[Sandbox, str]
) -> None:
    """Objects are nobody's to delete, unless it was said before."""
    made, state = digitalocean.create(BUCKET, SPACE)
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={SPACES_ACCESS_KEY}/20260101/us-east-1/s3/aws4_request"}
    with httpx.Client(proxy=shared[1], headers=signed, trust_env=False) as client:
        client.put(f"http://{ORIGIN}/a.txt", content=b"hello")

    with pytest.raises(grpc.RpcError, match="BucketNotEmpty"):
        digitalocean.delete(BUCKET, made, state)
    forced = digitalocean.update(BUCKET, made, state, {**SPACE, "forceDestroy": True})
    digitalocean.delete(BUCKET, made, forced)

    assert not sandbox.spaces.owns("seance-cdn")


def test_taken_name_is_told(digitalocean: Engine, sandbox: Sandbox) -> None:
    """A bucket of somebody else."""
    sandbox.spaces.taken.add("theirs")

    with pytest.raises(grpc.RpcError, match="Error creating Spaces bucket: BucketAlreadyExists"):
        digitalocean.create(BUCKET, {**SPACE, "name": "theirs"})
    with pytest.raises(grpc.RpcError, match="BucketAlreadyExists"):
        digitalocean.create(BUCKET, {**SPACE, "name": "theirs"}, interrupted=True)


def test_interrupted_bucket_is_taken_over(digitalocean: Engine, sandbox: Sandbox) -> None:
    """A bucket that is ours already is the one that the interrupted create made."""
    digitalocean.create(BUCKET, SPACE)

    made, _ = digitalocean.create(BUCKET, SPACE, interrupted=True)

    assert made == "seance-cdn"
    assert requests_of(sandbox).count("PUT /seance-cdn") == 1


def test_missing_bucket_leaves_the_state(digitalocean: Engine, sandbox: Sandbox) -> None:
    """HEAD 404 is the proof."""
    made, state = digitalocean.create(BUCKET, SPACE)
    sandbox.spaces.reset()

    assert digitalocean.read(BUCKET, made, SPACE, state).id == ""


def test_cors_rules_lifecycle(digitalocean: Engine, sandbox: Sandbox) -> None:
    """The rules go there and back without drift, and away without the bucket."""
    digitalocean.create(BUCKET, SPACE)
    rule = {
        "allowedOrigins": ["https://seance.dev", "https://www.seance.dev"],
        "allowedMethods": ["GET", "HEAD"],
        "allowedHeaders": ["*"],
        "maxAgeSeconds": 3600,
    }
    given = {"bucket": "seance-cdn", "region": "sfo3", "corsRules": [rule]}
    made, state = digitalocean.create(CORS, given)

    read = plain(digitalocean.read(CORS, made, given, state).inputs)
    digitalocean.delete(CORS, made, state)

    assert given == read
    with pytest.raises(grpc.RpcError, match="NoSuchCORSConfiguration"):
        digitalocean.read(CORS, made, given, state)
    assert sandbox.spaces.owns("seance-cdn")


def test_key_keeps_its_secret(digitalocean: Engine, sandbox: Sandbox) -> None:
    """The secret is marked secret, comes once, and stays through refresh and update."""
    given = {"name": "seance", "grants": [{"bucket": "seance-cdn", "permission": "readwrite"}]}
    checked = digitalocean.check(KEY, given).inputs
    made = digitalocean.stub.Create(provider_pb2.CreateRequest(urn=urn(KEY), properties=checked))
    state = plain(made.properties)

    read = plain(digitalocean.read(KEY, made.id, given, state).properties)
    updated = digitalocean.update(KEY, made.id, state, {**given, "name": "renamed"})
    digitalocean.delete(KEY, made.id, state)

    assert SECRET in made.properties["secretKey"]
    assert (made.id, 43) == (state["accessKey"], len(state["secretKey"]))
    assert [state["secretKey"]] * 2 == [read["secretKey"], updated["secretKey"]]
    assert sandbox.digitalocean.spaces_keys() == []


def test_interrupted_key_is_made_anew(digitalocean: Engine, sandbox: Sandbox) -> None:
    """A key whose secret nobody knows is deleted, other keys are not."""
    given = {"name": "seance", "grants": [{"bucket": "seance-cdn", "permission": "readwrite"}]}
    lost, _ = digitalocean.create(KEY, given)
    other, _ = digitalocean.create(KEY, {**given, "name": "other"})

    made, _ = digitalocean.create(KEY, given, interrupted=True)

    assert lost != made
    assert {other, made} == {key["access_key"] for key in sandbox.digitalocean.spaces_keys()}


def test_key_cannot_be_imported(digitalocean: Engine, sandbox: Sandbox) -> None:
    """Its secret cannot be read: there is nothing to import."""
    made, _ = digitalocean.create(KEY, {"name": "seance"})

    assert digitalocean.read(KEY, made).id == ""


def test_cdn_lifecycle(digitalocean: Engine, sandbox: Sandbox) -> None:
    """A default ttl, a new one in place, a domain with Cloudflare's certificate, then gone."""
    given: dict[str, Any] = {"origin": ORIGIN}
    made, state = digitalocean.create(CDN, given)
    same = digitalocean.diff(CDN, made, given, state, given)
    given |= {"ttl": 600, "customDomain": "cdn.seance.dev", "certificateName": "needs-cloudflare-cert"}
    updated = digitalocean.update(CDN, made, state, given)
    without = digitalocean.update(CDN, made, updated, {"origin": ORIGIN, "ttl": 600})
    digitalocean.delete(CDN, made, without)

    assert (state["endpoint"], state["ttl"]) == ("seance-cdn.sfo3.cdn.digitaloceanspaces.com", 3600)
    assert state["createdAt"] == "2026-01-01 00:00:00 +0000 UTC"
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert (
        updated["ttl"],
        updated["customDomain"],
        updated["certificateName"],
    ) == (600, "cdn.seance.dev", "needs-cloudflare-cert")
    assert (without["customDomain"], without["certificateName"]) == ("", "needs-cloudflare-cert")
    assert sandbox.digitalocean.endpoints() == []


def test_interrupted_cdn_is_taken_over(digitalocean: Engine, sandbox: Sandbox) -> None:
    """An origin has one endpoint at most, so it is ours; it becomes what is wanted."""
    made, _ = digitalocean.create(CDN, {"origin": ORIGIN})

    again, state = digitalocean.create(CDN, {"origin": ORIGIN, "ttl": 600}, interrupted=True)

    assert (made, 600) == (again, state["ttl"])


# Both


@pytest.mark.parametrize(
    ("name", "type", "inputs", "variable"),
    [
        ("cloudflare", RECORD, CNAME, "CLOUDFLARE_BASE_URL"),
        ("digitalocean", KEY, {"name": "seance"}, "DIGITALOCEAN_API_URL"),
        ("digitalocean", BUCKET, SPACE, "HTTP_PROXY"),
    ],
)
def test_stand_in_never_leaves_the_machine(
    name: str, type: str, inputs: dict[str, Any], variable: str, tmp_path: Path
) -> None:
    """Pointed elsewhere, or nowhere, it refuses to work."""
    variables = {**environment("http://127.0.0.1:9"), variable: "http://192.0.2.1"}
    with subprocess.Popen(
        [sys.executable, str(ROOT / "sandbox" / "standins" / name), "127.0.0.1:1"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **variables},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        engine = Engine(f"127.0.0.1:{process.stdout.readline().strip()}")
        with pytest.raises(grpc.RpcError, match=variable):
            engine.create(type, inputs)
        engine.close()
        process.terminate()


@pytest.mark.parametrize(
    ("module", "token"),
    [
        ("pulumi_cloudflare.dns_record", RECORD),
        ("pulumi_cloudflare.zone_setting", SETTING),
        ("pulumi_digitalocean.spaces_bucket", BUCKET),
        ("pulumi_digitalocean.spaces_bucket_cors_configuration", CORS),
        ("pulumi_digitalocean.spaces_key", KEY),
        ("pulumi_digitalocean.cdn", CDN),
    ],
)
def test_tokens_are_those_of_the_real_sdk(module: str, token: str) -> None:
    """The programs register these types."""
    package, _, name = module.partition(".")
    (found,) = {Path(path) for path in sys.path if (Path(path) / package / f"{name}.py").exists()}

    assert f"'{token}'" in (found / package / f"{name}.py").read_text()
