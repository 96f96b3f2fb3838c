"""The simulated edges: which certificate a name shows, and what it answers, as a real client over real TLS sees it."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from railway_api import domain_probe
from railway_sandbox.addresses import SPACES_ACCESS_KEY, environment
from railway_sandbox.edge.certificate_authority import CertificateAuthority
from tests.edge.conftest import ZONE, World
from tests.lifecycle.conftest import LONGEST_S


def test_a_domain_with_all_records_answers_with_its_own_certificate(world: World) -> None:
    """From Let's Encrypt, for this name alone, and valid for the next weeks."""
    world.site("api.seance.dev", healthcheckPath="/health")
    world.certificate()

    response = world.visit("api.seance.dev", "/health")

    assert (response.status, response.problem, response.proxied) == (200, None, False)
    assert response.certificate is not None
    assert (response.certificate.issuer, response.certificate.names) == ("Let's Encrypt E7", ("api.seance.dev",))
    assert timedelta(days=60) < response.certificate.expires_at - datetime.now(UTC) < timedelta(days=100)
    assert world.requests("edge") == ["GET https://api.seance.dev/health"]


def test_before_the_certificate_is_issued_the_handshake_fails(world: World) -> None:
    """Railway shows the certificate of its own names, which a client refuses."""
    world.site("api.seance.dev")

    response = world.visit("api.seance.dev")

    assert response.status is None
    assert response.problem is not None
    assert "certificate shown for api.seance.dev is not valid: Hostname mismatch" in response.problem


def test_a_wildcard_serves_each_name_below_it(world: World) -> None:
    """One level, with one certificate."""
    target = world.domain("*.seance.dev", world.service())
    world.record("CNAME", "*.seance.dev", target)
    acme = next(iter(world.sandbox.railway.state.custom_domains.values())).acme_target
    world.record("CNAME", "_acme-challenge.seance.dev", acme)
    world.certificate()

    assert world.visit("any.seance.dev").status == 200
    assert world.visit("two.any.seance.dev").status is None


@pytest.mark.parametrize(
    ("mode", "status", "problem"),
    [
        ("full", 200, None),
        ("strict", 526, "Cloudflare answers 526: the origin's certificate is not valid for this name"),
        ("flexible", 301, "redirects to itself: the zone's SSL mode is Flexible or Off, and must be Full"),
        ("off", 301, "redirects to itself: the zone's SSL mode is Flexible or Off, and must be Full"),
    ],
)
def test_behind_cloudflare_only_full_works(world: World, mode: str, status: int, problem: str | None) -> None:
    """With every mode the visitor sees Cloudflare's certificate; what comes then differs."""
    world.site("api.seance.dev", proxied=True)
    world.ssl(mode)

    response = world.visit("api.seance.dev")

    assert (response.status, response.proxied) == (status, True)
    assert response.problem is None if problem is None else problem in (response.problem or "")
    assert response.certificate is not None
    assert response.certificate.names == ("seance.dev", "*.seance.dev")


def test_a_redirect_rule_leads_on_with_path_and_query(world: World) -> None:
    """Cloudflare itself answers, whatever is behind the name; without a proxied record nobody comes to it."""
    value = {"target_url": {"expression": 'concat("https://seance.dev", http.request.uri.path)'}}
    rule = {"action": "redirect", "expression": 'http.host eq "www.seance.dev"',
            "action_parameters": {"from_value": {**value, "preserve_query_string": True}}}  # fmt: skip
    world.sandbox.cloudflare.rulesets(ZONE).create(
        {"kind": "zone", "name": "redirects", "phase": "http_request_dynamic_redirect", "rules": [rule]}
    )
    assert world.visit("www.seance.dev").problem == "the DNS has no address for www.seance.dev"
    world.record("A", "www.seance.dev", "192.0.2.1", proxied=True)

    response = world.visit("www.seance.dev", "/a/page?lang=de")

    assert (response.status, response.location, response.problem) == (301, "https://seance.dev/a/page?lang=de", None)
    assert response.certificate is not None


@pytest.mark.parametrize("name", ["a.b.seance.dev", "api.seance.dev"])
def test_cloudflare_has_no_certificate(world: World, name: str) -> None:
    """Neither two levels below the zone, nor with Universal SSL off."""
    world.site(name, proxied=True)
    world.ssl("full")
    if name == "api.seance.dev":
        world.sandbox.cloudflare.change_universal_ssl(ZONE, enabled=False)

    response = world.visit(name)

    assert response.status is None
    assert f"there is no certificate for {name}" in (response.problem or "")


