"""A system that is settings alone, through all that a system goes through: up, secrets, dumps, promotion, rollback."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml

from railway_sandbox.server import Sandbox
from railyard.data.postgres import query
from stacks.own.settings import OwnSettings
from stacks.settings import parse
from tests.lifecycle.conftest import ROOT, Checkout, Outcome
from tests.operations_backup import servers
from tests.operations_promotion.conftest import Place
from tests.sops import encrypting

DATABASE = "shop-staging/postgres"
DEFAULTS = """\
config:
  railyard:shop:
    services:
      web:
        image: acme/shop-web:1.0.0
        port: 3000
        railwayDomain: true
        healthcheckPath: /
        variables: {API_URL: "http://${api.host}:${api.port}", PRICE: "$${not.one} ${HOME}"}
        secrets: [SESSION_KEY, MAIL_KEY]
        bucket: files
      api:
        topology: backend
        image: acme/shop-api:1.0.0
        port: 8000
        variables:
          DATABASE_URL: "postgresql+asyncpg://${postgres.urlWithoutScheme}?ssl=require"
          ALLOWED_ORIGINS: "${web.url}"
          MAIL: "smtp://shop:${secrets.MAIL_KEY}@mail.example.com"
        secrets: [SESSION_KEY]
    databases:
      postgres: {version: "18", sizeGb: 1}
    buckets:
      files: {name: acme-shop, region: sfo3}
    secrets:
      SESSION_KEY: {meaning: key that signs sessions, minBytes: 32, generated: {length: 48}}
      MAIL_KEY: {meaning: key of the mail server, required: false, alsoSets: {MAIL_FROM: shop@example.com}}
"""
STACKS = {
    "staging": """\
config:
  railway:plan: pro
  railyard:backups: {bucket: shop-backups, region: nyc3}
  railyard:shop: {}
""",
    "production": """\
config:
  railway:plan: pro
  railyard:promotesFrom: staging
  railyard:shop:
    services:
      web: {image: "acme/shop-web:1.0.0", replicas: 2}
      api: {image: "acme/shop-api:1.0.0"}
    buckets: {files: {name: acme-shop-production}}
""",
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Both stacks are up with the same images, and nothing but settings says what the system is."""
    place = Place(tmp_path_factory.mktemp("shop") / "railyard")
    (place.directory / "Pulumi.yaml").write_text("name: railyard\nruntime: python\n")
    (place.directory / "defaults.yaml").write_text(DEFAULTS)
    for stack, text in STACKS.items():
        (place.directory / f"Pulumi.{stack}.yaml").write_text(text)
    place.commit("the shop")
    for stack in STACKS:
        place.up(stack, "shop")
    return place


@pytest.fixture(scope="module")
def previewed(scene: Place) -> Outcome:
    """What a preview of staging says when it is up."""
    return scene.json("preview")


