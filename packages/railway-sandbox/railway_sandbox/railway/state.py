"""The records of the simulated Railway, and their JSON form.

Owns what is remembered: identities, settings, promised moments in time. Does not own rules (one module per noun) and
holds nothing that follows from other records or from the clock, so that a state can be stored and loaded at any moment.
Moments are seconds of simulated time since the sandbox's epoch; sizes are MB as in Railway's own field names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from railway_sandbox.tables import Record, Table

Config = dict[str, Any]
"""An environment's settings in the shape of Railway's scalar ``EnvironmentConfig``."""


def part(config: Mapping[str, Any], name: str) -> Config:
    """Return an object inside a config; an empty one when it is missing or null."""
    return config.get(name) or {}


class Made(Record):
    """Something with an identity, and the moment at which it was made."""

    id: str
    created_at: float


class Changed(Made):
    """Something of which it is also known when it was changed last."""

    updated_at: float


class Deletable(Record):
    """Something that is still known for a while after it was deleted."""

    deleted_at: float | None = None


class OfInstance(Record):
    """Something that belongs to a service in an environment."""

    project_id: str
    environment_id: str
    service_id: str


class Workspace(Changed):
    """The unit that is billed: it holds projects and has a plan."""

    name: str
    preferred_region: str | None = None
    soft_limit_dollars: int | None = None
    """Use in a billing period about which Railway sends a mail; None: there is no limit at all."""
    hard_limit_dollars: int | None = None
    """Use at which Railway stops everything."""


class Token(Made):
    """A credential: ``kind`` is account, workspace or project."""

    secret: str
    kind: str
    name: str
    workspace_id: str | None = None
    project_id: str | None = None
    environment_id: str | None = None


class SshKey(Changed):
    """A public key that opens containers: the user's own, or one of a workspace."""

    name: str
    public_key: str
    user_id: str | None = None
    workspace_id: str | None = None


class Project(Changed, Deletable):
    """A project; without ``workspace_id`` it is temporary and expires."""

    name: str
    workspace_id: str | None = None
    description: str | None = None
    is_public: bool = False
    pr_deploys: bool = False
    bot_pr_environments: bool = False
    focused_pr_environments: bool = False
    tracing_enabled: bool = False
    tracing_sample_rate: float | None = None
    base_environment_id: str | None = None
    expired_at: float | None = None


class Environment(Changed, Deletable):
    """An environment with its settings; ``source_environment_id`` makes it a fork."""

    project_id: str
    name: str
    source_environment_id: str | None = None
    is_ephemeral: bool = False
    config: Config = Field(default_factory=dict)

    def model_post_init(self, _context: Any, /) -> None:
        """Keep the settings of each service as a row of their own."""
        self.config["services"] = Table[Config](values=self.config.get("services"))

    @property
    def services(self) -> Table[Config]:
        """Return the settings of the services, by service id."""
        return self.config["services"]

    def stored(self) -> str:
        """Return the JSON text of its row, without the services' settings."""
        return self.model_dump_json(exclude={"config": {"services"}})


Aftermath = Literal["staged", "unlisted", "failed", "silent", "committed"]
"""What is left of a committed patch that could not be applied: it is ``staged`` again, the same but no list shows it
(``unlisted``), it is ``failed`` and says why or does not say (``silent``), or it counts as ``committed`` and says why.
Its workflow says why in each case."""


class Patch(Changed):
    """A change of an environment's settings: staged, or committed and applied at ``applies_at``."""

    environment_id: str
    patch: Config
    workflow_id: str | None = None
    message: str | None = None
    applies_at: float | None = None
    applied_at: float | None = None
    skip_deploys: bool = False
    refused_with: str | None = None
    """Why it is not going to be applied, where a test wants that."""
    aftermath: Aftermath = "staged"
    failed_with: str | None = None
    """Why it was not applied."""
    change_set: list[dict[str, Any]] | None = None
    """The changes of which it was made, where it was made of a change set."""

    @property
    def last_applied_error(self) -> str | None:
        """Return what the patch itself tells of its failure: nothing, unless it is ``failed`` or ``committed``."""
        return self.failed_with if self.aftermath in ("failed", "committed") else None


