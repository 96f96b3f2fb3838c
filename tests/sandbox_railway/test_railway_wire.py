"""How the simulated Railway speaks: status codes, errors, limits, tokens, faults."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from railway_sandbox.addresses import RAILWAY_PATH
from railway_sandbox.clock import ManualClock
from railway_sandbox.in_process import InProcessTransport
from railway_sandbox.railway import operations
from railway_sandbox.railway.errors import NotSimulated
from railway_sandbox.railway.wire import respond
from railway_sandbox.server import Sandbox
from tests.sandbox_railway.railway_client import Client, open_account, request_of
from tests.simulated import serve

NAME = "query($id: String!) { project(id: $id) { name } }"
RENAME = "mutation($id: String!, $name: String) { projectUpdate(id: $id, input: {name: $name}) { name } }"


@pytest.fixture
def served(tmp_path: Path) -> Client:
    """The account of a sandbox: asked as its server is asked, with its faults."""
    clock = ManualClock(1_000.0)
    return Client.of(Sandbox(tmp_path, clock=clock), clock)


def test_text_that_is_no_graphql_is_answered_with_400(railway: Client):
    """A parse failure is a bad request with its own code."""
    answer = railway.post("{ project(")

    assert answer.status == 400
    assert answer.json["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


def test_an_unknown_field_is_answered_with_400(railway: Client):
    """A request is checked against the schema before anything happens."""
    answer = railway.post("{ apiToken { nothing } }")

    assert answer.status == 400
    assert answer.json["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_all_mistakes_are_answered_at_once_in_railways_words(railway: Client):
    """Each names what is wrong in double quotes, with what was probably meant."""
    answer = railway.post("query($id: String!) { project(id: $id) { nmae id { name } } }", id="p")

    assert [error["message"] for error in answer.json["errors"]] == [
        'Cannot query field "nmae" on type "Project". Did you mean "name"?',
        'Field "id" must not have a selection since type "ID!" has no subfields.',
    ]


def test_a_missing_variable_is_answered_with_400(railway: Client):
    """Variables are checked before anything happens."""
    answer = railway.post(NAME)

    assert answer.status == 400
    assert answer.json["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_body_without_query_is_answered_with_400(railway: Client):
    """A body that is no GraphQL request is a bad request."""
    assert respond(railway.cloud, request_of("[]")).status == 400


@pytest.mark.parametrize("variables", ["id", 5, [1]])
def test_variables_are_an_object(railway: Client, variables: object):
    """Another form of them is a bad request."""
    assert respond(railway.cloud, request_of(json.dumps({"query": NAME, "variables": variables}))).status == 400


@pytest.mark.parametrize("query", ["{ ...All } fragment All on Query { regions { id } }", "{ ... { regions { id } } }"])
def test_a_fragment_needs_a_token_like_any_field(railway: Client, query: str):
    """Without a token only the schema is answered, however the request is written."""
    answer = railway.post(query, headers={})

    assert (answer.json["data"], answer.json["errors"][0]["message"]) == (None, "Not Authorized")


def test_a_page_has_no_negative_length(railway: Client):
    """Neither counted from the beginning nor from the end."""
    for name in ("first", "last"):
        assert "Invalid input" in railway.refusal(f"{{ projects({name}: -1) {{ edges {{ cursor }} }} }}")


def test_a_business_error_is_a_200_whose_message_tells_what_is_wrong(railway: Client):
    """Railway's business errors share one code; path and trace id are there."""
    answer = railway.post(NAME, id="nothing")
    error = answer.json["errors"][0]

    assert answer.status == 200
    assert answer.json["data"] is None
    assert error["message"] == "Project not found"
    assert error["path"] == ["project"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert error["traceId"]


def test_a_nullable_operation_fails_alone(railway: Client):
    """Beside an error there can be data: the path says which operation failed."""
    query = """{ bad: serviceInstanceLimitOverride(environmentId: "e", serviceId: "s") good: regions { name } }"""
    answer = railway.post(query).json

    assert answer["errors"][0]["path"] == ["bad"]
    assert answer["data"]["bad"] is None
    assert answer["data"]["good"]


def test_mutations_run_in_order_and_stop_at_the_first_failure(railway: Client):
    """What came before a failed mutation stays done, what came after never happens."""
    project, _ = railway.project()
    query = """mutation($p: String!) {
        a: projectUpdate(id: $p, input: {description: "one"}) { id }
        b: projectUpdate(id: "nothing", input: {description: "two"}) { id }
        c: projectUpdate(id: $p, input: {description: "three"}) { id } }"""

    assert railway.post(query, p=project).json["errors"][0]["path"] == ["b"]
    assert railway.cloud.state.projects[project].description == "one"


def test_an_operation_without_an_answer_is_an_error_by_name(railway: Client, monkeypatch: pytest.MonkeyPatch):
    """A gap of the sandbox is never dressed up as an empty answer."""
    monkeypatch.delitem(operations.QUERIES, "regions")

    with pytest.raises(NotSimulated, match="regions"):
        railway.post("{ regions { name } }")


def test_more_than_ten_requests_a_second_without_query_string_are_blocked_at_the_edge(railway: Client):
    """The edge answers 429 in plain text, without the limit headers of the API."""
    railway.cloud.limits_requests = True
    answers = [railway.post("{ regions { name } }", query_string="") for _ in range(11)]

    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].text == "error code: 1015"
    assert "X-RateLimit-Limit" not in answers[-1].headers
    assert railway.post("{ regions { name } }").status == 200


