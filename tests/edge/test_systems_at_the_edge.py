"""Whole systems brought up by the real program and provider, then asked for as a visitor does.

One ``up`` of each system for the module; each test works on a copy of what it left.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulumiverse_railway.provider.api import edge
from sandbox.addresses import SPACES_ACCESS_KEY, environment
from sandbox.cloudflare.zones import ZONE_IDS
from sandbox.server import Sandbox
from tests.lifecycle.conftest import Checkout

ROSE = "domains: [{hostname: staging.rose.example}]"
PROXIED = "domains: [{hostname: staging.rose.example, proxied: true}]"
NEXT = "domains: [{hostname: next.rose.example, proxied: true}]"
ZONE = ZONE_IDS["rose.example"]
BUCKET = "      prefix: staging/\n"
CDN_NAME = f"{BUCKET}      cdnDomain: files-staging.seance.dev\n"


@pytest.fixture(scope="module")
def rose(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Rose behind the proxy, in a zone where Universal SSL was switched off by hand."""
    checkout = Checkout(tmp_path_factory.mktemp("rose") / "railyard")
    checkout.change("staging", ROSE, PROXIED)
    sandbox = Sandbox(checkout.sandbox)
    sandbox.cloudflare.change_universal_ssl(ZONE, enabled=False)
    sandbox.save()
    checkout.json("up", "--system", "rose")
    return checkout


