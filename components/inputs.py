# Generated from the settings of the components. Do not edit: change those, and run "make generate".
"""The settings of components as a program gives them: each may be an Output, unless its type is plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from components.checking import Inputs


@dataclass(frozen=True, kw_only=True)
class CdnInputs(Inputs):
    """Settings of Railway's CDN before a service."""

    default_ttl_seconds: pulumi.Input[int] = 7200
    """Time for which an answer is kept that does not say so itself, in seconds. Default: 7200."""
    html_caching: pulumi.Input[Literal["auto", "force", "never"]] = "auto"
    """Caching of HTML: as its headers say (auto), always (force), or never. Default: auto."""
    stale_while_revalidate: pulumi.Input[bool] = True
    """True if an old answer is served while a new one is fetched, where the answer's headers allow it. Default: true.
    """
    purge_on_deploy: pulumi.Input[Literal["OFF", "HTML", "ALL"]] = "HTML"
    """Content that a successful deployment removes from the cache: none, HTML, or all. Default: HTML."""


@dataclass(frozen=True, kw_only=True)
class CorsRuleInputs(Inputs):
    """Web pages that may use the bucket from a browser."""

    origins: Sequence[str] = ()
    """Origins with scheme, ``https://example.com``. Default: the domains of the system itself."""
    methods: pulumi.Input[Sequence[pulumi.Input[Literal["GET", "PUT", "POST", "DELETE", "HEAD"]]]] = ("GET", "HEAD")
    """HTTP methods they may use."""
    max_age_seconds: pulumi.Input[int] = 3600
    """Time for which a browser may remember the answer, in seconds."""


@dataclass(frozen=True, kw_only=True)
class LifecycleRuleInputs(Inputs):
    """A rule by which objects are deleted with time."""

    prefix: pulumi.Input[str] = ""
    """Folder that it is about. Default: the whole bucket."""
    expiration_days: pulumi.Input[int | None] = None
    """Days after which an object is deleted. Default: never."""
    noncurrent_expiration_days: pulumi.Input[int | None] = None
    """Days after which an overwritten or deleted version goes for good, with versioning. Default: never."""
    abort_incomplete_upload_days: pulumi.Input[int | None] = None
    """Days after which an upload in parts that never ended is thrown away. Default: never, and it is billed."""


@dataclass(frozen=True, kw_only=True)
class DomainInputs(Inputs):
    """Settings of a public domain."""

    hostname: str
    """The full name, ``backend.example.com``, the name of the zone itself, or a wildcard ``*.example.com``."""
    proxied: bool = False
    """True if Cloudflare's proxy (CDN and DDoS protection) stands in front of Railway."""
    port: pulumi.Input[int | None] = None
    """Port of the service to which it leads. Default: the service's port."""


@dataclass(frozen=True, kw_only=True)
class VolumeInputs(Inputs):
    """Settings of a volume."""

    mount_path: pulumi.Input[str]
    """Absolute path at which the service sees the volume."""
    size_gb: pulumi.Input[int | None] = None
    """Capacity in GB. Grows in place, never shrinks. Default: what the Railway plan gives."""
    backups: pulumi.Input[Sequence[pulumi.Input[Literal["daily", "weekly", "monthly"]]]] = ()
    """Its backup schedules."""
    usage_alerts: pulumi.Input[Sequence[pulumi.Input[int]]] = ()
    """Percentages of its capacity at which Railway alerts, such as 80. Default: those that Railway itself sets."""


@dataclass(frozen=True, kw_only=True)
class ZoneInputs(Inputs):
    """The name and the id of a zone."""

    name: str
    """Name of the zone, ``example.com``."""
    id: pulumi.Input[str]
    """Cloudflare's id of the zone, from its overview page: given here, a preview needs no request."""