@pytest.mark.parametrize(("plan", "allowed"), [("hobby", 10), ("pro", 50)])
def test_the_plan_limits_requests_a_second(plan: str, allowed: int):
    """One more than the plan's rate is answered with 429 and Retry-After."""
    railway = open_account(plan)
    railway.cloud.limits_requests = True
    answers = [railway.post("{ regions { name } }") for _ in range(allowed + 1)]

    assert [answer.status for answer in answers] == [200] * allowed + [429]
    assert answers[-1].headers["Retry-After"] == "1"
    railway.clock.advance(1)
    assert railway.post("{ regions { name } }").status == 200


def test_the_free_plan_allows_a_hundred_requests_an_hour():
    """The headers count down; an hour later it starts again."""
    railway = open_account("free")
    railway.cloud.limits_requests = True
    first, *_, last = [railway.post("{ regions { name } }") for _ in range(101)]

    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("100", "99")
    assert last.status == 429
    assert last.headers["Retry-After"] == "3600"
    railway.clock.advance(3600)
    assert railway.post("{ regions { name } }").status == 200


def test_an_unknown_token_is_not_authorized(railway: Client):
    """A bad token is a GraphQL error with that text."""
    railway.token = "wrong"

    assert railway.refusal("{ apiToken { workspaces { id } } }") == "Not Authorized"


def test_a_workspace_token_is_no_user(railway: Client):
    """It knows its workspace, but not who it is."""
    railway.token = railway.cloud.workspace_token

    assert len(railway.ask("{ apiToken { workspaces { id } } }")["apiToken"]["workspaces"]) == 1
    assert railway.refusal("{ me { id } }") == "Not Authorized"


def test_a_project_token_reaches_one_environment(railway: Client):
    """It comes in its own header and does not reach beyond its environment."""
    project, production = railway.project()
    staging = railway.environment(project, "staging")
    secret = railway.cloud.add_token("project", "ci", project_id=project, environment_id=production)
    headers = {"Project-Access-Token": secret}
    read = "query($e: String!) { environment(id: $e) { id } }"

    answer = railway.post("{ projectToken { projectId environmentId } }", headers=headers)
    assert answer.json["data"]["projectToken"] == {"projectId": project, "environmentId": production}
    assert railway.post(read, headers=headers, e=production).json["data"]
    assert railway.post(read, headers=headers, e=staging).json["errors"][0]["message"] == "Not Authorized"
    listing = railway.post("{ projects { edges { node { id } } } }", headers=headers).json
    assert listing["errors"][0]["message"] == "Not Authorized"
    assert railway.post(read, headers={"Authorization": f"Bearer {secret}"}, e=production).json["data"] is None


def test_a_project_token_is_told_once_and_can_be_taken_back(railway: Client):
    """The list shows it without its secret; deleted, it opens nothing."""
    project, environment = railway.project()
    given = {"projectId": project, "environmentId": environment, "name": "ci"}
    secret = railway.ask("mutation($i: ProjectTokenCreateInput!) { projectTokenCreate(input: $i) }", i=given)
    headers = {"Project-Access-Token": secret["projectTokenCreate"]}
    query = (
        "query($p: String!) { projectTokens(projectId: $p) { edges { node { id name environmentId displayToken } } } }"
    )
    token = railway.ask(query, p=project)["projectTokens"]["edges"][0]["node"]
    assert (token["name"], token["environmentId"]) == ("ci", environment)
    assert secret["projectTokenCreate"] not in token.values()
    assert railway.post("{ projectToken { id } }", headers=headers).json["data"]

    railway.ask("mutation($t: String!) { projectTokenDelete(id: $t) }", t=token["id"])
    assert railway.post("{ projectToken { id } }", headers=headers).json["errors"][0]["message"] == "Not Authorized"


def test_requests_from_many_threads_follow_each_other(railway: Client):
    """Each of them has its effect, and none sees a half-made state."""
    project, environment = railway.project()
    query = "mutation($i: ServiceCreateInput!) { serviceCreate(input: $i) { id } }"

    def create(number: int) -> str:
        given = {"projectId": project, "environmentId": environment, "name": f"s{number}"}
        return railway.ask(query, i=given)["serviceCreate"]["id"]

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(create, range(24)))
    assert len(made) == 24
    assert made == set(railway.cloud.state.services)


def test_a_fault_before_prevents_the_effect(served: Client):
    """The operation is refused and nothing happens."""
    project, _ = served.project("shop")
    served.fail("projectUpdate", when="before", status=503)

    assert served.post(RENAME, id=project, name="other").status == 503
    assert served.cloud.state.projects[project].name == "shop"
    assert served.post(RENAME, id=project, name="other").status == 200


