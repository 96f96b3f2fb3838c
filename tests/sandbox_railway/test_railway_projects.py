"""Projects, environments and services: identity, reach, throttles and what is left after a deletion."""

from __future__ import annotations

from typing import Any

from tests.sandbox_railway.railway_client import Client

CREATE_PROJECT = "mutation($i: ProjectCreateInput!) { projectCreate(input: $i) { id isTempProject } }"
CREATE_ENVIRONMENT = "mutation($i: EnvironmentCreateInput!) { environmentCreate(input: $i) { id } }"
CREATE_SERVICE = "mutation($i: ServiceCreateInput!) { serviceCreate(input: $i) { id } }"
DELETE_SERVICE = "mutation($id: String!, $e: String) { serviceDelete(id: $id, environmentId: $e) }"
INSTANCE = """query($e: String!, $s: String!) { serviceInstance(environmentId: $e, serviceId: $s) {
    serviceName numReplicas region startCommand source { image repo } restartPolicyType restartPolicyMaxRetries } }"""
UPDATE_INSTANCE = """mutation($e: String, $s: String!, $i: ServiceInstanceUpdateInput!) {
    serviceInstanceUpdate(environmentId: $e, serviceId: $s, input: $i) }"""


def test_a_second_project_within_thirty_seconds_is_refused(railway: Client):
    """One project per 30 s, told in a message."""
    railway.project()

    assert "1 project per 30 seconds" in railway.refusal(CREATE_PROJECT, i={"name": "other"})
    railway.clock.advance(30)
    assert railway.ask(CREATE_PROJECT, i={"name": "other"})


def test_a_project_without_workspace_is_temporary(railway: Client):
    """An account token that names no workspace gets a project that expires."""
    made = railway.ask(CREATE_PROJECT, i={"name": "lost"})["projectCreate"]
    assert made["isTempProject"]
    railway.clock.advance(24 * 3600 + 61)

    assert railway.refusal("query($p: String!) { project(id: $p) { id } }", p=made["id"]) == "Project not found"


def test_the_first_environment_bears_the_chosen_name(railway: Client):
    """A project comes with one environment."""
    project, environment = railway.project(defaultEnvironmentName="staging")
    query = "query($p: String!) { project(id: $p) { primaryEnvironmentId environments { edges { node { name } } } } }"
    answer = railway.ask(query, p=project)["project"]

    assert answer["environments"]["edges"] == [{"node": {"name": "staging"}}]
    assert answer["primaryEnvironmentId"] == environment


def test_a_deleted_project_can_still_be_read_for_a_moment(railway: Client):
    """The list forgets it at once; by its id it is there with deletedAt, then not found; its children are refused."""
    project, environment = railway.project()
    railway.ask("mutation($p: String!) { projectDelete(id: $p) }", p=project)
    read = "query($p: String!) { project(id: $p) { deletedAt } }"

    assert railway.ask("{ projects { edges { node { id } } } }")["projects"]["edges"] == []
    assert railway.ask(read, p=project)["project"]["deletedAt"]
    assert railway.refusal("query($e: String!) { environment(id: $e) { id } }", e=environment) == "Not Authorized"
    railway.clock.advance(60)
    assert railway.refusal(read, p=project) == "Project not found"