@pytest.fixture(scope="module")
def seance(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Seance with an own name for its CDN and one object in its bucket."""
    checkout = Checkout(tmp_path_factory.mktemp("seance") / "railyard")
    checkout.change("staging", BUCKET, CDN_NAME)
    checkout.json("up", "--system", "seance")
    sandbox = Sandbox(checkout.sandbox)
    sandbox.spaces.perform(
        access_key=SPACES_ACCESS_KEY, method="PUT", region="sfo3", bucket="seance-cdn-staging", key="staging/build.js",
        query="", headers={"x-amz-acl": "public-read"}, body=b"build",
    )  # fmt: skip
    return checkout


@pytest.fixture
def again(tmp_path: Path) -> Callable[[Checkout], Checkout]:
    """A copy of a system as it was brought up, with an empty request log."""

    def copy(found: Checkout) -> Checkout:
        shutil.copytree(found.directory, tmp_path / "railyard")
        checkout = object.__new__(Checkout)
        checkout.directory, checkout.sandbox = tmp_path / "railyard", tmp_path / "railyard" / ".sandbox"
        (checkout.sandbox / "requests.jsonl").unlink(missing_ok=True)
        return checkout

    return copy


@contextmanager
def visiting(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., edge.Answer]]:
    """Visitors of what a system left behind."""
    with Sandbox(checkout.sandbox).serve() as address:
        for name, value in environment(address, directory=checkout.sandbox).items():
            monkeypatch.setenv(name, value)
        yield lambda name, path="/": asyncio.run(edge.visit(name, path))


def positions(checkout: Checkout, *patterns: str) -> list[int]:
    """Where in the request log each pattern first stands; every one must."""
    lines = [
        f"{line['api']} {line['operation']} {json.dumps(line.get('variables', {}))}" for line in checkout.requests()
    ]
    found = [next((i for i, line in enumerate(lines) if re.search(pattern, line)), None) for pattern in patterns]
    assert None not in found, dict(zip(patterns, found, strict=True))
    return [position for position in found if position is not None]


def test_one_up_makes_a_domain_that_answers(rose: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing to a valid certificate; the zone is made right for it first."""
    with visiting(rose, monkeypatch) as visit:
        found = visit("staging.rose.example", "/api/health")

    assert (found.status, found.problem, found.proxied) == (200, None, True)
    assert found.certificate is not None
    assert "*.rose.example" in found.certificate.names
    before = positions(
        rose, "mutation customDomainCreate", "POST /zones/.*/dns_records", "GET https://staging.rose.example/"
    )
    settings = positions(rose, "PATCH .*settings/ssl", "PATCH .*universal")
    assert before == sorted(before)
    assert max(settings) < before[-1]


def test_a_changed_domain_answers_before_the_old_one_goes(
    rose: Checkout, again: Callable[[Checkout], Checkout], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, verified and visited; then domain and records of the old name are deleted."""
    changed = again(rose)
    changed.change("staging", PROXIED, NEXT)

    changed.json("up", "--system", "rose")

    made, visited, *gone = positions(
        changed,
        "mutation customDomainCreate .*next.rose.example",
        "GET https://next.rose.example/",
        "mutation customDomainDelete",
        "DELETE /zones/.*/dns_records",
    )
    assert made < visited < min(gone)
    with visiting(changed, monkeypatch) as visit:
        assert visit("next.rose.example", "/api/health").status == 200
        assert visit("staging.rose.example").problem == "the DNS has no address for staging.rose.example"


def test_a_domain_that_cannot_be_had_leaves_the_old_one(
    rose: Checkout, again: Callable[[Checkout], Checkout], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account has the new name: the error says so, and the old name goes on answering."""
    changed = again(rose)
    changed.change("staging", PROXIED, NEXT)
    sandbox = Sandbox(changed.sandbox)
    mine = next(iter(sandbox.railway.state.custom_domains.values()))
    theirs = mine.model_copy(update={"id": "theirs", "domain": "next.rose.example", "service_id": "another"})
    sandbox.railway.state.custom_domains["theirs"] = theirs
    sandbox.save()

    outcome = changed.run("up", "--system", "rose")

    assert outcome.code == 1
    assert "next.rose.example is in use on another Railway service" in outcome.text + outcome.errors
    assert not [line for line in changed.requests() if "Delete" in line["operation"] or "DELETE" in line["operation"]]
    with visiting(changed, monkeypatch) as visit:
        assert visit("staging.rose.example", "/api/health").status == 200


def test_the_bucket_is_served_under_its_own_name(seance: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is public, with a certificate for that name; pages of the system's own domains may use it."""
    with visiting(seance, monkeypatch) as visit:
        found = visit("files-staging.seance.dev", "/staging/build.js")
        hidden = visit("files-staging.seance.dev", "/staging/secret.js")

    assert (found.status, found.problem, hidden.status) == (200, None, 403)
    assert found.certificate is not None
    assert found.certificate.names == ("files-staging.seance.dev",)


def test_a_new_key_is_in_use_before_the_old_one_goes(seance: Checkout, again: Callable[[Checkout], Checkout]) -> None:
    """One number changes: a new key, a healthy deployment with it, and only then the end of the old key."""
    rotated = again(seance)
    (old,) = [key["access_key"] for key in Sandbox(rotated.sandbox).digitalocean.spaces_keys()]
    rotated.change("staging", BUCKET, f"{BUCKET}      keyVersion: 2\n")

    rotated.json("up", "--system", "seance")

    made, deployed, gone = positions(
        rotated, "POST /v2/spaces/keys", "mutation environmentPatchCommit", f"DELETE /v2/spaces/keys/{old}"
    )
    lines = rotated.requests()
    followed = [i for i, line in enumerate(lines) if re.search("query .*deployment", line["operation"])]
    assert made < deployed < max(followed) < gone
    sandbox = Sandbox(rotated.sandbox)
    (new,) = sandbox.digitalocean.spaces_keys()
    assert (new["name"], new["grants"]) == (
        "seance-cdn-staging-2",
        [{"bucket": "seance-cdn-staging", "permission": "readwrite"}],
    )
    (backend,) = [one.id for one in sandbox.railway.state.services.values() if one.name == "backend"]
    last = [one for one in sandbox.railway.state.deployments.values() if one.service_id == backend][-1]
    assert last.variables["SPACES_ACCESS_KEY_ID"] == new["access_key"] != old


def test_a_deployment_that_fails_keeps_the_old_key(seance: Checkout, again: Callable[[Checkout], Checkout]) -> None:
    """What still runs needs it."""
    rotated = again(seance)
    rotated.change("staging", BUCKET, f"{BUCKET}      keyVersion: 2\n")
    rotated.break_image("fractalhuman1/seance-backend", "crash")

    outcome = rotated.run("up", "--system", "seance")

    assert outcome.code == 1
    keys = [key["name"] for key in Sandbox(rotated.sandbox).digitalocean.spaces_keys()]
    assert keys == ["seance-cdn-staging-1", "seance-cdn-staging-2"]


def test_a_bucket_with_objects_survives_even_an_unprotected_destroy(
    seance: Checkout, again: Callable[[Checkout], Checkout]
) -> None:
    """Protected first; and when somebody lifted that, Spaces refuses to delete what is not empty."""
    doomed = again(seance)
    assert doomed.run("destroy", "--system", "seance").code == 1
    assert doomed.run("unprotect").code == 0

    outcome = doomed.run("destroy", "--system", "seance")

    assert outcome.code == 1
    assert "BucketNotEmpty" in outcome.text + outcome.errors
    assert Sandbox(doomed.sandbox).spaces.owns("seance-cdn-staging")


def test_a_taken_bucket_name_is_explained(tmp_path: Path) -> None:
    """Names are shared by all customers of DigitalOcean."""
    checkout = Checkout(tmp_path / "railyard")
    checkout.change("staging", "name: seance-cdn-staging", "name: assets")

    outcome = checkout.run("up", "--system", "seance")

    assert outcome.code == 1
    assert "shared by all users" in outcome.text + outcome.errors
    assert "Please select a different name" in outcome.text + outcome.errors
