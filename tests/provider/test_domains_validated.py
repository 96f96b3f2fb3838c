"""Custom domains: the records that they need, and the wait until they work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from railway_api import dns
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.http_server import HttpServer
from railway_sandbox.railway.cloud import RailwayCloud
from tests.provider.conftest import Visitors
from tests.provider.driver import Driver, Made, Place, Records, Refused, a_project


async def custom(place: Place, service: Made, domain: str) -> Made:
    return await place.make("CustomDomain", service, domain=domain, targetPort=80)


async def validate(place: Place, service: Made, domain: str, **inputs: Any) -> Made:
    return await place.make("CustomDomainValidation", service, domain=domain, **inputs)


@pytest.mark.parametrize(
    ("domain", "cname", "txt", "acme"),
    [
        ("api.example.com", "api.example.com", "_railway-verify.api.example.com", None),
        ("example.com", "example.com", "_railway-verify.example.com", None),
        ("*.example.com", "*.example.com", "_railway-verify.example.com", "_acme-challenge.example.com"),
        ("a.b.example.co.uk", "a.b.example.co.uk", "_railway-verify.a.b.example.co.uk", None),
    ],
)
async def test_outputs_are_the_full_dns_records(
    driver: Driver, domain: str, cname: str, txt: str, acme: str | None
) -> None:
    """Names are full, values ready to enter, and the verification value carries its prefix once."""
    place = await a_project(driver)
    made = await custom(place, await place.service(), domain)
    assert (cname, txt, acme) == (made["cnameHost"], made["verificationHost"], made.outputs.get("acmeHost"))
    assert made["cnameTarget"].endswith(".up.railway.app")
    assert made["verificationValue"].count("railway-verify=") == 1
    assert bool(acme) == bool(made.outputs.get("acmeTarget"))


@pytest.mark.parametrize("domain", ["api.example.com", "*.example.com"])
async def test_validation_ends_with_a_valid_certificate(driver: Driver, records: Records, domain: str) -> None:
    """With its records in place a domain is verified and gets its certificate."""
    place = await a_project(driver)
    service = await place.service()
    made = await custom(place, service, domain)
    records.enter(made)
    validation = await validate(place, service, domain)
    assert (validation["certificateStatus"], validation["verified"]) == ("VALID", True)
    read = await place.refreshed(validation)
    assert read is not None
    assert validation.outputs == read.outputs
    await driver.delete(validation)
    assert await place.refreshed(made) is not None


@pytest.mark.parametrize("lost", ["CNAME", "TXT"])
async def test_a_domain_that_stops_working_is_waited_for_again(
    driver: Driver, records: Records, visitors: Visitors, lost: str
) -> None:
    """A refresh drops its validation, so that the next run makes it anew."""
    place = await a_project(driver)
    validation = await proxied(place, records)
    if lost == "CNAME":
        records.proxied.clear()
    records.values = {key: value for key, value in records.values.items() if key[1] != lost}
    assert await place.refreshed(validation) is None


@pytest.mark.parametrize("answers", [True, False])
async def test_a_certificate_that_is_renewed_is_no_trouble_while_visitors_are_answered(
    driver: Driver, records: Records, visitors: Visitors, cloud: RailwayCloud, answers: bool
) -> None:
    """What the state knows of it stays as it is, so that a nightly look finds nothing."""
    place = await a_project(driver)
    service = await place.service()
    records.enter(await custom(place, service, "api.example.com"))
    validation = await validate(place, service, "api.example.com")
    visitors.headers, visitors.certified = {}, {"api.example.com"} if answers else set()
    (domain,) = cloud.state.custom_domains.values()
    domain.issued_at, domain.right_since = None, cloud.now() + 600
    read = await place.refreshed(validation)
    assert (read.outputs if read else None) == (validation.outputs if answers else None)
    assert visitors.asked == (["api.example.com"] if answers else [])


async def test_one_look_at_the_dns_that_fails_is_no_trouble(
    driver: Driver, records: Records, visitors: Visitors
) -> None:
    """Railway looks again."""
    place = await a_project(driver)
    validation = await proxied(place, records)
    records.fails_once = ("_railway-verify.api.example.com", "TXT")
    read = await place.refreshed(validation)
    assert records.fails_once is None
    assert read is not None
    assert read.outputs == validation.outputs


async def test_what_railway_says_of_a_proxied_certificate_does_not_count_later(
    driver: Driver, records: Records, visitors: Visitors, cloud: RailwayCloud
) -> None:
    """Railway never issues it, and its status there goes on changing."""
    place = await a_project(driver)
    validation = await proxied(place, records)
    (domain,) = cloud.state.custom_domains.values()
    domain.failed_at = cloud.now()
    read = await place.refreshed(validation)
    assert read is not None
    assert read.outputs == validation.outputs


async def proxied(place: Place, records: Records, domain: str = "api.example.com", **inputs: Any) -> Made:
    """A domain behind the proxy with all its records, validated."""
    service = await place.service()
    made = await custom(place, service, domain)
    records.enter(made)
    records.values.pop((made["cnameHost"], "CNAME"))
    records.proxied |= {domain, domain.replace("*.", "railway-validation.")}
    return await validate(place, service, domain, proxied=True, **inputs)


@pytest.mark.parametrize(
    ("domain", "asked"),
    [("api.example.com", "api.example.com"), ("*.example.com", "railway-validation.example.com")],
)
async def test_proxied_domain_is_done_when_it_answers_over_https(
    driver: Driver, records: Records, visitors: Visitors, domain: str, asked: str
) -> None:
    """Railway never issues its own certificate there: verified, proxy seen, and an answer with a valid certificate."""
    validation = await proxied(await a_project(driver), records, domain)
    assert validation["verified"] is True
    assert validation["certificateStatus"] != "VALID"
    assert visitors.asked == [asked]


async def test_what_railway_itself_answers_counts_too(driver: Driver, records: Records, visitors: Visitors) -> None:
    """The service may not be deployed yet: name, certificate and proxy are right."""
    visitors.status, visitors.headers = 502, {"Server": "cloudflare", "X-Railway-Fallback": "true"}
    assert (await proxied(await a_project(driver), records))["verified"] is True


@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [
        (526, {"Server": "cloudflare"}, "Cloudflare answers 526: the origin's certificate is not valid"),
        (530, {"Server": "cloudflare"}, "Cloudflare answers 530: the origin's name has no address"),
        (
            301,
            {"Server": "cloudflare", "Location": "https://api.example.com/"},
            "the zone's SSL mode is Flexible or Off",
        ),
    ],
)
async def test_proxied_domain_that_does_not_answer_is_explained(
    driver: Driver, records: Records, visitors: Visitors, status: int, headers: dict[str, str], why: str
) -> None:
    """Railway sees nothing wrong there; a visitor does."""
    visitors.status, visitors.headers = status, headers
    with pytest.raises(Refused) as caught:
        await proxied(await a_project(driver), records, timeout_s=30.0)
    assert "https://api.example.com/ does not answer: " in str(caught.value)
    assert why in str(caught.value)
    assert "CNAME record" not in str(caught.value)


async def test_proxied_name_without_a_proxy_is_named(driver: Driver, records: Records) -> None:
    """The record is there, and leads to Railway without the proxy that was asked for."""
    place = await a_project(driver)
    service = await place.service()
    made = await custom(place, service, "api.example.com")
    records.enter(made)
    records.values["api.example.com", "CNAME"] = ["elsewhere.example.net"]
    with pytest.raises(Refused) as caught:
        await validate(place, service, "api.example.com", proxied=True, timeout_s=30.0)
    text = str(caught.value)
    assert f"CNAME record api.example.com: must be {made['cnameTarget']}, proxied; is elsewhere.example.net" in text


async def test_another_name_is_made_before_the_old_one_goes(driver: Driver) -> None:
    """Another service is not: one name can be on one service alone."""
    place = await a_project(driver)
    first, second = await place.services(2)
    made = await custom(place, first, "api.example.com")
    renamed = await driver.diff_response(made, domain="www.example.com")
    moved = await driver.diff_response(made, serviceId=second["serviceId"])
    assert (list(renamed.replaces), renamed.deleteBeforeReplace) == (["domain"], False)
    assert (list(moved.replaces), moved.deleteBeforeReplace) == (["serviceId"], True)


async def test_wrong_record_is_named_with_what_it_must_be(driver: Driver, records: Records) -> None:
    """When time is over, each wrong record stands in the error with its present and its required value."""
    place = await a_project(driver)
    service = await place.service()
    made = await custom(place, service, "api.example.com")
    records.values["api.example.com", "CNAME"] = ["elsewhere.example.net"]
    with pytest.raises(Refused) as caught:
        await validate(place, service, "api.example.com", timeout_s=30.0)
    text = str(caught.value)
    assert f"CNAME record api.example.com: must be {made['cnameTarget']}, is elsewhere.example.net" in text
    assert f"TXT record {made['verificationHost']}: must be {made['verificationValue']}" in text


async def test_refused_certificate_is_explained(driver: Driver, records: Records, cloud: RailwayCloud) -> None:
    """A certificate that cannot be issued is asked for once more; then the error gives Railway's reason."""
    cloud.fail("api.example.com", "certificate")
    place = await a_project(driver)
    service = await place.service()
    records.enter(await custom(place, service, "api.example.com"))
    with pytest.raises(Refused, match="no certificate could be issued for api"):
        await validate(place, service, "api.example.com")
    assert driver.operations.count("customDomainIssueCertificate") == 1


