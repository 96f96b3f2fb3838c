"""Domains: generated ones, and custom ones from their DNS records to their certificate."""

from __future__ import annotations

import pytest

from railway_sandbox.railway.edge import visit
from tests.sandbox_railway.railway_client import Client, Json, open_account

CREATE = "mutation($i: CustomDomainCreateInput!) { customDomainCreate(input: $i) { id } }"
CREATE_GENERATED = """mutation($i: ServiceDomainCreateInput!) { serviceDomainCreate(input: $i) {
    id domain targetPort suffix syncStatus } }"""
READ = """query($d: String!, $p: String!) { customDomain(id: $d, projectId: $p) { targetPort status {
    verified verificationDnsHost verificationToken certificateStatus certificateRetryable cdnProvider
    certificates { domainNames expiresAt }
    dnsRecords { fqdn hostlabel requiredValue currentValue purpose recordType status zone } } } }"""
DOMAINS = """query($p: String!, $e: String!, $s: String!) { domains(projectId: $p, environmentId: $e, serviceId: $s) {
    serviceDomains { id domain targetPort } customDomains { id domain } } }"""
STATUS = "CERTIFICATE_STATUS_TYPE_"


class Site:
    """A service with a custom domain."""

    def __init__(self, railway: Client, domain: str = "www.example.com") -> None:
        self.railway = railway
        self.project, self.environment = railway.project()
        self.web = railway.service(self.project, self.environment)
        self.domain = domain
        self.id = self.add(domain)

    def input(self, domain: str) -> Json:
        """What creating a domain takes."""
        return {
            "projectId": self.project,
            "environmentId": self.environment,
            "serviceId": self.web,
            "domain": domain,
            "targetPort": 8080,
        }

    def add(self, domain: str) -> str:
        """A custom domain's id."""
        return self.railway.ask(CREATE, i=self.input(domain))["customDomainCreate"]["id"]

    def status(self, seconds: float = 0) -> Json:
        """The status some time later."""
        self.railway.clock.advance(seconds)
        return self.railway.ask(READ, d=self.id, p=self.project)["customDomain"]["status"]

    def set_dns(self, status: Json, *, records: bool = True, text: bool = True) -> None:
        """Make the DNS records that a status asks for."""
        if records:
            for record in status["dnsRecords"]:
                self.railway.dns[record["fqdn"], "CNAME"] = [record["requiredValue"] + "."]
        if text:
            token = status["verificationToken"].removeprefix("railway-verify=")
            name = f"{status['verificationDnsHost']}.{status['dnsRecords'][0]['zone']}"
            self.railway.dns[name, "TXT"] = [f"railway-verify={token}"]


@pytest.fixture
def site(railway: Client) -> Site:
    return Site(railway)


def test_a_new_domain_has_no_status_yet(site: Site):
    """The records appear some seconds later."""
    first = site.status()
    assert (first["dnsRecords"], first["verificationToken"], first["certificateStatus"]) == (
        [],
        None,
        f"{STATUS}UNSPECIFIED",
    )

    record = site.status(2)["dnsRecords"][0]
    assert record["purpose"] == "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE"
    assert (record["fqdn"], record["hostlabel"], record["zone"]) == ("www.example.com", "www", "example.com")
    assert record["requiredValue"].endswith(".up.railway.app")
    assert record["status"] == "DNS_RECORD_STATUS_REQUIRES_UPDATE"


def test_a_domain_is_verified_by_its_text_record(site: Site):
    """The TXT record alone proves ownership; the certificate needs the route too."""
    asked = site.status(2)
    site.set_dns(asked, records=False)
    status = site.status(60)

    assert asked["verificationDnsHost"] == "_railway-verify.www"
    assert status["verified"]
    assert status["certificateStatus"] == f"{STATUS}VALIDATING_OWNERSHIP"


def test_a_certificate_comes_some_seconds_after_the_records(site: Site):
    """VALIDATING_OWNERSHIP, ISSUING, VALID, counted from the moment the records were seen to be right."""
    site.set_dns(site.status(2))

    assert site.status()["certificateStatus"] == f"{STATUS}VALIDATING_OWNERSHIP"
    assert site.status(3)["certificateStatus"] == f"{STATUS}ISSUING"
    status = site.status(9)
    assert status["certificateStatus"] == f"{STATUS}VALID"
    assert status["certificates"][0]["domainNames"] == ["www.example.com"]
    assert status["dnsRecords"][0]["status"] == "DNS_RECORD_STATUS_PROPAGATED"


def test_behind_cloudflare_no_certificate_is_issued(site: Site):
    """Verified and detected, but never VALID: the proxy hides the route."""
    site.set_dns(site.status(2))
    site.railway.proxied.add("www.example.com")
    status = site.status(3600)

    assert status["verified"]
    assert status["cdnProvider"] == "DETECTED_CDN_PROVIDER_CLOUDFLARE"
    assert status["certificateStatus"] == f"{STATUS}VALIDATING_OWNERSHIP"