def test_pages_follow_each_other(railway: Client):
    """first and after walk through a list."""
    for name in ("a", "b", "c"):
        railway.project(name)
    query = """query($after: String) { projects(first: 2, after: $after, orderBy: NAME_ASC) {
        edges { node { name } } pageInfo { hasNextPage endCursor } } }"""
    first = railway.ask(query)["projects"]
    second = railway.ask(query, after=first["pageInfo"]["endCursor"])["projects"]

    assert [edge["node"]["name"] for edge in first["edges"] + second["edges"]] == ["a", "b", "c"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


def test_a_second_environment_within_thirty_seconds_is_refused(railway: Client):
    """One environment per user per 30 s."""
    project, _ = railway.project()
    railway.environment(project, "staging")
    refusal = railway.refusal(CREATE_ENVIRONMENT, i={"projectId": project, "name": "other"})

    assert refusal == "Only one environment can be created per user every 30s"


def test_environment_names_are_unique_in_a_project(railway: Client):
    """A second one of the same name is refused."""
    project, _ = railway.project()
    railway.clock.advance(30)

    refusal = railway.refusal(CREATE_ENVIRONMENT, i={"projectId": project, "name": "production"})
    assert "already exists" in refusal


def test_a_fork_copies_everything_except_sealed_variables(railway: Client):
    """Services, settings and variables come along, and are deployed."""
    project, production = railway.project()
    web = railway.service(project, production)
    variables = {"OPEN": {"value": "1"}, "CLOSED": {"value": "2", "isSealed": True}}
    railway.commit(production, {"services": {web: {"source": {"image": "nginx:1"}, "variables": variables}}})
    fork = railway.environment(project, "fork", sourceEnvironmentId=production)

    copied = railway.config(fork)["services"][web]
    assert copied["source"] == {"image": "nginx:1"}
    assert copied["variables"] == {"OPEN": {"value": "1"}}
    assert len(railway.deployments(fork, web)) == 1


def test_a_service_lands_in_every_environment_that_is_no_fork(railway: Client):
    """Naming one of several such environments does not keep a service out of the others."""
    project, production = railway.project()
    staging = railway.environment(project, "staging")
    fork = railway.environment(project, "fork", sourceEnvironmentId=production)
    web = railway.service(project, staging)

    assert web in railway.config(production)["services"]
    assert web in railway.config(staging)["services"]
    assert "services" not in railway.config(fork)


def test_a_service_created_in_a_fork_stays_there(railway: Client):
    """In a fork the environment that is named counts."""
    project, production = railway.project()
    fork = railway.environment(project, "fork", sourceEnvironmentId=production)
    web = railway.service(project, fork)

    assert web in railway.config(fork)["services"]
    assert "services" not in railway.config(production)


def test_service_names_are_unique_in_a_project(railway: Client):
    """A second one of the same name is refused."""
    project, environment = railway.project()
    railway.service(project, environment, "web")

    assert "already exists" in railway.refusal(CREATE_SERVICE, i={"projectId": project, "name": "web"})


def test_a_service_without_source_does_not_deploy(railway: Client):
    """An empty service only exists."""
    project, environment = railway.project()
    railway.service(project, environment)

    assert railway.deployments(environment) == []


def test_a_service_with_source_deploys_at_once(railway: Client):
    """Before any variable or volume exists."""
    project, environment = railway.project()
    railway.service(project, environment, source={"image": "nginx:1"})

    assert len(railway.deployments(environment)) == 1


def test_a_new_instance_is_not_found_for_a_moment(railway: Client):
    """The instance lags behind the service."""
    project, environment = railway.project()
    given = {"projectId": project, "environmentId": environment, "name": "web"}
    web = railway.ask(CREATE_SERVICE, i=given)["serviceCreate"]["id"]

    assert railway.refusal(INSTANCE, e=environment, s=web) == "ServiceInstance not found"
    railway.clock.advance(1)
    assert railway.ask(INSTANCE, e=environment, s=web)


def test_deleting_a_service_ends_its_deployments_and_keeps_its_volume(railway: Client):
    """Domains go with it; the volume is let go."""
    project, environment = railway.project()
    web = railway.service(project, environment, source={"image": "nginx:1"})
    volume = railway.volume(project, environment, web)
    railway.clock.advance(60)
    railway.ask(DELETE_SERVICE, id=web)

    assert railway.statuses(environment) == ["REMOVED", "REMOVED"]
    config = railway.config(environment)
    assert config["services"] == {web: {"isDeleted": True}}
    assert volume in config["volumes"]


def _update(railway: Client, environment: str | None, service: str, **given: Any) -> None:
    railway.ask(UPDATE_INSTANCE, e=environment, s=service, i=given)


def test_an_instance_update_reaches_every_environment_that_is_no_fork(railway: Client):
    """The most dangerous property of the older form."""
    project, production = railway.project()
    staging = railway.environment(project, "staging")
    web = railway.service(project, production)
    _update(railway, staging, web, startCommand="run")

    assert railway.ask(INSTANCE, e=production, s=web)["serviceInstance"]["startCommand"] == "run"


def test_an_instance_update_without_regions_goes_back_to_one_replica(railway: Client):
    """What is not sent of the regions is lost, unlike every other setting."""
    project, environment = railway.project()
    web = railway.service(project, environment)
    _update(railway, environment, web, multiRegionConfig={"us-west2": {"numReplicas": 3}}, startCommand="run")
    assert railway.ask(INSTANCE, e=environment, s=web)["serviceInstance"]["numReplicas"] == 3

    _update(railway, environment, web, source={"image": "nginx:2"})
    instance = railway.ask(INSTANCE, e=environment, s=web)["serviceInstance"]
    assert (instance["numReplicas"], instance["startCommand"], instance["region"]) == (1, "run", None)
    assert railway.deployments(environment) == []


def test_an_instance_update_of_nothing_still_answers_true(railway: Client):
    """A service that is not in the environment is not changed, and nobody says so."""
    project, production = railway.project()
    fork = railway.environment(project, "fork", sourceEnvironmentId=production)
    web = railway.service(project, production)

    _update(railway, fork, web, startCommand="run")
    assert "services" not in railway.config(fork)


def test_limits_are_read_back_in_both_forms(railway: Client):
    """The older form and the config tell the same limits."""
    project, environment = railway.project()
    web = railway.service(project, environment)
    given = {"environmentId": environment, "serviceId": web, "vCPUs": 2.0, "memoryGB": 4.0}
    railway.ask("mutation($i: ServiceInstanceLimitsUpdateInput!) { serviceInstanceLimitsUpdate(input: $i) }", i=given)
    query = "query($e: String!, $s: String!) { serviceInstanceLimitOverride(environmentId: $e, serviceId: $s) }"

    assert railway.ask(query, e=environment, s=web)["serviceInstanceLimitOverride"] == {"vCPUs": 2, "memoryGB": 4}
    containers = railway.config(environment)["services"][web]["deploy"]["limitOverride"]["containers"]
    assert containers == {"cpu": 2, "memoryBytes": 4_000_000_000}


def test_tracing_of_a_project_holds_for_its_services_until_one_of_them_says_otherwise(railway: Client):
    """An instance follows its service, a service its project."""
    project, environment = railway.project()
    web = railway.service(project, environment)
    traced = "query($s: String!, $e: String!) { serviceInstance(serviceId: $s, environmentId: $e) { tracingEnabled } }"

    def is_traced() -> bool:
        return railway.ask(traced, s=web, e=environment)["serviceInstance"]["tracingEnabled"]

    before = is_traced()
    railway.ask(
        "mutation($p: String!, $i: ProjectUpdateInput!) { projectUpdate(id: $p, input: $i) { id } }",
        p=project,
        i={"tracingEnabled": True, "tracingSampleRate": 0.5},
    )
    by_project = is_traced()
    railway.ask(
        "mutation($s: String!, $i: ServiceUpdateInput!) { serviceUpdate(id: $s, input: $i) { id } }",
        s=web,
        i={"tracingEnabled": False},
    )

    assert (before, by_project, is_traced()) == (False, True, False)
    assert railway.refusal(
        "mutation($p: String!, $i: ProjectUpdateInput!) { projectUpdate(id: $p, input: $i) { id } }",
        p=project,
        i={"tracingSampleRate": 2},
    )


def test_a_temporary_project_expires_whether_or_not_its_deletion_was_scheduled(railway: Client):
    """A schedule does not lengthen its life, and cancelling the schedule does not make it lasting."""
    railway.clock.advance(30)
    create = 'mutation { projectCreate(input: {name: "short"}) { id } }'
    project = railway.ask(create)["projectCreate"]["id"]
    railway.ask("mutation($p: String!) { projectScheduleDelete(id: $p) }", p=project)
    railway.ask("mutation($p: String!) { projectScheduleDeleteCancel(id: $p) }", p=project)
    railway.clock.advance(24 * 3600 + 1)

    shown = railway.ask("query($p: String!) { project(id: $p) { deletedAt } }", p=project)["project"]
    assert shown["deletedAt"] is not None


def test_null_leaves_the_build_command_and_an_empty_string_clears_it(railway: Client):
    """The older form has this exception among its settings."""
    project, environment = railway.project()
    web = railway.service(project, environment)
    shown = "query($e: String!, $s: String!) { serviceInstance(environmentId: $e, serviceId: $s) { buildCommand } }"

    def command_after(value: str | None) -> str | None:
        railway.ask(UPDATE_INSTANCE, e=environment, s=web, i={"buildCommand": value})
        return railway.ask(shown, e=environment, s=web)["serviceInstance"]["buildCommand"]

    assert [command_after(value) for value in ("make", None, "")] == ["make", "make", ""]
