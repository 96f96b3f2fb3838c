"""A small program for each cloud, and what a plugin does with it from nothing to nothing, through good days and bad.

The story of the real plugin and that of the stand-in have the same steps, and what happens by hand between them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from railway_sandbox.addresses import SPACES_ACCESS_KEY
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.server import Sandbox
from railyard.engine.operate import environment
from tests.conformance.conftest import GENERATED, program
from tests.lifecycle.conftest import LONGEST_S

ZONE = ZONE_IDS["seance.dev"]
BUCKET = "agreement-of-two"
PROGRAMS = {
    "cloudflare": f"""
import pulumi
import pulumi_cloudflare as cloudflare

changed = pulumi.Config().get("as") == "changed"
zone = cloudflare.get_zone(zone_id="{ZONE}")
try:
    cloudflare.get_zone(zone_id="{"0" * 32}")
except Exception as failure:
    untold = type(failure).__name__
name = {{"zone_id": "{ZONE}", "ttl": 1}}
cname = cloudflare.DnsRecord("cname", name="api.seance.dev", type="CNAME", proxied=True,
    content="two.up.railway.app" if changed else "one.up.railway.app", **name)
txt = cloudflare.DnsRecord("txt", name="_railway-verify.api.seance.dev", type="TXT", content='"railway-verify=1"',
    comment=f"{{zone.name}} {{zone.zone_id}} {{zone.status}} {{zone.type}} {{zone.paused}} {{untold}}",
    opts=pulumi.ResourceOptions(depends_on=cname), **name)
ssl = cloudflare.ZoneSetting("ssl", zone_id="{ZONE}", setting_id="ssl", value="strict" if changed else "full",
    opts=pulumi.ResourceOptions(depends_on=txt))
cloudflare.UniversalSslSetting("universal", zone_id="{ZONE}", enabled=not changed,
    opts=pulumi.ResourceOptions(depends_on=ssl))
""",
    "digitalocean": f"""
import pulumi
import pulumi_digitalocean as digitalocean

stage = pulumi.Config().get("as")
changed, bare = stage == "changed", stage == "bare"
bucket = digitalocean.SpacesBucket("bucket", name="{BUCKET}", region="sfo3", acl="private",
    versioning=None if bare else {{"enabled": True}},
    lifecycle_rules=None if bare else [{{"id": "old", "enabled": True, "expiration": {{"days": 8 if changed else 7}}}}])
moved = digitalocean.SpacesBucket("moved", name="moved-to-another", region="nyc3" if changed else "sfo3",
    opts=pulumi.ResourceOptions(depends_on=bucket))
renamed = digitalocean.SpacesBucket("renamed", name="another-name" if changed else "a-name", region="sfo3",
    opts=pulumi.ResourceOptions(depends_on=moved))
after = pulumi.ResourceOptions(depends_on=renamed)
cors = digitalocean.SpacesBucketCorsConfiguration("cors", bucket=bucket.name, region="sfo3", cors_rules=[{{
    "allowed_methods": ["GET", "PUT"] if changed else ["GET"], "allowed_origins": ["https://seance.dev"],
    "allowed_headers": ["*"], "max_age_seconds": 3600}}], opts=after)
key = digitalocean.SpacesKey("key", name="two" if changed else "one",
    grants=[{{"bucket": bucket.name, "permission": "readwrite"}}], opts=pulumi.ResourceOptions(depends_on=cors))
digitalocean.Cdn("cdn", origin=bucket.bucket_domain_name, ttl=600 if changed else 3600,
    custom_domain="cdn.seance.dev" if changed else None,
    certificate_name="needs-cloudflare-cert" if changed else None, opts=pulumi.ResourceOptions(depends_on=key))
""",
}


def _nothing(sandbox: Sandbox) -> None:
    """Nobody does anything."""
    del sandbox


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command, and what somebody did to the clouds before it."""

    name: str
    command: Sequence[str]
    by_hand: Callable[[Sandbox], object] = _nothing
    fails: bool = False

    @property
    def is_refresh(self) -> bool:
        """It reads all resources at once, in any order."""
        return self.command[0] == "refresh"


UP = ("up", "--yes", "--skip-preview")
REFRESH = ("refresh", "--yes", "--skip-preview")
DESTROY = ("destroy", "--yes", "--skip-preview")


def _record(sandbox: Sandbox, kind: str) -> str:
    (record,) = sandbox.cloudflare.records(ZONE, type=kind)
    return record["id"]


def _edit_cname(sandbox: Sandbox) -> None:
    sandbox.cloudflare.change_record(ZONE, _record(sandbox, "CNAME"), {"content": "elsewhere.example.net"})
    sandbox.cloudflare.change_setting(ZONE, "ssl", "flexible")
    sandbox.cloudflare.change_universal_ssl(ZONE, enabled=True)


def _take_name(sandbox: Sandbox) -> None:
    sandbox.cloudflare.create_record(ZONE, {"type": "A", "name": "api.seance.dev", "content": "203.0.113.7"})


def _delete_key(sandbox: Sandbox) -> None:
    for key in sandbox.digitalocean.spaces_keys():
        sandbox.digitalocean.delete_key(key["access_key"])


def _put_object(sandbox: Sandbox) -> None:
    done = sandbox.spaces.perform(
        access_key=SPACES_ACCESS_KEY, method="PUT", region="sfo3", bucket=BUCKET, key="object", query="", headers={},
        body=b"kept",
    )  # fmt: skip
    assert done.status == 200, done.body


