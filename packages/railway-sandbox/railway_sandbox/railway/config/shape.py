"""The shape of Railway's scalar ``EnvironmentConfig``: its keys and the types of their values.

Owns the check that a patch is well formed. Whether it is allowed is decided by ``config.rules``, what it does by
``config_patch``. Every leaf is optional, and ``null`` (remove) is well formed everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from railway_sandbox.railway.errors import NotSimulated, Refused, config_as_code, invalid

IGNORES_NULL: Final = "null does not reset it: it takes [], 0, false or {containers: null}, or cannot be reset at all"
"""Marks a setting for which Railway ignores null in a patch."""
CONFIG_ONLY: Final = "it is no field of ServiceInstance, nor of what updates one"
"""Marks a setting that the older form lacks."""


class Shape(BaseModel):
    """An object of the config; an unknown key, and a value of another JSON type, is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class UpdateWindow(Shape):
    """The hours in which an image may be updated: day 0 is Sunday, the hours are UTC's."""

    day: Annotated[int, Field(ge=0, le=6)]
    start_hour: Annotated[int, Field(ge=0, le=23)]
    end_hour: Annotated[int, Field(ge=1, le=24)]


class AutoUpdates(Shape):
    """The newer versions of an image that are deployed by themselves."""

    type: Literal["disabled", "patch", "minor"] | None = None
    schedule: list[UpdateWindow] | None = None
    tag_mode: Literal["semver", "sha"] | None = None


class Source(Shape):
    """The source of a service."""

    image: str | None = None
    repo: str | None = None
    branch: str | None = None
    commit_sha: str | None = None
    upstream_url: str | None = None
    root_directory: str | None = None
    check_suites: bool | None = None
    auto_updates: AutoUpdates | None = None


class Build(Shape):
    """The build of a service.

    Builders stand in the order of ``components.service_settings``: of two that differ in it alone, Python may
    keep whichever was imported first, and messages would list them so.
    """

    builder: Literal["RAILPACK", "NIXPACKS", "DOCKERFILE", "HEROKU", "PAKETO"] | None = None
    build_command: str | None = None
    watch_patterns: Annotated[list[str] | None, IGNORES_NULL] = None
    build_environment: Annotated[Literal["V2", "V3"] | None, IGNORES_NULL, CONFIG_ONLY] = None
    dockerfile_path: str | None = None
    nixpacks_config_path: Annotated[str | None, CONFIG_ONLY] = None
    nixpacks_plan: Any = None
    nixpacks_version: Annotated[str | None, CONFIG_ONLY] = None
    railpack_version: Annotated[str | None, CONFIG_ONLY] = None


class Region(Shape):
    """A service's presence in one region."""

    num_replicas: int | None = None
    stacker_assignment: Any = None


class Containers(Shape):
    """The limits of each replica."""

    cpu: float | None = None
    memory_bytes: float | None = None
    disk_bytes: float | None = None


class LimitOverride(Shape):
    """Limits below those of the plan."""

    containers: Containers | None = None


class RegistryCredentials(Shape):
    """User and password of a private registry."""

    username: str | None = None
    password: str | None = None


class Deploy(Shape):
    """The way in which a service is deployed and runs."""

    start_command: str | None = None
    pre_deploy_command: str | list[str] | None = None
    pre_deploy_timeout_seconds: Annotated[int | None, CONFIG_ONLY] = None
    healthcheck_path: str | None = None
    healthcheck_timeout: int | None = None
    cron_schedule: str | None = None
    sleep_application: bool | None = None
    restart_policy_type: Literal["ON_FAILURE", "ALWAYS", "NEVER"] | None = None
    restart_policy_max_retries: Annotated[int, Field(ge=0)] | None = None
    num_replicas: int | None = None
    region: str | None = None
    multi_region_config: dict[str, Region | None] | None = None
    limit_override: Annotated[LimitOverride | None, IGNORES_NULL, CONFIG_ONLY] = None
    registry_credentials: RegistryCredentials | None = None
    required_mount_path: Annotated[str | None, CONFIG_ONLY] = None
    overlap_seconds: Annotated[int | None, Field(ge=0), IGNORES_NULL] = None
    draining_seconds: Annotated[int | None, Field(ge=0), IGNORES_NULL] = None
    ipv6_egress_enabled: Annotated[bool | None, IGNORES_NULL] = Field(default=None, alias="ipv6EgressEnabled")
    runtime: Annotated[str | None, CONFIG_ONLY] = None
    use_legacy_stacker: Annotated[bool | None, CONFIG_ONLY] = None


class Port(Shape):
    """The port to which a domain leads."""

    port: int | None = None


class Networking(Shape):
    """The domains and proxies by which a service is reached."""

    service_domains: dict[str, Port | None] | None = None
    custom_domains: dict[str, Port | None] | None = None
    tcp_proxies: dict[str, dict[str, Any] | None] | None = None
    private_network_endpoint: Any = None