@pytest.fixture
def place(scene: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A copy of it, in which the command line works."""
    mine = scene.copied(tmp_path / "railyard")
    for name in ("RAILWAY_API_URL", "RAILWAY_API_TOKEN", "RAILWAY_TOKEN", "RAILYARD_SECRETS", "SOPS_AGE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAILYARD_PROJECT", str(mine.directory))
    monkeypatch.setenv("RAILYARD_SANDBOX", str(mine.sandbox))
    monkeypatch.chdir(mine.directory)
    return mine


def variables(place: Place, service: str, stack: str = "staging") -> dict[str, str]:
    """What a service of the simulated Railway has as variables."""
    state = Sandbox(place.sandbox).railway.state
    project = next(each.id for each in state.projects.values() if each.name == f"shop-{stack}")
    mine = next(each.id for each in state.services.values() if (each.project_id, each.name) == (project, service))
    environment = next(each for each in state.environments.values() if each.project_id == project)
    return {name: each["value"] for name, each in environment.config["services"][mine]["variables"].items()}


def test_its_variables_hold_what_they_name(place: Place, previewed: Outcome) -> None:
    """Addresses of others and of itself, a password in an address, a bucket; each service is deployed once."""
    web, api, postgres = (variables(place, each) for each in ("web", "api", "postgres"))
    (address,) = previewed.json["outputs"]["shop"]["addresses"].values()

    assert (web["API_URL"], web["PRICE"]) == ("http://api.railway.internal:8000", "${not.one} ${HOME}")
    assert api["ALLOWED_ORIGINS"] == address
    password = postgres["POSTGRES_PASSWORD"]
    url = f"postgresql+asyncpg://postgres:{password}@postgres.railway.internal:5432/railway?ssl=require"
    assert api["DATABASE_URL"] == url
    assert web["SESSION_KEY"] == api["SESSION_KEY"]
    assert (web["SPACES_BUCKET"], "SPACES_SECRET_ACCESS_KEY" in web) == ("acme-shop", True)
    # Nobody has given the optional secret.
    assert {"MAIL_KEY", "MAIL_FROM", "MAIL"} & {*web, *api} == set()
    assert set(place.world()["deployments"].values()) == {1}


def test_a_second_preview_finds_nothing_and_no_secret_is_shown(place: Place, previewed: Outcome) -> None:
    """Neither in the preview nor in the state: a value in which a password stands is a secret as a whole."""
    password = variables(place, "postgres")["POSTGRES_PASSWORD"]

    assert previewed.operations() == {}
    assert password not in previewed.text + (place.sandbox / "staging.json").read_text()


def test_another_topology_keeps_the_service(place: Place) -> None:
    """The key is a rule for the settings: what runs is neither deployed again nor replaced."""
    defaults = place.directory / "defaults.yaml"
    defaults.write_text(defaults.read_text().replace("topology: backend", "topology: worker"))
    before = place.world()

    assert place.json("preview").operations() == {}
    up = place.json("up", "--stack", "staging", "--system", "shop")

    assert up.operations() == {}
    assert place.world() == before


@pytest.mark.parametrize("stack", [*STACKS])
def test_its_health_is_known_and_verified(place: Place, stack: str) -> None:
    """By ``status`` and ``verify``, in both stacks."""
    status = place.railyard("status", "-s", stack)
    verify = place.railyard("verify", "-s", stack)

    assert (status.code, verify.code) == (0, 0), status.text + verify.text
    assert "3 healthy" in status.text
    assert "bucket acme-shop" in verify.text or "cdn" in verify.text


def test_what_staging_has_proven_is_promoted_and_taken_back(place: Place) -> None:
    """The image of one service goes into production's settings, is brought up, and goes back."""
    file = place.directory / "defaults.yaml"
    file.write_text(DEFAULTS.replace("shop-web:1.0.0", "shop-web:1.1.0"))
    place.up("staging", "shop")
    place.wait(600)

    promoted = place.railyard("promote", "shop")
    assert promoted.code == 0, promoted.errors
    assert "services.web.image: acme/shop-web:1.0.0" in promoted.text
    assert "acme/shop-web:1.1.0" in place.file()
    place.commit("promoted")
    place.up("production", "shop")
    place.wait(600)
    assert place.deployments("production", "web", "shop")[0].meta["image"].startswith("acme/shop-web:1.1.0")

    back = place.railyard("rollback", "shop")
    assert back.code == 0, back.errors
    assert "acme/shop-web:1.0.0" in place.file()


def test_a_state_that_was_lost_is_found_again_by_adoption(place: Place) -> None:
    """What runs is imported under the settings that stand there, none of which is written anew; nothing is deployed."""
    (place.sandbox / "staging.json").unlink()
    before = place.file("staging")

    adopted = place.railyard("adopt", "shop", "--project", "shop-staging", "-s", "staging", "--yes")

    assert adopted.code == 0, adopted.text + adopted.errors
    assert place.file("staging").replace("{project: {name: shop-staging, environment: staging}}", "{}") == before
    left = {step["urn"].rsplit("::", 1)[1] for step in place.json("preview").json["steps"] if step["op"] != "same"}
    assert left == set()
    assert set(place.world()["deployments"].values()) == {1}


@pytest.fixture
def database(place: Place, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A real PostgreSQL with the password of the settings, behind the proxy of the database."""
    monkeypatch.setenv("PATH", f"{servers.binaries()}{os.pathsep}{os.environ['PATH']}")
    with servers.running(variables(place, "postgres")["POSTGRES_PASSWORD"]) as server:
        query(server, "CREATE TABLE orders AS SELECT generate_series(1, 25) AS id")
        monkeypatch.setenv("RAILYARD_SANDBOX_TCP", f"{DATABASE}={server.port}")
        yield server


def test_its_database_is_dumped_and_restored(place: Place, database: Any) -> None:
    """With the password that only the settings know; the live one is put back as it was."""
    dumped = place.railyard("backup", "dump", "shop", "--create-bucket", "--json", "-s", "staging")
    assert dumped.code == 0, dumped.errors
    query(database, "DELETE FROM orders WHERE id > 5")

    whole = ("--replace", "--confirm", "staging/shop/postgres")
    restored = place.railyard("restore", "dump", "shop", "--from", "staging", *whole)

    assert dumped.json["rows"] == {"public.orders": 25}
    assert restored.code == 0, restored.errors
    assert query(database, "SELECT count(*) FROM orders") == [["25"]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"SESSION_KEY": "k" * 48, "POSTGRES_PASSWORD": "p" * 16},
            "2 secrets of staging, names and values are in order",
        ),
        ({"SESSION_KEY": "k" * 48}, "Missing required secret: shop.POSTGRES_PASSWORD (password of postgres)"),
        (
            {"SESSION_KEY": "short", "POSTGRES_PASSWORD": "p" * 16},
            "shop.SESSION_KEY has 5 bytes and needs at least 32 (key that signs sessions)",
        ),
        ({"SESSION_KEY": "k" * 48, "POSTGRES_PASSWORD": "p" * 16, "X": "y"}, "Unused secret: shop.X"),
    ],
)
def test_its_secrets_are_held_to_their_rules(
    place: Place, monkeypatch: pytest.MonkeyPatch, values: dict[str, str], said: str
) -> None:
    """Those of the settings and the passwords of its databases, each with its meaning and without its value."""
    monkeypatch.setenv("SOPS_AGE_KEY", encrypting.KEY)
    encrypting.write(place.directory / "secrets" / "staging.yaml", encrypting.encrypted({"shop": values}))

    checked = place.railyard("secrets", "check", "-s", "staging")

    assert said in " ".join(checked.text.split())
    assert values["SESSION_KEY"] not in checked.text


def test_it_has_a_review_environment_a_picture_and_a_compose_file(place: Place) -> None:
    """Names of services and databases are in each of them."""
    (place.directory / "Pulumi.staging.yaml").write_text(STACKS["staging"] + "  railyard:reviews: {most: 1}\n")

    review = place.railyard("review", "up", "7")
    picture = place.railyard("map", "--out", "map.svg")
    compose = place.railyard("export", "compose", "shop", "-s", "staging")

    assert (review.code, picture.code, compose.code) == (0, 0, 0), review.errors + picture.errors + compose.errors
    drawn = (place.directory / "map.svg").read_text()
    assert all(name in drawn for name in ("web :3000", "api :8000", "postgres :5432", "acme-shop"))
    assert "ALLOWED_ORIGINS: http://localhost:3000" in compose.text
    assert place.railyard("review", "down", "7").code == 0


PAGE = (ROOT / "docs" / "systems-as-data.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^\*\*.*?\*\*, (?P<lines>\d+) lines: .*?(?P<resources>\d+) resources.*?^```yaml\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def test_the_examples_of_the_page_are_previewed_with_as_many_lines_and_resources_as_it_says(tmp_path) -> None:
    """Ghost, n8n, and Next.js with FastAPI, in a project that has no system in Python; and what differs by stack."""
    examples = list(EXAMPLE.finditer(PAGE))
    checkout = Checkout(tmp_path / "railyard")
    (checkout.directory / "Pulumi.yaml").write_text("name: railyard\nruntime: python\n")
    (checkout.directory / "defaults.yaml").write_text(
        "config:\n" + indent("".join(each["text"] for each in examples), "  ")
    )
    names = ("ghost", "n8n", "shop")
    chosen = "".join(f"  railyard:{name}: {{}}\n" for name in names)
    (checkout.directory / "Pulumi.staging.yaml").write_text(f"config:\n  railway:plan: pro\n{chosen}")

    steps = checkout.json("preview").json["steps"]

    assert [each["text"].count("\n") for each in examples] == [int(each["lines"]) for each in examples]
    made = Counter(step["urn"].rsplit("::", 1)[1].split("-")[0] for step in steps if "railway:index" in step["urn"])
    assert made == {name: int(each["resources"]) for name, each in zip(names, examples, strict=True)}


def test_the_page_says_what_differs_in_production() -> None:
    """Commits, replicas and a size, above all that the shared file has."""
    shop = [*EXAMPLE.finditer(PAGE)][-1]["text"]
    text = "config:\n" + PAGE.split("```yaml\nconfig:\n")[1].split("```")[0]
    shared = f"config:\n{indent(shop, '  ')}"

    settings = parse(
        yaml.safe_load(text)["config"], (), file="Pulumi.production.yaml", text=text, defaults=shared
    ).systems["shop"]

    assert isinstance(settings, OwnSettings)
    assert {name: each.replicas for name, each in settings.services.items()} == {"web": 2, "api": 2, "report": 1}
    assert settings.databases["postgres"].size_gb == 20