class Service(Changed, Deletable):
    """A service's identity in its project; its settings belong to environments."""

    project_id: str
    name: str
    icon: str | None = None
    template_id: str | None = None
    template_service_id: str | None = None
    tracing_enabled: bool | None = None
    """None follows the project."""
    auto_instrumentation_enabled: bool = False
    dns_label: str
    """Label of the private host, taken from the first name and kept by renames."""


class ServiceInstance(Changed, Deletable):
    """A service's presence in one environment."""

    service_id: str
    environment_id: str
    tracing_enabled: bool | None = None
    """None follows the service."""
    auto_instrumentation_enabled: bool | None = None
    former_config: Config = Field(default_factory=dict)
    """The settings at the time of deletion; creating it again brings them back."""


class EdgeConfig(Made):
    """The cache of Railway's edge for the answers of a service in an environment."""

    instance_id: str
    enabled: bool = True
    mode: str = "auto"
    default_ttl_seconds: int = 7_200
    html_caching: str = "auto"
    purge_on_deploy: str = "HTML"
    stale_while_revalidate: bool = True


class DeploymentTrigger(OfInstance):
    """Deploys a service instance when its branch gets a commit."""

    id: str
    repository: str
    branch: str
    provider: str = "github"
    check_suites: bool = False


class Moment(Record):
    """From ``at`` on, a deployment has ``status`` (until its next moment)."""

    at: float
    status: str


class Deployment(Made, OfInstance):
    """One run of a service instance with all its moments, past and to come."""

    timeline: list[Moment]
    snapshot_id: str
    meta: dict[str, Any]
    variables: dict[str, str] = Field(default_factory=dict)
    failure: str | None = None
    """Which defect of its source shows in this run; see ``sources``."""
    draining_s: float = 0.0
    stopped: bool = False


class Volume(Made, Deletable):
    """A disk's identity in its project."""

    project_id: str
    name: str
    listed_at: float
    """From when on the lists show it: they lag behind the creation."""


class VolumeInstance(Made, Deletable):
    """A disk in one environment, mounted by at most one service."""

    volume_id: str
    environment_id: str
    mount_path: str
    size_mb: int
    service_id: str | None = None
    region: str | None = None
    migrating_until: float = 0.0
    written: bool = False
    """Whether a deployment has ever mounted it, so that shrinking would lose data."""
    backup_schedules: dict[str, float] = Field(default_factory=dict)
    """Kind to the moment it was set."""
    usage_alerts: list[int] = Field(default_factory=list[int])
    """Percentages of its capacity at which Railway alerts."""
    used_mb: float | None = None
    """How much is on it; None: what a service has written by itself."""


class VolumeBackup(Made, Deletable):
    """The content of a disk at one moment."""

    volume_instance_id: str
    name: str
    used_mb: float
    size_mb: int
    schedule: str | None = None
    """Its kind, when a schedule made it."""
    expires_at: float | None = None


class Workflow(Record):
    """Work that Railway does in the background, with its result from ``done_at`` on."""

    id: str
    environment_id: str
    done_at: float
    volume_instance_id: str
    backup_id: str
    restores: bool = False
    error: str | None = None
    done: bool = False


class CustomDomain(Changed, Deletable, OfInstance):
    """A host name of the user's, routed to a service instance."""

    domain: str
    cname_target: str
    acme_target: str
    token: str
    target_port: int | None = None
    right_since: float | None = None
    """Since when the DNS records were seen as Railway wants them."""
    issued_at: float | None = None
    failed_at: float | None = None


class ServiceDomain(Changed, Deletable, OfInstance):
    """A generated host name below up.railway.app."""

    domain: str
    target_port: int | None = None


class TCPProxy(Changed, Deletable):
    """A public TCP port in front of a service instance."""

    environment_id: str
    service_id: str
    application_port: int
    domain: str
    proxy_port: int


class Bucket(Changed):
    """An object store's identity in its project."""

    project_id: str
    name: str


class BucketInstance(Made, Deletable):
    """An object store in one environment."""

    bucket_id: str
    environment_id: str
    region: str
    objects: int = 0
    resets: int = 0
    """How often its credentials were renewed."""


class EgressAssociation(Made):
    """Static outbound addresses of a service instance."""

    instance_id: str
    region: str


class EndpointName(Record):
    """A chosen name of a service instance in the private network; without one it has that of its service."""

    instance_id: str
    dns_name: str
    former: str
    renamed_at: float


class Person(Record):
    """Somebody with an account, beside the one whose tokens these are."""

    id: str
    name: str
    email: str


