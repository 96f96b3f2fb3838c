"""The resources that a change set names, such as ``service.web``, and what each change means for the configuration.

Owns how services, databases, volumes, buckets and groups are made, changed and deleted by name. Volumes are never
deleted and domains never made here: Railway's change sets do neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from railway_sandbox.identifiers import short_of
from railway_sandbox.railway.access import Caller
from railway_sandbox.railway.change_sets.database_templates import DEFAULT_IMAGES, PASSWORD, TEMPLATES
from railway_sandbox.railway.change_sets.form import malformed
from railway_sandbox.railway.config.view import default_region, service_config
from railway_sandbox.railway.errors import NotSimulated, Refused
from railway_sandbox.railway.records import Config, Environment, Project, part
from railway_sandbox.railway.services import services
from railway_sandbox.railway.storage import buckets, volumes

_AS_IN_THE_CONFIG: Final = ("build", "deploy", "networking")
"""Parts of a service that a change names as the configuration does."""
_RUNNING: Final = ("service", "database")
_GROUP_LOOKS: Final = ("color", "icon", "isCollapsed")
_TO_BE_MADE: Final = "to be made"
"""The id of a resource that the same change set makes, before it is made."""


class Resources:
    """The resources of an environment by their addresses, with those that ``changes`` create."""

    def __init__(self, caller: Caller, environment: Environment, changes: list[dict[str, Any]]) -> None:
        self._cloud, self._environment = caller.cloud, environment
        self._project: Project = self._cloud.project(environment.project_id)
        groups = part(environment.config, "groups").items()
        self._ids: dict[str, dict[str, str]] = {
            "service": {each.name: each.id for each in self._cloud.services_of(self._project.id)},
            "volume": {each.name: each.id for each in volumes.of_project(self._cloud, self._project.id)},
            "bucket": {each.name: each.id for each in buckets.of_project(self._cloud, self._project.id)},
            "group": {group["name"]: group_id for group_id, group in groups},
        }
        for change in changes:
            if change["kind"] == "resource.create":
                noun, name = _address(change)
                self._known(noun).setdefault(name, _TO_BE_MADE)

    def patch_of(self, change: Mapping[str, Any], *, make: bool) -> Config:
        """Return what a change adds to the patch of the commit; with ``make`` also create and rename resources."""
        kind, (noun, name) = change["kind"], _address(change)
        if kind == "domain.create":
            return {}  # Railway answers that it was applied, and makes none
        if kind == "resource.create":
            return self._created(noun, name, part(cast("Config", change), "resource"), make=make)
        if name not in self._known(noun):
            raise Refused(f"Resource {noun}.{name} not found")
        return self._changed(noun, self._known(noun)[name], change, make=make)

    def _changed(self, noun: str, id: str, change: Mapping[str, Any], *, make: bool) -> Config:
        kind, field = change["kind"], change.get("field")
        if kind == "resource.delete":
            return self._deleted(noun, id)
        if kind == "resource.update" and field == "name":
            return self._renamed(noun, id, change["after"], make=make)
        if kind == "resource.update" and field == "groupId":
            return self._grouped(noun, id, change.get("after"), make=make)
        if noun not in _RUNNING:
            return self._configured(noun, id, change)
        return {"services": {id: self._entry(id, kind, change)}}

    def _known(self, noun: str) -> dict[str, str]:
        """Return the ids of a kind of resource by name. Raises ``NotSimulated`` for another kind."""
        kind = "service" if noun == "database" else noun
        if kind not in self._ids:
            raise NotSimulated(f"The sandbox knows no {noun} in a change set.")
        return self._ids[kind]

    # --- made ---------------------------------------------------------------------------------------------------------

    def _created(self, noun: str, name: str, resource: Config, *, make: bool) -> Config:
        if noun in _RUNNING:
            services.check_name(self._cloud, self._project, name)
            entry = self._database(resource) if noun == "database" else self._service(resource)
            return self._made_service(noun, name, resource, entry) if make else {}
        if noun == "group":
            looks = {key: resource[key] for key in _GROUP_LOOKS if resource.get(key) is not None}
            entry = {"isCreated": True, "name": name, **looks}
        elif noun in ("volume", "bucket"):
            entry = {"isCreated": True, **part(resource, "config")}
        else:
            raise NotSimulated(f"The sandbox makes no {noun} from a change set.")
        if not make:
            return {}
        resource_id = self._known(noun)[name] = self._new(noun, name)
        self._note_group(resource_id, resource.get("groupId"))
        return {f"{noun}s": {resource_id: entry}}

    def _new(self, noun: str, name: str) -> str:
        """Make the identity of a volume, a bucket or a group in the project, and return its id."""
        if noun == "volume":
            return volumes.make(self._cloud, self._project, name).id
        if noun == "bucket":
            return buckets.make(self._cloud, self._project, name).id
        return self._cloud.new_id()

    def _made_service(self, noun: str, name: str, resource: Config, entry: Config) -> Config:
        """Make a service, and for a database the volume under its data; return the patch that sets both up."""
        service_id = self._known(noun)[name] = services.make(self._cloud, self._project, [], name).id
        if group := resource.get("groupId"):
            entry["groupId"] = self._group(group)
        deploy = part(entry, "deploy")
        if placed := part(deploy, "multiRegionConfig"):  # there alone, not in the default region beside
            home: Config = {default_region(self._cloud, self._environment): None}
            entry["deploy"] = {**deploy, "multiRegionConfig": {**home, **placed}}
        if noun == "service":
            # Only now is there an id for each volume of the same change set.
            entry |= self._field(service_id, "volumeAttachments", {"after": resource.get("volumeAttachments")})
            return {"services": {service_id: entry}}
        disk = volumes.make(self._cloud, self._project, f"{name}-volume").id
        entry["volumeMounts"] = {disk: {"mountPath": entry["deploy"]["requiredMountPath"]}}
        region = {"region": next(iter(placed))} if len(placed) == 1 else {}
        return {"services": {service_id: entry}, "volumes": {disk: {"isCreated": True, **region}}}

    def _service(self, resource: Config) -> Config:
        """Return the settings of a new service, but for its volumes."""
        entry: Config = {"isCreated": True}
        for field in ("source", *_AS_IN_THE_CONFIG):
            if resource.get(field):
                entry |= self._field("", field, {"after": resource[field]})
        self._mounts(resource.get("volumeAttachments"))  # refused here, before anything is made
        return {**entry, "variables": self._variables(resource)}

    def _database(self, resource: Config) -> Config:
        """Return the settings of a new database."""
        template = TEMPLATES.get(str(resource.get("engine")))
        if template is None:
            raise malformed()
        deploy = {"requiredMountPath": resource.get("defaultMountPath") or template.mount_path}
        if template.start_command:
            deploy["startCommand"] = template.start_command
        made_up = short_of(self._cloud.new_id(), 32)
        variables = {key: {"value": made_up if text == PASSWORD else text} for key, text in template.variables.items()}
        return {
            "isCreated": True,
            "source": {"image": resource.get("image") or template.image},
            "deploy": {**deploy, **part(resource, "deploy")},
            "variables": {**variables, **self._variables(resource)},
        }

    def _variables(self, resource: Config) -> Config:
        return {key: _variable(value) for key, value in part(resource, "variables").items()}

    # --- changed ------------------------------------------------------------------------------------------------------

    def _renamed(self, noun: str, id: str, name: str, *, make: bool) -> Config:
        """Rename a resource with ``make``; the name of a group is a part of the configuration, which is returned."""
        state = self._cloud.state
        if noun == "group":
            return {"groups": {id: {"name": name}}}
        if not make:
            return {}
        if noun == "volume":
            volumes.rename(self._cloud, state.volumes[id], name)
        elif noun == "bucket":
            buckets.rename(state.buckets[id], name)
        else:
            services.rename(self._cloud, state.services[id], name)
        return {}

    def _deleted(self, noun: str, id: str) -> Config:
        """Return the deletion of a resource; a volume stays."""
        return {} if noun == "volume" else {"services" if noun in _RUNNING else f"{noun}s": {id: {"isDeleted": True}}}

    def _configured(self, noun: str, id: str, change: Mapping[str, Any]) -> Config:
        """Return other settings of a volume or a bucket."""
        if change["kind"] != "resource.update" or change.get("field") != "config":
            raise malformed()
        return {f"{noun}s": {id: part(cast("Config", change), "after")}}

    def _entry(self, id: str, kind: str, change: Mapping[str, Any]) -> Config:
        """Return what a change of a service that is there puts into its settings."""
        if kind == "variable.set":
            return {"variables": {change["variable"]: _variable(change.get("after"))}}
        if kind == "variable.delete":
            return {"variables": {change["variable"]: None}}
        if kind == "resource.update":
            return self._field(id, str(change.get("field")), change)
        raise malformed()

    def _field(self, id: str, field: str, change: Mapping[str, Any]) -> Config:
        """Return one part of a service as in the configuration, with null for each key that the change removes."""
        before, after = change.get("before"), _with_unwritten(field, change)
        if field == "source":
            if before is None and part(change, "after").get("image") in DEFAULT_IMAGES and id:
                return {"source": part(service_config(self._environment, id), "source")}
            return {"source": without_missing(_without_type(before), _without_type(after))}
        if field == "volumeAttachments":
            return {"volumeMounts": without_missing(self._mounts(before), self._mounts(after))}
        if field in _AS_IN_THE_CONFIG:
            return {field: without_missing(before, after)}
        raise NotSimulated(f"The sandbox does not simulate a change of {field!r} in a change set.")

    def _mounts(self, attachments: Any) -> Config:
        mounts: Config = {}
        for each in cast("Config", attachments or {}).values():
            name = str(each["volume"]).removeprefix("volume.")
            if name not in self._known("volume"):
                raise Refused(f"Resource volume.{name} not found")
            schedules = {"backupSchedules": each["backupSchedules"]} if each.get("backupSchedules") else {}
            mounts[self._known("volume")[name]] = {"mountPath": each["mountPath"], **schedules}
        return mounts

    # --- groups -------------------------------------------------------------------------------------------------------

    def _grouped(self, noun: str, id: str, group: Any, *, make: bool) -> Config:
        """Return the move of a resource into a group, by the group's name, or out of every group."""
        if noun in _RUNNING:
            return {"services": {id: {"groupId": self._group(group) if group else None}}}
        if make:
            self._note_group(id, group)
        return {}

    def _note_group(self, id: str, group: Any) -> None:
        """Note in which group the dashboard shows what has no settings for it."""
        if group or id in part(self._environment.config, "canvasGroupRefs"):
            refs = {**part(self._environment.config, "canvasGroupRefs"), id: self._group(group) if group else None}
            groups = {key: value for key, value in refs.items() if value}
            self._environment.config = {**self._environment.config, "canvasGroupRefs": groups}

    def _group(self, name: Any) -> str:
        if name not in self._known("group"):
            raise Refused(f"Resource group.{name} not found")
        return self._known("group")[name]


