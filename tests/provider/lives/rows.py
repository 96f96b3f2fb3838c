"""One row for each resource: what its whole life is tried with.

Owns the data of the lives; the order of events stands in ``test_whole_lives``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from railway_sandbox.railway.projects.members import open_account
from tests.provider.dashboard import click, patch
from tests.provider.driver import Made, Place, Records

Inputs = Mapping[str, Any]
Ask = Callable[["World"], Awaitable[Inputs]]


@dataclass
class World:
    """A project, the DNS, and what rows keep between their steps."""

    place: Place
    records: Records

    @property
    def cloud(self) -> Any:
        """The simulated account."""
        return self.place.driver.cloud

    @property
    def environment_id(self) -> str:
        """The project's environment."""
        return self.place.project["environmentId"]

    async def empty_service(self, name: str = "web") -> Inputs:
        """Where a resource of a new, empty service is."""
        return {**self.place.where, "serviceId": (await self.place.service(name))["serviceId"]}

    async def running_service(self, name: str = "web") -> Inputs:
        """Where a resource of a service that runs is."""
        service = await self.place.service(name)
        await self.place.instance(service)
        return {**self.place.where, "serviceId": service["serviceId"]}

    async def domain(self, name: str) -> Inputs:
        """A custom domain with its records, and where it is."""
        where = await self.empty_service(name.partition(".")[0])
        self.records.enter(await self.place.driver.create("CustomDomain", **where, domain=name))
        return {**where, "domain": name}

    async def another_project(self) -> Inputs:
        """A second project and its environment."""
        project = await self.place.driver.create("Project", name="another", description="of the test")
        return {"projectId": project.id, "environmentId": project["environmentId"]}


Outside = Callable[[World, Made], None]


@dataclass(frozen=True, kw_only=True)
class Life:
    """What happens to one resource. Differences are by property path."""

    bad: Inputs
    """Inputs that are refused, beside the right ones."""
    reason: str
    inputs: Ask
    changes: Inputs = field(default_factory=dict[str, Any])
    """Changed in place."""
    cleared: Inputs = field(default_factory=dict[str, Any])
    """What is taken out of the inputs (None), or what stays of a map; Railway must not have the rest any more."""
    replacing: Ask
    """Changes that need a new resource."""
    outside: Outside
    """What somebody does at the dashboard..."""
    drift: Mapping[str, str] | None
    """...and what a preview after a refresh shows; None when the resource is gone."""
    unreadable: frozenset[str] = frozenset()
    """What an import cannot bring, because Railway never shows it."""
    stays: bool = False
    """Deleting it deletes nothing on Railway."""


def _always(**inputs: Any) -> Ask:
    async def ask(_: World) -> Inputs:
        return inputs

    return ask


def _in_environment(**inputs: Any) -> Ask:
    async def ask(world: World) -> Inputs:
        return {**world.place.where, **inputs}

    return ask


def _in_service(**inputs: Any) -> Ask:
    async def ask(world: World) -> Inputs:
        return {**await world.empty_service(), **inputs}

    return ask


def _in_running_service(**inputs: Any) -> Ask:
    async def ask(world: World) -> Inputs:
        return {**await world.running_service(), **inputs}

    return ask


async def _another_service(world: World) -> Inputs:
    return {"serviceId": (await world.empty_service("other"))["serviceId"]}


async def _another_service_on_port_80(world: World) -> Inputs:
    return {**await _another_service(world), "targetPort": 80}


async def _another_running_service(world: World) -> Inputs:
    return {"serviceId": (await world.running_service("other"))["serviceId"]}


async def _another_name_in_another_service(world: World) -> Inputs:
    # The old name stays taken: it lives as long as its service.
    return {**await _another_running_service(world), "dnsName": "other"}


async def _another_environment(world: World) -> Inputs:
    return await world.another_project()


async def _new_project(world: World) -> Inputs:
    workspace = next(iter(world.cloud.state.workspaces))
    return {"name": "store", "description": "of the test", "environmentName": "live", "workspaceId": workspace}


async def _fork(world: World) -> Inputs:
    return {"projectId": world.place.project.id, "name": "staging", "sourceEnvironmentId": world.environment_id}


async def _grace(world: World) -> Inputs:
    person = open_account(world.cloud, "Grace", "grace@example.com")
    return {"projectId": world.place.project.id, "userId": person, "role": "VIEWER"}


