"""Before a deployment is taken back for a failed check: it fails again a little later, or it does not count."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from railway_sandbox.server import Sandbox
from railyard.accounts.railway_client import connected
from railyard.deliver.deploy import LOOKED_AGAIN_AFTER_S, last_look
from railyard.deliver.system_release import can_have_broken
from railyard.engine import operate
from railyard.operate.verify_checks import Result
from railyard.review.resource_changes import Change, Kind
from railyard.shared import stack as stack_module
from tests.operations.conftest import Railyard


def look(railyard: Railyard, monkeypatch: pytest.MonkeyPatch, *, mended: bool) -> tuple[Sequence[Result], list[str]]:
    """The last look at Rose, whose name leads elsewhere until somebody mends it; and what was said meanwhile."""
    clouds = Sandbox(railyard.directory)
    (zone,) = (each["id"] for each in clouds.cloudflare.zones() if each["name"] == "rose.example")
    (record,) = clouds.cloudflare.records(zone, type="CNAME", name="staging.rose.example")
    target = record["content"]
    clouds.cloudflare.change_record(zone, record["id"], {"content": "old.example.com"})
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        if mended:
            clouds.cloudflare.change_record(zone, record["id"], {"content": target})

    with clouds.serve() as address:
        for name, value in operate.environment(address, railyard.directory).items():
            monkeypatch.setenv(name, value)
        stack = stack_module.read_stack("staging")
        with connected(stack) as railway:
            return railway.run(last_look(railway, stack, ["rose"], say=say)), told


def test_what_passes_the_second_time_counts_as_passed(railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A glance at a wrong moment takes no release back."""
    results, told = look(railyard, monkeypatch, mended=True)

    assert all(each.passed for each in results)
    assert len(told) == 1


def test_what_keeps_failing_fails(railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience ends."""
    results, told = look(railyard, monkeypatch, mended=False)

    failed = [each for each in results if not each.passed]
    assert failed
    assert not any(can_have_broken(each, [changed("railway:ServiceInstance")]) for each in failed)
    assert all(can_have_broken(each, [changed("cloudflare:DnsRecord")]) for each in failed)
    assert len(told) == len(LOOKED_AGAIN_AFTER_S)


def changed(kind: str, *, component: str = "rose-web") -> Change:
    """One resource of this type."""
    return Change(kind=Kind.UPDATE, urn="urn", type=kind, name="name", system="Rose", component=component)


def test_an_application_that_fails_is_any_releases_own() -> None:
    """Of a release that changes it or the system as a whole; a certificate that was not renewed is nobody's."""
    crashed = Result(where="rose/web", check="deployment", passed=False, found="it is CRASHED")
    old = Result(where="rose/web", check="certificate", passed=False, found="4 days left", broken_by=())
    parts = ["rose/web", "rose/jobs"]
    own, others = changed("railway:Variables"), changed("railway:Variables", component="rose-jobs")

    assert can_have_broken(crashed, [own], parts)
    assert can_have_broken(crashed, [changed("railway:Project", component="rose")], parts)
    assert not can_have_broken(crashed, [others], parts)
    assert not can_have_broken(crashed, [], parts)
    assert not can_have_broken(old, [changed("cloudflare:DnsRecord"), changed("railway:CustomDomain")])
