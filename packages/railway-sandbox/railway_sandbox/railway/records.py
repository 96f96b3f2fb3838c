"""The records of the simulated Railway, and their JSON form.

They hold identities, settings and scheduled times, and nothing that follows from other records or from the clock, so
that a state can be stored and loaded at any time. The rules stand in one module for each kind of resource. Times are
seconds of simulated time since the sandbox's epoch; sizes are MB, as in Railway's field names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field

from railway_sandbox.tables import Record, Table

Config = dict[str, Any]
"""An environment's settings in the shape of Railway's scalar ``EnvironmentConfig``."""


def part(config: Mapping[str, Any], name: str) -> Config:
    """Return an object inside a config; an empty one when it is missing or null."""
    return config.get(name) or {}


class Entity(Record):
    """A record with an id and the time of its creation."""

    id: str
    created_at: float


class UpdatableEntity(Entity):
    """An entity with the time of its last update."""

    updated_at: float


class SoftDeletable(Record):
    """A record that stays readable for a while after its deletion."""

    deleted_at: float | None = None


class InstanceScoped(Record):
    """A record that belongs to a service in an environment."""

    project_id: str
    environment_id: str
    service_id: str


class Workspace(UpdatableEntity):
    """The unit that is billed: it holds projects and has a plan."""

    name: str
    preferred_region: str | None = None
    soft_limit_dollars: int | None = None
    """Use in a billing period at which Railway sends an e-mail; None: there is no limit."""
    hard_limit_dollars: int | None = None
    """Use at which Railway stops everything."""


class Token(Entity):
    """A credential: ``kind`` is account, workspace or project."""

    secret: str
    kind: str
    name: str
    workspace_id: str | None = None
    project_id: str | None = None
    environment_id: str | None = None


class SshKey(UpdatableEntity):
    """A public key that opens containers: the user's own, or one of a workspace."""

    name: str
    public_key: str
    user_id: str | None = None
    workspace_id: str | None = None


class Project(UpdatableEntity, SoftDeletable):
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


class Environment(UpdatableEntity, SoftDeletable):
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
"""Status of a committed patch that could not be applied: it is ``staged`` again, the same but no list shows it
(``unlisted``), it is ``failed`` and says why or does not say (``silent``), or it counts as ``committed`` and says why.
Its workflow says why in each case."""


class Patch(UpdatableEntity):
    """A change of an environment's settings: staged, or committed and applied at ``applies_at``."""

    environment_id: str
    patch: Config
    workflow_id: str | None = None
    message: str | None = None
    applies_at: float | None = None
    applied_at: float | None = None
    skip_deploys: bool = False
    refused_with: str | None = None
    """The error with which it is going to fail, where a test wants that."""
    aftermath: Aftermath = "staged"
    failed_with: str | None = None
    """The error with which it failed."""
    change_set: list[dict[str, Any]] | None = None
    """The changes of which it was made, where it was made of a change set."""

    @property
    def last_applied_error(self) -> str | None:
        """Return the error that the patch itself shows: None unless it is ``failed`` or ``committed``."""
        return self.failed_with if self.aftermath in ("failed", "committed") else None


class Service(UpdatableEntity, SoftDeletable):
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


class ServiceInstance(UpdatableEntity, SoftDeletable):
    """A service's presence in one environment."""

    service_id: str
    environment_id: str
    tracing_enabled: bool | None = None
    """None follows the service."""
    auto_instrumentation_enabled: bool | None = None
    former_config: Config = Field(default_factory=dict)
    """The settings at the time of deletion; creating it again brings them back."""


class EdgeConfig(Entity):
    """The cache of Railway's edge for the answers of a service in an environment."""

    instance_id: str
    enabled: bool = True
    mode: str = "auto"
    default_ttl_seconds: int = 7_200
    html_caching: str = "auto"
    purge_on_deploy: str = "HTML"
    stale_while_revalidate: bool = True


class DeploymentTrigger(InstanceScoped):
    """Deploys a service instance when its branch gets a commit."""

    id: str
    repository: str
    branch: str
    provider: str = "github"
    check_suites: bool = False


class StatusChange(Record):
    """A deployment has ``status`` from ``at`` until its next change."""

    at: float
    status: str


class Deployment(Entity, InstanceScoped):
    """One deployment of a service instance with all its status changes, past and future."""

    timeline: list[StatusChange]
    snapshot_id: str
    meta: dict[str, Any]
    variables: dict[str, str] = Field(default_factory=dict)
    failure: str | None = None
    """The defect of its source that affects it; see ``sources``."""
    draining_s: float = 0.0
    stopped: bool = False


class Volume(Entity, SoftDeletable):
    """A disk's identity in its project."""

    project_id: str
    name: str
    listed_at: float
    """From when on the lists show it: they lag behind the creation."""


class VolumeInstance(Entity, SoftDeletable):
    """A disk in one environment, mounted by at most one service."""

    volume_id: str
    environment_id: str
    mount_path: str
    size_mb: int
    service_id: str | None = None
    region: str | None = None
    migrating_until: float = 0.0
    written: bool = False
    """True once a deployment has mounted it: shrinking would lose data."""
    backup_schedules: dict[str, float] = Field(default_factory=dict)
    """Kind to the moment it was set."""
    usage_alerts: list[int] = Field(default_factory=list[int])
    """Percentages of its capacity at which Railway alerts."""
    used_mb: float | None = None
    """Data on it in MB; None: what a service has written by itself."""


class VolumeBackup(Entity, SoftDeletable):
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


class CustomDomain(UpdatableEntity, SoftDeletable, InstanceScoped):
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


class ServiceDomain(UpdatableEntity, SoftDeletable, InstanceScoped):
    """A generated host name below up.railway.app."""

    domain: str
    target_port: int | None = None


class TCPProxy(UpdatableEntity, SoftDeletable):
    """A public TCP port in front of a service instance."""

    environment_id: str
    service_id: str
    application_port: int
    domain: str
    proxy_port: int


class Bucket(UpdatableEntity):
    """An object store's identity in its project."""

    project_id: str
    name: str


class BucketInstance(Entity, SoftDeletable):
    """An object store in one environment."""

    bucket_id: str
    environment_id: str
    region: str
    objects: int = 0
    resets: int = 0
    """Number of times that its credentials were reset."""
    credentials: dict[str, Any] = Field(default_factory=dict)
    """Credentials of an account that was read, in the place of made-up ones, until they are reset."""


class EgressAssociation(Entity):
    """Static outbound addresses of a service instance."""

    instance_id: str
    region: str


class EndpointName(Record):
    """A chosen name of a service instance in the private network; without one it has that of its service."""

    instance_id: str
    dns_name: str
    former: str
    renamed_at: float


class User(Record):
    """A person with an account other than the owner of the tokens."""

    id: str
    name: str
    email: str


class ProjectMember(Record):
    """A person's role in a project."""

    project_id: str
    user_id: str
    role: str


class NotificationChannel(UpdatableEntity):
    """The webhook to which a rule sends events."""

    workspace_id: str
    config: dict[str, Any]


class NotificationRule(UpdatableEntity):
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


PlacedT = TypeVar("PlacedT", CustomDomain, ServiceDomain, TCPProxy, VolumeInstance)


def of_service(table: Mapping[str, PlacedT], environment_id: str, service_id: str) -> list[PlacedT]:
    """Return the records of a service in an environment that are not deleted: domains, proxies, mounted disks."""
    here = (environment_id, service_id, None)
    return [each for each in table.values() if (each.environment_id, each.service_id, each.deleted_at) == here]