@dataclass(frozen=True, kw_only=True)
class ProjectInputs(Inputs):
    """Settings of a Railway project."""

    pr_deploys: pulumi.Input[bool | None] = None
    """True if each pull request gets an environment of its own. Default: false."""
    bot_pr_environments: pulumi.Input[bool | None] = None
    """True if those of bots get one, too. Default: false."""
    focused_pr_environments: pulumi.Input[bool | None] = None
    """True if such an environment deploys only the services that the changed files belong to. Default: false."""
    tracing_enabled: pulumi.Input[bool | None] = None
    """True if requests to its services are traced, unless a service says otherwise: Railway's edge at once, the
    applications from their next deployment on. Default: false.
    """
    tracing_sample_rate: pulumi.Input[float | None] = None
    """The part of the requests that is traced, of every traced service, 0 to 1. Default: Railway's."""
    name: pulumi.Input[str]
    """Name of the project on Railway, ``shop-production``."""
    environment: pulumi.Input[str]
    """Name of its default environment."""
    workspace_id: pulumi.Input[str | None] = None
    """Railway workspace that owns the project. Default: the workspace of the token."""
    shared_variables: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Variables in clear that each service may refer to, as ``${{shared.NAME}}`` in its own variables."""


@dataclass(frozen=True, kw_only=True)
class ServiceInputs(Inputs):
    """Settings of a service: those that Railway has by that name, and those of its volume, domains and CDN."""

    image: pulumi.Input[str | None] = None
    """Docker image with tag or digest; either this or repo."""
    repo: pulumi.Input[str | None] = None
    """GitHub repository as owner/name; either this or image."""
    branch: pulumi.Input[str | None] = None
    """Branch that is deployed, and with each push again. Default: main."""
    commit_sha: pulumi.Input[str | None] = None
    """Commit that is deployed, 7 to 40 hexadecimal digits. Default: the head of the branch."""
    root_directory: pulumi.Input[str | None] = None
    """Folder of the repository that holds the service. Default: its root."""
    check_suites: pulumi.Input[bool] = False
    """True if a push waits for GitHub's checks. Default: false."""
    auto_updates: pulumi.Input[Literal["disabled", "patch", "minor"] | None] = None
    """Newer versions of the image, of Docker Hub or ghcr.io, that Railway deploys by itself: it backs up the volume,
    writes the new tag into its configuration, and that is no drift. A tag that is no version is pulled again when it
    moves. Default: disabled.
    """
    auto_update_windows: pulumi.Input[Sequence[pulumi.Input[str]]] = ()
    """Hours in which it does so, a weekday and hours in UTC: 'SAT 2-6' for Saturday from 2 to 6. Default: Railway's
    choice.
    """
    auto_update_tags: pulumi.Input[Literal["semver", "sha"] | None] = None
    """Form of the image's tags: version numbers, or names of commits. Default: Railway tells by the tag."""
    builder: pulumi.Input[Literal["RAILPACK", "NIXPACKS", "DOCKERFILE", "HEROKU", "PAKETO"] | None] = None
    """Builder of the repository. Default: RAILPACK, or DOCKERFILE with dockerfilePath."""
    build_command: pulumi.Input[str | None] = None
    """Command that builds it. Default: the builder's."""
    dockerfile_path: pulumi.Input[str | None] = None
    """Path of the Dockerfile in the repository. Default: Dockerfile, if there is one."""
    watch_patterns: pulumi.Input[Sequence[pulumi.Input[str]]] = ()
    """Paths in gitignore's syntax, from the root of the repository; a push deploys only if it changes one of them.
    Default: any.
    """
    start_command: pulumi.Input[str | None] = None
    """Command that starts it; without a shell for images, so wrap it in /bin/sh -c to use $PORT. Default: the image's.
    """
    pre_deploy_command: pulumi.Input[str | None] = None
    """Command that runs before new code takes traffic, such as migrations; it sees no volume. Default: none."""
    pre_deploy_timeout_seconds: pulumi.Input[int | None] = None
    """Time in which the preDeployCommand must end, in seconds, 1 to 3600; a deployment whose command runs longer fails,
    and the old one serves on. Default: Railway's.
    """
    healthcheck_path: pulumi.Input[str | None] = None
    """Path that must answer 2xx before a deployment takes traffic. Default: none is asked."""
    healthcheck_timeout: pulumi.Input[int | None] = None
    """Time in which a deployment must become healthy, in seconds, 1 to 3600. Default: 300."""
    restart_policy_type: pulumi.Input[Literal["ON_FAILURE", "ALWAYS", "NEVER"]] = "ON_FAILURE"
    """Condition under which a stopped container is started again. Default: ON_FAILURE, NEVER with a cronSchedule."""
    restart_policy_max_retries: pulumi.Input[int] = 10
    """Number of times that it is started again, for ON_FAILURE. Default: 10."""
    cron_schedule: pulumi.Input[str | None] = None
    """Five-field schedule in UTC, at least 5 minutes apart, for a job that runs and ends. Default: it runs for good."""
    sleep_application: pulumi.Input[bool] = False
    """True if it sleeps after 10 minutes without outbound traffic, until the next request. Default: false."""
    overlap_seconds: pulumi.Input[int | None] = None
    """Time for which the old deployment goes on beside the new one, in seconds. Default: 0."""
    draining_seconds: pulumi.Input[int | None] = None
    """Seconds between SIGTERM and SIGKILL of the old deployment. Default: 0."""
    ipv6_egress_enabled: pulumi.Input[bool | None] = None
    """True if it reaches the internet over IPv6 too. Default: false."""
    vcpus: pulumi.Input[float | None] = None
    """CPU limit of each replica in vCPUs. Default: the plan's."""
    memory_mb: pulumi.Input[int | None] = None
    """Memory limit of each replica in MB of 1,000,000 bytes. Default: the plan's."""
    on_failure: pulumi.Input[Literal["keep", "rollBack"]] = "keep"
    """Reaction to a deployment that is waited for and fails, crashes, is unhealthy or does not end in time. keep:
    nothing, the next run tries again. rollBack: the last good deployment is started again with Railway's
    deploymentRollback, unless it still runs; the resource fails all the same, and the next run deploys what is asked
    for. Default: keep.
    """
    tracing_enabled: pulumi.Input[bool | None] = None
    """True if requests to it are traced, whatever the project says: by Railway's edge at once, by the application from
    its next deployment on. Default: as the project.
    """
    auto_instrumentation_enabled: pulumi.Input[bool | None] = None
    """True if Railway traces what its processes do, too, without a change of their code, while it is traced. Default:
    false.
    """
    registry_username: pulumi.Input[str | None] = None
    """User at the image's private registry (Railway's Pro plan); the password is a secret. Default: a public image."""
    replicas: int = 1
    """Number of instances."""
    region: Literal["us-west2", "us-east4-eqdc4a", "europe-west4-drams3a", "asia-southeast1-eqsg3a"] = "us-west2"
    """Region in which they run."""
    regions: (
        Mapping[Literal["us-west2", "us-east4-eqdc4a", "europe-west4-drams3a", "asia-southeast1-eqsg3a"], int] | None
    ) = None
    """Number of instances in each of several regions, in place of replicas and region: {us-west2: 2, europe-
    west4-drams3a: 1}. Default: replicas, in region.
    """
    port: pulumi.Input[int | None] = None
    """Port on which it listens: its PORT variable, and where its domains lead unless they have a port of their own."""
    railway_domain: bool = False
    """True if it gets an address of Railway's own, ``….up.railway.app``."""
    railway_domain_port: pulumi.Input[int | None] = None
    """Port to which that address leads. Default: port."""
    tcp_port: int | None = None
    """Port that Railway's TCP proxy opens to the internet, at a host and port that Railway chooses. Default: none."""
    domains: Sequence[DomainInputs] = ()
    """Public domains of its own; the first that is no wildcard is its address."""
    cdn: CdnInputs | None = None
    """Railway's CDN before its public addresses: ``{}`` for one as Railway sets it up. Default: none."""
    volume: VolumeInputs | None = None
    """The volume that it mounts. Default: none, nothing that it writes survives a deployment."""
    variables: pulumi.Input[Mapping[str, pulumi.Input[str]]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Environment variables in clear."""


@dataclass(frozen=True, kw_only=True)
class StaticSiteInputs(ServiceInputs):
    """Settings of a static site: where its files are, and a public address."""

    healthcheck_path: pulumi.Input[str | None] = "/"
    """Path that must answer 2xx before a deployment takes traffic. Default: /."""
    port: pulumi.Input[int | None] = 80
    """Port on which it is served: Railpack's Caddy takes any, an image has its own. Default: 80."""
    folder: pulumi.Input[str | None] = None
    """Folder of the repository, from rootDirectory, whose files are served as they are, for a repository without a
    build: RAILPACK_STATIC_FILE_ROOT.
    """
    build_output: pulumi.Input[str | None] = None
    """Folder that the build of a package.json writes, such as dist: RAILPACK_SPA_OUTPUT_DIR. Paths without a file get
    its index.html.
    """


@dataclass(frozen=True, kw_only=True)
class BucketInputs(Inputs):
    """Settings of a bucket."""

    name: pulumi.Input[str]
    """Name of the bucket: unique among all buckets of all Spaces users."""
    region: pulumi.Input[
        Literal["ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"]
    ]
    """DigitalOcean region."""
    prefix: pulumi.Input[str] = ""
    """Folder in which this environment keeps its objects, ``prod/``."""
    versioning: pulumi.Input[bool] = False
    """True if overwritten and deleted objects are kept."""
    lifecycle: Sequence[LifecycleRuleInputs] = ()
    """Rules by which objects expire. Default: none, they stay."""
    cdn: bool = True
    """True if a CDN endpoint serves the bucket's public objects."""
    cdn_ttl_seconds: pulumi.Input[Literal[60, 600, 3600, 86400, 604800]] = 3600
    """Time for which the CDN keeps an object, in seconds; DigitalOcean knows these five."""
    cdn_domain: str | None = None
    """Own name of the CDN endpoint, in a Cloudflare zone of the stack. Default: the name that DigitalOcean gives."""
    cors: CorsRuleInputs | None = field(default_factory=CorsRuleInputs)
    """Pages that may use it from a browser. Default: those of the system's own domains; null: none."""
    key_version: int = 1
    """Number of the access key. The next number makes a new key, and the old one goes when the new one is in use."""


@dataclass(frozen=True, kw_only=True)
class RailwayBucketInputs(Inputs):
    """Settings of a bucket of Railway's own."""

    region: pulumi.Input[Literal["sjc", "iad", "ams", "sin"]]
    """Region: sjc (California), iad (Virginia), ams (Amsterdam) or sin (Singapore)."""
    name: pulumi.Input[str | None] = None
    """Its name in the project. Default: its key in the settings."""


@dataclass(frozen=True, kw_only=True)
class RedirectInputs(Inputs):
    """Settings of a redirect."""

    hostname: str
    """Name whose visitors are led on, ``www.example.com``."""
    to: str
    """Name to which they are led, over HTTPS, with the path and the query of their request."""
    status: pulumi.Input[Literal[301, 302, 307, 308]] = 301
    """HTTP status of the answer: 301 and 308 for good, 302 and 307 for now; 307 and 308 let a POST stay a POST."""


@dataclass(frozen=True, kw_only=True)
class RedirectsInputs(Inputs):
    """Settings of the redirects of a zone."""

    redirects: Sequence[RedirectInputs]
    """The redirects."""


@dataclass(frozen=True, kw_only=True)
class AlertsInputs(Inputs):
    """The events that are sent to the system's webhook."""

    events: pulumi.Input[Sequence[pulumi.Input[str]]] = (
        "Deployment.failed",
        "Deployment.crashed",
        "VolumeAlert.triggered",
        "Monitor.triggered",
    )
    """Names of Railway's events. Default: deployments that fail or crash, and thresholds that are passed."""
    severities: pulumi.Input[Sequence[pulumi.Input[Literal["INFO", "NOTICE", "WARNING", "CRITICAL"]]]] = ()
    """Only events this serious. Default: all."""


@dataclass(frozen=True, kw_only=True)
class UsageLimitInputs(Inputs):
    """The limit of what the stack's workspace may use in a billing period, all of its stacks together."""

    soft_limit_dollars: pulumi.Input[int]
    """Use in a billing period, in US dollars, about which Railway sends a mail."""
    hard_limit_dollars: pulumi.Input[int | None] = None
    """Use in a billing period, in US dollars, at which Railway stops every service of the workspace, production too: 10
    or more. Default: none.
    """


@dataclass(frozen=True, kw_only=True)
class DatabaseInputs(Inputs):
    """Settings that every database server has."""

    name: str | None = None
    """Name of its service on Railway, by which others refer to it. Default: its key in the settings."""
    image: pulumi.Input[str | None] = None
    """Docker image with its tag. Default: that of its version."""
    auto_updates: pulumi.Input[Literal["disabled", "patch", "minor"] | None] = None
    """Newer versions of the image that Railway deploys by itself, after a backup of the volume. Default: none."""
    auto_update_windows: pulumi.Input[Sequence[pulumi.Input[str]]] = ()
    """Hours in which it does so, in UTC: 'SAT 2-6'. Default: Railway's choice."""
    region: Literal["us-west2", "us-east4-eqdc4a", "europe-west4-drams3a", "asia-southeast1-eqsg3a"] = "us-west2"
    """Region in which it runs, best that of the services that use it."""
    size_gb: int | None = None
    """Size of its volume in GB. Grows in place, never shrinks. Default: none, a restart empties it."""
    backups: pulumi.Input[Sequence[pulumi.Input[Literal["daily", "weekly", "monthly"]]]] = ("daily",)
    """Backup schedules of its volume."""
    usage_alerts: pulumi.Input[Sequence[pulumi.Input[int]]] = (80,)
    """Percentages of its volume's capacity at which Railway alerts. Default: 80."""
    vcpus: pulumi.Input[float | None] = None
    """CPU limit in vCPUs. Default: the plan's."""
    memory_mb: pulumi.Input[int | None] = None
    """Memory limit in MB. Default: the plan's."""
    tcp_port: int | None = None
    """Its port, opened to the internet at a host and port that Railway chooses. Default: only services of its
    environment reach it.
    """


@dataclass(frozen=True, kw_only=True)
class PostgresInputs(DatabaseInputs):
    """Settings of a PostgreSQL server."""

    size_gb: int = 5
    """Size of its volume in GB. Grows in place, never shrinks."""
    version: pulumi.Input[Literal["16", "17", "18"]] = "16"
    """Major version. A newer one needs a dump and restore: PostgreSQL does not upgrade its files by itself."""
    database: pulumi.Input[str] = "railway"
    """Name of the database made at the first start."""
    user: pulumi.Input[str] = "postgres"
    """Name of its owner."""


@dataclass(frozen=True, kw_only=True)
class MysqlInputs(DatabaseInputs):
    """Settings of a MySQL server."""

    size_gb: int = 5
    """Size of its volume in GB. Grows in place, never shrinks."""
    version: pulumi.Input[Literal["8.4", "9.4"]] = "8.4"
    """Version: 8.4 has long-term support. A newer one upgrades the files at its first start, and none goes back."""
    database: pulumi.Input[str] = "railway"
    """Name of the database made at the first start; its user is root."""


@dataclass(frozen=True, kw_only=True)
class MongodbInputs(DatabaseInputs):
    """Settings of a MongoDB server."""

    size_gb: int = 5
    """Size of its volume in GB. Grows in place, never shrinks."""
    version: pulumi.Input[Literal["7", "8"]] = "8"
    """Major version. Each can read the files of the one before it, and of no other."""
    database: pulumi.Input[str] = "railway"
    """Name of the database in its connection URL; MongoDB makes it with the first document."""
    user: pulumi.Input[str] = "mongo"
    """Name of its administrator."""


@dataclass(frozen=True, kw_only=True)
class RedisInputs(DatabaseInputs):
    """Settings of a Redis or Valkey server."""

    image: pulumi.Input[str] = "redis:8"
    """Docker image with its tag: Redis or Valkey."""
