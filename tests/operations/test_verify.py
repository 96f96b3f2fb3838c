"""``railyard verify``: what a person would look at after a deploy, over real TLS at the simulated edges."""

from __future__ import annotations

import shutil
from typing import Any, cast

import pytest

from railway_api.domain_probe import Answer
from railway_sandbox.edge import certificate_authority
from railyard.operate.verify_checks import health
from railyard.shared.stack import read_stack
from stacks.omega import OmegaSettings
from tests.lifecycle.conftest import ROOT
from tests.operations.conftest import Railyard
from tests.railyard_command import Said


def failures(said: Said) -> dict[tuple[str, str], dict[str, Any]]:
    """The failed checks of a JSON answer by place and name."""
    return {(each["where"], each["check"]): each for each in said.json["checks"] if not each["passed"]}


def test_a_stack_that_works(railyard: Railyard) -> None:
    """Every kind of check is made, everything passes, and nothing is left in the bucket."""
    said = railyard.run("verify", "seance", "rose", "--json")

    assert said.code == 0, said.text
    made = {(each["where"], each["check"]) for each in said.json["checks"]}
    assert {("seance/backend", check) for check in ("deployment", "dns", "certificate", "health")} < made
    assert {("rose/web", check) for check in ("deployment", "dns", "certificate", "health")} < made
    assert {("seance/valkey", "database"), ("seance/seance-cdn-staging", "cdn")} < made
    asked = railyard.requests()
    assert "edge GET https://staging.rose.example/api/health" in asked
    put = [each for each in asked if each.startswith("spaces PUT /seance-cdn-staging/staging/railyard-verify-")]
    assert [each.replace("PUT", "DELETE") for each in put] == [each for each in asked if "spaces DELETE" in each]
    assert len(put) == 1


def test_the_table_for_people(railyard: Railyard) -> None:
    """Readable at 100 columns; a database is not said to be more than it is known to be."""
    said = railyard.run("verify", "seance", "rose", width=100)

    assert said.code == 0
    assert max(len(line.rstrip()) for line in said.text.splitlines()) <= 100
    assert "private: only Railway was asked" in said.flat
    assert "26 checks passed" in said.text


def test_a_release_that_crashed(railyard: Railyard) -> None:
    """Deployment and health fail, each with a next step, and the exit code says so."""
    with railyard.world() as world:
        world.railway.fail("rose/rose", "crash-later")
        world.deploy("rose/web")

    said = railyard.run("verify", "rose", "--json")

    assert said.code == 1
    failed = failures(said)
    assert set(failed) == {("rose/web", "deployment"), ("rose/web", "health")}
    assert "CRASHED" in failed["rose/web", "deployment"]["found"]
    assert failed["rose/web", "deployment"]["next"] == "./bin/railyard logs rose/web -s staging"
    assert "Railway answers 502" in failed["rose/web", "health"]["found"]


def test_a_record_that_somebody_deleted(railyard: Railyard) -> None:
    """The name leads nowhere any more; Railway's own certificate is still there."""
    with railyard.world() as world:
        world.remove_record("CNAME", "staging.rose.example")

    said = railyard.run("verify", "rose")
    failed = failures(railyard.run("verify", "rose", "--json"))

    assert said.code == 1
    assert "staging.rose.example leads to nothing" in failed["rose/web", "dns"]["found"]
    assert "no address for staging.rose.example" in failed["rose/web", "health"]["found"]
    assert "next: put the record back" in said.text


def test_a_record_that_leads_elsewhere(railyard: Railyard) -> None:
    """Somebody pointed the name at another host."""
    with railyard.world() as world:
        world.remove_record("CNAME", "staging.rose.example")
        zone = next(zone["id"] for zone in world.cloudflare.zones() if zone["name"] == "rose.example")
        record = {"type": "CNAME", "name": "staging.rose.example", "content": "old.example.com", "ttl": 1}
        world.cloudflare.create_record(zone, record)

    dns_records = failures(railyard.run("verify", "rose", "--json"))["rose/web", "dns"]["found"]

    assert "leads to old.example.com, not to " in dns_records


def test_an_unverified_domain(railyard: Railyard) -> None:
    """Its TXT record is gone: Railway's edge does not know the name any more."""
    with railyard.world() as world:
        world.remove_record("TXT", "_railway-verify.staging.rose.example")

    failed = failures(railyard.run("verify", "rose", "--json"))

    assert "staging.rose.example is not verified" in failed["rose/web", "dns"]["found"]
    assert ("rose/web", "deployment") not in failed