def test_a_failed_certificate_can_be_asked_for_again(site: Site):
    """ISSUE_FAILED is retryable once the cause is gone."""
    site.railway.cloud.fail("www.example.com", "certificate")
    site.set_dns(site.status(2))
    site.status()
    failed = site.status(12)
    assert (failed["certificateStatus"], failed["certificateRetryable"]) == (f"{STATUS}ISSUE_FAILED", True)

    site.railway.cloud.heal("www.example.com")
    site.railway.ask("mutation($d: String!) { customDomainIssueCertificate(id: $d) }", d=site.id)
    assert site.status(12)["certificateStatus"] == f"{STATUS}VALID"


def test_a_wildcard_needs_a_record_for_its_certificate(railway: Client):
    """A second CNAME, for the certificate authority; the order of records is not promised."""
    site = Site(railway, "*.app.example.com")
    status = site.status(2)
    records = {record["purpose"]: record for record in status["dnsRecords"]}

    assert records["DNS_RECORD_PURPOSE_ACME_DNS01_CHALLENGE"]["fqdn"] == "_acme-challenge.app.example.com"
    assert status["verificationDnsHost"] == "_railway-verify.app"
    site.set_dns(status)
    site.status()
    assert site.status(12)["certificateStatus"] == f"{STATUS}VALID"


def test_the_order_of_records_and_the_form_of_tokens_vary(railway: Client):
    """Neither can be relied on."""
    site = Site(railway, "*.a.example.com")
    first: set[str] = set()
    prefixed: set[bool] = set()
    for number in range(12):
        site.id = site.add(f"*.b{number}.example.com")
        status = site.status(2)
        first.add(status["dnsRecords"][0]["purpose"])
        prefixed.add(status["verificationToken"].startswith("railway-verify="))

    assert len(first) == 2
    assert prefixed == {True, False}


def test_the_zone_itself_can_be_a_domain(railway: Client):
    """Its host is written as @, and the verification record stands directly in the zone."""
    status = Site(railway, "example.com").status(2)

    assert status["dnsRecords"][0]["hostlabel"] == "@"
    assert status["verificationDnsHost"] == "_railway-verify"


def test_a_domain_belongs_to_one_service(site: Site):
    """In use is in use, in every project."""
    query = "query($d: String!) { customDomainAvailable(domain: $d) { available message } }"

    assert "already in use" in site.railway.refusal(CREATE, i=site.input("www.example.com"))
    project, environment = site.railway.project("other")
    elsewhere = {"projectId": project, "environmentId": environment}
    service = site.railway.service(project, environment)
    given = {**site.input("www.example.com"), **elsewhere, "serviceId": service}
    assert "already in use" in site.railway.refusal(CREATE, i=given)
    assert not site.railway.ask(query, d="www.example.com")["customDomainAvailable"]["available"]
    site.railway.ask("mutation($d: String!) { customDomainDelete(id: $d) }", d=site.id)
    assert site.railway.ask(query, d="www.example.com")["customDomainAvailable"]["available"]


@pytest.mark.parametrize(
    "name", ["localhost", "under_score.example.com", "x.up.railway.app", "https://example.com", "example.com\n"]
)
def test_what_is_no_domain_is_refused(site: Site, name: str):
    """Railway says which text it means."""
    assert site.railway.refusal(CREATE, i=site.input(name)) == f"{name} is not a valid domain"


@pytest.mark.parametrize(("plan", "allowed"), [("trial", 1), ("hobby", 2), ("pro", 20)])
def test_the_plan_limits_the_number_of_domains(plan: str, allowed: int):
    """One more is refused."""
    site = Site(open_account(plan))
    for number in range(allowed - 1):
        site.add(f"n{number}.example.com")

    assert "upgrade" in site.railway.refusal(CREATE, i=site.input("more.example.com"))


def test_only_the_port_of_a_custom_domain_changes(site: Site):
    """It can also become automatic again."""
    update = """mutation($d: String!, $e: String!, $t: Int) {
        customDomainUpdate(id: $d, environmentId: $e, targetPort: $t) }"""
    assert site.railway.refusal(update, d=site.id, e=site.environment, t=65_536) == "Invalid input: targetPort"
    for port in (9000, None):
        site.railway.ask(update, d=site.id, e=site.environment, t=port)
        assert site.railway.ask(READ, d=site.id, p=site.project)["customDomain"]["targetPort"] == port
    domain = site.railway.cloud.state.custom_domains[site.id]
    assert (domain.domain, domain.service_id) == ("www.example.com", site.web)


