"""What Railway's own tools ask beside what the provider does: lists for people, and the variables of a run."""

from __future__ import annotations

from tests.sandbox_railway.railway_client import Client


def test_what_is_asked_to_list_and_link_projects_is_answered(railway: Client):
    """Own workspaces with their team, those of others, and an environment with what the dashboard keeps of it."""
    project, environment = railway.project()
    railway.service(project, environment)
    query = """{
        externalWorkspaces { id name teamId projects { id } }
        me { workspaces { id name team { id } projects(first: 500) { edges { node { id
            environments { edges { node { id canAccess } } } services { edges { node { id name } } } } } } } } }"""
    kept = """query($p: String!) { environments(projectId: $p) { edges { node {
        id canvasGroupRefs meta { prNumber prTitle prRepo branch baseBranch } } } } }"""

    answer = railway.ask(query)

    (workspace,) = answer["me"]["workspaces"]
    assert (answer["externalWorkspaces"], workspace["team"]) == ([], None)
    assert [each["node"]["id"] for each in workspace["projects"]["edges"]] == [project]
    (edge,) = railway.ask(kept, p=project)["environments"]["edges"]
    assert edge["node"] == {"id": environment, "canvasGroupRefs": {}, "meta": None}


def test_a_run_gets_the_variables_of_a_deployment(railway: Client):
    """Rendered, with Railway's own; a sealed one is shown to nobody."""
    project, environment = railway.project()
    web = railway.service(project, environment)
    variables = {
        "HOST": {"value": "${{RAILWAY_PRIVATE_DOMAIN}}"},
        "PLAIN": {"value": "1"},
        "KEY": {"value": "secret", "isSealed": True},
    }
    railway.commit(environment, {"services": {web: {"variables": variables}}})
    query = """query($p: String!, $e: String!, $s: String!) {
        variablesForServiceDeployment(projectId: $p, environmentId: $e, serviceId: $s) }"""

    found = railway.ask(query, p=project, e=environment, s=web)["variablesForServiceDeployment"]

    assert (found["PLAIN"], found["HOST"]) == ("1", found["RAILWAY_PRIVATE_DOMAIN"])
    assert "KEY" not in found


def test_logs_of_traffic_are_empty_and_of_nobody_else(railway: Client):
    """Nothing runs that could be visited; a deployment or an environment that is not there is refused all the same."""
    project, environment = railway.project()
    web = railway.service(project, environment, source={"image": "web:1"})
    (deployment,) = railway.deployments(environment, web)
    http = "query($d: String!) { httpLogs(deploymentId: $d, beforeLimit: 5) { method path httpStatus } }"
    network = "query($e: String!) { networkFlowLogs(environmentId: $e, beforeLimit: 5) { srcAddr direction } }"
    dns = "query($e: String!) { dnsQueryLogs(environmentId: $e, beforeLimit: 5) { qname answers } }"

    assert railway.ask(http, d=deployment["id"]) == {"httpLogs": []}
    assert railway.ask(network, e=environment) == {"networkFlowLogs": []}
    assert railway.ask(dns, e=environment) == {"dnsQueryLogs": []}
    assert "not found" in railway.refusal(http, d="another")
    assert "not found" in railway.refusal(network, e="another")


def test_logs_are_filtered_by_level_and_text(railway: Client):
    """As Railway's filter syntax has it: a level, words, or both."""
    project, environment = railway.project()
    web = railway.service(project, environment, source={"image": "web:1"})
    railway.cloud.fail_image("web:2", "crash")
    railway.commit(environment, {"services": {web: {"source": {"image": "web:2"}}}})
    railway.clock.advance(600)
    newest = railway.deployments(environment, web)[0]["id"]
    query = "query($d: String!, $f: String) { deploymentLogs(deploymentId: $d, filter: $f) { severity message } }"

    def found(wanted: str) -> list[str]:
        return [each["severity"] for each in railway.ask(query, d=newest, f=wanted)["deploymentLogs"]]

    assert set(found("")) >= {"info", "error"}
    assert set(found("@level:error")) == {"error"}
    assert set(found("@level:error exited")) == {"error"}
    assert found("@level:info exited") == []


def test_the_statistics_of_a_client_are_taken_and_kept_nowhere(railway: Client):
    """A client that tells Railway what it did is no wrong client."""
    query = "mutation($i: CliEventTrackInput!) { cliEventTrack(input: $i) }"
    told = {
        "arch": "x",
        "cliVersion": "5",
        "command": "list",
        "durationMs": 1,
        "isCi": False,
        "os": "l",
        "success": True,
    }

    assert railway.ask(query, i=told) == {"cliEventTrack": True}
