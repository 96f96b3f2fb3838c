"""A simulated Railway as a test asks it, and the few requests that most tests begin with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from railway_sandbox.addresses import RAILWAY_PATH
from railway_sandbox.clock import ManualClock
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.wire import respond
from railway_sandbox.server import Sandbox
from tests.simulated import fail

Json = dict[str, Any]


def request_of(body: str, query_string: str = "source=tests", headers: Json | None = None) -> Request:
    """A request to Railway's API."""
    lowered = {name.lower(): value for name, value in (headers or {}).items()}
    return Request(
        method="POST", host="127.0.0.1", path=RAILWAY_PATH, query=query_string, headers=lowered, body=body.encode()
    )


@dataclass
class Client:
    """Asks one cloud through ``respond``; ``dns`` and ``proxied`` are what the world outside looks like."""

    cloud: RailwayCloud
    clock: ManualClock
    dns: dict[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    proxied: set[str] = field(default_factory=set[str])
    token: str = ""
    noted: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """The rows of the state by table, as far as changes were noted."""
    sandbox: Sandbox | None = None
    """Asked in the place of the cloud alone, where faults are tried."""

    def post(
        self, query: str, /, *, query_string: str = "source=tests", headers: Json | None = None, **variables: Any
    ) -> Response:
        """The whole answer to one request."""
        chosen = {"Authorization": f"Bearer {self.token}"} if headers is None else headers
        request = request_of(json.dumps({"query": query, "variables": variables}), query_string, chosen)
        if self.sandbox:
            return self.sandbox.handle(request)
        with self.cloud.lock:
            self.note(everything=True)  # what the test did to the model
            try:
                return respond(self.cloud, request)
            finally:
                self.note()

    def note(self, *, everything: bool = False) -> None:
        """Keep the rows that changed, as a server stores them."""
        for name, table in self.cloud.state.tables().items():
            kept = self.noted.setdefault(name, {})
            removed, texts = table.take_changes()
            if everything:
                removed, texts = list(kept), table.rows()
            for key in removed:
                kept.pop(key, None)
            kept.update(texts)

    def ask(self, query: str, /, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = self.post(query, **variables)
        assert answer.status == 200, answer.text
        assert "errors" not in answer.json, answer.text
        return answer.json["data"]

    def refusal(self, query: str, /, **variables: Any) -> str:
        """The message of the first error of an answer."""
        answer = self.post(query, **variables)
        assert answer.status == 200, answer.text
        return answer.json["errors"][0]["message"]

    @classmethod
    def of(cls, sandbox: Sandbox, clock: ManualClock) -> Client:
        """A client of a whole sandbox without request limits."""
        sandbox.railway.limits_requests = False
        return cls(sandbox.railway, clock, token=sandbox.railway.account_token, sandbox=sandbox)

    def fail(self, operation: str, *, when: str = "before", status: int = 503) -> None:
        """Let the next request that holds ``operation`` go wrong."""
        assert self.sandbox is not None
        fail(self.sandbox, operation, when=when, status=status)

    # What most tests begin with

    def project(self, name: str = "shop", **more: Any) -> tuple[str, str]:
        """A new project: its id and that of its environment."""
        self.clock.advance(30)
        given = {"name": name, "workspaceId": next(iter(self.cloud.state.workspaces)), **more}
        query = """mutation($i: ProjectCreateInput!) {
            projectCreate(input: $i) { id environments { edges { node { id } } } } }"""
        made = self.ask(query, i=given)["projectCreate"]
        return made["id"], made["environments"]["edges"][0]["node"]["id"]

    def environment(self, project: str, name: str, **more: Any) -> str:
        """A new environment's id."""
        self.clock.advance(30)
        given = {"projectId": project, "name": name, **more}
        query = "mutation($i: EnvironmentCreateInput!) { environmentCreate(input: $i) { id } }"
        return self.ask(query, i=given)["environmentCreate"]["id"]

    def service(self, project: str, environment: str, name: str = "web", **more: Any) -> str:
        """A new service's id; it is ready."""
        given = {"projectId": project, "environmentId": environment, "name": name, **more}
        query = "mutation($i: ServiceCreateInput!) { serviceCreate(input: $i) { id } }"
        made = self.ask(query, i=given)["serviceCreate"]["id"]
        self.clock.advance(2)
        return made

    def volume(self, project: str, environment: str, service: str | None, path: str = "/data") -> str:
        """A new volume's id."""
        self.clock.advance(2)
        given = {"projectId": project, "environmentId": environment, "serviceId": service, "mountPath": path}
        query = "mutation($i: VolumeCreateInput!) { volumeCreate(input: $i) { id } }"
        return self.ask(query, i=given)["volumeCreate"]["id"]

    def begin(self, environment: str, patch: Json) -> str:
        """Commit a patch, without waiting."""
        query = """mutation($e: String!, $p: EnvironmentConfig!) {
            environmentPatchCommit(environmentId: $e, patch: $p) }"""
        return self.ask(query, e=environment, p=patch)["environmentPatchCommit"]

    def commit(self, environment: str, patch: Json) -> None:
        """Commit a patch and let it take effect."""
        self.begin(environment, patch)
        self.clock.advance(2)

    def commit_refusal(self, environment: str, patch: Json) -> str:
        """Why a patch is refused."""
        query = """mutation($e: String!, $p: EnvironmentConfig!) {
            environmentPatchCommit(environmentId: $e, patch: $p) }"""
        return self.refusal(query, e=environment, p=patch)

    def workflow(self, id: str) -> Json:
        """How a workflow is getting on: its status and its error."""
        query = "query($w: String!) { workflowStatus(workflowId: $w) { status error } }"
        return self.ask(query, w=id)["workflowStatus"]

    def failure(self, environment: str, patch: Json) -> str:
        """Why a patch that was accepted is not applied."""
        workflow = self.begin(environment, patch)
        self.clock.advance(2)
        ended = self.workflow(workflow)
        assert ended["status"] == "Error", ended
        return ended["error"]

    def config(self, environment: str, *, decrypt: bool = True) -> Json:
        """The config of an environment."""
        query = "query($e: String!, $d: Boolean) { environment(id: $e) { config(decryptVariables: $d) } }"
        return self.ask(query, e=environment, d=decrypt)["environment"]["config"]

    def deployments(self, environment: str, service: str | None = None) -> list[Json]:
        """The deployments of an environment (and service), newest first."""
        query = """query($i: DeploymentListInput!) {
            deployments(input: $i) { edges { node { id serviceId status meta canRollback } } } }"""
        edges = self.ask(query, i={"environmentId": environment, "serviceId": service})["deployments"]["edges"]
        return [edge["node"] for edge in edges]

    def statuses(self, environment: str, service: str | None = None) -> list[str]:
        """The statuses of those deployments."""
        return [found["status"] for found in self.deployments(environment, service)]


def open_account(plan: str = "pro") -> Client:
    """A client of a new account whose clock stands still and whose request limits are off."""
    clock = ManualClock(1_000.0)
    dns: dict[tuple[str, str], list[str]] = {}
    proxied: set[str] = set()
    cloud = RailwayCloud(
        clock.now,
        Identifiers("tests"),
        lambda name, kind: dns.get((name, kind), []),
        plan=plan,
        proxied=lambda name: name in proxied,
    )
    cloud.limits_requests = False  # in a moment without time every request would be one too many
    return Client(cloud, clock, dns, proxied, cloud.account_token)
