"""A service instance ↔ its part of the environment's configuration.

Owns the patch that brings a live configuration to what is wanted (only what differs, except regions, which travel
whole), and the way back. Only owned properties and variables drift: what the user never set is not looked at.
Pure functions; the commit itself is the environment's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from pulumiverse_railway import conflicts
from railway_api.json_objects import table
from railway_api.patches import Path, at, leaves, nested

from .instance_inputs import ServiceInstanceInputs
from .instance_settings import FORCED, SETTINGS, AutoUpdates

if TYPE_CHECKING:
    from railway_api.scalars import ContainerLimits, RegionConfig, ServiceConfig


Regions: TypeAlias = "Mapping[str, RegionConfig | None]"
"""Path of the regions in which a service runs."""
Changes = dict[Path, object]
"""Values by their paths in the configuration of a service."""

BYTES_PER_MB: Final = 1_000_000
STANDARD_REGIONS: Final = ("us-west2", "us-east4-eqdc4a", "europe-west4-drams3a", "asia-southeast1-eqsg3a")
"""https://docs.railway.com/deployments/regions. A new service sits in one of them, unsaid in its settings."""
_REGIONS: Final = ("deploy", "multiRegionConfig")
_REPLICAS: Final = ("deploy", "numReplicas")
_CONTAINERS: Final = ("deploy", "limitOverride", "containers")
_CREDENTIALS: Final = ("deploy", "registryCredentials")
SCALING: Final = frozenset({"multiRegionConfig", "numReplicas"})
"""Settings that Railway changes without a new deployment."""


def entry(new: ServiceInstanceInputs, old: ServiceInstanceInputs | None, config: ServiceConfig) -> ServiceConfig:
    """Return the patch of a service that brings ``config`` to ``new``; empty when it is there already.

    A property that ``old`` set and ``new`` does not is cleared. Without ``old`` everything is claimed, so whatever an
    interrupted attempt left is cleared too.
    """
    return cast("ServiceConfig", nested({**_without_replicas(new, old, config), **_replicas(new, old, config)}))


def cleared(old: ServiceInstanceInputs, config: ServiceConfig) -> ServiceConfig:
    """Return the patch that takes away what ``old`` set, so that an empty service is left.

    Regions stay: without any, Railway drops the rest of the patch.
    """
    nothing = ServiceInstanceInputs(
        project_id=old.project_id, environment_id=old.environment_id, service_id=old.service_id
    )
    return cast("ServiceConfig", nested(_without_replicas(nothing, old, config)))


def _without_replicas(new: ServiceInstanceInputs, old: ServiceInstanceInputs | None, config: ServiceConfig) -> Changes:
    changes: Changes = {}
    for setting in SETTINGS:
        clears = old is None or getattr(old, setting.name) is not None
        changes |= setting.changes(config, getattr(new, setting.name), clears=clears)
    for name, cause, _ in FORCED:
        if getattr(new, name) is None and getattr(old, cause, None) is not None and getattr(new, cause) is None:
            setting = next(setting for setting in SETTINGS if setting.name == name)
            changes |= setting.changes(config, None, clears=True)
    changes |= _source(new, old, config)
    changes |= _limits(new, old, config)
    changes |= _credentials(new, old, config)
    return changes | _variables(new, old, config)


def overwritten(patch: ServiceConfig, old: ServiceInstanceInputs | None, config: ServiceConfig) -> list[Path]:
    """Return paths of a patch where the configuration is not as the last run left it: changes of others go there."""
    if old is None:
        return []
    changed = {path[:2] for path, _ in leaves(entry(old, old, config))}
    hidden = {("variables", name) for name in old.sealed or ()}
    return sorted({path[:2] for path, _ in leaves(patch)} & changed - hidden)


def starts_deployment(patch: ServiceConfig) -> bool:
    """Tell whether a patch of a service makes Railway deploy: replicas alone are scaled in place."""
    return any(group != "deploy" or set(table(settings)) - SCALING for group, settings in patch.items())