async def _ada(world: World) -> Inputs:
    return {"userId": open_account(world.cloud, "Ada", "ada@example.com")}


async def _validated(world: World) -> Inputs:
    return await world.domain("api.example.com")


async def _another_validated(world: World) -> Inputs:
    return await world.domain("www.example.com")


async def _rule(world: World) -> Inputs:
    return {
        "projectId": world.place.project.id,
        "eventTypes": ["Deployment.failed"],
        "channelConfigs": ['{"type": "EMAIL"}'],
    }


async def _rule_elsewhere(world: World) -> Inputs:
    return {"projectId": (await world.another_project())["projectId"]}


def _service_settings(**settings: Any) -> Outside:
    """Other settings of the service."""

    def act(world: World, made: Made) -> None:
        patch(world.cloud, made["environmentId"], services={made["serviceId"]: settings})

    return act


def _done(field: str, **arguments: str) -> Outside:
    """A mutation whose arguments come from the outputs of these names, or are these values."""

    def act(world: World, made: Made) -> None:
        click(world.cloud, field, **{name: made.outputs.get(value, value) for name, value in arguments.items()})

    return act


def _renamed(field: str, output: str) -> Outside:
    def act(world: World, made: Made) -> None:
        click(world.cloud, field, id=made.outputs.get(output, made.id), input={"name": "theirs"})

    return act


def _volume_moved(world: World, made: Made) -> None:
    click(
        world.cloud,
        "volumeInstanceUpdate",
        volumeId=made["volumeId"],
        environmentId=made["environmentId"],
        # What is left out here, Railway resets.
        input={"mountPath": "/theirs", "serviceId": made["serviceId"]},
    )


def _custom_domain_moved(world: World, made: Made) -> None:
    (found,) = [each for each in world.cloud.state.custom_domains.values() if not each.deleted_at]
    click(world.cloud, "customDomainUpdate", id=found.id, environmentId=found.environment_id, targetPort=1234)


def _custom_domain_removed(world: World, made: Made) -> None:
    for found in list(world.cloud.state.custom_domains.values()):
        if found.domain == made["domain"] and not found.deleted_at:
            click(world.cloud, "customDomainDelete", id=found.id)


def _service_domain_moved(world: World, made: Made) -> None:
    (found,) = [each for each in world.cloud.state.service_domains.values() if each.domain == made["domain"]]
    wanted = {
        "serviceDomainId": found.id,
        "environmentId": found.environment_id,
        "serviceId": found.service_id,
        "domain": found.domain,
        "targetPort": 1234,
    }
    click(world.cloud, "serviceDomainUpdate", input=wanted)


def _proxy_removed(world: World, made: Made) -> None:
    for found in list(world.cloud.state.tcp_proxies.values()):
        if not found.deleted_at:
            click(world.cloud, "tcpProxyDelete", id=found.id)


def _addresses_given_up(world: World, made: Made) -> None:
    where = {"environmentId": made["environmentId"], "serviceId": made["serviceId"]}
    click(world.cloud, "egressGatewayAssociationsClear", input=where)


def _endpoint_renamed(world: World, made: Made) -> None:
    where = {"id": made["endpointId"], "privateNetworkId": made["privateNetworkId"]}
    click(world.cloud, "privateNetworkEndpointRename", dnsName="theirs", **where)


def _role_changed(world: World, made: Made) -> None:
    wanted = {"projectId": made["projectId"], "userId": made["userId"], "role": "MEMBER"}
    click(world.cloud, "projectMemberUpdate", input=wanted)


def _rule_changed(world: World, made: Made) -> None:
    click(world.cloud, "notificationRuleUpdate", id=made["ruleId"], input={"eventTypes": ["Theirs"]})


def _shared_changed(world: World, made: Made) -> None:
    wanted = {"projectId": made["projectId"], "environmentId": made["environmentId"], "name": "A", "value": "theirs"}
    click(world.cloud, "variableUpsert", input=wanted)


async def _with_domain(world: World) -> Inputs:
    where = await world.empty_service()
    await world.place.driver.create("ServiceDomain", **where, targetPort=80)
    await world.place.driver.settle(60)
    return {**where, "defaultTtlSeconds": 3_600}


async def _another_with_domain(world: World) -> Inputs:
    where = await world.empty_service("other")
    await world.place.driver.create("ServiceDomain", **where, targetPort=80)
    await world.place.driver.settle(60)
    return {"serviceId": where["serviceId"]}