def test_a_fault_after_hides_the_effect(served: Client):
    """The operation took effect although the answer says otherwise."""
    project, _ = served.project("shop")
    served.fail("projectUpdate", when="after", status=504)

    assert served.post(RENAME, id=project, name="other").status == 504
    assert served.cloud.state.projects[project].name == "other"


def test_an_opaque_error_has_neither_path_nor_code(served: Client):
    """A fault with status 200 is Railway's error that says nothing."""
    served.fail("*", when="before", status=200)
    error = served.post("{ regions { name } }").json["errors"][0]

    assert error["message"] == "Problem processing request"
    assert "path" not in error
    assert "extensions" not in error


def test_a_state_survives_its_json_form(served: Client, tmp_path: Path):
    """What was stored is what was there, faults and tokens included."""
    project, environment = served.project()
    service = served.service(project, environment, source={"image": "nginx:1"})
    served.volume(project, environment, service)
    served.fail("projectUpdate", when="lost")
    assert served.sandbox is not None
    served.sandbox.save()

    again = Client.of(Sandbox(tmp_path, clock=served.clock), served.clock)

    assert again.cloud.state == served.cloud.state
    assert again.post("{ regions { name } }").status == 200
    assert again.post(RENAME, id=project, name="other").lost
    assert again.cloud.new_id() not in served.cloud.state.projects


def test_only_changes_count_as_mutated(railway: Client):
    """A server need not store the state after a read."""
    project, _ = railway.project()
    before = railway.cloud.mutated
    railway.ask(NAME, id=project)

    assert railway.cloud.mutated == before
    railway.ask(RENAME, id=project, name="other")
    assert railway.cloud.mutated > before


def test_over_http_the_same_answers_come_and_requests_are_noted(tmp_path: Path):
    """The loopback server carries requests and answers unchanged."""
    sandbox = Sandbox(tmp_path)
    with serve(sandbox) as address:
        answer = httpx.post(
            f"{address.url}?source=tests",
            json={"query": "{ apiToken { workspaces { name } } }", "variables": None},
            headers={"Authorization": f"Bearer {sandbox.railway.account_token}"},
        )

    assert answer.json() == {"data": {"apiToken": {"workspaces": [{"name": "Sandbox"}]}}}
    assert address.requests[0]["operations"] == ["apiToken"]
    assert answer.headers["X-RateLimit-Limit"] == "10000"


def test_a_lost_answer_closes_the_connection_after_the_effect(served: Client):
    """The client cannot know whether it happened; it did."""
    project, _ = served.project("shop")
    served.fail("projectUpdate", when="lost")
    body = json.dumps({"query": RENAME, "variables": {"id": project, "name": "other"}})
    headers = {"Authorization": f"Bearer {served.token}"}

    assert served.sandbox is not None
    with serve(served.sandbox) as address, pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{address.url}?x", content=body, headers=headers)
    assert served.cloud.state.projects[project].name == "other"
    assert address.requests[0]["operations"] == ["projectUpdate"]


def test_a_client_in_the_same_process_needs_no_port(served: Client):
    """Both of httpx's clients get the answers that a socket would carry, and a lost one is a broken connection."""
    assert served.sandbox is not None
    transport = InProcessTransport(served.sandbox.handle)
    address = f"http://127.0.0.1{RAILWAY_PATH}?source=tests"
    body = {"query": "{ apiToken { workspaces { name } } }"}
    headers = {"Authorization": f"Bearer {served.token}"}
    expected = {"data": {"apiToken": {"workspaces": [{"name": "Sandbox"}]}}}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.post(address, json=body, headers=headers)

    with httpx.Client(transport=transport) as client:
        assert client.post(address, json=body, headers=headers).json() == expected
        served.fail("apiToken", when="lost")
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(address, json=body, headers=headers)
        assert asyncio.run(ask()).json() == expected


@pytest.mark.parametrize("wrong", [1, "x", [], {"A": 1}, {"A": {"value": "1"}}, {"1A": "x"}])
def test_variables_of_another_form_are_refused(railway: Client, wrong: object):
    """The schema takes any JSON there, Railway only names with texts."""
    project, environment = railway.project()
    create = "mutation($i: ServiceCreateInput!) { serviceCreate(input: $i) { id } }"
    given = {"projectId": project, "environmentId": environment, "name": "web", "variables": wrong or 1}

    assert railway.refusal(create, i=given).startswith("Invalid input")
    assert railway.config(environment).get("services", {}) == {}


@pytest.mark.parametrize("wrong", [1, "x", ["us-west2"], {"us-west2": 1}])
def test_regions_of_another_form_are_refused(railway: Client, wrong: object):
    """The older way of writing settings refuses what a patch refuses."""
    project, environment = railway.project()
    service = railway.service(project, environment)
    railway.clock.advance(30)
    update = """mutation($s: String!, $e: String!, $i: ServiceInstanceUpdateInput!) {
        serviceInstanceUpdate(serviceId: $s, environmentId: $e, input: $i) }"""

    assert "nvalid" in railway.refusal(update, s=service, e=environment, i={"multiRegionConfig": wrong})
