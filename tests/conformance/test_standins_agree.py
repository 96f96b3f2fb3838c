"""The stand-ins send the requests of Pulumi's own plugins and give the same outputs, resource by resource.

Needs the Pulumi CLI and the real plugin; each cloud is held to its own, so that one of them is enough for its half.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import pulumi_cli
from sandbox.cloudflare.zones import ZONE_IDS
from sandbox.exchange import Reply, Request
from sandbox.operate import ROOT, environment
from sandbox.server import Sandbox
from tests.conformance.conftest import GENERATED, put_standins
from tests.lifecycle.conftest import LONGEST_S

ZONE = ZONE_IDS["seance.dev"]
PROGRAMS = {
    "cloudflare": f"""
import pulumi
import pulumi_cloudflare as cloudflare

changed = pulumi.Config().get_bool("changed")
name = {{"zone_id": "{ZONE}", "ttl": 1}}
cname = cloudflare.DnsRecord("cname", name="api.seance.dev", type="CNAME", proxied=True,
    content="two.up.railway.app" if changed else "one.up.railway.app", **name)
txt = cloudflare.DnsRecord("txt", name="_railway-verify.api.seance.dev", type="TXT", content='"railway-verify=1"',
    comment="of the test", opts=pulumi.ResourceOptions(depends_on=cname), **name)
ssl = cloudflare.ZoneSetting("ssl", zone_id="{ZONE}", setting_id="ssl", value="strict" if changed else "full",
    opts=pulumi.ResourceOptions(depends_on=txt))
cloudflare.UniversalSslSetting("universal", zone_id="{ZONE}", enabled=not changed,
    opts=pulumi.ResourceOptions(depends_on=ssl))
""",
    "digitalocean": """
import pulumi
import pulumi_digitalocean as digitalocean

changed = pulumi.Config().get_bool("changed")
bucket = digitalocean.SpacesBucket("bucket", name="agreement-of-two", region="sfo3", acl="private",
    versioning=None if changed else {"enabled": True},
    lifecycle_rules=[{"id": "old", "enabled": True, "expiration": {"days": 8 if changed else 7}}])
moved = digitalocean.SpacesBucket("moved", name="moved-to-another", region="nyc3" if changed else "sfo3",
    opts=pulumi.ResourceOptions(depends_on=bucket))
renamed = digitalocean.SpacesBucket("renamed", name="another-name" if changed else "a-name", region="sfo3",
    opts=pulumi.ResourceOptions(depends_on=moved))
after = pulumi.ResourceOptions(depends_on=renamed)
cors = digitalocean.SpacesBucketCorsConfiguration("cors", bucket=bucket.name, region="sfo3", cors_rules=[{
    "allowed_methods": ["GET", "PUT"] if changed else ["GET"], "allowed_origins": ["https://seance.dev"],
    "allowed_headers": ["*"], "max_age_seconds": 3600}], opts=after)
key = digitalocean.SpacesKey("key", name="two" if changed else "one",
    grants=[{"bucket": bucket.name, "permission": "readwrite"}], opts=pulumi.ResourceOptions(depends_on=cors))
digitalocean.Cdn("cdn", origin=bucket.bucket_domain_name, ttl=600 if changed else 3600,
    opts=pulumi.ResourceOptions(depends_on=key))
""",
}
STEPS = {
    "create": ["up", "--yes", "--skip-preview"],
    "nothing": ["up", "--yes", "--skip-preview"],
    "refresh": ["refresh", "--yes", "--skip-preview"],
    "change": ["up", "--yes", "--skip-preview", "--config", "changed=true"],
    "destroy": ["destroy", "--yes", "--skip-preview"],
}


class Recorder(Sandbox):
    """Simulated clouds that remember every request in full."""

    def handle(self, request: Request) -> Reply:
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
            for step, arguments in STEPS.items():
                sandbox.heard.clear()
                pulumi(*arguments)
                exported = json.loads(pulumi("stack", "export", "--show-secrets"))["deployment"]
                told[step] = {"requests": list(sandbox.heard), "resources": resources(exported)}
    return told


@contextmanager
def stack(project: Path, variables: Mapping[str, str]) -> Iterator[Any]:
    """Runs ``pulumi`` on a stack of a project."""

    def pulumi(*arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"], cwd=project, env={**os.environ, **variables},
            capture_output=True, text=True, timeout=LONGEST_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
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


def real_plugin_is_missing(cloud: str) -> str:
    found = pulumi_cli.find()
    if found is None:
        return "there is no pulumi on PATH"
    return next((each for each in found.missing if cloud in each or "language" in each), "")


@pytest.mark.parametrize("step", list(STEPS))
@pytest.mark.parametrize("cloud", list(PROGRAMS))
def test_a_stand_in_does_what_the_real_plugin_does(stories, cloud, step):
    real, standin = (each[step] for each in stories(cloud))

    # A refresh reads all resources at once.
    order = sorted if step == "refresh" else list
    assert order(standin["requests"]) == order(real["requests"])
    assert standin["resources"] == real["resources"]


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The stories of the real plugin and of the stand-in, told once for each cloud."""
    told: dict[str, list[dict[str, Any]]] = {}

    def tell(cloud: str) -> list[dict[str, Any]]:
        if missing := real_plugin_is_missing(cloud):
            pytest.skip(f"the real plugin is needed to compare with: {missing}")
        if cloud not in told:
            directory = tmp_path_factory.mktemp(cloud)
            standins = directory / "plugins"
            put_standins(ROOT, standins)
            told[cloud] = [story(directory / name, cloud, where) for name, where in (("r", None), ("s", standins))]
        return told[cloud]

    return tell
