# Generated from the declarations of the provider. Do not edit: change those, and run "make generate".
"""The settings of services and projects that are inputs of resources as they stand, with their rules."""

from __future__ import annotations

from typing import Annotated, Literal

from components.arguments import Arguments, Many, Obeys
from pulumiverse_railway import rules

AutoUpdates = Literal["disabled", "patch", "minor"]
"""The newer versions of an image that Railway deploys by itself (EnvironmentConfig: source.autoUpdates.type)."""

Builder = Literal["RAILPACK", "NIXPACKS", "DOCKERFILE", "HEROKU", "PAKETO"]
"""The builder of a repository (EnvironmentConfig: build.builder)."""

HtmlCaching = Literal["auto", "force", "never"]
"""The rule by which HTML is cached (API: EdgeCachingConfig.htmlCaching)."""

OnFailure = Literal["keep", "rollBack"]
"""The reaction when a new deployment fails, crashes, is unhealthy or does not end in time."""

PurgeOnDeploy = Literal["OFF", "HTML", "ALL"]
"""The part of the cache that a successful deployment removes (API: PurgeOnDeploy)."""

RestartPolicyType = Literal["ON_FAILURE", "ALWAYS", "NEVER"]
"""The rule by which a stopped container is started again (EnvironmentConfig: deploy.restartPolicyType)."""

UpdateTags = Literal["semver", "sha"]
"""The tags that mark a newer image (EnvironmentConfig: source.autoUpdates.tagMode)."""


class InstanceSettings(Arguments):
    """Settings of a service."""

    image: Annotated[str, Obeys(rules.image)] | None = None
    """Docker image with tag or digest; either this or repo."""
    repo: Annotated[str, Obeys(rules.repository)] | None = None
    """GitHub repository as owner/name; either this or image."""
    branch: Annotated[str, Obeys(rules.branch)] | None = None
    """Branch that is deployed, and with each push again. Default: main."""
    commit_sha: Annotated[str, Obeys(rules.commit)] | None = None
    """Commit that is deployed, 7 to 40 hexadecimal digits. Default: the head of the branch."""
    root_directory: Annotated[str, Obeys(rules.folder)] | None = None
    """Folder of the repository that holds the service. Default: its root."""
    check_suites: bool = False
    """True if a push waits for GitHub's checks. Default: false."""
    auto_updates: AutoUpdates | None = None
    """Newer versions of the image, of Docker Hub or ghcr.io, that Railway deploys by itself: it backs up the volume,
    writes the new tag into its configuration, and that is no drift. A tag that is no version is pulled again when it
    moves. Default: disabled.
    """
    auto_update_windows: Annotated[Many[str], Obeys(rules.update_windows)] = ()
    """Hours in which it does so, a weekday and hours in UTC: 'SAT 2-6' for Saturday from 2 to 6. Default: Railway's
    choice.
    """
    auto_update_tags: UpdateTags | None = None
    """Form of the image's tags: version numbers, or names of commits. Default: Railway tells by the tag."""
    builder: Builder | None = None
    """Builder of the repository. Default: RAILPACK, or DOCKERFILE with dockerfilePath."""
    build_command: Annotated[str, Obeys(rules.text)] | None = None
    """Command that builds it. Default: the builder's."""
    dockerfile_path: Annotated[str, Obeys(rules.repository_file)] | None = None
    """Path of the Dockerfile in the repository. Default: Dockerfile, if there is one."""
    watch_patterns: Annotated[Many[str], Obeys(rules.watch_patterns)] = ()
    """Paths in gitignore's syntax, from the root of the repository; a push deploys only if it changes one of them.
    Default: any.
    """
    start_command: Annotated[str, Obeys(rules.text)] | None = None
    """Command that starts it; without a shell for images, so wrap it in /bin/sh -c to use $PORT. Default: the image's.
    """
    pre_deploy_command: Annotated[str, Obeys(rules.text)] | None = None
    """Command that runs before new code takes traffic, such as migrations; it sees no volume. Default: none."""
    pre_deploy_timeout_seconds: Annotated[int, Obeys(rules.pre_deploy_timeout)] | None = None
    """Time in which the preDeployCommand must end, in seconds, 1 to 3600; a deployment whose command runs longer fails,
    and the old one serves on. Default: Railway's.
    """
    healthcheck_path: Annotated[str, Obeys(rules.url_path)] | None = None
    """Path that must answer 2xx before a deployment takes traffic. Default: none is asked."""
    healthcheck_timeout: Annotated[int, Obeys(rules.healthcheck_timeout)] | None = None
    """Time in which a deployment must become healthy, in seconds, 1 to 3600. Default: 300."""
    restart_policy_type: RestartPolicyType = "ON_FAILURE"
    """Condition under which a stopped container is started again. Default: ON_FAILURE, NEVER with a cronSchedule."""
    restart_policy_max_retries: Annotated[int, Obeys(rules.retries)] = 10
    """Number of times that it is started again, for ON_FAILURE. Default: 10."""
    cron_schedule: Annotated[str, Obeys(rules.cron)] | None = None
    """Five-field schedule in UTC, at least 5 minutes apart, for a job that runs and ends. Default: it runs for good."""
    sleep_application: bool = False
    """True if it sleeps after 10 minutes without outbound traffic, until the next request. Default: false."""
    overlap_seconds: Annotated[int, Obeys(rules.deployment_pause)] | None = None
    """Time for which the old deployment goes on beside the new one, in seconds. Default: 0."""
    draining_seconds: Annotated[int, Obeys(rules.deployment_pause)] | None = None
    """Seconds between SIGTERM and SIGKILL of the old deployment. Default: 0."""
    ipv6_egress_enabled: bool | None = None
    """True if it reaches the internet over IPv6 too. Default: false."""
    vcpus: Annotated[float, Obeys(rules.vcpus)] | None = None
    """CPU limit of each replica in vCPUs. Default: the plan's."""
    memory_mb: Annotated[int, Obeys(rules.memory_mb)] | None = None
    """Memory limit of each replica in MB of 1,000,000 bytes. Default: the plan's."""
    on_failure: OnFailure = "keep"
    """Reaction to a deployment that is waited for and fails, crashes, is unhealthy or does not end in time. keep:
    nothing, the next run tries again. rollBack: the last good deployment is started again with Railway's
    deploymentRollback, unless it still runs; the resource fails all the same, and the next run deploys what is asked
    for. Default: keep.
    """


