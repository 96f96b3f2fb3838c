"""One environment as Railway showed it at one moment: a view on the answer of the one big read.

Owns how to find things in that answer and which of them count as gone. Makes no request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from railway_api.errors import NotFound, RailwayError
from railway_api.json_objects import table
from railway_api.relay import nodes

if TYPE_CHECKING:
    from railway_api.answers import (
        CustomDomainOfAllDomains,
        DeploymentTrigger,
        EnvironmentInEnvironmentSnapshot,
        EnvironmentOfProject,
        EnvironmentSnapshot,
        Project,
        ProjectInEnvironmentSnapshot,
        ServiceDomain,
        ServiceInEnvironmentSnapshot,
        ServiceInstanceInEnvironmentProgress,
        ServiceInstanceInEnvironmentSnapshot,
        VolumeInstanceInEnvironmentSnapshot,
    )
    from railway_api.relay import FirstPage
    from railway_api.scalars import EnvironmentConfig, ServiceConfig, SourceConfig, VolumeMountConfig

_GONE_STATES: Final = frozenset({"DELETED", "DELETING"})
"""States of a volume that was deleted: Railway lists it for 48 hours more."""


@dataclass(frozen=True)
class Deployment:
    """The newest deployment of a service in the environment."""

    id: str
    status: str
    created_at: str | None = None
    """Time of creation by Railway's clock (ISO 8601); None when only the state knows it."""


def latest_deployments(instances: Iterable[ServiceInstanceInEnvironmentProgress]) -> dict[str, Deployment]:
    """Return the newest deployment of each service that has one."""
    return {
        instance["serviceId"]: Deployment(latest["id"], latest["status"], latest["createdAt"])
        for instance in instances
        if (latest := instance["latestDeployment"])
    }


