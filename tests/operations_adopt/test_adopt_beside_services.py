"""Redirects at Cloudflare and buckets of Railway's own come in with the services as they are, or it is said why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from railway_sandbox import addresses
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.faults import Fault
from railway_sandbox.server import Sandbox
from tests.operations_adopt.conftest import FORGOTTEN, Elsewhere
from tests.provider.dashboard import patch
from tests.railyard_command import point_nowhere

ZONE = ZONE_IDS["seance.dev"]
SHOP = f"""
  railyard:zones:
  - {{name: seance.dev, id: {ZONE}}}

  railyard:shop:
    project: {{name: shop-staging, environment: staging}}
    redirects:
    - {{hostname: www.seance.dev, to: shop.seance.dev}}
    - {{hostname: old.seance.dev, to: shop.seance.dev, status: 302}}
    services:
      web:
        image: "shop/web:1"
        port: 3000
        domains: [{{hostname: shop.seance.dev, proxied: true}}, {{hostname: shop2.seance.dev}}]
        bucket: files
        variables: {{MODE: fast}}
    buckets: {{files: {{kind: railway, region: ams}}}}
"""
ELSEWHERE = {
    "from_value": {
        "target_url": {"expression": 'concat("https://other.example", http.request.uri.path)'},
        "preserve_query_string": True,
    }
}
WITH_DATABASE = (
    SHOP.replace("MODE: fast", 'DATABASE_URL: "${postgres.url}"')
    + '    databases: {postgres: {version: "17", sizeGb: 1}}\n'
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """An empty place with clouds of its own."""
    point_nowhere(monkeypatch)
    monkeypatch.setenv("RAILYARD_SANDBOX", str(tmp_path / "clouds"))
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("ENGINE", "embedded")
    return Elsewhere(tmp_path / "elsewhere", tmp_path / "clouds")


def bring_up(place: Elsewhere, settings: str) -> None:
    """Make what the settings say, and lose the state; the settings stay."""
    place.settings.write_text(FORGOTTEN.replace("hobby", "pro") + settings)
    place.up()
    for file in [*place.clouds.glob("staging.json*"), place.clouds / "requests.jsonl"]:
        file.unlink()


def operations(document: Any) -> set[str]:
    return {each["op"] for each in document["steps"]} - {"same"}


def test_a_lost_state_is_adopted_with_redirects_a_bucket_and_a_database(shop: Elsewhere) -> None:
    """The settings stay as they were, nothing is made, replaced or changed, and nothing is left to do."""
    bring_up(shop, WITH_DATABASE)
    before = shop.settings.read_text()

    said = shop.railyard("adopt", "shop", "-s", "staging", "--yes", "--json")

    assert (said.code, said.json.get("left")) == (0, []), said.text + said.errors
    assert not any("redirect" in each or "bucket" in each for each in said.json["notes"])
    assert shop.writes() == []
    assert shop.settings.read_text() == before
    state = (shop.clouds / "staging.json").read_text()
    for name in (
        "seance.dev-redirects-rules",
        "redirects-www.seance.dev",
        "shop-files-store",
        "shop-postgres-instance",
    ):
        assert name in state
    assert operations(shop.up()) == set()
    assert shop.writes() == []


def test_what_was_adopted_can_be_changed_and_taken_down(shop: Elsewhere) -> None:
    """By the ids with which it came in: one rule is written anew, and a destroy leaves no rules and no bucket."""
    bring_up(shop, SHOP)
    shop.railyard("adopt", "shop", "-s", "staging", "--yes")
    shop.settings.write_text(shop.settings.read_text().replace("status: 302", "status: 307"))

    shop.up()

    assert [each.partition(" ")[0] for each in shop.writes()] == ["PUT"]
    for command in ("unprotect", "destroy"):
        done = shop.engine(command, "--stack", "staging")
        assert done.code == 0, done.text + done.errors
    with shop.world() as (cloud, _):
        assert list(cloud.cloudflare.rulesets(ZONE).every()) == []
        assert all(each.deleted_at for each in cloud.railway.state.bucket_instances.values())


def test_a_project_that_no_settings_know_gives_them(shop: Elsewhere) -> None:
    """Redirects, the bucket and which service uses it become settings; a second adoption has nothing to do."""
    bring_up(shop, SHOP)
    stated = shop.of_systems["railyard:shop"]
    shop.settings.write_text(FORGOTTEN)

    said = shop.railyard("adopt", "shop", "--own", "-s", "staging", "--yes", "--json")

    assert (said.code, said.json.get("left")) == (0, []), said.text + said.errors
    assert shop.writes() == []
    adopted = shop.of_systems["railyard:shop"]
    assert {name: adopted[name] for name in ("redirects", "buckets")} == {
        name: stated[name] for name in ("redirects", "buckets")
    }
    assert (adopted["services"]["web"]["bucket"], adopted["services"]["web"]["variables"]) == (
        "files",
        {"MODE": "fast"},
    )
    again = shop.railyard("adopt", "shop", "--own", "-s", "staging", "--yes", "--json").json
    assert (again["imported"], again["left"], again["difference"]) == (0, [], [])
    assert operations(shop.up()) == set()
    assert shop.writes() == []


@pytest.mark.parametrize("settings", ["known", "lost"])
def test_a_rehearsal_has_redirects_and_buckets_too(shop: Elsewhere, settings: str) -> None:
    """As they were read, with made-up credentials in the place of those of the bucket."""
    bring_up(shop, SHOP)
    if settings == "lost":
        shop.settings.write_text(FORGOTTEN)

    said = shop.railyard("adopt", "shop", "--own", "-s", "staging", "--rehearse", "--json")

    assert (said.code, said.json.get("left"), said.json.get("writes")) == (0, [], 0), said.text + said.errors
    assert said.json["imported"] >= 10


def rules(place: Elsewhere, **of_the_first: Any) -> None:
    """Let somebody change the first of the zone's redirect rules at Cloudflare."""
    with place.world() as (cloud, _):
        rulesets = cloud.cloudflare.rulesets(ZONE)
        ruleset = rulesets.one(str(rulesets.every()[0]["id"]))
        first, *others = ruleset.get("rules", [])
        rulesets.replace(ruleset["id"], {"rules": [{**first, **of_the_first}, *others]})


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        ({"enabled": False}, "", "left alone, since settings cannot say www.seance.dev to shop.seance.dev: a zone has"),
        (
            {"enabled": False},
            SHOP,
            "left alone, since settings cannot say www.seance.dev to shop.seance.dev: a zone has",
        ),
        (
            {"expression": '(http.host eq "more.seance.dev")'},
            SHOP,
            "left alone: the settings do not say more.seance.dev: let redirects be [{hostname: more.seance.dev, to: "
            "shop.seance.dev}, {hostname: old.seance.dev, to: shop.seance.dev, status: 302}], and adopt again",
        ),
        ({"expression": 'http.host eq "shop2.seance.dev"'}, "", "shop2.seance.dev is a domain of the project, too"),
        (
            {"action_parameters": ELSEWHERE},
            "",
            "www.seance.dev leads to other.example, which is no name of this project",
        ),
        ({"expression": 'http.host eq "a.b.seance.dev"'}, "", "is not one level below the zone"),
    ],
)
def test_rules_that_are_more_than_settings_say_are_left_alone(
    shop: Elsewhere, change: dict[str, Any], settings: str, said: str
) -> None:
    """As a whole, since a zone has one list: a note says why and what to do, and no later up changes one of them."""
    bring_up(shop, SHOP)
    rules(shop, **change)
    shop.settings.write_text(FORGOTTEN + settings)

    done = shop.railyard("adopt", "shop", "--own", "-s", "staging", "--yes", "--json").json

    assert any(said in each for each in done["notes"]), done["notes"]
    left = {(each["op"], each["name"]) for each in done["left"]}
    assert not settings or ("create", "shop-seance.dev-redirects-rules") in left
    assert settings or (left == set() and "redirects" not in shop.of_systems["railyard:shop"])
    assert "update" not in {op for op, _ in left}