def properties(config: ServiceConfig, old: ServiceInstanceInputs | None) -> dict[str, Any]:
    """Return the properties that a configuration shows, as Python spells them; without ``old`` also defaults."""
    source, containers = config.get("source") or {}, _containers(config)
    image = source.get("image")
    values: dict[str, Any] = {
        setting.name: setting.read(config, owned=old is not None, old=getattr(old, setting.name, None))
        for setting in SETTINGS
        if old is not None or not image or setting.name not in conflicts.FOR_A_REPO
    }
    memory = containers.get("memoryBytes")
    values |= {
        "image": old.image if old is not None and is_update_of(old, image) else image,
        "repo": source.get("repo"),
        "vcpus": containers.get("cpu"),
        "memory_mb": None if memory is None else round(memory / BYTES_PER_MB),
        "variables": _variables_in(config, old),
        "sealed": _sealed_in(config, old),
    }
    return values | _replicas_in(config, old)


def by_itself(state: Mapping[str, object]) -> set[str]:
    """Return the names of the properties that have Railway's defaults."""
    names = {setting.name for setting in SETTINGS if state.get(setting.name) == setting.default}
    names |= {name for name, cause, forced in FORCED if state.get(cause) and state.get(name) == forced}
    if state.get("num_replicas") == 1:
        names |= {"num_replicas", "regions"}
    return names | ({"wait_for_deployment"} if state.get("wait_for_deployment") else set())


def is_update_of(inputs: ServiceInstanceInputs, image: str | None) -> bool:
    """Tell whether Railway's automatic updates have replaced the requested image by ``image``."""
    if inputs.auto_updates not in (AutoUpdates.PATCH, AutoUpdates.MINOR) or not inputs.image or not image:
        return False
    before, after = (_VERSIONED.fullmatch(each) for each in (inputs.image, image))
    if before is None or after is None or before["name"] != after["name"] or before["rest"] != after["rest"]:
        return False
    old, new = ([int(number) for number in each["version"].split(".")] for each in (before, after))
    fixed_parts = 1 if inputs.auto_updates == AutoUpdates.MINOR else 2
    return new > old and new[:fixed_parts] == old[:fixed_parts]


_VERSIONED: Final = re.compile(r"(?P<name>.+:v?)(?P<version>\d+(?:\.\d+)*)(?P<rest>-[\w.-]+)?", re.ASCII)
"""An image whose tag is a version."""


def _source(new: ServiceInstanceInputs, old: ServiceInstanceInputs | None, config: ServiceConfig) -> Changes:
    source = config.get("source") or {}
    # What Railway has updated stays, unless the program asks for another image than before.
    updated = old is not None and old.image == new.image and is_update_of(new, source.get("image"))
    desired = {"image": source.get("image") if updated else new.image, "repo": new.repo}
    return {("source", name): value for name, value in desired.items() if value != source.get(name)}


def _replicas(new: ServiceInstanceInputs, old: ServiceInstanceInputs | None, config: ServiceConfig) -> Changes:
    """Return regions, always whole: those that are not wanted any more are sent as null, or they would stay."""
    current = _counts(_placed(config))
    if new.regions is None:
        return _replicas_in_place(new, old, current)
    unchanged = new.regions == current if current else old is not None and new.regions == old.regions
    if unchanged:
        return {}
    unwanted = {*(current or STANDARD_REGIONS), *((old and old.regions) or {})} - set(new.regions)
    desired: Regions = {region: {"numReplicas": count} for region, count in new.regions.items()}
    return {_REGIONS: {**desired, **dict.fromkeys(sorted(unwanted))}}


def _replicas_in_place(
    new: ServiceInstanceInputs, old: ServiceInstanceInputs | None, current: Mapping[str, int]
) -> Changes:
    had = old is not None and (old.num_replicas is not None or old.regions is not None)
    desired = new.num_replicas if new.num_replicas is not None else 1 if had else None
    if desired is None or (sum(current.values()) if current else 1) == desired:
        return {}
    if not current:
        return {_REPLICAS: desired}
    first_region, *other_regions = current
    return {_REGIONS: {first_region: {"numReplicas": desired}, **dict.fromkeys(other_regions)}}


def _placed(config: ServiceConfig) -> Regions:
    return (config.get("deploy") or {}).get("multiRegionConfig") or {}


def _containers(config: ServiceConfig) -> ContainerLimits:
    return ((config.get("deploy") or {}).get("limitOverride") or {}).get("containers") or {}


def _counts(placed: Regions) -> dict[str, int]:
    """Return how often the service runs in each region: not at all is a number, and no number is no entry."""
    counts: Mapping[str, object] = {region: (value or {}).get("numReplicas") for region, value in placed.items()}
    return {region: int(count) for region, count in counts.items() if isinstance(count, int | float)}


