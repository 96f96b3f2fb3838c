"""Simulated static outbound IPs, names in the private network, and the estimate of what is used."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_railway.railway_client import Client, open_account

EGRESS = """query($e: String!, $s: String!) {
    egressGateways(environmentId: $e, serviceId: $s) { ipv4 region zone } }"""
EGRESS_CREATE = """mutation($i: EgressGatewayCreateInput!) {
    egressGatewayAssociationCreate(input: $i) { ipv4 region } }"""
ENDPOINT = """query($e: String!, $n: String!, $s: String!) {
    privateNetworkEndpoint(environmentId: $e, privateNetworkId: $n, serviceId: $s) {
        publicId dnsName newDnsName syncStatus } }"""
RENAME = """mutation($d: String!, $i: String!, $n: String!) {
    privateNetworkEndpointRename(dnsName: $d, id: $i, privateNetworkId: $n) }"""


@pytest.fixture
def running(railway: Client) -> tuple[str, str, str]:
    """A project, its environment, and a service that runs in it."""
    project, environment = railway.project()
    service = railway.service(project, environment)
    railway.commit(environment, {"services": {service: {"source": {"image": "app:1"}}}})
    railway.clock.advance(120)
    return project, environment, service


def network(railway: Client, environment: str) -> list[Any]:
    query = "query($e: String!) { privateNetworks(environmentId: $e) { publicId name dnsName } }"
    return railway.ask(query, e=environment)["privateNetworks"]


def test_outbound_ips_are_one_set_of_a_service(railway: Client, running: tuple[str, str, str]):
    """Where the service runs unless told otherwise, once, and gone when cleared, however often."""
    _, environment, service = running
    where = {"environmentId": environment, "serviceId": service}
    (made,) = railway.ask(EGRESS_CREATE, i=where)["egressGatewayAssociationCreate"]

    assert made["region"] == "us-west2"
    assert railway.ask(EGRESS, e=environment, s=service)["egressGateways"] == [{**made, "zone": None}]
    assert "already exists" in railway.refusal(EGRESS_CREATE, i=where)

    clear = "mutation($i: EgressGatewayServiceTargetInput!) { egressGatewayAssociationsClear(input: $i) }"
    assert railway.ask(clear, i=where) == railway.ask(clear, i=where)
    assert railway.ask(EGRESS, e=environment, s=service)["egressGateways"] == []


def test_outbound_ips_need_the_pro_plan():
    """Other plans are told to upgrade."""
    railway = open_account("hobby")
    project, environment = railway.project()
    service = railway.service(project, environment)

    assert "upgrade" in railway.refusal(EGRESS_CREATE, i={"environmentId": environment, "serviceId": service})


def test_an_endpoint_comes_with_the_first_deployment(railway: Client):
    """Before it there is no network at all; afterwards the endpoint has the name of its service."""
    project, environment = railway.project()
    service = railway.service(project, environment)
    assert network(railway, environment) == []

    railway.commit(environment, {"services": {service: {"source": {"image": "app:1"}}}})
    assert network(railway, environment) == []

    railway.clock.advance(120)
    (found,) = network(railway, environment)
    endpoint = railway.ask(ENDPOINT, e=environment, n=found["publicId"], s=service)["privateNetworkEndpoint"]
    assert (found["name"], endpoint["dnsName"], endpoint["syncStatus"]) == ("railway", "web", "ACTIVE")
    assert f"{endpoint['dnsName']}.{found['dnsName']}.internal" == "web.railway.internal"


def test_a_rename_takes_some_seconds_and_reaches_the_variable(railway: Client, running: tuple[str, str, str]):
    """Until then the old name counts; Railway's own variable follows."""
    project, environment, service = running
    (found,) = network(railway, environment)
    where = {"e": environment, "n": found["publicId"], "s": service}
    endpoint = railway.ask(ENDPOINT, **where)["privateNetworkEndpoint"]
    railway.ask(RENAME, d="api", i=endpoint["publicId"], n=found["publicId"])

    coming = railway.ask(ENDPOINT, **where)["privateNetworkEndpoint"]
    assert (coming["dnsName"], coming["newDnsName"], coming["syncStatus"]) == ("web", "api", "UPDATING")

    railway.clock.advance(10)
    done = railway.ask(ENDPOINT, **where)["privateNetworkEndpoint"]
    assert (done["dnsName"], done["newDnsName"], done["syncStatus"]) == ("api", None, "ACTIVE")
    query = """query($p: String!, $e: String!, $s: String!) {
        variables(projectId: $p, environmentId: $e, serviceId: $s) }"""
    variables = railway.ask(query, p=project, e=environment, s=service)["variables"]
    assert variables["RAILWAY_PRIVATE_DOMAIN"] == "api.railway.internal"


@pytest.mark.parametrize(
    ("name", "message"),
    [("health", "Invalid input"), ("a.b", "Invalid input"), ("a\n", "Invalid input"), ("x", "in use")],
)
def test_a_name_that_is_not_free_is_refused(railway: Client, running: tuple[str, str, str], name: str, message: str):
    """Reserved names, what is no label, and the name of another service."""
    project, environment, service = running
    railway.service(project, environment, "x")
    (found,) = network(railway, environment)
    endpoint = railway.ask(ENDPOINT, e=environment, n=found["publicId"], s=service)["privateNetworkEndpoint"]

    assert message in railway.refusal(RENAME, d=name, i=endpoint["publicId"], n=found["publicId"])
    query = """query($e: String!, $n: String!, $x: String!) {
        privateNetworkEndpointNameAvailable(environmentId: $e, privateNetworkId: $n, prefix: $x) }"""
    available = railway.ask(query, e=environment, n=found["publicId"], x=name)
    assert available == {"privateNetworkEndpointNameAvailable": False}


def test_usage_follows_from_what_runs(railway: Client, running: tuple[str, str, str]):
    """Twice the replicas use twice as much; what does not run uses nothing."""
    project, environment, service = running
    query = """query($p: String!) { estimatedUsage(projectId: $p, measurements: [CPU_USAGE, DISK_USAGE_GB]) {
        measurement estimatedValue } }"""

    def usage() -> dict[str, float]:
        usage = railway.ask(query, p=project)["estimatedUsage"]
        return {one["measurement"]: one["estimatedValue"] for one in usage}

    before = usage()
    assert before["CPU_USAGE"] > 0
    assert before["DISK_USAGE_GB"] == 0

    railway.commit(
        environment, {"services": {service: {"deploy": {"multiRegionConfig": {"us-west2": {"numReplicas": 2}}}}}}
    )
    assert usage()["CPU_USAGE"] == 2 * before["CPU_USAGE"]
    railway.service(project, environment, "idle")
    railway.volume(project, environment, None)
    assert usage()["CPU_USAGE"] == 2 * before["CPU_USAGE"]
    assert usage()["DISK_USAGE_GB"] > 0


def test_a_measurement_that_is_not_measured_has_no_samples(railway: Client, running: tuple[str, str, str]):
    """Railway's schema knows more measurements than a service has values for."""
    _, environment, _ = running
    query = """query($e: String!) { metrics(
        environmentId: $e, startDate: "2026-01-01T00:00:00Z", measurements: [MEASUREMENT_UNSPECIFIED, CPU_USAGE]
    ) { measurement } }"""

    assert railway.ask(query, e=environment)["metrics"] == [{"measurement": "CPU_USAGE"}]