class Variable(Shape):
    """A variable of a service or of the environment."""

    value: str | None = None
    description: str | None = None
    default_value: str | None = None
    is_optional: bool | None = None
    is_sealed: bool | None = None
    generator: Any = None
    encrypted_value: str | None = None
    preserve_existing: bool | None = None


class VolumeMount(Shape):
    """A volume in a service."""

    mount_path: str | None = None
    backup_schedules: list[Literal["DAILY", "WEEKLY", "MONTHLY"]] | None = None


GROUPS: Final[Mapping[str, type[Shape]]] = {"source": Source, "build": Build, "deploy": Deploy}
"""Groups of a service's settings."""


class ServiceConfig(Shape):
    """The settings of a service in the environment."""

    source: Source | None = None
    build: Build | None = None
    deploy: Deploy | None = None
    networking: Networking | None = None
    variables: dict[str, Variable | None] | None = None
    volume_mounts: dict[str, VolumeMount | None] | None = None
    config_file: str | None = None
    group_id: str | None = None
    is_created: bool | None = None
    is_deleted: bool | None = None


class VolumeConfig(Shape):
    """The settings of a volume in the environment."""

    size_mb: int | None = Field(default=None, alias="sizeMB")
    region: str | None = None
    alerts: dict[str, Any] | None = None
    allow_online_resize: bool | None = None
    is_created: bool | None = None
    is_deleted: bool | None = None


class BucketConfig(Shape):
    """The settings of a bucket in the environment."""

    region: str | None = None
    group_id: str | None = None
    is_created: bool | None = None
    is_deleted: bool | None = None


class GroupConfig(Shape):
    """A group in which the dashboard shows things."""

    name: str | None = None
    color: str | None = None
    icon: str | None = None
    is_collapsed: bool | None = None
    group_id: str | None = None
    is_created: bool | None = None
    is_deleted: bool | None = None


class EnvironmentShape(Shape):
    """The settings of an environment, as far as the sandbox imitates them."""

    services: dict[str, ServiceConfig | None] | None = None
    shared_variables: dict[str, Variable | None] | None = None
    volumes: dict[str, VolumeConfig | None] | None = None
    buckets: dict[str, BucketConfig | None] | None = None
    groups: dict[str, GroupConfig | None] | None = None
    private_network_disabled: bool | None = None


@cache
def marked(group: str, mark: str) -> frozenset[str]:
    """Return the names of a group's settings that have one of the marks above."""
    fields = GROUPS[group].model_fields.items()
    return frozenset(field.alias or name for name, field in fields if mark in field.metadata)


def older_settings(group: str) -> set[str]:
    """Return the names of a group's settings that ``ServiceInstance`` has as well."""
    names = {field.alias or name for name, field in GROUPS[group].model_fields.items()}
    return names - marked(group, CONFIG_ONLY)


NOT_SIMULATED = {
    "": {"degraded", "stopServices"},
    "services": {"parentServiceId", "clusterRole", "replicaConfig", "clusterDisplay", "clusterWiring"},
    "volumes": {"forkFromBaseEnvironment"},
}
"""Keys of Railway's config that are not simulated: of the config itself and of each entry of a group."""


def _entries(patch: dict[str, Any], group: str) -> list[dict[str, Any]]:
    """Return what a patch says of the members of a group, as far as these are objects."""
    entries: Any = patch.get(group)
    every = cast("dict[str, Any]", entries).values() if isinstance(entries, dict) else ()
    return [cast("dict[str, Any]", entry) for entry in every if isinstance(entry, dict)]


def _check_simulated(patch: dict[str, Any]) -> None:
    keys = {key for key in patch if key in NOT_SIMULATED[""]}
    for group, beyond in NOT_SIMULATED.items():
        for entry in _entries(patch, group):
            keys |= beyond & set(entry)
    if keys:
        raise NotSimulated(f"The sandbox does not simulate {', '.join(sorted(keys))} in an environment's config.")


def whole_numbers(value: Any) -> Any:
    """Return the same JSON value with 3.0 as 3: JSON knows one kind of number."""
    if isinstance(value, dict):
        return {key: whole_numbers(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in cast("list[Any]", value)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def well_formed(patch: Any) -> dict[str, Any]:
    """Return the patch, or the refusal of its first malformed place."""
    if not isinstance(patch, dict):
        raise invalid("the patch must be an object")
    patch = whole_numbers(cast("dict[str, Any]", patch))
    _check_simulated(patch)
    if any(each.get("configFile") for each in _entries(patch, "services")):
        raise config_as_code()
    try:
        EnvironmentShape.model_validate(patch)
    except ValidationError as failure:
        raise _refusal(failure) from None
    return patch


def _refusal(failure: ValidationError) -> Refused:
    finding = failure.errors(include_input=False, include_url=False)[0]
    path = ".".join(str(key) for key in finding["loc"])
    if "preDeployCommand" in path:
        return Refused("Error in preDeployCommand - Invalid input")
    return invalid(f"{path}: {finding['msg']}")
