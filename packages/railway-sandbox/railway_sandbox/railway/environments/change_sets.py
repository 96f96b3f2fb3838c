"""Change sets: changes of named resources, as Railway's infrastructure as code sends them, made into one commit.

Owns what each kind of change means for the configuration. Committing and applying belong to ``config_patch``. Services
and their variables are changed, made and deleted; of volumes the size and where they are mounted. What a database, a
bucket or a volume needs to be made is not simulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.config import view as config_view
from railway_sandbox.railway.environments import config_patch
from railway_sandbox.railway.environments.environments import merge_patches
from railway_sandbox.railway.errors import NotSimulated, Refused, not_found
from railway_sandbox.railway.services import services
from railway_sandbox.railway.state import Config, Environment, Patch, Project, part

VERSION: Final = 1
_AS_IN_THE_CONFIG: Final = ("build", "deploy", "networking", "groupId")
"""Parts of a service that a change names as the configuration does."""


def _preview(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    environment = caller.environment(arguments["environmentId"])
    changes = _changes(arguments["input"])
    names = _Names(caller, environment)
    for change in changes:
        names.patch_of(change, make=False)
    effects = [{"path": each.get("path"), "deployEffect": each.get("deployEffect")} for each in changes]
    return {"changeSet": arguments["input"], "diagnostics": [], "effects": effects}


def _apply(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    environment = caller.environment(arguments["environmentId"])
    known = arguments.get("baseConfigEtag")
    if known is not None and known != config_view.etag(caller.cloud, environment):
        raise Refused("Environment config has changed since the change set was computed")
    changes = _changes(arguments["input"])
    names = _Names(caller, environment)
    for change in changes:  # all or nothing: what cannot be done is found before anything is made
        names.patch_of(change, make=False)
    patch: Config = {}
    for change in changes:
        patch = merge_patches(patch, names.patch_of(change, make=True))
    made = config_patch.commit(caller.cloud, environment, patch, message=arguments.get("commitMessage"))
    made.change_set = changes
    if arguments.get("waitForCompletion") is not False:
        made.applies_at = caller.now
        config_patch.apply_due(caller.cloud)
    return _result(made)


def _status(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    environment = caller.environment(arguments["environmentId"])
    for patch in caller.cloud.state.patches.values():
        if patch.environment_id == environment.id and arguments["id"] == patch.workflow_id:
            return _result(patch)
    raise not_found("ChangeSetApply")


def _result(patch: Patch) -> dict[str, Any]:
    status = "failed" if patch.failed_with else "applied" if patch.applied_at is not None else "applying"
    diagnostics = [{"severity": "error", "path": "", "message": patch.failed_with}] if patch.failed_with else []
    shown = [
        {**{name: each.get(name) for name in ("kind", "path", "summary")}, "status": status, "outputs": None}
        for each in patch.change_set or ()
    ]
    return {
        "id": patch.workflow_id,
        "status": status,
        "deploymentId": None,
        "stagedPatchId": None,
        "diagnostics": diagnostics,
        "changes": shown,
    }


def _changes(change_set: Any) -> list[dict[str, Any]]:
    """Return the changes of a change set of the one version there is; refuse what is none."""
    given = cast("dict[str, Any]", change_set) if isinstance(change_set, dict) else {}
    changes: Any = given.get("changes")
    if given.get("version") != VERSION or not isinstance(changes, list):
        raise Refused("Invalid RailwayChangeSet patch")
    for change in cast("list[Any]", changes):
        if not isinstance(change, dict) or not isinstance(cast("dict[str, Any]", change).get("kind"), str):
            raise Refused("Invalid RailwayChangeSet patch")
    return cast("list[dict[str, Any]]", changes)


class _Names:
    """The resources of an environment by their addresses, such as ``service.web``."""

    def __init__(self, caller: Caller, environment: Environment) -> None:
        self._caller, self._environment = caller, environment
        cloud = caller.cloud
        self._project: Project = cloud.project(environment.project_id)
        self._services = {service.name: service for service in cloud.services_of(self._project.id)}
        self._volumes = {
            volume.name: volume.id
            for volume in cloud.state.volumes.values()
            if volume.project_id == self._project.id and volume.deleted_at is None
        }

    def patch_of(self, change: Mapping[str, Any], *, make: bool) -> Config:
        """Return what a change adds to the commit; with ``make`` a new service is made, and a name is changed."""
        kind, (noun, name) = change["kind"], _address(change)
        if kind == "resource.create":
            return self._created(noun, name, change, make=make)
        if kind == "resource.update" and noun == "volume" and change.get("field") == "config":
            return {"volumes": {self._volume(name): part(change, "after")}}
        if noun not in ("service", "database") or (service := self._services.get(name)) is None:
            raise Refused(f"Resource {noun}.{name} not found")
        if change.get("field") == "name":
            if make:
                service.name = str(change["after"])
            return {}
        return {"services": {service.id: self._entry(kind, change)}}

    def _entry(self, kind: str, change: Mapping[str, Any]) -> Config:
        """Return what a change of a service that is there puts into its settings."""
        if kind == "resource.delete":
            return {"isDeleted": True}
        if kind == "variable.set":
            return {"variables": {change["variable"]: self._value(change.get("after"))}}
        if kind == "variable.delete":
            return {"variables": {change["variable"]: None}}
        if kind == "resource.update":
            return self._field(str(change.get("field")), change)
        raise Refused("Invalid RailwayChangeSet patch")

    def _created(self, noun: str, name: str, change: Mapping[str, Any], *, make: bool) -> Config:
        if noun != "service":
            raise NotSimulated(f"The sandbox makes no {noun} from a change set.")
        resource = part(cast("Config", change), "resource")
        entry: Config = {"isCreated": True, "variables": {}}
        for field in ("source", *_AS_IN_THE_CONFIG, "volumeAttachments"):
            if resource.get(field):
                entry |= self._field(field, {"after": resource[field]})
        for key, value in part(resource, "variables").items():
            if part({"": value}, "").get("type") == "preserve":
                raise Refused("Invalid RailwayChangeSet patch")
            entry["variables"][key] = self._value(value)
        if not make:
            return {}
        self._services[name] = services.make(self._caller.cloud, self._project, [], name)
        return {"services": {self._services[name].id: entry}}

    def _field(self, field: str, change: Mapping[str, Any]) -> Config:
        """Return one part of a service as the configuration has it, with null for what was there and is no more."""
        before, after = change.get("before"), change.get("after")
        if field == "source":
            return {"source": without_missing(_without_type(before), _without_type(after))}
        if field == "volumeAttachments":
            return {"volumeMounts": without_missing(self._mounts(before), self._mounts(after))}
        if field in _AS_IN_THE_CONFIG:
            return {field: without_missing(before, after)}
        raise NotSimulated(f"The sandbox does not simulate a change of {field!r} in a change set.")

    def _mounts(self, attachments: Any) -> Config:
        mounts: Config = {}
        for each in cast("Config", attachments or {}).values():
            schedules = {"backupSchedules": each["backupSchedules"]} if each.get("backupSchedules") else {}
            mounts[self._volume(str(each["volume"]).removeprefix("volume."))] = {
                "mountPath": each["mountPath"],
                **schedules,
            }
        return mounts

    def _volume(self, name: str) -> str:
        if name not in self._volumes:
            raise Refused(f"Resource volume.{name} not found")
        return self._volumes[name]

    def _value(self, value: Any) -> Config:
        """Return a variable of the configuration for a typed value."""
        given = cast("Config", value) if isinstance(value, dict) else {"type": "literal", "value": value}
        kind = given.get("type")
        if kind == "reference":
            owner = str(given.get("resource")).partition(".")[2] or str(given.get("resource"))
            return {"value": f"${{{{{owner}.{given.get('output')}}}}}"}
        if kind == "sharedReference":
            return {"value": f"${{{{shared.{given.get('name')}}}}}"}
        if kind == "raw":
            return part(given, "value")
        if kind != "literal":
            raise Refused("Invalid RailwayChangeSet patch")
        return _without_type(given)


def _address(change: Mapping[str, Any]) -> tuple[str, str]:
    noun, _, name = str(change.get("address", "")).partition(".")
    return noun, name


def _without_type(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: each for key, each in cast("Config", value).items() if key != "type"}


def without_missing(before: Any, after: Any) -> Any:
    """Return ``after`` with a null for each key that only ``before`` has, at every depth: so a patch removes it."""
    if not isinstance(before, dict):
        return after
    former: Config = cast("Config", before)
    wanted: Config = cast("Config", after) if isinstance(after, dict) else {}
    kept = {key: without_missing(former.get(key), value) for key, value in wanted.items()}
    return {**dict.fromkeys(former.keys() - wanted.keys()), **kept}


QUERIES: Operations = {"environmentChangeSetApply": _status}
MUTATIONS: Operations = {"environmentPreviewChangeSet": _preview, "environmentApplyChangeSet": _apply}
