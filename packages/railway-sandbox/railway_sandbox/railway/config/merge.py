"""The merge of a patch into the settings of a service.

Owns the deep merge with its exceptions: which nulls remove, which Railway ignores, and when nulls get lost.
"""

from __future__ import annotations

import copy
from typing import Any, cast

from railway_sandbox.railway.config.rules import force
from railway_sandbox.railway.config.shape import GROUPS, IGNORES_NULL, marked
from railway_sandbox.railway.errors import NotSimulated
from railway_sandbox.railway.records import Config, part

REPOSITORY_ONLY = ("repo", "branch", "commitSha", "rootDirectory", "checkSuites")


def deep_merge(base: Any, change: Any) -> Any:
    """Merge ``change`` into ``base``: null removes a key, an object is merged, anything else replaces."""
    if not isinstance(change, dict):
        return change
    merged: Config = dict(cast("Config", base)) if isinstance(base, dict) else {}
    for key, value in cast("Config", change).items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = deep_merge(merged.get(key), value)
    return merged


def merged_service(base: Config, entry: Config, *, returning: bool) -> Config:
    """Return the new settings of a service; ``returning`` for one that was deleted here before and is created again.

    Nulls get lost in two cases: for a returning instance, and beside the removal of its last region, which Railway
    does first.
    """
    merged = copy.deepcopy(base)
    entry = copy.deepcopy(entry)
    nulls_lost = returning or _detaches(base, entry)
    for group in GROUPS:
        if group in entry:
            merged[group] = _merged_group(group, merged.get(group) or {}, entry[group], nulls_lost=nulls_lost)
    _one_kind_of_source(merged, entry)
    _place_replicas(merged, entry)
    if "variables" in entry:
        merged["variables"] = merged_variables(
            merged.get("variables", {}), entry["variables"] or {}, nulls_lost=nulls_lost
        )
    for key in ("configFile", "groupId"):
        if key in entry:
            merged[key] = entry[key]
    force(merged)
    return merged


def _detaches(base: Config, entry: Config) -> bool:
    change: Config | None = part(entry, "deploy").get("multiRegionConfig")
    before: Config | None = part(base, "deploy").get("multiRegionConfig")
    return bool(change and before) and not deep_merge(before, change)


def _merged_group(group: str, settings: Config, change: Config | None, *, nulls_lost: bool) -> Config:
    if change is None:
        return settings if nulls_lost else {}
    merged = dict(settings)
    for name, value in change.items():
        if value is None:
            if not nulls_lost and name not in marked(group, IGNORES_NULL):
                merged.pop(name, None)
        else:
            merged[name] = deep_merge(merged.get(name), value)
    return merged


def _one_kind_of_source(merged: Config, entry: Config) -> None:
    change: Config = part(entry, "source")
    source: Config = part(merged, "source")
    if change.get("image"):
        for name in REPOSITORY_ONLY:
            if not change.get(name):
                source.pop(name, None)
    elif change.get("repo"):
        source.pop("image", None)
        source.pop("autoUpdates", None)


def _place_replicas(merged: Config, entry: Config) -> None:
    """Move ``numReplicas`` into the only region; Railway ignores ``region`` and, with several regions, this number."""
    deploy: Config = part(merged, "deploy")
    deploy.pop("region", None)
    replicas = deploy.pop("numReplicas", None)
    placed: Config = part(deploy, "multiRegionConfig")
    if replicas is not None and len(placed) == 1 and "multiRegionConfig" not in part(entry, "deploy"):
        deploy["multiRegionConfig"] = {region: {**value, "numReplicas": replicas} for region, value in placed.items()}


def merged_variables(base: Config, change: Config, *, nulls_lost: bool = False) -> Config:
    """Return the new variables: null removes one, a sealed one stays sealed."""
    merged = dict(base)
    for name, entry in change.items():
        if entry is None:
            if not nulls_lost:
                merged.pop(name, None)
            continue
        if entry.get("generator") is not None or entry.get("encryptedValue") is not None:
            raise NotSimulated(f"The sandbox does not simulate generator or encryptedValue (variable {name}).")
        before: Config = merged.get(name, {})
        after = {key: value for key, value in {**before, **entry}.items() if value is not None}
        if entry.get("preserveExisting") and "value" in before:
            after["value"] = before["value"]
        after.pop("preserveExisting", None)
        if before.get("isSealed"):
            after["isSealed"] = True
        merged[name] = {"value": "", **after}
    return merged