def test_a_name_without_records_has_no_address(world: World) -> None:
    assert world.visit("nobody.seance.dev").problem == "the DNS has no address for nobody.seance.dev"


def test_railway_knows_no_name_without_its_txt_record(world: World) -> None:
    """404, in Railway's own words, whatever runs behind it."""
    target = world.domain("api.seance.dev", world.service(), txt=False)
    world.record("CNAME", "api.seance.dev", target, proxied=True)
    world.ssl("full")

    response = world.visit("api.seance.dev")

    assert (response.status, response.problem) == (404, "Railway answers 404: Application not found")


@pytest.mark.parametrize("reason", ["nothing deployed", "another port", "unhealthy"])
def test_railway_answers_502_where_nothing_listens(world: World, reason: str) -> None:
    if reason == "unhealthy":
        world.sandbox.railway.fail_image("nginx:1", "unhealthy")
    service = world.service(deployed=reason != "nothing deployed")
    if reason == "another port":
        variables = {"PORT": {"value": "3000"}}
        world.railway.commit(world.environment, {"services": {service: {"variables": variables}}})
        world.clock.advance(60)
    target = world.domain("api.seance.dev", service, port=80)
    world.record("CNAME", "api.seance.dev", target, proxied=True)
    world.ssl("full")

    response = world.visit("api.seance.dev")

    assert (response.status, response.problem) == (502, "Railway answers 502: Application failed to respond")


def test_cloudflare_says_that_the_origin_has_no_address(world: World) -> None:
    """A CNAME to a name that nobody has."""
    world.record("CNAME", "api.seance.dev", "gone.seance.dev", proxied=True)
    world.ssl("full")

    assert "530" in (world.visit("api.seance.dev").problem or "")


def test_the_application_answers_404_itself(world: World) -> None:
    """Which is no problem of the edge."""
    world.site("api.seance.dev", proxied=True)
    world.ssl("full")

    response = world.visit("api.seance.dev", "/nothing")

    assert (response.status, response.problem) == (404, None)


def test_the_public_dns_hides_what_is_behind_the_proxy(world: World) -> None:
    """Addresses of Cloudflare, no CNAME; texts and plain names show what they hold."""
    world.record("CNAME", "api.seance.dev", "x.up.railway.app", proxied=True)
    world.record("CNAME", "plain.seance.dev", "x.up.railway.app")
    world.record("CNAME", "seance.dev", "x.up.railway.app")
    world.record("TXT", "_railway-verify.api.seance.dev", '"railway-verify=1"')

    assert world.lookup("api.seance.dev", "CNAME") == []
    assert world.lookup("api.seance.dev", "A") == ["104.21.32.1", "172.67.154.1"]
    assert world.lookup("plain.seance.dev", "CNAME") == ["x.up.railway.app"]
    assert world.lookup("plain.seance.dev", "A") == world.lookup("seance.dev", "A") == ["66.33.22.1"]
    assert world.lookup("seance.dev", "CNAME") == []
    assert world.lookup("_railway-verify.api.seance.dev", "TXT") == ["railway-verify=1"]
    assert world.lookup("nobody.seance.dev", "A") == []
    assert "api.seance.dev CNAME" in world.requests("dns")


@pytest.mark.parametrize(("name", "proxied"), [("seance.dev", False), ("seance.dev", True), ("api.seance.dev", True)])
def test_a_cname_that_nobody_sees_hides_no_other_record(world: World, name: str, *, proxied: bool) -> None:
    """The CAA records of a zone's own name decide about the whole zone, wherever its CNAME leads."""
    world.record("CNAME", name, "x.up.railway.app", proxied=proxied)
    world.record("CAA", name, '0 issue "digicert.com"')
    world.record("CNAME", "plain.seance.dev", "x.up.railway.app")

    assert world.lookup(name, "CAA") == ['0 issue "digicert.com"']
    assert world.lookup("plain.seance.dev", "CAA") == []


def test_without_the_authority_nothing_is_trusted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is a real one."""
    world.site("api.seance.dev", proxied=True)
    monkeypatch.delenv("RAILYARD_EDGE_AUTHORITY")

    assert "not valid" in (world.visit("api.seance.dev").problem or "")


def test_an_edge_that_is_not_on_this_machine_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every variable of the sandbox is."""
    monkeypatch.setenv("RAILYARD_EDGE", "192.0.2.1:443")

    assert domain_probe.simulated() is None