def _caching_changed(world: World, made: Made) -> None:
    where = {"environmentId": made["environmentId"], "serviceId": made["serviceId"]}
    wanted = {**where, "config": {"caching": {"htmlCaching": "force"}}}
    click(world.cloud, "updateServiceEdgeConfig", selection="{ enabled }", input=wanted)


async def _limited(world: World) -> Inputs:
    (workspace,) = world.cloud.state.workspaces
    return {"softLimitDollars": 50, "hardLimitDollars": 100, "workspaceId": workspace}


def _limit_changed(world: World, made: Made) -> None:
    click(world.cloud, "usageLimitSet", input={"customerId": made["customerId"], "softLimitDollars": 5})


LIVES: Final[Mapping[str, Life]] = {
    "Project": Life(
        bad={"name": " "},
        reason="name: must not be empty",
        inputs=_new_project,
        changes={"name": "market", "environmentName": "production"},
        cleared={"description": None},
        replacing=_always(workspaceId="another workspace"),
        outside=_renamed("projectUpdate", "-"),
        drift={"name": "UPDATE"},
    ),
    "Environment": Life(
        bad={"sourceEnvironmentId": None},
        reason="sourceEnvironmentId: is missing",
        inputs=_fork,
        changes={"name": "preview"},
        replacing=_always(ephemeral=True, name="other"),
        outside=_renamed("environmentRename", "environmentId"),
        drift={"name": "UPDATE"},
    ),
    "Service": Life(
        bad={"name": "x" * 64},
        reason="name: must have at most 63 characters",
        inputs=_in_environment(name="web", icon="https://example.com/icon.png"),
        changes={"name": "site"},
        cleared={"icon": None},
        replacing=_another_environment,
        outside=_renamed("serviceUpdate", "serviceId"),
        drift={"name": "UPDATE"},
    ),
    "ServiceInstance": Life(
        bad={"cronSchedule": "* * * * *"},
        reason="cronSchedule: must leave at least 5 minutes",
        inputs=_in_service(
            image="app:1",
            startCommand="run",
            preDeployCommand="migrate",
            healthcheckPath="/ready",
            healthcheckTimeout=30,
            restartPolicyType="ALWAYS",
            overlapSeconds=5,
            drainingSeconds=7,
            regions={"europe-west4-drams3a": 2},
            vcpus=0.5,
            memoryMb=512,
            variables={"A": "1", "B": "${{other.URL}}"},
        ),
        changes={"image": "app:2", "startCommand": "run faster", "memoryMb": 1024, "variables": {"A": "2", "B": "3"}},
        cleared={
            "startCommand": None,
            "preDeployCommand": None,
            "healthcheckPath": None,
            "healthcheckTimeout": None,
            "restartPolicyType": None,
            "overlapSeconds": None,
            "drainingSeconds": None,
            "vcpus": None,
            "memoryMb": None,
            "variables": {"A": "2"},
        },
        replacing=_another_service,
        outside=_service_settings(source={"image": "theirs:1"}, variables={"A": {"value": "theirs"}}),
        drift={"image": "UPDATE", "variables.A": "UPDATE"},
    ),
    "Volume": Life(
        bad={"mountPath": "/"},
        reason="mountPath: must not be /",
        inputs=_in_service(mountPath="/data", name="disk", sizeMb=60_000, backupSchedules=["DAILY"]),
        changes={"mountPath": "/var/data", "name": "store", "sizeMb": 70_000, "backupSchedules": ["MONTHLY"]},
        cleared={"backupSchedules": None},
        replacing=_always(sizeMb=55_000),
        outside=_volume_moved,
        drift={"mountPath": "UPDATE"},
    ),
    "CustomDomain": Life(
        bad={"domain": "Example.com/path"},
        reason="domain: must be a full domain name",
        inputs=_in_service(domain="api.example.com", targetPort=80),
        changes={"targetPort": 8080},
        cleared={"targetPort": None},
        replacing=_always(domain="www.example.com", targetPort=80),
        outside=_custom_domain_moved,
        drift={"targetPort": "UPDATE"},
    ),
    "CustomDomainValidation": Life(
        bad={"domain": "x"},
        reason="domain: must be a full domain name",
        inputs=_validated,
        replacing=_another_validated,
        outside=_custom_domain_removed,
        drift=None,
        stays=True,
    ),
    "ServiceDomain": Life(
        bad={"targetPort": 70_000},
        reason="targetPort: must be between 1 and 65535",
        inputs=_in_service(targetPort=80),
        changes={"targetPort": 8080},
        cleared={"targetPort": None},
        replacing=_another_service_on_port_80,
        outside=_service_domain_moved,
        drift={"targetPort": "UPDATE"},
    ),
    "TcpProxy": Life(
        bad={"applicationPort": 0},
        reason="applicationPort: must be between 1 and 65535",
        inputs=_in_service(applicationPort=5432),
        replacing=_always(applicationPort=6379),
        outside=_proxy_removed,
        drift=None,
    ),
    "ServiceCdn": Life(
        bad={"defaultTtlSeconds": -1},
        reason="defaultTtlSeconds: must be between 0 and",
        inputs=_with_domain,
        changes={"staleWhileRevalidate": False, "purgeOnDeploy": "ALL"},
        cleared={"defaultTtlSeconds": None},
        replacing=_another_with_domain,
        outside=_caching_changed,
        drift={"htmlCaching": "UPDATE"},
    ),
    "UsageLimit": Life(
        bad={"hardLimitDollars": 40},
        reason="hardLimitDollars: must not be below softLimitDollars, 50",
        inputs=_limited,
        changes={"softLimitDollars": 60},
        cleared={"hardLimitDollars": None},
        replacing=_always(workspaceId="another workspace"),
        outside=_limit_changed,
        drift={"softLimitDollars": "UPDATE"},
    ),
    "EgressGateway": Life(
        bad={"region": "US West"},
        reason="region: must be a region",
        inputs=_in_service(),
        replacing=_always(region="europe-west4-drams3a"),
        outside=_addresses_given_up,
        drift=None,
    ),
    "PrivateNetworkEndpoint": Life(
        bad={"dnsName": "health"},
        reason="dnsName: must not be health",
        inputs=_in_running_service(dnsName="api"),
        changes={"dnsName": "backend"},
        replacing=_another_name_in_another_service,
        outside=_endpoint_renamed,
        drift={"dnsName": "UPDATE"},
        stays=True,
    ),
    "Variables": Life(
        bad={"variables": {"1A": "x"}},
        reason="variables: must have names of letters",
        inputs=_in_running_service(variables={"A": "1", "B": "2"}),
        changes={"variables": {"A": "3", "B": "2"}},
        cleared={"variables": {"A": "3"}},
        replacing=_another_running_service,
        outside=_service_settings(variables={"A": {"value": "theirs"}}),
        drift={"variables.A": "UPDATE"},
    ),
    "SharedVariables": Life(
        bad={"variables": {"A-B": "x"}},
        reason="variables: must have names of letters",
        inputs=_in_environment(variables={"A": "1", "B": "2"}),
        changes={"variables": {"A": "3", "B": "2"}},
        cleared={"variables": {"A": "3"}},
        replacing=_another_environment,
        outside=_shared_changed,
        drift={"variables.A": "UPDATE"},
    ),
    "Bucket": Life(
        bad={"region": "Europe West"},
        reason="region: must be a region such as sjc",
        inputs=_in_environment(name="files", region="ams"),
        changes={"name": "documents"},
        replacing=_always(region="iad"),
        outside=_renamed("bucketUpdate", "bucketId"),
        drift={"name": "UPDATE"},
    ),
    "ProjectToken": Life(
        bad={"name": ""},
        reason="name: must not be empty",
        inputs=_in_environment(name="ci"),
        replacing=_always(name="robot"),
        outside=_done("projectTokenDelete", id="tokenId"),
        drift=None,
    ),
    "ProjectMember": Life(
        bad={"role": "OWNER"},
        reason="role: must be one of ADMIN, MEMBER, VIEWER",
        inputs=_grace,
        changes={"role": "ADMIN"},
        replacing=_ada,
        outside=_role_changed,
        drift={"role": "UPDATE"},
    ),
    "NotificationRule": Life(
        bad={"channelConfigs": ["not JSON"]},
        reason="channelConfigs: must be JSON objects",
        inputs=_rule,
        changes={"eventTypes": ["Deployment.crashed"], "severities": ["CRITICAL"]},
        cleared={"severities": None},
        replacing=_rule_elsewhere,
        outside=_rule_changed,
        drift={"eventTypes[0]": "UPDATE"},
        unreadable=frozenset({"channelConfigs[0]"}),  # Railway adds to a channel, and does not say what was given
    ),
}
