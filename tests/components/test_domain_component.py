"""A public domain: which records stand at Cloudflare."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pytest

import pulumiverse_railway as railway
from components.domain import Domain, DomainArgs
from components.project import Project, ProjectArgs
from components.zone import Zone, ZoneArgs

RECORD = "cloudflare:index/dnsRecord:DnsRecord"


def make(hostname: str, *, proxied: bool = True) -> None:
    project = Project("shop", ProjectArgs(name="shop-test", environment="test"))
    service = railway.Service(
        "shop-api", project_id=project.project_id, environment_id=project.environment_id, name="api"
    )
    zone = Zone("shop-zone", ZoneArgs(name="example.com", id="0" * 32, proxied=proxied))
    args = DomainArgs(hostname=hostname, proxied=proxied, project=project, service=service, zone=zone, port=80)
    Domain("shop-domain", args)


def test_the_cname_leads_where_railway_says(deploy):
    """The record's content is Railway's answer, proxied when asked for."""
    seen = deploy(lambda: make("api.example.com"))

    record = seen[RECORD, "shop-domain-cname"]
    assert (record["type"], record["name"], record["content"], record["proxied"], record["ttl"]) == (
        "CNAME",
        "api.example.com",
        "abc.up.railway.app",
        True,
        1,
    )


def test_the_verification_record_is_quoted_and_never_proxied(deploy):
    """Cloudflare stores a TXT in quotes: sent so, it never shows as a difference."""
    seen = deploy(lambda: make("api.example.com"))

    record = seen[RECORD, "shop-domain-txt"]
    assert (record["name"], record["content"], record["proxied"]) == (
        "_railway-verify.api.example.com",
        '"railway-verify=123"',
        False,
    )


def test_a_name_outside_of_its_zone_is_refused(deploy):
    """Cloudflare would take it for a name below the zone, and the domain would never work."""
    with pytest.raises(pulumi.RunError, match=r"no Cloudflare zone holds api.other.com: the zones given are example"):
        deploy(lambda: make("api.other.com"))


def test_a_wildcard_has_the_record_for_its_certificate(deploy):
    """The ACME record exists for wildcards alone, and is not proxied."""
    seen = deploy(lambda: make("*.example.com"))

    assert seen[RECORD, "shop-domain-acme"]["proxied"] is False


def test_a_zone_without_proxied_names_is_left_as_it_is(deploy):
    """SSL mode and certificate are set where the proxy depends on them, and nowhere else."""
    plain = ZoneArgs(name="example.com", id="0" * 32)

    seen = deploy(lambda: (Zone("plain", plain), Zone("proxied", replace(plain, proxied=True))))

    modes = {name: inputs["value"] for (kind, name), inputs in seen.items() if "zoneSetting" in kind}
    certificates = {name: inputs["enabled"] for (kind, name), inputs in seen.items() if "universalSsl" in kind}
    assert (modes, certificates) == ({"proxied-ssl": "full"}, {"proxied-universal-ssl": True})
