"""The rows of the fault matrix: for each mutation a step that sends it, and what has to exist before.

Owns nothing but the rows. A mutation that several resources send in ways of their own has several rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from railway_sandbox.railway.projects.members import open_account
from tests.provider.driver import Driver, Half, Made, Place, Records, a_project
from tests.provider.matrix.runs import Step, create, delete, failing, update

Steps = Callable[[Driver, Records], Awaitable[Sequence[Step]]]

RULE: Final[Mapping[str, Any]] = {"eventTypes": ["Deployment.failed"], "channelConfigs": ['{"type": "EMAIL"}']}
PROJECTS: Final = "You are creating projects too quickly. Only 1 project per 30 seconds is allowed"
ENVIRONMENTS: Final = "Only one environment can be created every 30 seconds"
VOLUMES: Final = "Whoa there pal! You are creating volumes too quickly. Try again in a sec"

ENOUGH_S: Final = 300.0
"""Time for a deployment and all that comes before it."""


@dataclass(frozen=True)
class Row:
    """``prepare`` makes what has to exist, and gives the steps of the run that meets the fault."""

    mutation: str
    what: str
    prepare: Steps
    refusal: str | None = None
    """What Railway says when this comes too often."""

    @property
    def name(self) -> str:
        """How the row is called."""
        return f"{self.mutation}: {self.what}"

    @property
    def creates(self) -> bool:
        """Whether the mutation makes something new."""
        return self.mutation.endswith(("Create", "Add"))


def _in_a_project(steps: Callable[[Place], Awaitable[Sequence[Step]]]) -> Steps:
    async def prepare(driver: Driver, records: Records) -> Sequence[Step]:
        return await steps(await a_project(driver))

    return prepare


def _of_a_service(type: str, **inputs: Any) -> Steps:
    """A new resource of an empty service."""

    async def steps(place: Place) -> Sequence[Step]:
        service = await place.service()
        return [create(type, **place.where, serviceId=service["serviceId"], **inputs)]

    return _in_a_project(steps)


def _of_a_running_service(type: str, **inputs: Any) -> Steps:
    async def steps(place: Place) -> Sequence[Step]:
        service = await _running(place)
        return [create(type, **place.where, serviceId=service["serviceId"], **inputs)]

    return _in_a_project(steps)


def _of_an_environment(type: str, **inputs: Any) -> Steps:
    async def steps(place: Place) -> Sequence[Step]:
        return [create(type, **place.where, **inputs)]

    return _in_a_project(steps)


def _later(make: Callable[[Place], Awaitable[Made]], then: Callable[[Made], Step]) -> Steps:
    """A change or the end of something that exists."""

    async def steps(place: Place) -> Sequence[Step]:
        made = await make(place)
        await place.driver.settle(120)  # until every list shows it
        return [then(made)]

    return _in_a_project(steps)


def _changed(**changes: Any) -> Callable[[Made], Step]:
    return lambda made: update(made, **changes)


async def _running(place: Place) -> Made:
    service = await place.service()
    await place.instance(service)
    return service


async def _service(place: Place) -> Made:
    return await place.service()


async def _project(place: Place) -> Made:
    return place.project


async def _fork(place: Place) -> Made:
    where: dict[str, Any] = {"projectId": place.project.id, "sourceEnvironmentId": place.project["environmentId"]}
    return await place.driver.create("Environment", name="staging", **where)


async def _instance(place: Place) -> Made:
    return await place.instance(await place.service(), variables={"A": "1"}, startCommand="run")


async def _volume(place: Place) -> Made:
    return await place.make("Volume", await place.service(), mountPath="/data", name="disk", sizeMb=60_000)


async def _custom_domain(place: Place) -> Made:
    return await place.make("CustomDomain", await place.service(), domain="api.example.com", targetPort=80)


async def _service_domain(place: Place) -> Made:
    return await place.make("ServiceDomain", await place.service(), targetPort=80)


async def _tcp_proxy(place: Place) -> Made:
    return await place.make("TcpProxy", await place.service(), applicationPort=6379)


async def _with_domain(place: Place) -> Mapping[str, Any]:
    service = await place.service()
    await place.make("ServiceDomain", service, targetPort=80)
    await place.driver.settle(60)
    return {**place.where, "serviceId": service["serviceId"]}


async def _cdn(place: Place) -> Made:
    return await place.driver.create("ServiceCdn", **await _with_domain(place))


async def _new_cdn(place: Place) -> Sequence[Step]:
    return [create("ServiceCdn", **await _with_domain(place), defaultTtlSeconds=3_600)]


async def _sticky_cdn(place: Place) -> Sequence[Step]:
    """One that was switched off before: to enable it leaves its mode as it was, unless it is said again."""
    await place.driver.delete(await _cdn(place))
    (service,) = place.driver.cloud.state.services
    return [create("ServiceCdn", **place.where, serviceId=service)]


async def _limit(place: Place) -> Made:
    return await place.driver.create("UsageLimit", softLimitDollars=50)


async def _new_limit(place: Place) -> Sequence[Step]:
    return [create("UsageLimit", softLimitDollars=50, hardLimitDollars=100)]


async def _outbound(place: Place) -> Made:
    return await place.make("EgressGateway", await place.service())


async def _endpoint(place: Place) -> Made:
    return await place.make("PrivateNetworkEndpoint", await _running(place), dnsName="api")


async def _bucket(place: Place) -> Made:
    return await place.driver.create("Bucket", **place.where, name="files", region="ams")


async def _token(place: Place) -> Made:
    return await place.driver.create("ProjectToken", **place.where, name="ci")


async def _rule(place: Place) -> Made:
    return await place.driver.create("NotificationRule", **RULE, projectId=place.project.id)


async def _member(place: Place) -> Made:
    person = open_account(place.driver.cloud, "Grace", "grace@example.com")
    wanted: dict[str, Any] = {"projectId": place.project.id, "userId": person, "role": "MEMBER"}
    return await place.driver.create("ProjectMember", **wanted)


async def _shared(place: Place) -> Made:
    return await place.driver.create("SharedVariables", **place.where, variables={"A": "1", "B": "2"})


async def _new_project(driver: Driver, records: Records) -> Sequence[Step]:
    return [create("Project", name="shop", description="of the test", environmentName="live")]


async def _new_project_with_settings(driver: Driver, records: Records) -> Sequence[Step]:
    return [create("Project", name="shop", description="of the test", prDeploys=True, tracingSampleRate=0.5)]


async def _new_environment(place: Place) -> Sequence[Step]:
    where = {"projectId": place.project.id, "sourceEnvironmentId": place.project["environmentId"]}
    return [create("Environment", name="staging", **where)]


async def _new_services(place: Place) -> Sequence[Step]:
    return [create("Service", **place.where, name=name) for name in ("api", "site")]


async def _new_instances(place: Place) -> Sequence[Step]:
    services = [await place.service(name) for name in ("api", "site")]
    return [
        create("ServiceInstance", **place.where, serviceId=each["serviceId"], image="app:1", variables={"A": "1"})
        for each in services
    ]


async def _new_member(place: Place) -> Sequence[Step]:
    person = open_account(place.driver.cloud, "Grace", "grace@example.com")
    return [create("ProjectMember", projectId=place.project.id, userId=person, role="MEMBER")]


async def _new_rule(place: Place) -> Sequence[Step]:
    return [create("NotificationRule", **RULE, projectId=place.project.id)]


async def _moved_volume(place: Place) -> Sequence[Step]:
    volume, other = await _volume(place), await place.service("other")
    await place.driver.settle(120)
    return [update(volume, serviceId=other["serviceId"])]


async def _stopped_instance(place: Place) -> Sequence[Step]:
    """One whose deployment failed for a reason that is gone: the next run deploys again what is configured."""
    service = await place.service()
    place.driver.cloud.fail_image("app:1")
    try:
        await place.instance(service)
    except Half as half:
        place.driver.cloud.heal("app:1")
        return [update(half.made)]
    raise AssertionError("the image was to fail")


async def _crashing_instance(place: Place) -> Sequence[Step]:
    """Another image that crashes once it took over: the one from before is started again."""
    service = await place.service()
    made = await place.instance(service, onFailure="rollBack")
    await place.driver.settle(120)
    place.driver.cloud.fail("app:2", "crash")
    return [failing(update(made, image="app:2"), "rolled back: deployment")]


async def _hanging_instance(place: Place) -> Sequence[Step]:
    """Another image that never becomes healthy: it is aborted at the end of its time."""
    service = await place.service()
    health: dict[str, Any] = {"healthcheckPath": "/up", "healthcheckTimeout": 3_600}
    made = await place.instance(service, onFailure="rollBack", **health)
    await place.driver.settle(120)
    place.driver.cloud.fail("app:2", "unhealthy")
    return [failing(update(made, image="app:2"), "went on running", timeout_s=ENOUGH_S)]


async def _refused_certificate(driver: Driver, records: Records) -> Sequence[Step]:
    place = await a_project(driver)
    service = await place.service()
    domain = await place.make("CustomDomain", service, domain="api.example.com", targetPort=80)
    driver.cloud.fail("api.example.com", "certificate")
    records.enter(domain)
    for _ in range(4):
        await driver.settle(60)
        await place.refreshed(domain)  # Railway looks DNS up when somebody asks
    driver.cloud.heal("api.example.com")
    return [create("CustomDomainValidation", **place.where, serviceId=service["serviceId"], domain="api.example.com")]


_SETTINGS: Final = {"image": "app:2", "startCommand": None, "variables": {"B": "2"}, "healthcheckPath": "/ready"}

ROWS: Final = (
    Row("projectCreate", "a new project", _new_project, PROJECTS),
    Row("projectUpdate", "another name", _later(_project, _changed(name="store", description=None))),
    Row("projectUpdate", "a new project with settings", _new_project_with_settings),
    Row("projectDelete", "a project with a service", _later(_project, delete)),
    Row("environmentRename", "another name", _later(_fork, _changed(name="preview"))),
    Row("environmentCreate", "a fork", _in_a_project(_new_environment), ENVIRONMENTS),
    Row("environmentDelete", "a fork", _later(_fork, delete)),
    Row("environmentPatchCommit", "two new instances", _in_a_project(_new_instances)),
    Row("environmentPatchCommit", "other settings of an instance", _later(_instance, _changed(**_SETTINGS))),
    Row("environmentPatchCommit", "an instance emptied", _later(_instance, delete)),
    Row(
        "environmentPatchCommit",
        "size and backups of a new volume",
        _of_a_service("Volume", mountPath="/data", name="disk", sizeMb=60_000, backupSchedules=["DAILY"]),
    ),
    Row("environmentPatchCommit", "a new bucket", _of_an_environment("Bucket", name="files", region="ams")),
    Row("environmentPatchCommit", "a bucket deleted", _later(_bucket, delete)),
    Row("environmentPatchCommit", "a new TCP proxy", _of_a_service("TcpProxy", applicationPort=6379)),
    Row(
        "environmentPatchCommit",
        "variables of a service",
        _of_a_running_service("Variables", variables={"A": "1", "B": "2"}, sealed=["B"]),
    ),
    Row("environmentPatchCommit", "other shared variables", _later(_shared, _changed(variables={"A": "3", "C": "4"}))),
    Row("environmentPatchCommit", "no shared variables any more", _later(_shared, delete)),
    Row("enableServiceCdn", "a CDN", _in_a_project(_new_cdn)),
    Row("enableServiceCdn", "a CDN that was switched off", _in_a_project(_sticky_cdn)),
    Row("updateServiceEdgeConfig", "another way to cache", _later(_cdn, _changed(htmlCaching="force"))),
    Row("updateServiceEdgeConfig", "a CDN switched off", _later(_cdn, delete)),
    Row("disableServiceCdn", "a CDN switched off", _later(_cdn, delete)),
    Row("usageLimitSet", "a new limit", _in_a_project(_new_limit)),
    Row("usageLimitSet", "another limit", _later(_limit, _changed(softLimitDollars=60))),
    Row("usageLimitRemove", "no limit any more", _later(_limit, delete)),
    Row("serviceCreate", "two new services", _in_a_project(_new_services)),
    Row("serviceUpdate", "another name", _later(_service, _changed(name="site", icon="https://example.com/i.png"))),
    Row(
        "serviceUpdate", "a new service that is traced", _of_an_environment("Service", name="web", tracingEnabled=True)
    ),
    Row("serviceDelete", "an empty service", _later(_service, delete)),
    Row("serviceDelete", "a running service", _later(_running, delete)),
    Row("serviceInstanceDeployV2", "an instance whose deployment had failed", _in_a_project(_stopped_instance)),
    Row("deploymentRollback", "an image that crashes, with onFailure: rollBack", _in_a_project(_crashing_instance)),
    Row("deploymentCancel", "an image that hangs, with onFailure: rollBack", _in_a_project(_hanging_instance)),
    Row("deploymentRemove", "an instance emptied", _later(_instance, delete)),
    Row("volumeCreate", "a new volume", _of_a_service("Volume", mountPath="/data", name="disk"), VOLUMES),
    Row("volumeUpdate", "the name of a new volume", _of_a_service("Volume", mountPath="/data", name="disk")),
    Row("volumeUpdate", "another name", _later(_volume, _changed(name="store"))),
    Row("volumeInstanceUpdate", "another service", _in_a_project(_moved_volume)),
    Row("volumeDelete", "a volume", _later(_volume, delete)),
    Row("customDomainCreate", "a new domain", _of_a_service("CustomDomain", domain="api.example.com", targetPort=80)),
    Row("customDomainUpdate", "another port", _later(_custom_domain, _changed(targetPort=8080))),
    Row("customDomainDelete", "a domain", _later(_custom_domain, delete)),
    Row("customDomainIssueCertificate", "a certificate that was refused once", _refused_certificate),
    Row("serviceDomainCreate", "a new address", _of_a_service("ServiceDomain", targetPort=80)),
    Row("serviceDomainUpdate", "another port", _later(_service_domain, _changed(targetPort=8080))),
    Row("serviceDomainDelete", "an address", _later(_service_domain, delete)),
    Row("tcpProxyDelete", "a TCP proxy", _later(_tcp_proxy, delete)),
    Row("egressGatewayAssociationCreate", "static outbound IPs", _of_a_service("EgressGateway")),
    Row("egressGatewayAssociationsClear", "no static outbound IPs any more", _later(_outbound, delete)),
    Row(
        "privateNetworkEndpointRename",
        "a name of one's own",
        _of_a_running_service("PrivateNetworkEndpoint", dnsName="api"),
    ),
    Row("privateNetworkEndpointRename", "another name", _later(_endpoint, _changed(dnsName="backend"))),
    Row("bucketCreate", "a new bucket", _of_an_environment("Bucket", name="files", region="ams")),
    Row("bucketUpdate", "another name", _later(_bucket, _changed(name="documents"))),
    Row("projectTokenCreate", "a new token", _of_an_environment("ProjectToken", name="ci")),
    Row("projectTokenDelete", "a token", _later(_token, delete)),
    Row("projectMemberAdd", "a new member", _in_a_project(_new_member)),
    Row("projectMemberUpdate", "another role", _later(_member, _changed(role="ADMIN"))),
    Row("projectMemberRemove", "a member", _later(_member, delete)),
    Row("notificationRuleCreate", "a new rule", _in_a_project(_new_rule)),
    Row("notificationRuleUpdate", "other events", _later(_rule, _changed(eventTypes=["Deployment.crashed"]))),
    Row("notificationRuleDelete", "a rule", _later(_rule, delete)),
)
"""All rows; a test compares their mutations with the provider's documents."""