@pytest.fixture
def resolver(records: Records, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A public resolver that knows the records."""

    def answer(request: Request) -> Response:
        asked = request.parameters()
        number = {"CNAME": 5, "TXT": 16, "CAA": 257}[asked["type"]]
        answers = [{"type": number, "data": value} for value in records.find(asked["name"], asked["type"])]
        return Response.of_json(200, {"Status": 0, "Answer": answers})

    listener = HttpServer(answer)
    monkeypatch.setenv("RAILYARD_DNS_URL", f"{listener.address}/dns-query")
    yield
    listener.close()


DIGICERT_IN_BYTES = r"\# 19 00 05 69 73 73 75 65 64 69 67 69 63 65 72 74 2e 63 6f 6d"


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize(
    ("domain", "caa", "said"),
    [
        (
            "api.example.com",
            ['0 issue "digicert.com"'],
            '0 issue "letsencrypt.org", is 0 issue "digicert.com"',
        ),
        (
            "*.example.com",
            ['0 issue "letsencrypt.org"', '0 issuewild ";"'],
            '0 issuewild "letsencrypt.org", is 0 issuewild ";"',
        ),
        (
            "api.example.com",
            ['0 issue ";"', '0 issuewild "letsencrypt.org"'],
            '0 issue "letsencrypt.org", is 0 issue ";"',
        ),
        ("api.example.com", ['0 issue "digicert.com"', '0 issue "letsencrypt.org"'], None),
        (
            "api.example.com",
            ['0 issue "letsencrypt.org.example"'],
            '0 issue "letsencrypt.org", is 0 issue "letsencrypt.org.example"',
        ),
        ("api.example.com", ['128 Issue "LetsEncrypt.org; validationmethods=http-01"'], None),
        ("api.example.com", ["0 issue letsencrypt.org"], None),
        ("api.example.com", ['0 iodef "mailto:a@example.com"'], None),
    ],
)
async def test_a_caa_record_that_forbids_the_certificate_is_named(
    driver: Driver, records: Records, domain: str, caa: list[str], said: str | None
) -> None:
    """The record that is wrong, what it holds and what it should hold; one that allows Let's Encrypt is none."""
    records.values["example.com", "CAA"] = caa
    place = await a_project(driver)
    service = await place.service()
    records.enter(await custom(place, service, domain))
    if said is None:
        assert (await validate(place, service, domain))["certificateStatus"] == "VALID"
        return
    with pytest.raises(Refused) as caught:
        await validate(place, service, domain)
    assert f"CAA record example.com: must allow {said}" in str(caught.value)
    assert "all its DNS records are right" not in str(caught.value)


@pytest.mark.usefixtures("resolver")
async def test_a_caa_record_for_wildcards_alone_is_no_reason(driver: Driver, records: Records) -> None:
    """An ordinary name that has no records yet is not explained by a rule that forbids only wildcard certificates."""
    records.values["example.com", "CAA"] = ['0 issue "letsencrypt.org"', '0 issuewild ";"']
    place = await a_project(driver)
    service = await place.service()
    await custom(place, service, "api.example.com")
    with pytest.raises(Refused, match=r"CNAME record api\.example\.com: must be") as caught:
        await validate(place, service, "api.example.com", timeout_s=30.0)
    assert "CAA" not in str(caught.value)


@pytest.mark.usefixtures("resolver")
def test_a_caa_record_in_bytes_is_read(records: Records) -> None:
    """As some resolvers give it."""
    records.values["example.com", "CAA"] = [DIGICERT_IN_BYTES]

    assert asyncio.run(dns.lookup("example.com", "CAA")) == ['0 issue "digicert.com"']


async def test_validation_without_a_domain_says_so(driver: Driver) -> None:
    """Waiting for a domain that is not on the service ends at once."""
    place = await a_project(driver)
    with pytest.raises(Refused, match="create a CustomDomain first"):
        await validate(place, await place.service(), "api.example.com")


async def test_one_domain_more_than_the_plan_has_says_how_to_replace_one(driver: Driver, cloud: RailwayCloud) -> None:
    """Hobby has two for a service, and a replacement has both for a while."""
    cloud.state.plan = "hobby"
    place = await a_project(driver)
    service = await place.service()
    for name in ("one", "two"):
        await custom(place, service, f"{name}.example.com")
    with pytest.raises(Refused, match=r"limited to 2 custom domains.*remove the old one, run the command, then"):
        await custom(place, service, "three.example.com")


async def test_domain_of_another_service_is_refused(driver: Driver) -> None:
    """A name that is in use elsewhere is an error that says how to go on."""
    place = await a_project(driver)
    first, second = await place.services(2)
    await custom(place, first, "api.example.com")
    with pytest.raises(Refused, match=r"api\.example\.com is in use on another Railway service"):
        await custom(place, second, "api.example.com")


async def test_five_domains_are_waited_for_in_shared_requests(driver: Driver, records: Records) -> None:
    """Domains that are validated side by side share each look."""
    place = await a_project(driver)
    services = await place.services(5)
    names = [f"site-{index}.example.com" for index in range(5)]
    made = await driver.all(*(custom(place, service, name) for service, name in zip(services, names, strict=True)))
    for domain in made:
        records.enter(domain)
    before = len(driver.address.requests)
    await driver.all(*(validate(place, service, name) for service, name in zip(services, names, strict=True)))
    assert len(driver.address.requests) - before <= 4