def test_rules_that_the_token_may_not_read_keep_nothing_else_from_coming_in(
    shop: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note names the zone and the permission that is missing."""
    bring_up(shop, SHOP)
    shop.settings.write_text(FORGOTTEN)
    sandbox = Sandbox(shop.clouds)
    sandbox.faults.add(Fault(api="cloudflare", operation=".*entrypoint", status=403, count=None))
    with sandbox.serve() as address:
        for name, value in addresses.environment(address).items():
            monkeypatch.setenv(name, value)
        said = shop.railyard("adopt", "shop", "--own", "-s", "staging", "--dry-run", "--json")

    assert said.code == 0, said.text + said.errors
    assert any(
        "seance.dev: the token may not read its redirect rules" in each and "Single Redirect, Edit" in each
        for each in said.json["notes"]
    )
    difference = "\n".join(said.json["difference"])
    assert ("bucket: files" in difference, "redirects" in difference) == (True, False)


LONG = "m" * 57
"""As long a name of a bucket as leaves no place for a suffix."""


def test_every_bucket_gets_a_key_of_its_own(shop: Elsewhere) -> None:
    """Also where a service has the name of one, another bucket has the key that would follow, and a name is long."""
    buckets = {"one": "web", "two": "web-bucket", "three": LONG}
    group = "".join(f"      {key}: {{kind: railway, region: ams, name: {name}}}\n" for key, name in buckets.items())
    head = SHOP.partition("    buckets:")[0].replace("bucket: files", "bucket: one")
    bring_up(shop, f"{head}      {LONG}: {{image: shop/long:1}}\n    buckets:\n{group}")
    shop.settings.write_text(FORGOTTEN)

    said = shop.railyard("adopt", "shop", "--own", "-s", "staging", "--yes", "--json")

    assert (said.code, said.json.get("left")) == (0, []), said.text + said.errors
    adopted = shop.of_systems["railyard:shop"]["buckets"]
    assert {each.get("name", key): key for key, each in adopted.items()} == {
        "web": "web-bucket-2",
        "web-bucket": "web-bucket",
        LONG: f"{LONG[:56]}-bucket",
    }
    assert shop.of_systems["railyard:shop"]["services"]["web"]["bucket"] == "web-bucket-2"
    assert shop.writes() == []


def test_variables_that_somebody_added_are_kept(shop: Elsewhere) -> None:
    """In a system that was written by hand too, and with what would be an expression in settings as it is."""
    bring_up(shop, WITH_DATABASE)
    with shop.world() as (cloud, _):
        web = next(each for each in cloud.railway.state.services.values() if each.name == "web")
        environments = cloud.railway.state.environments.values()
        environment = next(each.id for each in environments if each.project_id == web.project_id)
        added = {"TIMEZONE": {"value": "Europe/Berlin"}, "TEMPLATE": {"value": "${user.name}"}}
        patch(cloud.railway, environment, services={web.id: {"variables": added}})

    said = shop.railyard("adopt", "shop", "-s", "staging", "--yes", "--json")

    assert (said.code, said.json.get("left")) == (0, []), said.text + said.errors
    variables = shop.of_systems["railyard:shop"]["services"]["web"]["variables"]
    assert variables == {
        "DATABASE_URL": "${postgres.url}",
        "TIMEZONE": "Europe/Berlin",
        "TEMPLATE": "$${user.name}",
    }


def test_a_name_that_another_project_has_is_not_proposed(shop: Elsewhere) -> None:
    """The services of one project would go into the system of another."""
    bring_up(shop, SHOP)
    other = "  railyard:shop:\n    project: {name: other}\n    services: {api: {image: shop/api:1}}\n"
    shop.settings.write_text(FORGOTTEN + other)

    said = shop.railyard("adopt", "--project", "shop-staging", "--own", "-s", "staging", "--dry-run")

    assert said.code == 2
    assert "the stack has a system shop in the project other: name the system that shop-staging becomes" in said.errors


def test_a_rehearsal_knows_the_other_stacks(shop: Elsewhere) -> None:
    """Redirects that a system of another stack has are left to it, as in the adoption itself."""
    bring_up(shop, SHOP)
    shop.settings.rename(shop.directory / "Pulumi.other.yaml")
    shop.settings.write_text(FORGOTTEN)
    call = ("adopt", "mine", "--own", "--project", "shop-staging", "-s", "staging", "--json")

    adopted, rehearsed = (shop.railyard(*call, option) for option in ("--dry-run", "--rehearse"))

    assert "seance.dev: its redirects are left to shop of other" in adopted.json["notes"]
    assert "seance.dev: its redirects are left to shop of other" in rehearsed.json["notes"]
