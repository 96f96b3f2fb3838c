"""Whole systems brought up by the real program and provider, then asked for as a visitor does.

One ``up`` of each system for the module; each test works on a copy of what it left.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from railway_api import domain_probe
from railway_sandbox.addresses import SPACES_ACCESS_KEY, environment
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.server import Sandbox
from tests.lifecycle.conftest import LONGEST_S, Checkout, with_copy_of, with_system

SETTINGS = """
  railyard:files:
    project: {name: files-staging, environment: staging}
    web: {domains: [{hostname: files.seance.dev, proxied: true}]}
    bucket:
      name: files-staging
      region: sfo3
      cdnDomain: cdn.seance.dev
      lifecycle: [{abortIncompleteUploadDays: 1}]
"""
ZONE = ZONE_IDS["seance.dev"]
NAME = "hostname: files.seance.dev"
NEXT = "hostname: next.seance.dev"
KEY = ("      region: sfo3\n      cdnDomain", "      region: sfo3\n      keyVersion: 2\n      cdnDomain")


def files_system(directory: Path) -> Checkout:
    """A copy of the project with the system Files."""
    return with_system(directory, Path(__file__).with_name("files.py"), SETTINGS)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Files, brought up in a zone where Universal SSL was switched off by hand, with one object in its bucket."""
    checkout = files_system(tmp_path_factory.mktemp("files") / "railyard")
    sandbox = Sandbox(checkout.sandbox)
    sandbox.cloudflare.change_universal_ssl(ZONE, enabled=False)
    sandbox.save()
    checkout.json("up")
    Sandbox(checkout.sandbox).spaces.perform(
        access_key=SPACES_ACCESS_KEY, method="PUT", region="sfo3", bucket="files-staging", key="build.js",
        query="", headers={"x-amz-acl": "public-read"}, body=b"build",
    )  # fmt: skip
    return checkout


@pytest.fixture
def again(tmp_path: Path) -> Callable[[Checkout], Checkout]:
    """A copy of a system as it was brought up, with an empty request log."""
    return lambda found: with_copy_of(found, tmp_path / "railyard")


@contextmanager
def visiting(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., domain_probe.Answer]]:
    """Visitors of what a system left behind."""
    with Sandbox(checkout.sandbox).serve() as address:
        for name, value in environment(address, directory=checkout.sandbox).items():
            monkeypatch.setenv(name, value)
        yield lambda name, path="/": asyncio.run(domain_probe.visit(name, path))


def positions(checkout: Checkout, *patterns: str) -> list[int]:
    """Where in the request log each pattern first stands; every one must."""
    lines = [
        f"{line['api']} {line['operation']} {json.dumps(line.get('variables', {}))}" for line in checkout.requests()
    ]
    line_numbers = [next((i for i, line in enumerate(lines) if re.search(pattern, line)), None) for pattern in patterns]
    assert None not in line_numbers, dict(zip(patterns, line_numbers, strict=True))
    return [position for position in line_numbers if position is not None]