class ProjectMember(Record):
    """A person's role in a project."""

    project_id: str
    user_id: str
    role: str


class NotificationChannel(Changed):
    """The webhook to which a rule sends events."""

    workspace_id: str
    config: dict[str, Any]


class NotificationRule(Changed):
    """A rule that sends events of a workspace, or of one project in it, to channels."""

    workspace_id: str
    event_types: list[str]
    severities: list[str]
    channels: list[NotificationChannel]
    project_id: str | None = None
    environment_id: str | None = None
    service_id: str | None = None
    ephemeral_environments: bool = False


class RateWindow(Record):
    """The requests of one token: since when they are counted, how many, and the moments of the last second."""

    hour_started_at: float
    used: int = 0
    recent: list[float] = Field(default_factory=list[float])


class State:
    """Everything the simulated Railway remembers, in tables by id."""

    def __init__(self) -> None:
        self.facts: Table[Any] = Table()
        """The account's plan, the id of its user, and until when the edge refuses."""
        self.workspaces = Table(Workspace)
        self.tokens = Table(Token)
        self.ssh_keys = Table(SshKey)
        self.projects = Table(Project)
        self.environments = Table(Environment)
        self.patches = Table(Patch)
        self.services = Table(Service)
        self.instances = Table(ServiceInstance)
        self.edge_configs = Table(EdgeConfig)
        self.triggers = Table(DeploymentTrigger)
        self.deployments = Table(Deployment)
        self.volumes = Table(Volume)
        self.volume_instances = Table(VolumeInstance)
        self.volume_backups = Table(VolumeBackup)
        self.workflows = Table(Workflow)
        self.custom_domains = Table(CustomDomain)
        self.service_domains = Table(ServiceDomain)
        self.tcp_proxies = Table(TCPProxy)
        self.egress_associations = Table(EgressAssociation)
        self.endpoint_names = Table(EndpointName)
        """By the id of the service instance."""
        self.buckets = Table(Bucket)
        self.bucket_instances = Table(BucketInstance)
        self.people = Table(Person)
        self.project_members = Table(ProjectMember)
        """By the ids of the project and the user."""
        self.notification_rules = Table(NotificationRule)
        self.defects: Table[str] = Table()
        """What is wrong with an image, repository, commit or domain; see ``sources``."""
        self.commits: Table[str] = Table()
        """``<repository>@<branch>`` to its latest commit, where one was pushed."""
        self.rates = Table(RateWindow)
        self.throttled: Table[float] = Table()
        """When this kind of thing was last created, for the creation throttles."""

    @property
    def plan(self) -> str:
        """Return the account's plan: free, trial, hobby or pro."""
        return self.facts.get("plan", "pro")

    @plan.setter
    def plan(self, plan: str) -> None:
        self.facts["plan"] = plan

    @property
    def user_id(self) -> str:
        """Return the id of the account's user; empty before the account is opened."""
        return self.facts.get("user_id", "")

    @user_id.setter
    def user_id(self, user_id: str) -> None:
        self.facts["user_id"] = user_id

    @property
    def edge_blocked_until(self) -> float:
        """Return until when the edge refuses requests without a query string."""
        return self.facts.get("edge_blocked_until", 0.0)

    @edge_blocked_until.setter
    def edge_blocked_until(self, moment: float) -> None:
        self.facts["edge_blocked_until"] = moment

    def tables(self) -> dict[str, Table[Any]]:
        """Return every table by its name; the settings of the services are one for each environment."""
        settings = {f"{SETTINGS}{each.id}": each.services for each in self.environments.values()}
        return {**vars(self), **settings}

    def load(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        """Load what the rows of ``tables`` hold; none are a state in which nothing exists."""
        for name, table in vars(self).items():
            table.load(rows.get(name, {}))
        for environment in self.environments.values():
            environment.services.load(rows.get(f"{SETTINGS}{environment.id}", {}))

    def to_json(self) -> str:
        """Return the whole state as JSON text."""
        return json.dumps({name: table.rows() for name, table in self.tables().items()})

    @classmethod
    def from_json(cls, text: str) -> State:
        """Return the state that ``to_json`` wrote."""
        state = cls()
        state.load(json.loads(text))
        return state

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, State) and vars(self) == vars(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]  (it changes)


SETTINGS = "settings/"
"""Before the id of an environment: the name of the table with the settings of its services."""
