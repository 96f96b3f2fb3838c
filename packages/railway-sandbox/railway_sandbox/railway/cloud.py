"""The simulated Railway as one object: its state, and what the world gives it (time, identifiers, DNS).

Owns finding things and the answers for those that are missing. Does not own any rule of a noun: those are functions in
the module of that noun. Knows nothing of HTTP or GraphQL.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeVar

from railway_sandbox.railway.errors import not_authorized, not_found
from railway_sandbox.railway.plans import PLANS, Plan
from railway_sandbox.railway.records import Environment, Project, Service, ServiceInstance, Token, Workspace
from railway_sandbox.railway.state import State
from railway_sandbox.railway.volume_files import VolumeFiles

InProjectT = TypeVar("InProjectT", Environment, Service)

LINGERING_S = 60.0
"""Seconds for which a deleted project, environment or service can be read by its id, with ``deletedAt`` set."""

DEFAULT_REGION = "us-west2"

Defect = Literal[
    "unpullable",
    "build",
    "pre-deploy",
    "crash",
    "crash-later",
    "unhealthy",
    "missing-commit",
    "no-access",
    "checks",
    "outsider",
    "certificate",
    "slow",
    "dns",
    "revoked",
]
"""Defects of an image (with or without tag), a repository, a commit, a service, a domain or a token:

- ``unpullable``: the image cannot be pulled; ``build``: the build fails; ``pre-deploy``: the command
  before the deployment fails
