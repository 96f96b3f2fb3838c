"""What somebody made at the dashboard is imported by an id that can be read there, and previews as unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from pulumi_provider.values import SECRET, SIGNATURE
from pulumiverse_railway.provider.resources import ALL
from railway_sandbox.railway.account.usage import customer_id
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.projects.members import open_account
from tests import virtual_time
from tests.provider.dashboard import click, patch
from tests.provider.driver import Driver, Made

SPELLED_OUT = {
    "restartPolicyType": "ON_FAILURE",
    "restartPolicyMaxRetries": 10,
    "sleepApplication": False,
    "regions": {"us-west2": 1},
    "waitForDeployment": True,
}
"""Defaults that programs like to say, components/service.py among them."""
OF_A_REPOSITORY = {**SPELLED_OUT, "branch": "main", "checkSuites": False, "builder": "RAILPACK"}
EVERYTHING = {
    "startCommand": "/bin/sh -c 'run $PORT'",
    "preDeployCommand": "migrate",
    "healthcheckPath": "/health-check",
    "healthcheckTimeout": 30,
    "restartPolicyType": "ALWAYS",
    "restartPolicyMaxRetries": 3,
    "sleepApplication": True,
    "overlapSeconds": 5,
    "drainingSeconds": 7,
    "regions": {"europe-west4-drams3a": 2, "us-west2": 1},
    "vcpus": 0.5,
    "memoryMb": 512,
    "variables": {"PLAIN": "1", "REFERENCE": "${{other.URL}}", "EMPTY": ""},
}


class Hand:
    """Makes things as a person at the dashboard does, and reads off their ids."""

    def __init__(self, cloud: RailwayCloud) -> None:
        self.cloud = cloud
        self.project = click(cloud, "projectCreate", input={"name": "shop", "description": "by hand"})["id"]
        (environment,) = cloud.environments_of(self.project)
        self.environment = environment.id
        self.place = f"{self.project}/{self.environment}"
        self.where = {"projectId": self.project, "environmentId": self.environment}

    def service(self, **source: str) -> str:
        return click(self.cloud, "serviceCreate", input={**self.where, "name": "web", "source": source or None})["id"]

    def running(self) -> str:
        return self.service(image="app:1")

    def configured(self, **settings: Any) -> str:
        service = self.service()
        patch(self.cloud, self.environment, services={service: settings})
        return service


Make = Callable[[Hand], str]


def _project(hand: Hand) -> str:
    return hand.project


def _environment(hand: Hand) -> str:
    wanted = {"projectId": hand.project, "name": "staging", "sourceEnvironmentId": hand.environment}
    return f"{hand.project}/{click(hand.cloud, 'environmentCreate', input=wanted)['id']}"


def _service(hand: Hand) -> str:
    return f"{hand.place}/{hand.service()}"


def _service_with_an_image(hand: Hand) -> str:
    return f"{hand.place}/{hand.running()}"


def _instance_of_a_repository(hand: Hand) -> str:
    return f"{hand.place}/{hand.service(repo='shop/web')}"


def _cron(hand: Hand) -> str:
    return f"{hand.place}/{hand.configured(source={'image': 'app:1'}, deploy={'cronSchedule': '0 * * * *'})}"


def _everything(hand: Hand) -> str:
    deploy = {
        "startCommand": EVERYTHING["startCommand"],
        "preDeployCommand": [EVERYTHING["preDeployCommand"]],
        "limitOverride": {"containers": {"cpu": 0.5, "memoryBytes": 512_000_000}},
        "multiRegionConfig": {"europe-west4-drams3a": {"numReplicas": 2}, "us-west2": {"numReplicas": 1}},
    }
    plain = (
        "healthcheckPath", "healthcheckTimeout", "restartPolicyType", "restartPolicyMaxRetries", "sleepApplication",
        "overlapSeconds", "drainingSeconds",
    )  # fmt: skip
    deploy |= {name: EVERYTHING[name] for name in plain}
    variables = {name: {"value": value} for name, value in EVERYTHING["variables"].items()}
    return f"{hand.place}/{hand.configured(source={'image': 'app:1'}, deploy=deploy, variables=variables)}"


def _volume(hand: Hand) -> str:
    wanted = {**hand.where, "serviceId": hand.running(), "mountPath": "/data"}
    return f"{hand.place}/{click(hand.cloud, 'volumeCreate', input=wanted)['id']}"


def _volume_with_backups(hand: Hand) -> str:
    volume = _volume(hand)
    (disk,) = hand.cloud.state.volume_instances.values()
    click(hand.cloud, "volumeInstanceBackupScheduleUpdate", volumeInstanceId=disk.id, kinds=["DAILY", "MONTHLY"])
    return volume


def _custom_domain(hand: Hand) -> str:
    service = hand.running()
    click(hand.cloud, "customDomainCreate", input={**hand.where, "serviceId": service, "domain": "api.example.com"})
    return f"{hand.place}/{service}/api.example.com"


def _service_domain(hand: Hand) -> str:
    service = hand.running()
    wanted = {"environmentId": hand.environment, "serviceId": service, "targetPort": 80}
    click(hand.cloud, "serviceDomainCreate", input=wanted)
    (found,) = hand.cloud.state.service_domains.values()
    return f"{hand.place}/{service}/{found.domain}"


def _cdn(hand: Hand) -> str:
    service = hand.running()
    where = {"environmentId": hand.environment, "serviceId": service}
    click(hand.cloud, "serviceDomainCreate", input={**where, "targetPort": 80})
    virtual_time.block(10.0)  # until Railway's edge knows the domain
    config = {"caching": {"htmlCaching": "never"}}
    click(hand.cloud, "enableServiceCdn", selection="{ enabled }", input={**where, "config": config})
    return f"{hand.place}/{service}"


def _limit(hand: Hand) -> str:
    (workspace,) = hand.cloud.state.workspaces.values()
    wanted = {"softLimitDollars": 50, "hardLimitDollars": 100}
    click(hand.cloud, "usageLimitSet", input={**wanted, "customerId": customer_id(workspace)})
    return workspace.id


def _tcp_proxy(hand: Hand) -> str:
    service = hand.running()
    wanted = {"environmentId": hand.environment, "serviceId": service, "applicationPort": 6379}
    click(hand.cloud, "tcpProxyCreate", input=wanted)
    return f"{hand.place}/{service}/6379"


def _outbound(hand: Hand) -> str:
    service = hand.running()
    wanted = {"environmentId": hand.environment, "serviceId": service}
    click(hand.cloud, "egressGatewayAssociationCreate", selection="{ ipv4 }", input=wanted)
    return f"{hand.place}/{service}"


def _endpoint(hand: Hand) -> str:
    return f"{hand.place}/{hand.running()}"


def _variables(hand: Hand) -> str:
    service = hand.running()
    wanted = {**hand.where, "serviceId": service, "variables": {"A": "1", "B": "${{shared.B}}"}}
    click(hand.cloud, "variableCollectionUpsert", input=wanted)
    return f"{hand.place}/{service}"


def _shared(hand: Hand) -> str:
    click(hand.cloud, "variableCollectionUpsert", input={**hand.where, "variables": {"A": "1", "B": "2"}})
    return hand.place


def _bucket(hand: Hand) -> str:
    bucket = click(hand.cloud, "bucketCreate", input={"projectId": hand.project, "name": "files"})["id"]
    patch(hand.cloud, hand.environment, buckets={bucket: {"region": "ams", "isCreated": True}})
    return f"{hand.place}/{bucket}"


def _token(hand: Hand) -> str:
    click(hand.cloud, "projectTokenCreate", input={**hand.where, "name": "ci"})
    (found,) = [token for token in hand.cloud.state.tokens.values() if token.kind == "project"]
    return f"{hand.project}/{found.id}"


def _member(hand: Hand) -> str:
    person = open_account(hand.cloud, "Grace", "grace@example.com")
    click(hand.cloud, "projectMemberAdd", input={"projectId": hand.project, "userId": person, "role": "VIEWER"})
    return f"{hand.project}/{person}"


def _rule(hand: Hand) -> str:
    workspace = next(iter(hand.cloud.state.workspaces))
    wanted = {"workspaceId": workspace, "eventTypes": ["Deployment.failed"], "channelConfigs": [{"type": "EMAIL"}]}
    return f"{workspace}/{click(hand.cloud, 'notificationRuleCreate', input=wanted)['id']}"


WAYS: list[tuple[str, Make, Mapping[str, Any]]] = [
    ("Project", _project, {"name": "shop", "description": "by hand", "environmentName": "production"}),
    ("Environment", _environment, {"name": "staging", "ephemeral": False, "skipInitialDeploys": None}),
    ("Service", _service, {"name": "web"}),
    ("Service", _service_with_an_image, {"name": "web"}),
    ("ServiceInstance", _service_with_an_image, {"image": "app:1"}),
    ("ServiceInstance", _service_with_an_image, {"image": "app:1", **SPELLED_OUT}),
    ("ServiceInstance", _service_with_an_image, {"image": "app:1", "numReplicas": 1, "healthcheckTimeout": 300}),
    ("ServiceInstance", _instance_of_a_repository, {"repo": "shop/web"}),
    ("ServiceInstance", _instance_of_a_repository, {"repo": "shop/web", **OF_A_REPOSITORY}),
    ("ServiceInstance", _cron, {"image": "app:1", "cronSchedule": "0 * * * *"}),
    (
        "ServiceInstance",
        _cron,
        {"image": "app:1", "cronSchedule": "0 * * * *", **SPELLED_OUT, "restartPolicyType": "NEVER"},
    ),
    ("ServiceInstance", _everything, {"image": "app:1", **EVERYTHING}),
    ("Volume", _volume, {"mountPath": "/data"}),
    ("Volume", _volume_with_backups, {"mountPath": "/data", "backupSchedules": ["DAILY", "MONTHLY"]}),
    ("CustomDomain", _custom_domain, {"domain": "api.example.com"}),
    ("CustomDomainValidation", _custom_domain, {"domain": "api.example.com", "proxied": False}),
    ("ServiceDomain", _service_domain, {"targetPort": 80}),
    ("TcpProxy", _tcp_proxy, {"applicationPort": 6379}),
    ("ServiceCdn", _cdn, {"htmlCaching": "never"}),
    ("ServiceCdn", _cdn, {"htmlCaching": "never", "defaultTtlSeconds": 7200, "purgeOnDeploy": "HTML"}),
    ("UsageLimit", _limit, {"softLimitDollars": 50, "hardLimitDollars": 100}),
    ("EgressGateway", _outbound, {}),
    ("PrivateNetworkEndpoint", _endpoint, {"dnsName": "web"}),
    ("Variables", _variables, {"variables": {"A": "1", "B": "${{shared.B}}"}}),
    ("SharedVariables", _shared, {"variables": {"A": "1", "B": "2"}}),
    ("Bucket", _bucket, {"name": "files", "region": "ams"}),
    ("ProjectToken", _token, {"name": "ci"}),
    ("ProjectMember", _member, {"role": "VIEWER"}),
    ("NotificationRule", _rule, {"eventTypes": ["Deployment.failed"]}),
]
"""Resource, what is done at the dashboard, and what a program written by hand says of it."""


def test_every_resource_can_be_imported() -> None:
    """A new resource needs a way to be made by hand here."""
    assert {kind for kind, _, _ in WAYS} == {resource.token.rpartition(":")[2] for resource in ALL}


@pytest.mark.parametrize(("kind", "make", "program"), WAYS)
async def test_import_previews_as_unchanged(driver: Driver, kind: str, make: Make, program: Mapping[str, Any]) -> None:
    """What the import writes passes the checks and shows no difference; neither does a program written by hand."""
    its_id = make(Hand(driver.cloud))
    await driver.settle(150)
    imported = await driver.import_(kind, its_id)
    assert imported is not None
    assert imported.id == its_id
    assert await driver.check(kind, imported.inputs) == []
    assert await driver.diff(imported) == {}
    assert await driver.diff(imported, **_by_hand(imported, program)) == {}


@pytest.mark.parametrize(
    ("kind", "make"), [("ServiceInstance", _everything), ("Variables", _variables), ("SharedVariables", _shared)]
)
async def test_values_of_variables_are_secrets_after_an_import(driver: Driver, kind: str, make: Make) -> None:
    """Railway does not say which ones are, and no program has yet: none may stand in the state as it is."""
    its_id = make(Hand(driver.cloud))
    await driver.settle(150)
    urn = f"urn:pulumi:dev::shop::railway:index:{kind}::found"
    read = await driver.rpc.Read(provider_pb2.ReadRequest(urn=urn, id=its_id))
    for properties in (read.inputs, read.properties):
        assert properties.fields["variables"].struct_value.fields[SIGNATURE].string_value == SECRET


def _by_hand(imported: Made, program: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the program says, and where the thing is; nothing else that the import found."""
    where = ("projectId", "environmentId", "serviceId", "userId", "sourceEnvironmentId", "channelConfigs")
    return {name: None for name in imported.inputs if name not in where} | dict(program)


