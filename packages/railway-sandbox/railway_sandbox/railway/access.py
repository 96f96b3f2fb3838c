"""Tokens: the caller of a request, and what each kind of token may do.

Owns Railway's three token kinds and their limits. Reading the headers belongs to ``wire``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import not_authorized, not_found
from railway_sandbox.railway.records import Environment, Project, Service, ServiceInstance, Token, Workspace

Arguments = Mapping[str, Any]
"""The arguments of a field, by their names in Railway's API."""


@dataclass(frozen=True)
class Caller:
    """The cloud together with the token that a request came with: what every operation gets first."""

    cloud: RailwayCloud
    token: Token

    @property
    def now(self) -> float:
        """Return the simulated moment."""
        return self.cloud.now()

    def require(self, *kinds: str) -> None:
        """Refuse every token that is of no kind named here."""
        if self.token.kind not in kinds:
            raise not_authorized()

    def workspaces(self) -> list[Workspace]:
        """Return the workspaces that the token reaches."""
        self.require("account", "workspace")
        workspaces = self.cloud.state.workspaces.values()
        return [w for w in workspaces if self.token.kind == "account" or w.id == self.token.workspace_id]

    def workspace(self, id: str) -> Workspace:
        """Return a workspace that the token reaches."""
        for workspace in self.workspaces():
            if workspace.id == id:
                return workspace
        raise not_authorized()

    def may_reach(self, project: Project, environment_id: str | None = None) -> bool:
        """Tell whether the token reaches the project and, for project tokens, that environment of it."""
        token = self.token
        if token.kind == "account":
            return True
        if token.kind == "workspace":
            return token.workspace_id == project.workspace_id
        return token.project_id == project.id and environment_id in (None, token.environment_id)

    def project(self, id: str, *, live: bool = True) -> Project:
        """Return a project that the token reaches; ``live=False`` also finds one that was deleted a moment ago."""
        project = self.cloud.project(id, live=live)
        if not self.may_reach(project):
            raise not_authorized()
        return project

    def environment(self, id: str, *, live: bool = True) -> Environment:
        """Return an environment that the token reaches."""
        environment = self.cloud.environment(id, live=live)
        if not self.may_reach(self.cloud.state.projects[environment.project_id], environment.id):
            raise not_authorized()
        return environment

    def service(self, id: str, *, live: bool = True) -> Service:
        """Return a service that the token reaches."""
        service = self.cloud.service(id, live=live)
        if not self.may_reach(self.cloud.state.projects[service.project_id]):
            raise not_authorized()
        return service

    def environment_in(self, project: Project, id: str) -> Environment:
        """Return an environment that the token reaches. Raises ``Refused`` for one of another project."""
        environment = self.environment(id)
        if environment.project_id != project.id:
            raise not_found("Environment")
        return environment

    def named_environment(self, arguments: Arguments) -> Environment:
        """Return the environment that ``environmentId`` names, in the project of ``projectId`` where that is given."""
        if arguments.get("projectId") is None:
            return self.environment(arguments["environmentId"])
        return self.environment_in(self.project(arguments["projectId"]), arguments["environmentId"])

    def environment_and_service(self, arguments: Arguments) -> tuple[Environment, Service]:
        """Return the environment and service that ``environmentId`` and ``serviceId`` name, of one project."""
        environment = self.named_environment(arguments)
        service = self.service(arguments["serviceId"])
        if service.project_id != environment.project_id:
            raise not_found("Service")
        return environment, service

    def instance(self, arguments: Arguments) -> tuple[Environment, ServiceInstance]:
        """Return the environment that ``environmentId`` names, and the instance of ``serviceId`` in it."""
        environment, service = self.environment_and_service(arguments)
        instance = self.cloud.find_instance(environment.id, service.id)
        if instance is None:
            raise not_found("ServiceInstance")
        return environment, instance


def caller_of(cloud: RailwayCloud, bearer: str | None, project_access_token: str | None) -> Caller | None:
    """Return the caller with this credential, or ``None`` for one that Railway does not know."""
    for token in cloud.state.tokens.values():
        if cloud.breaks(token.secret, "revoked"):
            continue
        if token.kind == "project":
            if project_access_token == token.secret:
                return Caller(cloud, token)
        elif bearer == token.secret:
            return Caller(cloud, token)
    return None


Operations = dict[str, Callable[[Caller, Arguments], Any]]
"""Root operations by their names in Railway's API."""

Stream = Callable[[Caller, Arguments, Any], tuple[Any, Any]]
"""From a caller, arguments and the last state (None at first): the news, or None; and the state by then."""

Streams = dict[str, Stream]
"""Root subscriptions by their names in Railway's API."""

FieldResolvers = dict[str, Callable[[Caller, Any, Arguments], Any]]
"""``<Type>.<field>`` to what reads that field of a record; other fields are attributes of the record."""