def _replicas_in(config: ServiceConfig, old: ServiceInstanceInputs | None) -> dict[str, object]:
    counts = _counts(_placed(config))
    unplaced = (config.get("deploy") or {}).get("numReplicas")
    total = sum(counts.values()) if counts else 1 if unplaced is None else unplaced
    if old is None and sum(counts.values()) <= 1 and set(counts) <= {STANDARD_REGIONS[0]} and total == 1:
        # Whether that is set as replicas, in the first region, or not at all.
        return {"num_replicas": 1, "regions": {STANDARD_REGIONS[0]: 1}}
    if old is not None and old.num_replicas is not None:
        return {"num_replicas": total, "regions": (counts or {STANDARD_REGIONS[0]: total}) if old.regions else None}
    if not counts and old is not None and old.regions:
        # Railway leaves out one replica in its default region, and does not say which region that is.
        stays = len(old.regions) == 1 and sum(old.regions.values()) == 1
        return {"regions": old.regions if stays else {STANDARD_REGIONS[0]: total}}
    if old is not None and not old.regions and len(counts) == total == 1:
        # Railway shows its default region like one that was chosen.
        return {"regions": None}
    return {"regions": counts or None}


def _limits(new: ServiceInstanceInputs, old: ServiceInstanceInputs | None, config: ServiceConfig) -> Changes:
    current = _containers(config)
    memory_bytes = None if new.memory_mb is None else new.memory_mb * BYTES_PER_MB
    desired = {"cpu": new.vcpus, "memoryBytes": memory_bytes}
    if all(value is None for value in desired.values()):
        had = old is None or old.vcpus is not None or old.memory_mb is not None
        return {_CONTAINERS: None} if had and current else {}
    different = {name: value for name, value in desired.items() if value != current.get(name)}
    return {(*_CONTAINERS, name): value for name, value in different.items()}


def _credentials(new: ServiceInstanceInputs, old: ServiceInstanceInputs | None, config: ServiceConfig) -> Changes:
    """Return the login where it differs: Railway masks it, so only the old inputs tell whether they changed."""
    current = at(config, _CREDENTIALS)
    desired = new.registry_credentials
    if desired is None:
        had = old is None or old.registry_credentials is not None
        return {_CREDENTIALS: None} if had and current else {}
    if current and old is not None and old.registry_credentials == desired:
        return {}
    return {_CREDENTIALS: {"username": desired.username, "password": desired.password}}


def _variables(new: ServiceInstanceInputs, old: ServiceInstanceInputs | None, config: ServiceConfig) -> Changes:
    current = config.get("variables") or {}
    sealed = set(new.sealed or ())
    changes: Changes = {}
    for name, value in new.variables.items():
        variable = current.get(name) or {}
        if name not in sealed:
            if variable.get("value") != value:
                changes["variables", name] = {"value": value}
        # Of a sealed one no value is shown, so only the state tells whether this is another one.
        elif not variable.get("isSealed") or old is None or old.variables.get(name) != value:
            changes["variables", name] = {"value": value, "isSealed": True}
    removed = set(old.variables if old else ()) - set(new.variables)
    visible = {*current, *((old and old.sealed) or ())}  # a sealed one may be missing in what Railway shows
    return changes | {("variables", name): None for name in sorted(removed & visible)}


def _variables_in(config: ServiceConfig, old: ServiceInstanceInputs | None) -> dict[str, str]:
    """Return values of variables: in a refresh of those that the state has, in an import of all that can be read."""
    variables = config.get("variables") or {}
    values: dict[str, str] = {}
    for name in old.variables if old else variables:
        variable = variables.get(name)
        if variable is None:
            continue
        value = variable.get("value")
        if value is None and old is not None:
            value = old.variables[name]  # sealed: Railway shows that it exists, never its value
        if value is not None:
            values[name] = value
    return values


def _sealed_in(config: ServiceConfig, old: ServiceInstanceInputs | None) -> list[str] | None:
    """Return the names in ``old.sealed`` that are sealed; other sealed variables are no drift."""
    if old is None or old.sealed is None:
        return None
    variables = config.get("variables") or {}
    return [name for name in old.sealed if (variables.get(name) or {}).get("isSealed")]