TALES: Mapping[str, Sequence[Step]] = {
    "cloudflare": (
        Step(name="create", command=UP),
        Step(name="nothing", command=UP),
        Step(name="refresh", command=REFRESH),
        Step(name="change", command=(*UP, "--config", "as=changed")),
        Step(name="edited by hand", command=REFRESH, by_hand=_edit_cname),
        Step(name="put back", command=UP),
        Step(
            name="deleted by hand",
            command=REFRESH,
            by_hand=lambda sandbox: sandbox.cloudflare.delete_record(ZONE, _record(sandbox, "TXT")),
        ),
        Step(name="made again", command=UP),
        Step(
            name="server errors",
            command=REFRESH,
            by_hand=lambda sandbox: sandbox.fail("cloudflare", "dns_records", status=500, count=2),
        ),
        Step(
            name="destroy of what is gone",
            command=DESTROY,
            by_hand=lambda sandbox: sandbox.cloudflare.delete_record(ZONE, _record(sandbox, "TXT")),
            fails=True,
        ),
        Step(name="refresh of what is gone", command=REFRESH),
        Step(name="destroy", command=DESTROY),
        Step(name="name taken", command=UP, by_hand=_take_name, fails=True),
    ),
    "digitalocean": (
        Step(name="create", command=UP),
        Step(name="nothing", command=UP),
        Step(name="refresh", command=REFRESH),
        Step(name="change", command=(*UP, "--config", "as=changed")),
        Step(name="refresh of the change", command=REFRESH),
        Step(name="less", command=(*UP, "--config", "as=bare")),
        Step(name="refresh of less", command=REFRESH),
        Step(name="nothing of less", command=UP),
        Step(name="key deleted by hand", command=REFRESH, by_hand=_delete_key),
        Step(name="key made again", command=UP),
        Step(
            name="server error",
            command=REFRESH,
            by_hand=lambda sandbox: sandbox.fail("digitalocean", "keys", status=500),
        ),
        Step(
            name="destroy of a bucket with objects",
            command=DESTROY,
            by_hand=_put_object,
            fails=True,
        ),
    ),
}


class Recorder(Sandbox):
    """Simulated clouds that remember every request in full."""

    def handle(self, request: Request) -> Response:
        self.heard.append(
            (
                request.method,
                GENERATED.sub("#", f"{request.host}{request.path}?{request.query}"),
                request.headers.get("x-amz-acl", ""),
                GENERATED.sub("#", _ordered(request.body.decode().strip())),
            )
        )
        return super().handle(request)

    heard: list[tuple[str, str, str, str]]


def story(directory: Path, cloud: str, plugins: Path | None) -> dict[str, Any]:
    """Step → the requests that it sent and the resources that it left, of one cloud's program."""
    project = directory / "project"
    project.mkdir(parents=True)
    (project / "__main__.py").write_text(PROGRAMS[cloud])
    (project / "Pulumi.yaml").write_text(
        f"name: agreement\nruntime: {{name: python, options: {{virtualenv: {json.dumps(sys.prefix)}}}}}\n"
    )
    sandbox = Recorder(directory / "sandbox")
    sandbox.heard = []
    (directory / "backend").mkdir()
    told: dict[str, Any] = {}
    with sandbox.serve() as address:
        variables = {**environment(address), "PULUMI_BACKEND_URL": (directory / "backend").as_uri()}
        if plugins is not None:
            variables["PATH"] = os.pathsep.join([str(plugins), os.environ["PATH"]])
        with stack(project, variables) as pulumi:
            for step in TALES[cloud]:
                step.by_hand(sandbox)
                sandbox.heard.clear()
                pulumi(*step.command, fails=step.fails)
                exported = json.loads(pulumi("stack", "export", "--show-secrets"))["deployment"]
                told[step.name] = {"requests": list(sandbox.heard), "resources": resources(exported)}
    return told


@contextmanager
def stack(project: Path, variables: Mapping[str, str]) -> Iterator[Any]:
    """Runs ``pulumi`` on a stack of a project."""

    def pulumi(*arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [program(), *arguments, "--non-interactive"], cwd=project, env={**os.environ, **variables},
            capture_output=True, text=True, timeout=LONGEST_S, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) is fails, f"{arguments}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    pulumi("stack", "init", "test")
    yield pulumi


def _ordered(body: str) -> str:
    """A body whose keys or XML elements stand in one order: the real plugins have their own."""
    if body.startswith("{"):
        return json.dumps(json.loads(body), sort_keys=True)
    if not body.startswith("<"):
        return body
    root = ET.fromstring(body)
    for element in root.iter():
        element[:] = sorted(element, key=ET.tostring)
    return ET.tostring(root).decode()


def resources(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """Name → id, inputs and outputs, as far as a program can see them."""
    found = {}
    for each in deployment.get("resources") or []:
        if "::pulumi:" not in each["urn"]:
            text = json.dumps({key: each.get(key) for key in ("id", "inputs", "outputs")}, sort_keys=True)
            found[each["urn"].rsplit("::", 1)[1]] = _told(json.loads(GENERATED.sub("#", text)))
    return found


def _told(value: Any) -> Any:
    """A value without what a bridged plugin keeps for itself, and without what says nothing: absent means the same.

    The DigitalOcean plugin writes zeros where nothing was given (days of a rule that has none), and compares them so.
    """
    if isinstance(value, list):
        return [_told(item) for item in value]
    if not isinstance(value, dict):
        return value
    told = {key: _told(item) for key, item in value.items() if not key.startswith("__")}
    if "outputs" in told:
        told["outputs"].pop("id", None)
    return {key: item for key, item in told.items() if item not in (None, "", 0, False, [], {})}