def _variable(value: Any) -> Config:
    """Return a variable of the configuration for a typed value."""
    definition = cast("Config", value) if isinstance(value, dict) else {"type": "literal", "value": value}
    kind = definition.get("type")
    if kind == "reference":
        owner = str(definition.get("resource")).partition(".")[2] or str(definition.get("resource"))
        return {"value": f"${{{{{owner}.{definition.get('output')}}}}}"}
    if kind == "sharedReference":
        return {"value": f"${{{{shared.{definition.get('name')}}}}}"}
    if kind == "raw":
        return part(definition, "value")
    if kind != "literal":
        raise malformed()
    return _without_type(definition)


def _with_unwritten(field: str, change: Mapping[str, Any]) -> Any:
    """Return the value after a change, with the settings before it that a file of ``config pull`` cannot express.

    Such a file holds no backup schedules and not the builder Nixpacks: a file without them removes neither.
    """
    before, after = part(cast("Config", change), "before"), change.get("after")
    if field == "build" and before.get("builder") == "NIXPACKS":
        return {"builder": "NIXPACKS", **cast("Config", after or {})}
    if field == "volumeAttachments" and isinstance(after, dict):
        previous = {
            name: {"backupSchedules": each["backupSchedules"]}
            for name, each in before.items()
            if each.get("backupSchedules")
        }
        return {name: {**previous.get(name, {}), **each} for name, each in cast("Config", after).items()}
    return after


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
    desired: Config = cast("Config", after) if isinstance(after, dict) else {}
    merged = {key: without_missing(former.get(key), value) for key, value in desired.items()}
    return {**dict.fromkeys(former.keys() - desired.keys()), **merged}
