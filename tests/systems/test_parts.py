"""The components that people expect, in Python and as data, by the real program: made, changed, drifted and gone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.server import Sandbox
from tests.edge.test_systems_at_the_edge import visiting
from tests.lifecycle.conftest import Checkout, with_copy_of, with_system
from tests.operations.conftest import Railyard
from tests.railyard_command import point_nowhere

MODULE = Path(__file__).with_name("parts.py")
SETTINGS = """
  railyard:parts:
    project: {name: parts-staging, environment: staging}
    site:
      repo: parts/site
      folder: public
      domains: [{hostname: parts.seance.dev, proxied: true}]
    redirects: [{hostname: www.seance.dev, to: parts.seance.dev}]
    worker: {image: "parts/worker:1", memoryMb: 512}
    report: {image: "parts/report:1", cronSchedule: "0 3 * * *"}
    files: {region: ams}
  railyard:data:
    project: {name: data-staging, environment: staging}
    services:
      site: {topology: staticSite, image: "data/site:1", railwayDomain: true}
      worker: {topology: worker, image: "data/worker:1", bucket: files, variables: {NAME: "${files.bucket}"}}
    buckets: {files: {kind: railway, region: sin}}
"""
ZONE = ZONE_IDS["seance.dev"]
SERVICES = (
    "data-staging/site", "data-staging/worker",
    *(f"parts-staging/{each}" for each in ("mongodb", "mysql", "redis", "report", "site", "worker")),
)  # fmt: skip


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Parts, brought up once; tests copy it."""
    checkout = with_system(
        tmp_path_factory.mktemp("parts") / "railyard", Path(__file__).with_name("parts.py"), SETTINGS
    )
    checkout.json("up")
    return checkout


@pytest.fixture
def again(parts: Checkout, tmp_path: Path) -> Checkout:
    """A copy of Parts as it is up."""
    return with_copy_of(parts, tmp_path / "railyard")


def test_each_part_is_deployed_once_and_the_site_alone_has_a_name(parts: Checkout) -> None:
    """One deployment of each service; nobody reaches the worker and the cron job."""
    world = parts.world()

    assert world["deployments"] == dict.fromkeys(SERVICES, 1)
    assert world["custom domains"] == ["parts-staging/site parts.seance.dev"]
    assert world["service domains"] == ["data-staging/site 80"]