@pytest.mark.parametrize(
    ("days", "says"), [(-0.5, "certificate has expired"), (5, "Let's Encrypt E7, 4 days left")], ids=["expired", "soon"]
)
def test_a_certificate_that_was_not_renewed(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch, days: float, says: str
) -> None:
    """One that expired half a day ago, and one that should have been renewed weeks ago."""
    monkeypatch.setattr(certificate_authority, "CERTIFICATE_DAYS", days)

    said = railyard.run("verify", "rose", "--json")

    assert said.code == 1
    assert says in failures(said)["rose/web", "certificate"]["found"]


def test_a_wrong_ssl_mode(railyard: Railyard) -> None:
    """Somebody set the zone to Flexible: every proxied name redirects to itself."""
    with railyard.world() as world:
        zone = next(zone["id"] for zone in world.cloudflare.zones() if zone["name"] == "seance.dev")
        world.cloudflare.change_setting(zone, "ssl", "flexible")

    failed = failures(railyard.run("verify", "seance", "--json"))

    assert "SSL mode is Flexible" in failed["seance/backend", "health"]["found"]


def test_a_cdn_endpoint_that_is_gone(railyard: Railyard) -> None:
    """The object can be put, and no visitor gets it; it is deleted all the same."""
    with railyard.world() as world:
        for endpoint in world.digitalocean.endpoints():
            world.digitalocean.delete_endpoint(endpoint["id"])

    said = railyard.run("verify", "seance", "--json")

    assert said.code == 1
    assert "put, but not served: " in failures(said)["seance/seance-cdn-staging", "cdn"]["found"]
    assert sum(each.startswith("spaces DELETE") for each in railyard.requests()) == 1


def test_without_a_spaces_key(railyard: Railyard, pointed) -> None:
    """One failed check that says what is missing; all others are made."""
    pointed(SPACES_ACCESS_KEY_ID=None)

    said = railyard.run("verify", "seance", "--json")

    failed = failures(said)
    assert set(failed) == {("seance/seance-cdn-staging", "cdn")}
    assert "SPACES_ACCESS_KEY_ID not set" in failed["seance/seance-cdn-staging", "cdn"]["found"]


def test_a_resolver_that_does_not_answer(railyard: Railyard, pointed) -> None:
    """No answer is not taken for a missing record."""
    pointed(RAILYARD_DNS_URL="http://127.0.0.1:9/dns-query")

    failed = failures(railyard.run("verify", "rose", "--json"))

    assert failed["rose/web", "dns"]["found"] == "the public resolver does not answer"


def test_a_system_that_is_not_there(railyard: Railyard) -> None:
    """One line for the system, not one for each service."""
    said = railyard.run("verify", "omnistack", "--json")

    assert said.code == 1
    ((place, found),) = failures(said).items()
    assert place == ("omnistack", "deployment")
    assert found["next"] == "bring it up: ./bin/railyard up -s staging"


def test_a_domain_that_only_the_settings_have(railyard: Railyard, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Settings that were not brought up yet; status says it too."""
    for name in ("Pulumi.yaml", "defaults.yaml", "Pulumi.staging.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_text(file.read_text().replace("hostname: staging.rose.example", "hostname: new.rose.example"))
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))

    failed = failures(railyard.run("verify", "rose", "--json"))

    assert (
        failed["rose/web", "dns"]["found"] == "new.rose.example stands in the settings, and is no domain of the service"
    )
    assert failed["rose/web", "dns"]["next"] == "bring it up: ./bin/railyard up -s staging"
    assert "new.rose.example is in the settings" in railyard.run("status", "rose").flat


@pytest.mark.parametrize(
    ("body", "passed", "found"),
    [
        (
            '{"status": "healthy", "discord": "connected", "database": "ready"}',
            True,
            ", discord connected, database ready",
        ),
        ('{"status": "healthy", "discord": "reconnecting", "database": "ready"}', False, ", discord reconnecting"),
        ('{"status": "healthy"}', True, "/health"),
        ("OK", True, "/health"),
        ("[1]", True, "/health"),
    ],
)
def test_a_health_answer_is_read(body: str, passed: bool, found: str) -> None:
    """A bot that answers 200 without its gateway is not well; one that says nothing of it counts by its status."""
    answer = Answer(url="https://bot.example/health", status=200, body=body, reached_railway=True)
    omega = cast("OmegaSettings", read_stack("production").settings.systems["omega"])
    wanted = omega.bot.health_answer
    result = health(read_stack("production"), "omega/bot", answer, exact=True, expected=wanted)

    assert (result.check, result.passed) == ("health", passed)
    assert found in result.found