@dataclass(frozen=True)
class Snapshot:
    """The answer to one read of an environment."""

    data: EnvironmentSnapshot
    unread: frozenset[str] = frozenset()
    """Ids of services that this process has made since: their settings are Railway's defaults and were not read."""

    def __post_init__(self) -> None:
        project, environment = self.data["project"], self.data["environment"]
        for owner in (project, environment):
            for name, value in owner.items():
                if table(table(value).get("pageInfo")).get("hasNextPage"):
                    raise RailwayError(f"the project has more {name} than one read shows: please report this")
        # A deleted environment still answers by its id: only the list of its project shows that it is gone.
        listed = {each["id"] for each in nodes(project["environments"]) if not each["deletedAt"]}
        if project["deletedAt"] or environment["id"] not in listed:
            raise NotFound(f"environment {environment['id']} was deleted")

    @classmethod
    def of_new(cls, project: Project, environment: EnvironmentOfProject) -> Snapshot:
        """Return an environment without anything in it, as it is right after the project was made."""
        return cls(
            {
                "project": {
                    **project,
                    "services": _empty(),
                    "volumes": _empty(),
                    "buckets": _empty(),
                },
                "environment": {
                    **environment,
                    "configEtag": "",
                    "unmergedChangesCount": None,
                    "config": {},
                    "serviceInstances": _empty(),
                    "volumeInstances": _empty(),
                    "deploymentTriggers": _empty(),
                },
                "environmentPatches": {"edges": []},
            }
        )

    @property
    def project(self) -> ProjectInEnvironmentSnapshot:
        """Return the project's own fields."""
        return self.data["project"]

    @property
    def environment(self) -> EnvironmentInEnvironmentSnapshot:
        """Return the environment's own fields."""
        return self.data["environment"]

    @property
    def etag(self) -> str:
        """Return what changes with every change of the configuration."""
        return self.environment["configEtag"]

    @cached_property
    def config(self) -> EnvironmentConfig:
        """Return the configuration of everything in the environment, keyed by ids."""
        return self.environment["config"]

    @cached_property
    def patches(self) -> frozenset[str]:
        """Return the ids of the latest committed patches."""
        return frozenset(patch["id"] for patch in nodes(self.data["environmentPatches"]))

    @cached_property
    def services(self) -> dict[str, ServiceInEnvironmentSnapshot]:
        """Return the living services of the project by id."""
        return {each["id"]: each for each in nodes(self.project["services"]) if not each["deletedAt"]}

    @cached_property
    def instances(self) -> dict[str, ServiceInstanceInEnvironmentSnapshot]:
        """Return the living service instances of the environment by the id of their service."""
        every = nodes(self.environment["serviceInstances"])
        return {instance["serviceId"]: instance for instance in every if not instance["deletedAt"]}

    @cached_property
    def latest(self) -> dict[str, Deployment]:
        """Return the newest deployment of each service that has one."""
        return latest_deployments(nodes(self.environment["serviceInstances"]))

    @cached_property
    def volumes(self) -> dict[str, VolumeInstanceInEnvironmentSnapshot]:
        """Return the living volume instances of the environment by the id of their volume."""
        return {
            each["volumeId"]: each
            for each in nodes(self.environment["volumeInstances"])
            if not each["deletedAt"] and not each["isPendingDeletion"] and each["state"] not in _GONE_STATES
        }

    @cached_property
    def volume_names(self) -> dict[str, str]:
        """Return the names of the project's volumes by id."""
        return {volume["id"]: volume["name"] for volume in nodes(self.project["volumes"])}

    def service_named(self, name: str) -> ServiceInEnvironmentSnapshot | None:
        """Return the service of this name, unique in a project."""
        return next((service for service in self.services.values() if service["name"] == name), None)

    def service_name(self, service_id: str) -> str:
        """Return the name of a service, or its id when it has none any more."""
        service = self.services.get(service_id)
        return (service and service["name"]) or service_id

    def readable_path(self, path: Sequence[str]) -> str:
        """Return a path of the configuration with names instead of ids."""
        group, *keys = path
        if group == "services" and keys:
            return ".".join([self.service_name(keys[0]), *keys[1:]])
        if group == "volumes" and keys:
            return ".".join([f"volume {self.volume_names.get(keys[0], keys[0])}", *keys[1:]])
        return ".".join(path)

    def service_config(self, service_id: str) -> ServiceConfig:
        """Return all settings of a service in this environment; empty when it has none."""
        settings = (self.config.get("services") or {}).get(service_id) or {}
        return {} if settings.get("isDeleted") else settings

    def source(self, service_id: str) -> SourceConfig:
        """Return where a service comes from; empty when it runs nothing."""
        return self.service_config(service_id).get("source") or {}

    def has_instance(self, service_id: str) -> bool:
        """Tell whether the service exists in this environment, not only in the project."""
        return service_id in self.instances or bool(self.service_config(service_id))

    def mounted(self, service_id: str) -> Mapping[str, VolumeMountConfig | None]:
        """Return the volumes that a service mounts by the configuration, which has a new one before the lists do."""
        return self.service_config(service_id).get("volumeMounts") or {}

    def has_volume(self, volume_id: str) -> bool:
        """Tell whether a volume is in the environment: in its list, or not listed yet but in the configuration."""
        if any(each["volumeId"] == volume_id for each in nodes(self.environment["volumeInstances"])):
            return volume_id in self.volumes
        entry = (self.config.get("volumes") or {}).get(volume_id)
        return self.volume_mount(volume_id)[0] is not None or (entry is not None and not entry.get("isDeleted"))

    def volume_mount(self, volume_id: str) -> tuple[str | None, VolumeMountConfig]:
        """Return the service that mounts a volume according to the configuration, and how."""
        for service_id in self.config.get("services") or {}:
            mounts = self.mounted(service_id)
            if volume_id in mounts:
                return service_id, mounts[volume_id] or {}
        return None, {}

    def custom_domains(self, service_id: str) -> list[CustomDomainOfAllDomains]:
        """Return the living custom domains of a service."""
        instance = self.instances.get(service_id)
        return [each for each in instance["domains"]["customDomains"] if not each["deletedAt"]] if instance else []

    def service_domains(self, service_id: str) -> list[ServiceDomain]:
        """Return the living domains of a service that are Railway's own."""
        instance = self.instances.get(service_id)
        return [each for each in instance["domains"]["serviceDomains"] if not each["deletedAt"]] if instance else []

    def custom_domain(self, service_id: str, name: str) -> CustomDomainOfAllDomains | None:
        """Return one custom domain of a service."""
        return next((each for each in self.custom_domains(service_id) if each["domain"] == name), None)

    def service_domain(self, service_id: str, name: str) -> ServiceDomain | None:
        """Return one of Railway's own domains of a service."""
        return next((each for each in self.service_domains(service_id) if each["domain"] == name), None)

    def trigger(self, service_id: str) -> DeploymentTrigger | None:
        """Return the GitHub branch that deploys a service."""
        every = nodes(self.environment["deploymentTriggers"])
        return next((trigger for trigger in every if trigger["serviceId"] == service_id), None)


def _empty() -> FirstPage[Any]:
    """Return a list of nothing."""
    return {"edges": [], "pageInfo": {"hasNextPage": False}}
