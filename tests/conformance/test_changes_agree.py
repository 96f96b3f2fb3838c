"""Both engines make the same of a change: of data, of the world, and of what fails."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from railway_sandbox.railway.records import Workspace
from railway_sandbox.server import Sandbox
from tests.conformance.conftest import EmbeddedEngine, RealEngine
from tests.conformance.test_engines_agree import agree

SMALL = """\
config:
  railway:plan: pro
  railyard:secrets: secrets/staging.yaml
  railyard:zones:
    - {name: rose.example, id: "905e0000000000000000000000000e04"}
  railyard:omega:
    project: {name: omega-staging, environment: staging}
    logLevel: debug
  railyard:rose:
    project: {name: rose-staging, environment: staging}
    environment: staging
    workers: 2
    web:
      repo: rose/rose
      domains: [{hostname: staging.rose.example}]
      volume: {sizeGb: 2}
    allowedOrigins: ["https://staging.rose.example"]
    rateLimitPerMinute: 20
    enableApiDocs: true
    sessionRetentionDays: 3
"""
NETIA = """\
  railyard:netia:
    project: {name: netia-staging, environment: staging}
    app: {repo: netia/netia, railwayDomain: true}
    postgres: {sizeGb: 1}
"""
OTHER_WORKSPACE = "0a0b0c0d-1111-4222-8333-444455556666"


@pytest.fixture(scope="module")
def brought_up(tmp_path_factory):
    """Both engines with two systems, which are up: a bot, and a web service with volume and domain."""
    directory = tmp_path_factory.mktemp("brought-up")
    with ExitStack() as running:
        engines = RealEngine(directory / "real", running), EmbeddedEngine(directory / "embedded")
        for engine in engines:
            (engine.directory / "Pulumi.staging.yaml").write_text(SMALL)
        assert set(agree(engines, "up").values()) == {"create"}
    return engines


@pytest.fixture
def small(brought_up, tmp_path):
    """Both engines on what was brought up, each test with its own copy."""
    real, embedded = brought_up
    with ExitStack() as running:
        yield (
            RealEngine(tmp_path / "real", running, after=real),
            EmbeddedEngine(tmp_path / "embedded", after=embedded),
        )


def change(engines, old: str, new: str) -> None:
    for engine in engines:
        engine.change("staging", old, new)


def test_changes_of_data_agree(small):
    """One after the other, each previewed and done."""
    change(small, "logLevel: debug", "logLevel: info")
    change(small, "volume: {sizeGb: 2}", "volume: {sizeGb: 2, mountPath: /srv/data}")
    moved = agree(small, "preview")
    assert moved["omega-bot-instance"] == "update", "a new variable's value"
    assert moved["rose-web-volume-disk"] == "update", "a moved volume"
    assert agree(small, "up") == moved

    change(small, "domains: [{hostname: staging.rose.example}]", "railwayDomain: true")
    removed = agree(small, "preview")
    assert sum(kind == "delete" for kind in removed.values()) >= 4, "a removed domain"
    assert agree(small, "up") == removed

    change(small, "  railyard:rose:\n", f"{NETIA}  railyard:rose:\n")
    added = agree(small, "preview", "**::netia", "**::netia-*")
    assert set(added.values()) == {"create"}, "a system more, and that one alone"
    assert agree(small, "up", "**::netia", "**::netia-*") == added
    agree(small, "up")


def test_a_replaced_project_agrees(small):
    """Everything in it goes with it."""

    def add_workspace(sandbox: Sandbox) -> None:
        sandbox.railway.state.workspaces[OTHER_WORKSPACE] = Workspace(
            id=OTHER_WORKSPACE, name="other", created_at=0.0, updated_at=0.0
        )

    first = next(iter(Sandbox(small[1].sandbox).railway.state.workspaces))
    for engine in small:
        engine.tamper(add_workspace)
    change(small, "omega-staging,", f'omega-staging, workspaceId: "{first}",')
    agree(small, "up")
    change(small, f'workspaceId: "{first}"', f'workspaceId: "{OTHER_WORKSPACE}"')
    for engine in small:
        engine.unprotect()

    replaced = agree(small, "preview")
    assert replaced["omega-project"] == "replace"
    agree(small, "up")


def test_a_failed_deployment_agrees(small):
    """What exists is kept, the rest is not done, and the next run goes on."""
    for engine in small:
        engine.tamper(lambda sandbox: sandbox.railway.fail("rose/rose", "crash"))
    change(small, "workers: 2", "workers: 3")
    agree(small, "up", fails=True)

    for engine in small:
        engine.tamper(lambda sandbox: sandbox.railway.heal("rose/rose"))
    assert agree(small, "preview") == {"rose-web-instance": "update"}
    agree(small, "up")
    assert agree(small, "up") == {}


def test_drift_agrees(small):
    """A record that is gone and one that says something else: found by a refresh, mended by an up."""

    def drift(sandbox: Sandbox) -> None:
        zone = sandbox.cloudflare.zones("rose.example")[0]["id"]
        records = {record["type"]: record["id"] for record in sandbox.cloudflare.records(zone)}
        sandbox.cloudflare.delete_record(zone, records["TXT"])
        sandbox.cloudflare.change_record(zone, records["CNAME"], {"content": "elsewhere.example.com"})

    for engine in small:
        engine.tamper(drift)
    found = agree(small, "refresh")
    assert set(found.values()) == {"delete", "update"}
    mended = agree(small, "preview")
    assert set(mended.values()) == {"create", "update"}
    assert agree(small, "up") == mended