def test_ordinary_tools_can_ask_too(world: World) -> None:
    """curl, with what ``make sandbox`` prints."""
    world.site("api.seance.dev", proxied=True)
    world.ssl("full")
    sandbox = world.sandbox.storage.directory
    variables = environment(f"http://{os.environ['RAILYARD_EDGE']}", directory=sandbox)

    done = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--cacert", variables["RAILYARD_EDGE_AUTHORITY"], "--connect-to",
         f"::{variables['RAILYARD_EDGE']}", "https://api.seance.dev/", "https://api.seance.dev/nothing"],
        capture_output=True, text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip

    assert (done.stdout, done.stderr) == ("OKNot Found", "")


def test_the_authority_stays_the_same(world: World) -> None:
    """Who trusted it once goes on trusting it after a restart."""
    directory = world.sandbox.storage.directory
    before = (directory / "edge-authority.pem").read_bytes()

    CertificateAuthority(directory)

    assert (directory / "edge-authority.pem").read_bytes() == before
    assert (directory / "edge-authority.key").stat().st_mode & 0o77 == 0


def put(world: World, bucket: str, key: str, *, public: bool) -> None:
    """Make a bucket with one object and a CDN endpoint."""
    acl = {"x-amz-acl": "public-read" if public else "private"}
    signed = {"access_key": SPACES_ACCESS_KEY, "region": "sfo3", "bucket": bucket, "query": ""}
    world.sandbox.spaces.perform(method="PUT", key="", headers={}, body=b"", **signed)
    world.sandbox.spaces.perform(method="PUT", key=key, headers=acl, body=b"hello", **signed)


ORIGIN = "seance-cdn.sfo3.digitaloceanspaces.com"
CDN = "seance-cdn.sfo3.cdn.digitaloceanspaces.com"


@pytest.mark.parametrize(("public", "status"), [(True, 200), (False, 403)])
def test_the_cdn_serves_what_is_public(world: World, public: bool, status: int) -> None:
    """And nothing of a bucket without an endpoint."""
    put(world, "seance-cdn", "prod/build.js", public=public)
    assert world.visit(CDN, "/prod/build.js").status == 404

    world.sandbox.digitalocean.create_endpoint({"origin": ORIGIN})

    assert world.visit(CDN, "/prod/build.js").status == world.visit(ORIGIN, "/prod/build.js").status == status


@pytest.mark.parametrize(
    ("named", "proxied", "status", "problem"),
    [
        (True, False, 200, None),
        (True, True, 403, "Cloudflare answers error 1014"),
        (False, False, None, "certificate shown for cdn.seance.dev is not valid"),
    ],
)
def test_own_names_of_the_cdn(
    world: World, named: bool, proxied: bool, status: int | None, problem: str | None
) -> None:
    """DigitalOcean has a certificate for the name that its endpoint has, and Cloudflare must not stand in front."""
    put(world, "seance-cdn", "prod/build.js", public=True)
    own = {"custom_domain": "cdn.seance.dev", "certificate_id": "needs-cloudflare-cert"} if named else {}
    world.sandbox.digitalocean.create_endpoint({"origin": ORIGIN, **own})
    world.record("CNAME", "cdn.seance.dev", CDN, proxied=proxied)

    response = world.visit("cdn.seance.dev", "/prod/build.js")

    assert response.status == status
    assert response.problem is None if problem is None else problem in (response.problem or "")


def test_a_zone_that_was_added_is_served_as_the_others(world: World) -> None:
    """A sandbox that imitates a real account has its zones: their proxied names answer, and the DNS knows them."""
    cloud, zone = world.sandbox.cloudflare, "f" * 32
    cloud.add_zone("acme.dev", zone)
    for name in ("api", "@"):
        sent = {"type": "CNAME", "name": name, "content": "x.up.railway.app", "proxied": name == "api", "ttl": 1}
        cloud.create_record(zone, sent)
    cloud.change_setting(zone, "ssl", "full")

    response = world.visit("api.acme.dev")

    assert (response.status, response.proxied) == (404, True)
    assert response.certificate is not None
    assert response.certificate.names == ("acme.dev", "*.acme.dev")
    assert world.lookup("acme.dev", "CNAME") == []
    assert world.lookup("acme.dev", "A")
