"""The simulated clouds work on each other: Railway finds in Cloudflare's DNS what it asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from railway_api.certificates import trusted
from railway_sandbox.addresses import RAILWAY_TOKEN
from railway_sandbox.clock import ManualClock
from railway_sandbox.cloudflare.zones import ZONE_IDS
from railway_sandbox.server import Sandbox

RECORDS = f"/zones/{ZONE_IDS['seance.dev']}/dns_records"
DAY_S = 86_400.0


class Railway:
    """Asks the simulated Railway over HTTP."""

    def __init__(self, address: str) -> None:
        self._address = f"{address}/graphql/v2"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {RAILWAY_TOKEN}"}
        body = {"query": query, "variables": variables}
        answer = httpx.post(
            self._address, json=body, headers=headers, trust_env=False, verify=trusted(self._address)
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]


PROJECT = """mutation($input: ProjectCreateInput!) {
  projectCreate(input: $input) { id environments { edges { node { id } } } }
}"""
SERVICE = "mutation($input: ServiceCreateInput!) { serviceCreate(input: $input) { id } }"
DOMAIN = """mutation($input: CustomDomainCreateInput!) {
  customDomainCreate(input: $input) { id }
}"""
STATUS = """query($id: String!, $projectId: String!) {
  customDomain(id: $id, projectId: $projectId) {
    status { verified certificateStatus verificationDnsHost verificationToken dnsRecords { fqdn requiredValue } }
  }
}"""
WORKSPACES = "query { me { workspaces { id } } }"


@pytest.fixture
def railway(address: str) -> Railway:
    return Railway(address)


def status_of(railway: Railway, domain: dict[str, str]) -> dict[str, Any]:
    return railway.ask(STATUS, **domain)["customDomain"]["status"]


def custom_domain(railway: Railway, clock: ManualClock) -> dict[str, str]:
    """A project with a service that has a custom domain; what names the domain."""
    workspace = railway.ask(WORKSPACES)["me"]["workspaces"][0]["id"]
    project = railway.ask(PROJECT, input={"name": "seance-staging", "workspaceId": workspace})["projectCreate"]
    environment = project["environments"]["edges"][0]["node"]["id"]
    sent = {"projectId": project["id"], "environmentId": environment, "name": "backend"}
    service = railway.ask(SERVICE, input=sent)["serviceCreate"]["id"]
    clock.advance(60)
    sent = {
        "projectId": project["id"],
        "environmentId": environment,
        "serviceId": service,
        "domain": "backend-staging.seance.dev",
    }
    made = railway.ask(DOMAIN, input=sent)["customDomainCreate"]["id"]
    clock.advance(60)
    return {"id": made, "projectId": project["id"]}


@pytest.mark.parametrize("proxied", [False, True])
def test_custom_domain_is_verified_once_its_records_exist(
    railway: Railway, cloudflare: httpx.Client, clock: ManualClock, proxied: bool
) -> None:
    """What Railway asks for, put into Cloudflare, is what Railway finds. Behind the proxy it never issues its own."""
    domain = custom_domain(railway, clock)
    before = status_of(railway, domain)
    for wanted in before["dnsRecords"]:
        sent = {"name": wanted["fqdn"], "type": "CNAME", "content": wanted["requiredValue"], "proxied": proxied}
        cloudflare.post(RECORDS, json=sent).raise_for_status()
    value = f'"railway-verify={before["verificationToken"].removeprefix("railway-verify=")}"'
    sent = {"name": before["verificationDnsHost"], "type": "TXT", "content": value}
    cloudflare.post(RECORDS, json=sent).raise_for_status()

    status_of(railway, domain)
    clock.advance(DAY_S)
    after = status_of(railway, domain)

    assert (before["verified"], after["verified"]) == (False, True)
    assert (after["certificateStatus"] == "CERTIFICATE_STATUS_TYPE_VALID") is not proxied


def test_domain_without_records_is_not_verified(railway: Railway, clock: ManualClock) -> None:
    """Time alone proves nothing."""
    domain = custom_domain(railway, clock)
    clock.advance(DAY_S)

    assert not status_of(railway, domain)["verified"]


def test_railway_is_there_after_a_restart(directory: Path) -> None:
    """Projects, and the token that may see them, outlive the server."""
    with Sandbox(directory).serve() as address:
        railway = Railway(address)
        workspace = railway.ask(WORKSPACES)["me"]["workspaces"][0]["id"]
        sent = {"name": "seance-staging", "workspaceId": workspace}
        made = railway.ask(PROJECT, input=sent)["projectCreate"]["id"]

    with Sandbox(directory).serve() as address:
        answer = Railway(address).ask("query($id: String!) { project(id: $id) { name } }", id=made)

    assert answer == {"project": {"name": "seance-staging"}}


def test_gap_of_the_simulated_railway_is_named(address: str) -> None:
    """What is not simulated is 501 with its name, never an answer that looks like Railway's."""
    headers = {"Authorization": f"Bearer {RAILWAY_TOKEN}"}
    query = {"query": "query { platformStatus { isStable } }"}

    answer = httpx.post(f"{address}/graphql/v2", json=query, headers=headers, trust_env=False, verify=trusted(address))

    assert answer.status_code in (400, 501)
    assert "platformStatus" in answer.text


def test_lost_answer_of_railway(sandbox: Sandbox, railway: Railway) -> None:
    """The work is done and the connection breaks."""
    workspace = railway.ask(WORKSPACES)["me"]["workspaces"][0]["id"]
    sandbox.fail("railway", "projectCreate", drop=True, when="after")

    with pytest.raises(httpx.RemoteProtocolError):
        railway.ask(PROJECT, input={"name": "seance-staging", "workspaceId": workspace})

    assert [project.name for project in sandbox.railway.state.projects.values()] == ["seance-staging"]