- ``crash``: the process ends at its start until Railway gives up; ``crash-later``: it does so 30 s after its start
- ``unhealthy``: it runs but never answers its health check
- ``missing-commit``: the repository has no such commit; ``no-access``: Railway's GitHub app does not reach it
- ``checks``: the CI checks of a push fail; ``outsider``: the author of a push is no member, so it needs approval
- ``certificate``: no certificate can be issued for the domain; ``dns``: its records are not found
- ``slow``: deployments take ten minutes longer; ``revoked``: the token is not valid any more
"""


def no_dns(_name: str, _type: str) -> list[str]:
    """Return a DNS without records."""
    return []


class RailwayCloud:
    """One simulated Railway account. ``lock`` makes requests follow each other."""

    def __init__(
        self,
        clock_now: Callable[[], float],
        ids: Callable[[], str],
        dns: Callable[[str, str], list[str]] = no_dns,
        state: State | None = None,
        plan: str = "pro",
        *,
        proxied: Callable[[str], bool] = lambda _name: False,
        lock: threading.RLock | None = None,
    ) -> None:
        """Take ``dns(name, type)``, the values of a record set, and ``proxied(name)``: does Cloudflare proxy the name?

        ``plan`` (free, trial, hobby or pro) counts for a new account only; with ``state`` the account's own stays.
        """
        self.now = clock_now
        self.ids = ids
        self.dns = dns
        self.proxied = proxied
        self.lock = lock or threading.RLock()
        self.mutated = 0
        """Number of changes of the state: a server stores it when this differs from its last value."""
        self.files = VolumeFiles()
        """The files on the volumes."""
        self.limits_requests = True
        """True when the request limits of plan and edge apply; the create throttles always do."""
        if state is None:
            state = State()
            state.plan = plan
        self.state = state
        self.open_account()

    def open_account(self) -> None:
        """Make what every account has: a user, a workspace and two tokens; nothing where it is there."""
        if self.state.workspaces:
            return
        now = self.now()
        self.state.user_id = self.new_id()
        workspace = Workspace(
            id=self.new_id(),
            name="Sandbox",
            created_at=now,
            updated_at=now,
            preferred_region=DEFAULT_REGION,
        )
        self.state.workspaces[workspace.id] = workspace
        self.add_token("account", "sandbox")
        self.add_token("workspace", "sandbox workspace", workspace_id=workspace.id)

    def copy(self) -> RailwayCloud:
        """Return an account with the same content, which changes no more than by the time that passes."""
        state = State.from_json(self.state.to_json())
        copied = RailwayCloud(self.now, self.ids, self.dns, state, proxied=self.proxied, lock=self.lock)
        copied.limits_requests = False
        return copied

    # What changes it from outside

    def touch(self) -> None:
        """Note that the state has changed."""
        self.mutated += 1

    def new_id(self) -> str:
        """Return an identifier that nothing has yet, also when the source started over after a restart."""
        while self._taken(new := self.ids()):
            pass
        return new

    def _taken(self, id: str) -> bool:
        state = self.state
        tables = (state.workspaces, state.tokens, state.projects, state.environments, state.patches, state.services)
        more = (state.instances, state.triggers, state.deployments, state.volumes, state.volume_instances)
        domains = (state.custom_domains, state.service_domains, state.tcp_proxies)
        return any(id in table for table in (*tables, *more, *domains)) or id == state.user_id

    def add_token(
        self,
        kind: Literal["account", "workspace", "project"],
        name: str,
        *,
        workspace_id: str | None = None,
        project_id: str | None = None,
        environment_id: str | None = None,
    ) -> str:
        """Issue a token and return its secret."""
        token = Token(
            id=self.new_id(),
            secret=self.new_id(),
            kind=kind,
            name=name,
            created_at=self.now(),
            workspace_id=workspace_id,
            project_id=project_id,
            environment_id=environment_id,
        )
        self.state.tokens[token.id] = token
        self.touch()
        return token.secret

    @property
    def account_token(self) -> str:
        """Return the secret of the first account token."""
        return next(token.secret for token in self.state.tokens.values() if token.kind == "account")

    @property
    def workspace_token(self) -> str:
        """Return the secret of the first workspace token."""
        return next(token.secret for token in self.state.tokens.values() if token.kind == "workspace")

    def fail(self, source: str, how: Defect) -> None:
        """Give ``source`` (image with or without tag, repository, commit or domain) the defect ``how`` from now on."""
        self.state.defects[source] = how
        self.touch()

    def fail_image(self, image: str, how: Defect = "unpullable") -> None:
        """Let deployments of ``image`` fail from now on; without a tag, of every tag of it."""
        self.fail(image, how)

    def breaks(self, source: str, how: Defect) -> bool:
        """Tell whether ``source`` has the defect ``how``."""
        return self.state.defects.get(source) == how

    def heal(self, source: str) -> None:
        """Take back what ``fail`` said of ``source``."""
        self.state.defects.pop(source, None)
        self.touch()

    # Finding things

    @property
    def plan(self) -> Plan:
        """Return the limits of the account's plan."""
        return PLANS[self.state.plan]

    def project(self, id: str, *, live: bool = False) -> Project:
        """Return the project, also one that was deleted a moment ago unless it has to be ``live``."""
        project = self.state.projects.get(id)
        if project is None or self._forgotten(project.deleted_at) or (live and project.deleted_at is not None):
            raise not_found("Project")
        return project

    def environment(self, id: str, *, live: bool = False) -> Environment:
        """Return the environment, as ``project`` does."""
        return self._in_project(self.state.environments, id, "Environment", live=live)

    def service(self, id: str, *, live: bool = False) -> Service:
        """Return the service, as ``project`` does."""
        return self._in_project(self.state.services, id, "Service", live=live)

    def _in_project(self, table: Mapping[str, InProjectT], id: str, noun: str, *, live: bool) -> InProjectT:
        record = table.get(id)
        if record is None or self._forgotten(record.deleted_at):
            raise not_found(noun)
        if self.project_deleted(record.project_id):
            raise not_authorized()
        if live and record.deleted_at is not None:
            raise not_found(noun)
        return record

    def find_instance(self, environment_id: str, service_id: str) -> ServiceInstance | None:
        """Return the live instance of a service in an environment, if there is one."""
        for instance in self.instances(environment_id):
            if instance.service_id == service_id:
                return instance
        return None

    def instances(self, environment_id: str) -> Iterator[ServiceInstance]:
        """Return the live service instances of an environment."""
        for instance in self.state.instances.values():
            if instance.environment_id == environment_id and instance.deleted_at is None:
                yield instance

    def environments_of(self, project_id: str) -> list[Environment]:
        """Return the live environments of a project, oldest first."""
        environments = [
            e for e in self.state.environments.values() if e.project_id == project_id and e.deleted_at is None
        ]
        return sorted(environments, key=lambda environment: environment.created_at)

    def services_of(self, project_id: str) -> list[Service]:
        """Return the live services of a project, oldest first."""
        return [s for s in self.state.services.values() if s.project_id == project_id and s.deleted_at is None]

    def project_deleted(self, project_id: str) -> bool:
        """Tell whether a project is gone."""
        return self.state.projects[project_id].deleted_at is not None

    def _forgotten(self, deleted_at: float | None) -> bool:
        return deleted_at is not None and self.now() >= deleted_at + LINGERING_S