def test_what_each_part_gets_of_the_others(parts: Checkout) -> None:
    """The worker has the credentials of the bucket, Railpack the folder of the site."""
    railway = Sandbox(parts.sandbox).railway.state
    given = {each.service_id: each.variables for each in railway.deployments.values()}
    projects = {each.id: each.name for each in railway.projects.values()}
    services = railway.services.values()
    variables = {f"{projects[each.project_id]}/{each.name}": given[each.id] for each in services}
    worker, as_data = variables["parts-staging/worker"], variables["data-staging/worker"]

    assert variables["parts-staging/site"]["RAILPACK_STATIC_FILE_ROOT"] == "public"
    assert parts.world()["railway buckets"] == ["files", "files"]
    assert worker["AWS_S3_BUCKET_NAME"].startswith("files")
    assert {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= worker.keys()
    assert worker["AWS_S3_BUCKET_NAME"] != as_data["AWS_S3_BUCKET_NAME"] == as_data["NAME"]
    assert worker["AWS_SECRET_ACCESS_KEY"] not in (parts.sandbox / "staging.json").read_text()


def test_visitors_of_www_are_led_on_with_path_and_query(parts: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """301 to the name of the site, which answers there; verify looks for just that."""
    with visiting(parts, monkeypatch) as visit:
        led, there = visit("www.seance.dev", "/a?b=c"), visit("parts.seance.dev")

    assert (led.status, led.location) == (301, "https://parts.seance.dev/a?b=c")
    assert (there.status, there.problem) == (200, None)


def test_a_redirect_is_changed_in_place_and_drift_of_it_is_brought_back(
    again: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another target changes the rule; a rule that somebody deleted comes back, and so does its record."""
    again.change("staging", "to: parts.seance.dev}", "to: parts.seance.dev, status: 308}")
    assert again.json("up").operations() == Counter(update=1)
    sandbox = Sandbox(again.sandbox)
    (ruleset,) = sandbox.cloudflare.rulesets(ZONE).every()
    sandbox.cloudflare.rulesets(ZONE).replace(ruleset["id"], {"rules": []})
    (record,) = sandbox.cloudflare.records(ZONE, name="www.seance.dev")
    sandbox.cloudflare.delete_record(ZONE, record["id"])
    sandbox.save()

    again.json("up", "--refresh")

    with visiting(again, monkeypatch) as visit:
        response = visit("www.seance.dev")
    assert (response.status, response.location) == (308, "https://parts.seance.dev/")


def test_every_command_knows_the_parts(parts: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture names their kinds, what they cost is counted, and the compose file says what it cannot do."""
    monkeypatch.setenv("RAILYARD_PROJECT", str(parts.directory))
    monkeypatch.syspath_prepend(parts.directory)
    point_nowhere(monkeypatch)
    railyard = Railyard(parts.sandbox)

    drawn = railyard.run("map", "-s", "staging", "--json").json["systems"]["parts"]
    costs = railyard.run("cost", "-s", "staging", "--json").json["systems"]["parts"]["parts"]
    exported = railyard.run("export", "compose", "parts", "-s", "staging", "--json").json
    checked = railyard.run("verify", "-s", "staging", "--sandbox", "--json").json

    kinds = {node["title"].partition(" ")[0]: node["label"] for node in drawn["boxes"]}
    assert {name: kinds[name] for name in ("site", "worker", "report", "files", "www.seance.dev")} == {
        "site": "static site", "worker": "worker", "report": "cron job", "files": "Railway bucket",
        "www.seance.dev": "Cloudflare · 301",
    }  # fmt: skip
    titles = {node["id"]: node["title"] for node in drawn["boxes"]}
    arrows = {(titles[edge["from"]], titles[edge["to"]]) for edge in drawn["arrows"]}
    assert {("www.seance.dev", "parts.seance.dev"), ("worker", "files"), ("report", "redis :6379")} <= arrows
    used = {each["name"]: each["asUsed"] for each in costs}
    assert (used["files"], used["report"] < used["worker"]) == (0.15, True)
    assert exported["compose"]["services"]["report"]["profiles"] == ["cron"]
    assert any("0 3 * * * docker compose run --rm report" in note for note in exported["notes"])
    assert any("www.seance.dev leads on to parts.seance.dev" in note for note in exported["notes"])
    redirect = next(each for each in checked["checks"] if each["check"] == "redirect")
    assert (redirect["passed"], redirect["found"]) == (True, "301 to https://parts.seance.dev/")
    assert checked["ok"]


def test_one_of_several_databases_or_volumes_has_to_be_named(parts: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is copied, and above all what is overwritten, is never the first of several."""
    monkeypatch.setenv("RAILYARD_PROJECT", str(parts.directory))
    monkeypatch.syspath_prepend(parts.directory)
    point_nowhere(monkeypatch)
    railyard = Railyard(parts.sandbox)

    dumped = railyard.run("backup", "dump", "parts", "-s", "staging")
    restored = railyard.run("restore", "volume", "parts", "latest", "-s", "staging")

    assert (dumped.code, restored.code) == (2, 2)
    assert "parts has several databases: name one of parts/mysql, parts/mongodb" in dumped.errors
    assert "parts has several volumes: name one of parts/mysql, parts/mongodb" in restored.errors


def configured(sandbox: Sandbox, service: str) -> dict[str, Any]:
    """The configuration of a service at the simulated Railway, to read or to change by hand."""
    railway = sandbox.railway.state
    id_ = next(each.id for each in railway.services.values() if each.name == service)
    environment = next(each for each in railway.environments.values() if id_ in each.config["services"])
    return environment.config["services"][id_]


def test_a_new_schedule_is_a_change_and_one_by_hand_is_drift(again: Checkout) -> None:
    """Both are found, and the settings win."""
    again.change("staging", "0 3 * * *", "30 4 * * 1")
    assert again.json("up").operations() == Counter(update=1)
    sandbox = Sandbox(again.sandbox)
    assert configured(sandbox, "report")["deploy"]["cronSchedule"] == "30 4 * * 1"
    configured(sandbox, "report")["deploy"]["cronSchedule"] = "0 0 * * *"
    sandbox.railway.touch()
    sandbox.save()

    again.json("up", "--refresh")

    assert configured(Sandbox(again.sandbox), "report")["deploy"]["cronSchedule"] == "30 4 * * 1"
    assert again.json("refresh").operations() == Counter()


def test_all_of_it_goes(again: Checkout) -> None:
    """Nothing is left in any cloud."""
    again.run("unprotect")

    again.json("destroy")

    assert {kind: found for kind, found in again.world().items() if found} == {}