def test_a_generated_domain_names_service_and_environment(site: Site):
    """It is listed and has its port; a second step renames it."""
    given = {"environmentId": site.environment, "serviceId": site.web, "targetPort": 80}
    made = site.railway.ask(CREATE_GENERATED, i=given)["serviceDomainCreate"]
    assert made["domain"].startswith("web-production-")
    assert made["domain"].endswith(".up.railway.app")
    assert (made["targetPort"], made["syncStatus"]) == (80, "CREATING")

    update = "mutation($i: ServiceDomainUpdateInput!) { serviceDomainUpdate(input: $i) }"
    change = {**given, "serviceDomainId": made["id"], "domain": "shop.up.railway.app", "targetPort": 81}
    site.railway.ask(update, i=change)
    domains = site.railway.ask(DOMAINS, p=site.project, e=site.environment, s=site.web)["domains"]
    assert domains["serviceDomains"] == [{"id": made["id"], "domain": "shop.up.railway.app", "targetPort": 81}]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"domain": "a.b.up.railway.app"}, "a.b.up.railway.app is not available"),
        ({"domain": "*.up.railway.app"}, "*.up.railway.app is not available"),
        ({"targetPort": 65_536}, "Invalid input: targetPort"),
        ({"serviceId": "another"}, "ServiceDomain not found"),
        ({"environmentId": "another"}, "ServiceDomain not found"),
    ],
)
def test_a_generated_domain_is_one_label_of_its_service(site: Site, change: Json, refusal: str):
    """A rename to more labels, a port that does not exist, and the domain of another service are refused."""
    where = {"environmentId": site.environment, "serviceId": site.web}
    made = site.railway.ask(CREATE_GENERATED, i=where)["serviceDomainCreate"]
    update = "mutation($i: ServiceDomainUpdateInput!) { serviceDomainUpdate(input: $i) }"
    given = {**where, "serviceDomainId": made["id"], "domain": made["domain"]}

    assert site.railway.refusal(update, i={**given, **change}) == refusal


def test_no_domain_is_created_while_a_patch_is_applied(site: Site):
    """Railway asks to try again."""
    site.railway.begin(site.environment, {"services": {site.web: {"deploy": {"startCommand": "run"}}}})
    given = {"environmentId": site.environment, "serviceId": site.web}

    refusal = site.railway.refusal(CREATE_GENERATED, i=given)
    assert refusal == "Failed to create service domain, please try again"
    refusal = site.railway.refusal(CREATE, i=site.input("other.example.com"))
    assert refusal == "Failed to create custom domain, please try again"


def test_a_label_of_more_than_63_characters_fails(railway: Client):
    """Long names cannot become a generated domain."""
    project, environment = railway.project(defaultEnvironmentName="e" * 40)
    web = railway.service(project, environment, "w" * 32)
    given = {"environmentId": environment, "serviceId": web}

    assert "please try again" in railway.refusal(CREATE_GENERATED, i=given)


def test_the_edge_serves_only_verified_domains_with_something_running(site: Site):
    """404 without the TXT record, 502 with nothing behind it, then 200."""
    cloud = site.railway.cloud
    assert visit(cloud, "www.example.com").status == 404

    site.set_dns(site.status(2))
    assert visit(cloud, "www.example.com").status == 502
    site.railway.commit(site.environment, {"services": {site.web: {"source": {"image": "nginx:1"}}}})
    site.railway.clock.advance(60)
    assert visit(cloud, "www.example.com").status == 200


def test_a_service_has_one_generated_domain(railway: Client):
    """Per environment; another one after it is deleted."""
    project, environment = railway.project()
    web = railway.service(project, environment)
    create = """mutation($e: String!, $s: String!, $p: Int) {
        serviceDomainCreate(input: {environmentId: $e, serviceId: $s, targetPort: $p}) { id domain } }"""
    first = railway.ask(create, e=environment, s=web, p=80)["serviceDomainCreate"]

    refused = railway.refusal(create, e=environment, s=web, p=81)

    assert refused == "Service already has a generated domain"
    railway.ask("mutation($id: String!) { serviceDomainDelete(id: $id) }", id=first["id"])
    assert railway.ask(create, e=environment, s=web, p=81)["serviceDomainCreate"]["id"] != first["id"]


def test_a_cache_setting_that_is_null_stays(site: Site):
    """Null is no new value for what always has one."""
    site.railway.clock.advance(10)
    enable = """mutation($i: EnableServiceCdnInput!) { enableServiceCdn(input: $i) {
        caching { mode htmlCaching defaultTtlSeconds } } }"""
    where = {"environmentId": site.environment, "serviceId": site.web}
    nulls = {"caching": {"mode": None, "htmlCaching": None, "defaultTtlSeconds": None}}

    shown = site.railway.ask(enable, i={**where, "config": nulls})["enableServiceCdn"]["caching"]
    assert shown == {"mode": "auto", "htmlCaching": "auto", "defaultTtlSeconds": 7_200}
