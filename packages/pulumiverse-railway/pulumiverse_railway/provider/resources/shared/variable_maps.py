"""Maps of variables that a resource owns key by key: what differs, writing it, and reading it back.

Owns only the keys that a resource names; every other variable of the same place is left alone.
A place is ``sharedVariables`` or the variables of one service in the environment's configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from pulumi_provider.declaration import Context
from railway_api.documents.environment import ENVIRONMENT_VARIABLES
from railway_api.environment import Environment
from railway_api.errors import NotFound, RailwayError
from railway_api.relay import nodes
from railway_api.retries import wait_for
from railway_api.snapshot import Snapshot

from .scopes import commit, warn_overwritten

if TYPE_CHECKING:
    from railway_api.scalars import EnvironmentConfig, VariableConfig, Variables


REFLECT_S: Final = 60.0
"""Lag of reads behind an applied commit, in API time."""

Entries: TypeAlias = "Mapping[str, VariableConfig | None]"
"""Variables of a patch: what to set, or ``None`` for one that goes."""


def differing(current: Variables, desired: Mapping[str, str], removed: Iterable[str]) -> Variables:
    """Return the entries that bring ``current`` to ``desired``; a sealed one has no value to compare, so it is sent."""
    entries: Variables = {
        name: {"value": value} for name, value in desired.items() if (current.get(name) or {}).get("value") != value
    }
    return {**entries, **{name: None for name in sorted(removed) if current.get(name) is not None}}


async def tell_changed(context: Context, current: Variables, old: Mapping[str, str] | None, entries: Entries) -> None:
    """Warn of the entries that replace another value than the last run left there."""
    before = old or {}
    changed = [name for name in entries if name in before and _foreign(current.get(name), before[name])]
    await warn_overwritten(context, [f"variables.{name}" for name in sorted(changed)])


def _foreign(variable: VariableConfig | None, before: str) -> bool:
    if variable is None:
        return True
    return not variable.get("isSealed") and variable.get("value") not in {None, before}


def readable(variables: Variables, old: Mapping[str, str] | None) -> dict[str, str]:
    """Return values of the owned variables that are there; without ``old`` (an import) of all that can be read."""
    values: dict[str, str] = {}
    for name in variables if old is None else old:
        variable = variables.get(name)
        if variable is None:
            continue
        value = variable.get("value")
        if value is None and old is not None:
            value = old[name]  # sealed by others: Railway shows that it exists, never its value
        if value is not None:
            values[name] = value
    return values


async def commit_entries(context: Context, environment: Environment, service_id: str | None, entries: Entries) -> None:
    """Write variables of a service (without one: shared ones) with whatever else is ready, and wait for a read."""
    if not entries:
        return

    def build(_: Snapshot) -> EnvironmentConfig:
        written = dict(entries)
        return {"services": {service_id: {"variables": written}}} if service_id else {"sharedVariables": written}

    await context.status("committing the variables...")
    committed = await commit(context, environment, build)
    missing = _missing(_there(committed.after.config, service_id), entries)
    if not missing:
        return

    async def look() -> bool | None:
        nonlocal missing
        environment.forget()
        missing = _missing(_there((await environment.snapshot()).config, service_id), entries)
        return None if missing else True

    if not await wait_for(context, look, doing="committing the variables...", for_s=REFLECT_S, at_once=False):
        names = ", ".join(missing[:5])
        raise RailwayError(f"Railway accepted the variables but does not show {names}: run the command again")


def _there(config: EnvironmentConfig, service_id: str | None) -> Variables:
    if service_id is None:
        return config.get("sharedVariables") or {}
    return ((config.get("services") or {}).get(service_id) or {}).get("variables") or {}


def _missing(current: Variables, entries: Entries) -> list[str]:
    """Return names of entries that are not as they were written, as far as that can be seen."""
    names: list[str] = []
    for name, entry in entries.items():
        variable = current.get(name)
        if entry is None:
            names += [name] if variable is not None else []
            continue
        variable = variable or {}
        if not (entry.get("isSealed") or variable.get("isSealed")) and variable.get("value") != entry.get("value"):
            names.append(name)
    return names


async def sealed_names(environment: Environment, service_id: str) -> Mapping[str, bool]:
    """Return every variable of a service, by name, and whether it is sealed: the values stay at Railway."""
    try:
        answer = await environment.ask(
            ENVIRONMENT_VARIABLES, id=environment.environment_id, projectId=environment.project_id
        )
    except NotFound:
        return {}
    rows = answer["variables"]
    if rows["pageInfo"]["hasNextPage"]:
        raise RailwayError("the environment has more than 1,000 variables, which one read does not show")
    return {row["name"]: row["isSealed"] for row in nodes(rows) if row["serviceId"] == service_id}


def completed(variables: Variables, sealed_by_name: Mapping[str, bool]) -> Variables:
    """Return the variables together with sealed ones that the configuration leaves out or does not mark."""
    sealed: Variables = {
        name: {**(variables.get(name) or {}), "isSealed": True}
        for name, is_sealed in sealed_by_name.items()
        if is_sealed
    }
    return {**variables, **sealed}
