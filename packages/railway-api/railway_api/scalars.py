"""Types of what Railway's schema leaves open: scalars that are JSON objects.

Holds of them what this client writes and reads. In a patch as in an answer each key may be missing; ``None`` in a
patch removes what is there. Source: https://github.com/railwayapp/cli, controllers/config/environment.rs.
"""

from __future__ import annotations

from typing import TypeAlias, TypedDict

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


class UpdateWindow(TypedDict):
    """Say when an image may be updated, in UTC; day 0 is Sunday, the last hour does not belong to it."""

    day: int
    startHour: int
    endHour: int


class AutoUpdates(TypedDict, total=False):
    """Say which newer versions of an image are deployed by themselves."""

    type: str | None
    schedule: list[UpdateWindow] | None
    tagMode: str | None


class SourceConfig(TypedDict, total=False):
    """Say where a service comes from."""

    image: str | None
    repo: str | None
    branch: str | None
    commitSha: str | None
    rootDirectory: str | None
    checkSuites: bool | None
    autoUpdates: AutoUpdates | None


class BuildConfig(TypedDict, total=False):
    """Say how a repository is built. Settings that are read by the path in their declaration have no entry here."""

    builder: str | None


class RegionConfig(TypedDict, total=False):
    """Say how often a service runs in a region."""

    numReplicas: int | None


class ContainerLimits(TypedDict, total=False):
    """Limit each replica of a service."""

    cpu: float | None
    memoryBytes: int | None


class LimitOverride(TypedDict, total=False):
    """Set limits below those of the plan."""

    containers: ContainerLimits | None


class RegistryCredentials(TypedDict, total=False):
    """Log in to a private registry; masked in answers."""

    username: str | None
    password: str | None


class DeployConfig(TypedDict, total=False):
    """Say how a service runs. Settings that are read by the path in their declaration have no entry here."""

    numReplicas: int | None
    multiRegionConfig: dict[str, RegionConfig | None] | None
    limitOverride: LimitOverride | None
    registryCredentials: RegistryCredentials | None


class PortConfig(TypedDict, total=False):
    """Say where a domain leads."""

    port: int | None


class NetworkingConfig(TypedDict, total=False):
    """Say how a service is reached."""

    serviceDomains: dict[str, PortConfig | None] | None
    customDomains: dict[str, PortConfig | None] | None
    tcpProxies: dict[str, dict[str, Json] | None] | None


class VariableConfig(TypedDict, total=False):
    """Set a variable; the value of a sealed one is never answered."""

    value: str | None
    isSealed: bool | None


class VolumeMountConfig(TypedDict, total=False):
    """Mount a volume in a service."""

    mountPath: str | None
    backupSchedules: list[str] | None


Variables: TypeAlias = dict[str, VariableConfig | None]
"""Variables by name."""


class ServiceConfig(TypedDict, total=False):
    """Configure a service in an environment."""

    source: SourceConfig | None
    build: BuildConfig | None
    deploy: DeployConfig | None
    networking: NetworkingConfig | None
    variables: Variables | None
    volumeMounts: dict[str, VolumeMountConfig | None] | None
    configFile: str | None
    isCreated: bool | None
    isDeleted: bool | None


class VolumeAlerts(TypedDict, total=False):
    """Say at which percentages of a volume's capacity Railway alerts, as keys."""

    usage: dict[str, dict[str, object] | None] | None


class VolumeConfig(TypedDict, total=False):
    """Configure a volume in an environment."""

    sizeMB: int | None
    alerts: VolumeAlerts | None
    isCreated: bool | None
    isDeleted: bool | None


class BucketConfig(TypedDict, total=False):
    """Configure a bucket in an environment."""

    region: str | None
    isCreated: bool | None
    isDeleted: bool | None


class EnvironmentConfig(TypedDict, total=False):
    """Configure everything in an environment, keyed by ids; of variables by name."""

    services: dict[str, ServiceConfig | None] | None
    sharedVariables: Variables | None
    volumes: dict[str, VolumeConfig | None] | None
    buckets: dict[str, BucketConfig | None] | None


class ServiceManifest(TypedDict, total=False):
    """Hold the settings with which a deployment was made."""

    deploy: DeployConfig | None


class DeploymentMeta(TypedDict, total=False):
    """Hold what Railway notes of a deployment; which keys it has depends on the source."""

    image: str | None
    imageDigest: str | None
    repo: str | None
    branch: str | None
    commitHash: str | None
    commitSha: str | None
    configFile: str | None
    propertyFileMapping: dict[str, Json] | None
    serviceManifest: ServiceManifest | None
