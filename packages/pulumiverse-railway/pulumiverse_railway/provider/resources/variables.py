"""Variables of a service that the program does not own: one made by hand, by a template or by another program.

Owns the variables that it names and no others; those of a ServiceInstance are in its own ``variables``. Sealed ones
are never given back by Railway: their values live in the state, and only their existence is read. Deliberately waits
for no deployment: the service is not the program's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pulumi_provider.declaration import Context, Problem, Property, Resource
from railway_api.errors import NotFound
from railway_api.retries import retry_on
from railway_api.snapshot import Snapshot

from .shared import checks
from .shared.scopes import ServiceScoped, delete, environment_of, join, split
from .shared.variable_maps import commit_entries, completed, differing, readable, sealed_names, tell_changed

if TYPE_CHECKING:
    from railway_api.scalars import Variables as AnsweredVariables


ID_PARTS: Final = ("project id", "environment id", "service id")
PATIENCE_S: Final = 30.0
"""Time for which a new service may be missing in the environment, in API time."""


@dataclass(frozen=True, kw_only=True)
class VariablesInputs(ServiceScoped):
    """Variables of a service that belong to the program."""

    variables: Annotated[
        dict[str, str],
        Property(
            "Values by name (API: EnvironmentConfig.services.variables). Others of the service are left alone. A name "
            "that a ServiceInstance or another resource sets must not stand here as well: the two would overwrite each "
            "other. Railway redeploys the service when one changes.",
            secret_when_imported=True,
            check=checks.variables,
        ),
    ]
    sealed: Annotated[
        list[str] | None,
        Property(
            "Names of variables whose values Railway never shows again, in the dashboard neither (API: isSealed). A "
            "refresh sees whether they exist, not whether somebody changed them. Railway cannot unseal: a name that is "
            "taken from this list is removed and set anew, which is two deployments. Default: none.",
            check=checks.no_repetition,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class VariablesState(VariablesInputs):
    """Variables of a service as they are."""


class Variables(Resource[VariablesInputs, VariablesState]):
    """Variables of a service made elsewhere. Its id is <project id>/<environment id>/<service id>."""

    token = "railway:index:Variables"
    inputs_type, state_type = VariablesInputs, VariablesState

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Check that what is to be sealed is set."""
        reason = checks.sealed(inputs.get("sealed"), inputs["variables"])
        return [] if reason is None else [Problem(path="sealed", reason=reason)]

    async def create(self, context: Context, new: VariablesInputs) -> tuple[str, VariablesState]:
        """Set the variables."""
        await _apply(context, None, new)
        return join(new.project_id, new.environment_id, new.service_id), VariablesState(**asdict(new))

    async def read(self, context: Context, id: str, old: VariablesState | None) -> VariablesState | None:
        """Return the variables that are owned; gone when none of them is there any more."""
        project_id, environment_id, service_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none()
        if snapshot is None or not snapshot.has_instance(service_id):
            return None
        current, sealed = _variables(snapshot, service_id), old.sealed if old else None
        if sealed or old is None:
            sealed_by_name = await sealed_names(environment, service_id)
            current = completed(current, sealed_by_name)
            if old is None:
                await _tell_of_sealed(context, sealed_by_name)
            else:
                sealed = [name for name in sealed or () if sealed_by_name.get(name)]
        owned = old.variables if old else None
        variables = readable(current, owned)
        if not variables and owned != {}:
            return None
        return VariablesState(
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            variables=variables,
            sealed=sealed,
        )

    async def update(self, context: Context, id: str, old: VariablesState, new: VariablesInputs) -> VariablesState:
        """Set what differs and remove what is not named any more."""
        await _apply(context, old, new)
        return VariablesState(**asdict(new))

    async def delete(self, context: Context, id: str, old: VariablesState) -> None:
        """Remove the variables that are owned."""
        project_id, environment_id, service_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)

        async def action() -> None:
            snapshot = await environment.snapshot_or_none()
            if snapshot is not None and snapshot.has_instance(service_id):
                current = _variables(snapshot, service_id)
                if old.sealed:
                    current = completed(current, await sealed_names(environment, service_id))
                await commit_entries(context, environment, service_id, differing(current, {}, old.variables))

        await delete(
            context,
            environment,
            action,
            lambda snapshot: not _variables(snapshot, service_id).keys().isdisjoint(old.variables),
        )


def _variables(snapshot: Snapshot, service_id: str) -> AnsweredVariables:
    return {**(snapshot.service_config(service_id).get("variables") or {})}


async def _tell_of_sealed(context: Context, sealed_by_name: Mapping[str, bool]) -> None:
    """Warn of the variables that an import leaves out, because Railway does not show their values."""
    names = sorted(name for name, is_sealed in sealed_by_name.items() if is_sealed)
    if names:
        await context.warn(
            f"{', '.join(names)}: sealed, so Railway does not show the values; to own them as well, add them to "
            "variables and to sealed with the values they are to have"
        )


async def _present(context: Context, new: VariablesInputs) -> Snapshot:
    """Return the environment once it has the service: Railway drops silently what is set for one that is not there."""
    environment = environment_of(context, new.project_id, new.environment_id)

    async def look() -> Snapshot:
        snapshot = await environment.snapshot()
        if not snapshot.has_instance(new.service_id):
            environment.forget()
            raise NotFound(f"service {new.service_id} is not in environment {new.environment_id}: check both ids")
        return snapshot

    return await retry_on(context, look, on=(NotFound,), for_s=PATIENCE_S, doing="waiting for the service...")


async def _apply(context: Context, old: VariablesState | None, new: VariablesInputs) -> None:
    environment = environment_of(context, new.project_id, new.environment_id)
    snapshot = await _present(context, new)
    current = _variables(snapshot, new.service_id)
    if new.sealed or (old and old.sealed):
        current = completed(current, await sealed_names(environment, new.service_id))
    opened = _to_unseal(current, old, new)
    await commit_entries(context, environment, new.service_id, dict.fromkeys(opened))
    current = {name: variable for name, variable in current.items() if name not in opened}
    sealed = set(new.sealed or ())
    plain = {name: value for name, value in new.variables.items() if name not in sealed}
    removed = set(old.variables if old else ()) - set(new.variables)
    entries = {**differing(current, plain, removed), **_sealing(current, old, new)}
    await commit_entries(context, environment, new.service_id, entries)
    await tell_changed(context, current, old.variables if old else None, entries)


def _to_unseal(current: AnsweredVariables, old: VariablesState | None, new: VariablesInputs) -> list[str]:
    """Return sealed variables that are to be readable: they have to go first."""
    were = set((old and old.sealed) or ()) - set(new.sealed or ())
    return sorted(name for name in were & set(new.variables) if (current.get(name) or {}).get("isSealed"))


def _sealing(current: AnsweredVariables, old: VariablesState | None, new: VariablesInputs) -> AnsweredVariables:
    """Return the sealed variables that have to be sent: only the state tells whether a value is another one."""
    return {
        name: {"value": new.variables[name], "isSealed": True}
        for name in new.sealed or ()
        if old is None
        or old.variables.get(name) != new.variables[name]
        or not (current.get(name) or {}).get("isSealed")
    }