class IdentitySettings(Arguments):
    """Settings of a service that are not part of what it runs: a change of them deploys nothing."""

    tracing_enabled: bool | None = None
    """True if requests to it are traced, whatever the project says: by Railway's edge at once, by the application from
    its next deployment on. Default: as the project.
    """
    auto_instrumentation_enabled: bool | None = None
    """True if Railway traces what its processes do, too, without a change of their code, while it is traced. Default:
    false.
    """


class CdnSettings(Arguments):
    """Settings of Railway's CDN before a service."""

    default_ttl_seconds: Annotated[int, Obeys(rules.cache_seconds)] = 7200
    """Time for which an answer is kept that does not say so itself, in seconds. Default: 7200."""
    html_caching: HtmlCaching = "auto"
    """Caching of HTML: as its headers say (auto), always (force), or never. Default: auto."""
    stale_while_revalidate: bool = True
    """True if an old answer is served while a new one is fetched, where the answer's headers allow it. Default: true.
    """
    purge_on_deploy: PurgeOnDeploy = "HTML"
    """Content that a successful deployment removes from the cache: none, HTML, or all. Default: HTML."""


class RailwayProjectSettings(Arguments):
    """Settings of a project."""

    pr_deploys: bool | None = None
    """True if each pull request gets an environment of its own. Default: false."""
    bot_pr_environments: bool | None = None
    """True if those of bots get one, too. Default: false."""
    focused_pr_environments: bool | None = None
    """True if such an environment deploys only the services that the changed files belong to. Default: false."""
    tracing_enabled: bool | None = None
    """True if requests to its services are traced, unless a service says otherwise: Railway's edge at once, the
    applications from their next deployment on. Default: false.
    """
    tracing_sample_rate: Annotated[float, Obeys(rules.share)] | None = None
    """The part of the requests that is traced, of every traced service, 0 to 1. Default: Railway's."""


class RailwayUsageLimitSettings(Arguments):
    """The limit of what the workspace may use in a billing period."""

    soft_limit_dollars: Annotated[int, Obeys(rules.soft_limit_dollars)]
    """Use in a billing period, in US dollars, about which Railway sends a mail."""
    hard_limit_dollars: Annotated[int, Obeys(rules.hard_limit_dollars)] | None = None
    """Use in a billing period, in US dollars, at which Railway stops every service of the workspace, production too: 10
    or more. Default: none.
    """
