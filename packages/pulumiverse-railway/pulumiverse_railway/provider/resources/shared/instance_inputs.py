"""The properties of a service instance, and what they demand of each other.

Owns declaration and rules. How the properties reach Railway is in ``instance_settings`` and ``instance_config``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final, cast

from pulumi_provider.declaration import Nested, Problem, Property
from pulumi_provider.naming import camel_case
from pulumiverse_railway import conflicts, rules

from . import checks
from .instance_settings import AutoUpdates, Builder, RestartPolicyType, UpdateTags
from .scopes import ServiceScoped


class OnFailure(StrEnum):
    """The reaction when a new deployment fails, crashes, is unhealthy or does not end in time."""

    KEEP = "keep"
    ROLL_BACK = "rollBack"


@dataclass(frozen=True, kw_only=True)
class RegistryCredentials(Nested):
    """Login of a private image registry (Railway's Pro plan)."""

    username: Annotated[str, Property("User name at the registry.")]
    password: Annotated[str, Property("Password or token at the registry.", secret=True)]


@dataclass(frozen=True, kw_only=True)
class ServiceInstanceInputs(ServiceScoped):
    """Inputs of a service in one environment. "API" names the place in Railway's EnvironmentConfig."""

    image: Annotated[
        str | None,
        Property("Docker image with tag or digest; either this or repo (API: source.image).", check=rules.image),
    ] = None
    repo: Annotated[
        str | None,
        Property("GitHub repository as owner/name; either this or image (API: source.repo).", check=rules.repository),
    ] = None
    branch: Annotated[
        str | None,
        Property(
            "Branch that is deployed, and with each push again. Default: main (API: source.branch).",
            check=rules.branch,
        ),
    ] = None
    commit_sha: Annotated[
        str | None,
        Property(
            "Commit that is deployed, 7 to 40 hexadecimal digits. Default: the head of the branch "
            "(API: source.commitSha).",
            check=rules.commit,
        ),
    ] = None
    root_directory: Annotated[
        str | None,
        Property(
            "Folder of the repository that holds the service. Default: its root (API: source.rootDirectory).",
            check=rules.folder,
        ),
    ] = None
    check_suites: Annotated[
        bool | None,
        Property("True if a push waits for GitHub's checks. Default: false (API: source.checkSuites)."),
    ] = None
    registry_credentials: Annotated[
        RegistryCredentials | None,
        Property(
            "Login for an image in a private registry; Railway never gives it back. Default: none "
            "(API: deploy.registryCredentials).",
            write_only=True,
        ),
    ] = None

    auto_updates: Annotated[
        AutoUpdates | None,
        Property(
            "Newer versions of the image, of Docker Hub or ghcr.io, that Railway deploys by itself: it backs up the "
            "volume, writes the new tag into its configuration, and that is no drift. A tag that is no version is "
            "pulled again when it moves. Default: disabled (API: source.autoUpdates.type)."
        ),
    ] = None
    auto_update_windows: Annotated[
        list[str] | None,
        Property(
            "Hours in which it does so, a weekday and hours in UTC: 'SAT 2-6' for Saturday from 2 to 6. Default: "
            "Railway's choice (API: source.autoUpdates.schedule).",
            check=rules.update_windows,
        ),
    ] = None
    auto_update_tags: Annotated[
        UpdateTags | None,
        Property(
            "Form of the image's tags: version numbers, or names of commits. Default: Railway tells by the tag (API: "
            "source.autoUpdates.tagMode)."
        ),
    ] = None

    builder: Annotated[
        Builder | None,
        Property(
            "Builder of the repository. Default: RAILPACK, or DOCKERFILE with dockerfilePath (API: build.builder)."
        ),
    ] = None
    build_command: Annotated[
        str | None,
        Property("Command that builds it. Default: the builder's (API: build.buildCommand).", check=rules.text),
    ] = None
    dockerfile_path: Annotated[
        str | None,
        Property(
            "Path of the Dockerfile in the repository. Default: Dockerfile, if there is one "
            "(API: build.dockerfilePath).",
            check=rules.repository_file,
        ),
    ] = None
    watch_patterns: Annotated[
        list[str] | None,
        Property(
            "Paths in gitignore's syntax, from the root of the repository; a push deploys only if it changes one of "
            "them. Default: any (API: build.watchPatterns).",
            check=rules.watch_patterns,
        ),
    ] = None

    start_command: Annotated[
        str | None,
        Property(
            "Command that starts it; without a shell for images, so wrap it in /bin/sh -c to use $PORT. Default: the "
            "image's (API: deploy.startCommand).",
            check=rules.text,
        ),
    ] = None
    pre_deploy_command: Annotated[
        str | None,
        Property(
            "Command that runs before new code takes traffic, such as migrations; it sees no volume. Default: none "
            "(API: deploy.preDeployCommand).",
            check=rules.text,
        ),
    ] = None
    pre_deploy_timeout_seconds: Annotated[
        int | None,
        Property(
            "Time in which the preDeployCommand must end, in seconds, 1 to 3600; a deployment whose command runs "
            "longer fails, and the old one serves on. Default: Railway's (API: deploy.preDeployTimeoutSeconds).",
            check=rules.pre_deploy_timeout,
        ),
    ] = None
    healthcheck_path: Annotated[
        str | None,
        Property(
            "Path that must answer 2xx before a deployment takes traffic. Default: none is asked "
            "(API: deploy.healthcheckPath).",
            check=rules.url_path,
        ),
    ] = None
    healthcheck_timeout: Annotated[
        int | None,
        Property(
            "Time in which a deployment must become healthy, in seconds, 1 to 3600. Default: 300 "
            "(API: deploy.healthcheckTimeout).",
            check=rules.healthcheck_timeout,
        ),
    ] = None
    restart_policy_type: Annotated[
        RestartPolicyType | None,
        Property(
            "Condition under which a stopped container is started again. Default: ON_FAILURE, NEVER with a "
            "cronSchedule (API: deploy.restartPolicyType)."
        ),
    ] = None
    restart_policy_max_retries: Annotated[
        int | None,
        Property(
            "Number of times that it is started again, for ON_FAILURE. Default: 10 (API: "
            "deploy.restartPolicyMaxRetries).",
            check=rules.retries,
        ),
    ] = None
    cron_schedule: Annotated[
        str | None,
        Property(
            "Five-field schedule in UTC, at least 5 minutes apart, for a job that runs and ends. Default: it runs for "
            "good (API: deploy.cronSchedule).",
            check=rules.cron,
        ),
    ] = None
    sleep_application: Annotated[
        bool | None,
        Property(
            "True if it sleeps after 10 minutes without outbound traffic, until the next request. Default: false "
            "(API: deploy.sleepApplication)."
        ),
    ] = None
    overlap_seconds: Annotated[
        int | None,
        Property(
            "Time for which the old deployment goes on beside the new one, in seconds. Default: 0 (API: "
            "deploy.overlapSeconds).",
            check=rules.deployment_pause,
        ),
    ] = None
    draining_seconds: Annotated[
        int | None,
        Property(
            "Seconds between SIGTERM and SIGKILL of the old deployment. Default: 0 (API: deploy.drainingSeconds).",
            check=rules.deployment_pause,
        ),
    ] = None

    ipv6_egress_enabled: Annotated[
        bool | None,
        Property(
            "True if it reaches the internet over IPv6 too. Default: false (API: deploy.ipv6EgressEnabled).",
        ),
    ] = None

    regions: Annotated[
        dict[str, int] | None,
        Property(
            "Replicas per region, {'us-west2': 2}; either this or numReplicas. Always sent whole, so that no region "
            "stays behind. Default: Railway's (API: deploy.multiRegionConfig).",
            check=checks.regions,
        ),
    ] = None
    num_replicas: Annotated[
        int | None,
        Property(
            "Replicas in the one region that Railway chose; either this or regions. Default: 1 "
            "(API: deploy.numReplicas).",
            check=rules.replicas,
        ),
    ] = None
    vcpus: Annotated[
        float | None,
        Property(
            "CPU limit of each replica in vCPUs. Default: the plan's (API: deploy.limitOverride.containers.cpu).",
            check=rules.vcpus,
        ),
    ] = None
    memory_mb: Annotated[
        int | None,
        Property(
            "Memory limit of each replica in MB of 1,000,000 bytes. Default: the plan's "
            "(API: deploy.limitOverride.containers.memoryBytes).",
            check=rules.memory_mb,
        ),
    ] = None

    variables: Annotated[
        dict[str, str],
        Property(
            "Variables by name; values may refer to others, ${{service.NAME}}. Variables that are set elsewhere are "
            "left alone and are no drift (API: variables).",
            secret_when_imported=True,
            check=checks.variables,
        ),
    ] = field(default_factory=dict[str, str])
    sealed: Annotated[
        list[str] | None,
        Property(
            "Names of variables whose values Railway never shows again, in the dashboard neither (API: isSealed). "
            "A refresh sees whether they exist, not whether somebody changed them. Railway cannot unseal: a name that "
            "is taken from this list stays sealed. Default: none.",
            check=checks.no_repetition,
        ),
    ] = None
    wait_for_deployment: Annotated[
        bool,
        Property("True if a run waits until the deployment is healthy and runs what was asked for. Default: true."),
    ] = True
    on_failure: Annotated[
        OnFailure | None,
        Property(
            "Reaction to a deployment that is waited for and fails, crashes, is unhealthy or does not end in time. "
            "keep: nothing, the next run tries again. rollBack: the last good deployment is started again with "
            "Railway's deploymentRollback, unless it still runs; the resource fails all the same, and the next run "
            "deploys what is asked for. Default: keep."
        ),
    ] = None


Named = Mapping[str, Any]


def problems(inputs: Named) -> list[Problem]:
    """Return the contradictions between properties; a value that only the run will know contradicts nothing."""
    return [Problem(path=camel_case(name), reason=reason) for rule in _RULES for name, reason in rule(inputs)]


def _among_settings(inputs: Named) -> Iterator[tuple[str, str]]:
    return conflicts.of_service(inputs, replicas=_total(inputs))


def _replicas(inputs: Named) -> Iterator[tuple[str, str]]:
    regions, replicas = inputs.get("regions"), inputs.get("num_replicas")
    if regions is not None and replicas is not None:
        yield "num_replicas", "and regions exclude each other: give the number in regions"


def _total(inputs: Named) -> int:
    """Return how many replicas run, as far as it is known."""
    regions, replicas = inputs.get("regions"), inputs.get("num_replicas")
    if not isinstance(regions, Mapping):
        return replicas if isinstance(replicas, int) else 1
    counts = cast("Mapping[str, Any]", regions).values()
    return sum(count for count in counts if isinstance(count, int))


def _sealed(inputs: Named) -> Iterator[tuple[str, str]]:
    if (reason := checks.sealed(inputs.get("sealed"), inputs.get("variables"))) is not None:
        yield "sealed", reason


def _failure(inputs: Named) -> Iterator[tuple[str, str]]:
    if inputs.get("on_failure") == OnFailure.ROLL_BACK and inputs.get("wait_for_deployment") is False:
        yield "on_failure", "rollBack needs waitForDeployment, or nobody notices the failure: remove one of them"


_RULES: Final = (_among_settings, _replicas, _sealed, _failure)