def test_one_up_makes_a_domain_that_answers(files: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing to a valid certificate; the zone is made right for it first."""
    with visiting(files, monkeypatch) as visit:
        response = visit("files.seance.dev", "/health")

    assert (response.status, response.problem, response.proxied) == (200, None, True)
    assert response.certificate is not None
    assert "*.seance.dev" in response.certificate.names
    *_, visited = steps = positions(
        files, "mutation customDomainCreate", "POST /zones/.*/dns_records", "GET https://files.seance.dev/"
    )
    settings = positions(files, "PATCH .*settings/ssl", "PATCH .*universal")
    assert visited > max(settings)
    assert visited == max(steps)


def test_a_changed_domain_answers_before_the_old_one_goes(
    files: Checkout, again: Callable[[Checkout], Checkout], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, verified and visited; then its pages may use the bucket, and domain and records of the old name go."""
    changed = again(files)
    changed.change("staging", NAME, NEXT)

    changed.json("up")

    made, visited, allowed, *gone = positions(
        changed,
        "mutation customDomainCreate .*next.seance.dev",
        "GET https://next.seance.dev/",
        "PUT /files-staging.cors",
        "mutation customDomainDelete",
        "DELETE /zones/.*/dns_records",
    )
    assert made < visited < allowed < min(gone)
    with visiting(changed, monkeypatch) as visit:
        assert visit("next.seance.dev", "/health").status == 200
        assert visit("files.seance.dev").problem == "the DNS has no address for files.seance.dev"


def test_a_name_is_proxied_after_its_zone_is_right(files: Checkout) -> None:
    """With the SSL mode of a new zone, visitors of a name in use would be sent in circles for a moment."""
    state = json.loads((files.sandbox / "staging.json").read_text())
    resources = {each["urn"].rpartition("::")[2]: each for each in state["deployment"]["resources"]}

    record = resources["files-web-files.seance.dev-cname"]

    assert record["inputs"]["proxied"] is True
    settings = {resources[name]["urn"] for name in ("files-seance.dev-ssl", "files-seance.dev-universal-ssl")}
    assert settings <= set(record["dependencies"])


def test_the_id_of_another_zone_is_refused_before_anything_changes(
    files: Checkout, again: Callable[[Checkout], Checkout]
) -> None:
    """Cloudflare would take the records, and name them below the other zone."""
    changed = again(files)
    changed.change("staging", ZONE, ZONE_IDS["omnistack.example"])

    outcome = changed.run("up")

    assert outcome.code == 1
    said = "allowed: the id of seance.dev, and this one is that of omnistack.example"
    assert said in outcome.text + outcome.errors
    assert [line["operation"] for line in changed.requests()] == [f"GET /zones/{ZONE_IDS['omnistack.example']}"]


def test_a_domain_that_cannot_be_had_leaves_the_old_one(
    files: Checkout, again: Callable[[Checkout], Checkout], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account has the new name: the error says so, and all of the old name goes on as it was."""
    changed = again(files)
    changed.change("staging", NAME, NEXT)
    sandbox = Sandbox(changed.sandbox)
    mine = next(iter(sandbox.railway.state.custom_domains.values()))
    theirs = mine.model_copy(update={"id": "theirs", "domain": "next.seance.dev", "service_id": "another"})
    sandbox.railway.state.custom_domains["theirs"] = theirs
    sandbox.save()

    outcome = changed.run("up")

    assert outcome.code == 1
    assert "next.seance.dev is in use on another Railway service" in outcome.text + outcome.errors
    assert not [line for line in changed.requests() if re.search("Delete|DELETE|PUT", line["operation"])]
    with visiting(changed, monkeypatch) as visit:
        assert visit("files.seance.dev", "/health").status == 200


def test_the_bucket_is_served_under_its_own_name(files: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is public, with a certificate for that name; pages of the system's own domains may use it."""
    with visiting(files, monkeypatch) as visit:
        response = visit("cdn.seance.dev", "/build.js")
        hidden = visit("cdn.seance.dev", "/secret.js")

    assert (response.status, response.problem, hidden.status) == (200, None, 403)
    assert response.certificate is not None
    assert response.certificate.names == ("cdn.seance.dev",)


def test_a_new_key_is_in_use_before_the_old_one_goes(files: Checkout, again: Callable[[Checkout], Checkout]) -> None:
    """One number changes: a new key, a healthy deployment with it, and only then the end of the old key."""
    rotated = again(files)
    (old,) = [key["access_key"] for key in Sandbox(rotated.sandbox).digitalocean.spaces_keys()]
    rotated.change("staging", *KEY)

    rotated.json("up")

    made, deployed, gone = positions(
        rotated, "POST /v2/spaces/keys", "mutation environmentPatchCommit", f"DELETE /v2/spaces/keys/{old}"
    )
    lines = rotated.requests()
    followed = [i for i, line in enumerate(lines) if re.search("query .*deployment", line["operation"])]
    assert made < deployed < max(followed) < gone
    sandbox = Sandbox(rotated.sandbox)
    (new,) = sandbox.digitalocean.spaces_keys()
    assert (new["name"], new["grants"]) == (
        "files-staging-2",
        [{"bucket": "files-staging", "permission": "readwrite"}],
    )
    (web,) = [one.id for one in sandbox.railway.state.services.values() if one.name == "web"]
    last = [one for one in sandbox.railway.state.deployments.values() if one.service_id == web][-1]
    assert last.variables["SPACES_ACCESS_KEY_ID"] == new["access_key"] != old


def test_a_deployment_that_fails_keeps_the_old_key(files: Checkout, again: Callable[[Checkout], Checkout]) -> None:
    """What still runs needs it."""
    rotated = again(files)
    rotated.change("staging", *KEY)
    rotated.break_image("files/web", "crash")

    outcome = rotated.run("up")

    assert outcome.code == 1
    keys = [key["name"] for key in Sandbox(rotated.sandbox).digitalocean.spaces_keys()]
    assert keys == ["files-staging-1", "files-staging-2"]


def test_a_bucket_with_objects_survives_even_an_unprotected_destroy(
    files: Checkout, again: Callable[[Checkout], Checkout]
) -> None:
    """Protected first; and when somebody lifted that, Spaces refuses to delete what is not empty."""
    doomed = again(files)
    assert doomed.run("destroy").code == 1
    assert doomed.run("unprotect").code == 0

    outcome = doomed.run("destroy")

    assert outcome.code == 1
    assert "BucketNotEmpty" in outcome.text + outcome.errors
    assert Sandbox(doomed.sandbox).spaces.owns("files-staging")


def test_a_bucket_of_another_name_is_another_bucket(files: Checkout, again: Callable[[Checkout], Checkout]) -> None:
    """DigitalOcean's provider would take it for the same one: here protection stops it before anything is sent."""
    renamed = again(files)
    renamed.change("staging", "name: files-staging\n      region", "name: files-two\n      region")

    outcome = renamed.run("up")

    assert outcome.code == 1
    assert "would have to be replaced, but is protected" in outcome.text + outcome.errors
    assert not [line for line in renamed.requests() if not line["operation"].startswith(("GET", "HEAD", "query"))]


def test_another_region_deletes_nothing_first(files: Checkout, again: Callable[[Checkout], Checkout]) -> None:
    """DigitalOcean's provider would: CDN and key, and then stop at a bucket that holds objects."""
    moved = again(files)
    moved.change("staging", "region: sfo3\n      cdnDomain", "region: nyc3\n      cdnDomain")
    assert moved.run("unprotect").code == 0

    outcome = moved.run("up")

    assert outcome.code == 1
    assert "BucketAlreadyOwnedByYou" in outcome.text + outcome.errors
    assert not [line for line in moved.requests() if line["operation"].startswith("DELETE")]


def test_a_taken_bucket_name_is_explained(tmp_path: Path) -> None:
    """Names are shared by all customers of DigitalOcean."""
    checkout = files_system(tmp_path / "railyard")
    checkout.change("staging", "name: files-staging\n      region", "name: assets\n      region")

    outcome = checkout.run("up")

    assert outcome.code == 1
    assert "shared by all users" in outcome.text + outcome.errors
    assert "Please select a different name" in outcome.text + outcome.errors


def test_the_page_shows_what_an_up_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The listings of docs/domains.md, but for times and the order in which things are ready, and what curl gets."""
    page = (Path(__file__).parents[2] / "docs" / "domains.md").read_text()
    up, curl = re.findall(r"```console\n(.*?)```", page, re.DOTALL)[:2]
    checkout = Checkout(tmp_path / "railyard")
    checkout.change(
        "staging", "[{hostname: staging.rose.example}]", "[{hostname: staging.rose.example, proxied: true}]"
    )

    printed = checkout.run("up", "--system", "rose").text

    def steps(text: str) -> set[str]:
        return {re.sub(r" in [0-9.]+ s$", "", line) for line in text.splitlines() if line.startswith("+  ")}

    assert steps(printed) == steps(up) != set()
    command, *answer = curl.strip().splitlines()
    with visiting(checkout, monkeypatch):
        done = subprocess.run(
            command.removeprefix("$ "), shell=True, capture_output=True, text=True, timeout=LONGEST_S, check=True
        )
    said = [line.strip() for line in done.stdout.splitlines()]
    assert set(answer) <= set(said)
