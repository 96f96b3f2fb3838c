"""One environment as Railway showed it at one moment: a view on the answer of the one big read.

Owns how to find things in that answer and which of them count as gone. Makes no request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

from railway_api.errors import NotFound, RailwayError

Json = Mapping[str, Any]

_GONE_STATES: Final = frozenset({"DELETED", "DELETING"})
"""States of a volume that was deleted: Railway lists it for 48 hours more."""


@dataclass(frozen=True)
class Deployment:
    """The newest deployment of a service in the environment."""

    id: str
    status: str
    created_at: str | None = None
    """When it was created, by Railway's clock (ISO 8601); None when only the state tells of it."""


def nodes(connection: Json | None) -> Sequence[Json]:
    """The nodes of a Relay connection."""
    return [edge["node"] for edge in (connection or {}).get("edges", ())]


def latest_deployments(environment: Json) -> dict[str, Deployment]:
    """The newest deployment of each service that has one."""
    return {
        instance["serviceId"]: Deployment(latest["id"], latest["status"], latest.get("createdAt"))
        for instance in nodes(environment.get("serviceInstances"))
        if (latest := instance.get("latestDeployment"))
    }


def table(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one for anything else (Railway leaves out what is empty)."""
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else {}


@dataclass(frozen=True)
class Snapshot:
    """What one read of an environment said."""

    data: Json
    unread: frozenset[str] = frozenset()
    """Ids of services that this process has made since: their settings are Railway's defaults and were not read."""

    def __post_init__(self) -> None:
        project, environment = self.data["project"], self.data["environment"]
        for owner in (project, environment):
            for name, value in owner.items():
                if table(table(value).get("pageInfo")).get("hasNextPage"):
                    raise RailwayError(f"the project has more {name} than one read shows: please report this")
        # A deleted environment still answers by its id: only the list of its project tells.
        listed = {found["id"] for found in nodes(project["environments"]) if not found["deletedAt"]}
        if project["deletedAt"] or environment["id"] not in listed:
            raise NotFound(f"environment {environment['id']} was deleted")

    @classmethod
    def of_new(cls, project: Json, environment: Json) -> Snapshot:
        """An environment without anything in it, as it is right after the project was made."""

        def empty(*lists: str) -> Json:
            return {name: {"edges": []} for name in lists}

        inner = empty("serviceInstances", "volumeInstances", "deploymentTriggers")
        return cls(
            {
                "project": {**project, **empty("services", "volumes", "buckets")},
                "environment": {**environment, "configEtag": "", "config": {}, **inner},
                **empty("environmentPatches"),
            }
        )

    @property
    def project(self) -> Json:
        """The project's own fields."""
        return self.data["project"]

    @property
    def environment(self) -> Json:
        """The environment's own fields."""
        return self.data["environment"]

    @property
    def etag(self) -> str:
        """Changes with every change of the configuration."""
        return str(self.environment["configEtag"])

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration of everything in the environment, keyed by ids."""
        return table(self.environment["config"])

    @cached_property
    def patches(self) -> frozenset[str]:
        """Ids of the latest committed patches."""
        return frozenset(patch["id"] for patch in nodes(self.data.get("environmentPatches")))

    @cached_property
    def services(self) -> dict[str, Json]:
        """Living services of the project by id."""
        return {found["id"]: found for found in nodes(self.project["services"]) if not found["deletedAt"]}

    @cached_property
    def instances(self) -> dict[str, Json]:
        """Living service instances of the environment by the id of their service."""
        found = nodes(self.environment["serviceInstances"])
        return {instance["serviceId"]: instance for instance in found if not instance["deletedAt"]}

    @cached_property
    def latest(self) -> dict[str, Deployment]:
        """The newest deployment of each service that has one."""
        return latest_deployments(self.environment)

    @cached_property
    def volumes(self) -> dict[str, Json]:
        """Living volume instances of the environment by the id of their volume."""
        return {
            found["volumeId"]: found
            for found in nodes(self.environment["volumeInstances"])
            if not found["deletedAt"] and not found["isPendingDeletion"] and found["state"] not in _GONE_STATES
        }

    @cached_property
    def volume_names(self) -> dict[str, str]:
        """Names of the project's volumes by id."""
        return {found["id"]: found["name"] for found in nodes(self.project["volumes"])}

    def service_named(self, name: str) -> Json | None:
        """The service of this name, unique in a project."""
        return next((found for found in self.services.values() if found["name"] == name), None)

    def service_name(self, service_id: str) -> str:
        """The name of a service, or its id when it has none any more."""
        return str(self.services.get(service_id, {}).get("name") or service_id)

    def readable_path(self, path: Sequence[str]) -> str:
        """A path of the configuration as people write it: with names in the place of ids."""
        group, *rest = path
        if group == "services" and rest:
            return ".".join([self.service_name(rest[0]), *rest[1:]])
        if group == "volumes" and rest:
            return ".".join([f"volume {self.volume_names.get(rest[0], rest[0])}", *rest[1:]])
        return ".".join(path)

    def service_config(self, service_id: str) -> dict[str, Any]:
        """All settings of a service in this environment; empty when it has none."""
        found = table(table(self.config.get("services")).get(service_id))
        return {} if found.get("isDeleted") else found

    def has_instance(self, service_id: str) -> bool:
        """Whether the service exists in this environment, not only in the project."""
        return service_id in self.instances or bool(self.service_config(service_id))

    def mounted(self, service_id: str) -> dict[str, Any]:
        """Volumes that a service mounts according to the configuration, which shows a new one before the lists do."""
        return table(self.service_config(service_id).get("volumeMounts"))

    def has_volume(self, volume_id: str) -> bool:
        """Whether a volume is in the environment: in its list, or not listed yet but in the configuration."""
        listed = any(found["volumeId"] == volume_id for found in nodes(self.environment["volumeInstances"]))
        if listed:
            return volume_id in self.volumes
        entry = table(self.config.get("volumes")).get(volume_id)
        return self.volume_mount(volume_id)[0] is not None or (entry is not None and not table(entry).get("isDeleted"))

    def volume_mount(self, volume_id: str) -> tuple[str | None, dict[str, Any]]:
        """The service that mounts a volume according to the configuration, and how."""
        for service_id in table(self.config.get("services")):
            mounts = table(self.service_config(service_id).get("volumeMounts"))
            if volume_id in mounts:
                return service_id, table(mounts[volume_id])
        return None, {}

    def domains(self, service_id: str, kind: str) -> Iterator[Json]:
        """Living ``customDomains`` or ``serviceDomains`` of a service."""
        found = table(self.instances.get(service_id, {}).get("domains")).get(kind) or ()
        return (domain for domain in found if not domain["deletedAt"])

    def domain(self, service_id: str, kind: str, name: str) -> Json | None:
        """One domain of a service by its name."""
        return next((found for found in self.domains(service_id, kind) if found["domain"] == name), None)

    def trigger(self, service_id: str) -> Json | None:
        """The GitHub branch that deploys a service."""
        found = nodes(self.environment["deploymentTriggers"])
        return next((trigger for trigger in found if trigger["serviceId"] == service_id), None)
