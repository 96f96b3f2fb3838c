"""A copy of the project with small settings, in which the command line works on simulated clouds of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from railway_sandbox.server import Sandbox
from tests.lifecycle.conftest import Checkout
from tests.operations.conftest import Railyard
from tests.railyard_command import Said, point_nowhere

SETTINGS = """\
config:
  railway:plan: pro
  railyard:secrets: secrets/staging.yaml
  railyard:reviews: {hours: 72, most: 5}
  railyard:zones:
    - {name: rose.example, id: "905e0000000000000000000000000e04"}
    - {name: seance.dev, id: "5ea9ce0de7000000000000000000d001"}
"""
SHOP = """\
  railyard:shop:
    project: {name: shop-staging, environment: staging}
    services:
      web:
        image: "example/shop:1.0"
        port: 8080
        domains: [{hostname: staging.rose.example}]
        volume: {mountPath: /data}
        secrets: [API_KEY]
"""
"""A system that needs no Python, up in a few seconds."""
ROSE = """\
  railyard:rose:
    project: {name: rose-staging, environment: staging}
    environment: staging
    web:
      repo: rose/rose
      domains: [{hostname: staging.rose.example}]
      variables: {CALLBACK: "https://staging.rose.example/back", OTHER: "https://not-staging.rose.example"}
"""
SEANCE = """\
  railyard:seance:
    project: {name: seance-staging, environment: staging}
    commit: a1b2c3d
    landing: {}
    backend: {domains: [{hostname: backend-staging.seance.dev, proxied: true}]}
    signaling: {}
    beholder: {railwayDomain: true}
    litellm: {railwayDomain: true}
    valkey: {sizeGb: 1}
    bucket: {name: seance-cdn-staging, region: sfo3}
"""
OMEGA = """\
  railyard:omega:
    project: {name: omega-staging, environment: staging}
"""
BUCKETS = ["seance-cdn-staging", *(f"seance-cdn-staging-pr-{number}" for number in range(1, 10)), "other-pr-7"]


def left(sandbox: Sandbox) -> dict[str, list[str]]:
    """What exists in any simulated cloud, by name; kinds of which nothing is there are left out."""
    railway = sandbox.railway.state
    zones = sandbox.cloudflare.zones()
    living = {
        kind: [
            getattr(each, "name", "") or each.id for each in getattr(railway, kind).values() if each.deleted_at is None
        ]
        for kind in ("projects", "environments", "services", "volumes", "custom_domains", "service_domains")
    }
    others = {
        "records": [each["name"] for zone in zones for each in sandbox.cloudflare.records(zone["id"])],
        "keys": [key["name"] for key in sandbox.digitalocean.spaces_keys()],
        "endpoints": [each["origin"] for each in sandbox.digitalocean.endpoints()],
        "buckets": [name for name in BUCKETS if sandbox.spaces.owns(name)],
    }
    return {kind: sorted(names) for kind, names in {**living, **others}.items() if names}


class Project(Railyard):
    """The command line in a project of its own."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / ".sandbox")
        self.root = root

    def settings(self, *systems: str, reviews: str = "{hours: 72, most: 5}") -> None:
        """Write the settings of staging."""
        text = SETTINGS.replace("{hours: 72, most: 5}", reviews) + "".join(systems)
        (self.root / "Pulumi.staging.yaml").write_text(text)

    def left(self) -> dict[str, list[str]]:
        """What exists in the clouds."""
        return left(Sandbox(self.directory))

    def written(self) -> list[str]:
        """What this machine still knows of environments: states, records and settings."""
        files = [*self.directory.rglob("pr-*"), *self.root.glob("Pulumi.pr-*")]
        return sorted(str(file.relative_to(self.root)) for file in files)

    def later(self, hours: float) -> None:
        """Let simulated time pass."""
        with self.world() as world:
            world.manual.advance(hours * 3600)


def said(project: Project, *arguments: str, code: int = 0) -> Said:
    """Run ``railyard review …`` to its expected end."""
    done = project.run("review", *arguments)
    assert done.code == code, done.text + done.errors
    return done


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose staging has the shop alone."""
    made = _made(tmp_path / "railyard")
    _point(made, monkeypatch)
    return made


@pytest.fixture(scope="session")
def with_seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the shop, Seance and Omega in which the environment of pull request 7 is up; tests copy it."""
    made = _made(tmp_path_factory.mktemp("environments") / "railyard")
    made.settings(SHOP, SEANCE, OMEGA)
    with pytest.MonkeyPatch.context() as patch:
        _point(made, patch)
        said(made, "up", "7", "--json")
    return made.root


@pytest.fixture
def seven(with_seven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it."""
    shutil.copytree(with_seven, tmp_path / "railyard", symlinks=True)
    made = Project(tmp_path / "railyard")
    _point(made, monkeypatch)
    return made


def _made(root: Path) -> Project:
    made = Project(Checkout(root).directory)
    (made.root / "Pulumi.production.yaml").unlink()
    made.settings(SHOP)
    return made


def _point(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line work there, and nowhere else."""
    point_nowhere(monkeypatch, "RAILYARD_SANDBOX", "GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_ACTIONS")
    monkeypatch.setenv("RAILYARD_PROJECT", str(project.root))
    monkeypatch.setenv("ENGINE", "embedded")
    monkeypatch.chdir(project.root)