@pytest.mark.parametrize("change", [{"restartPolicyType": "ALWAYS"}, {"regions": {"us-west2": 2}}])
async def test_what_is_not_so_still_shows(driver: Driver, change: Mapping[str, Any]) -> None:
    """Only a value that Railway has already counts as said."""
    hand = Hand(driver.cloud)
    its_id = _service_with_an_image(hand)
    await driver.settle(150)
    imported = await driver.import_("ServiceInstance", its_id)
    assert imported is not None
    assert set(await driver.diff(imported, **change)) == set(change)


async def test_a_default_that_is_spelled_out_after_an_import_is_owned(driver: Driver) -> None:
    """Somebody who changes it at the dashboard afterwards makes drift, and the next run puts it right."""
    hand = Hand(driver.cloud)
    its_id = _service_with_an_image(hand)
    await driver.settle(150)
    imported = await driver.import_("ServiceInstance", its_id)
    assert imported is not None
    program = {**imported.inputs, **SPELLED_OUT}
    kept = Made(imported.kind, imported.id, program, imported.outputs)  # as the engine keeps it: nothing differs
    read = await driver.refresh(kept)
    assert read is not None
    assert await driver.diff(read, **program) == {}
    service = its_id.rpartition("/")[2]
    patch(driver.cloud, hand.environment, services={service: {"deploy": {"restartPolicyType": "ALWAYS"}}})
    await driver.settle(60)
    driver.servicer.running.client.forget_project(hand.project)
    read = await driver.refresh(kept)
    assert read is not None
    assert await driver.diff(read, **program) == {"restartPolicyType": "UPDATE"}


async def test_an_update_leaves_alone_what_the_program_never_said(driver: Driver) -> None:
    """A setting that somebody made at the dashboard, and that a refresh or an import has seen, is theirs."""
    hand = Hand(driver.cloud)
    service = hand.configured(source={"image": "app:1"}, variables={"A": {"value": "1"}})
    await driver.settle(150)
    imported = await driver.import_("ServiceInstance", f"{hand.place}/{service}")
    assert imported is not None
    patch(driver.cloud, hand.environment, services={service: {"deploy": {"startCommand": "theirs"}}})
    await driver.settle(60)
    driver.servicer.running.client.forget_project(hand.project)
    read = await driver.refresh(imported)
    assert read is not None
    assert await driver.diff(read, image="app:2") == {"image": "UPDATE"}
    await driver.update(read, image="app:2")
    stored = driver.cloud.state.environments[hand.environment].config["services"][service]
    assert stored["deploy"]["startCommand"] == "theirs"
