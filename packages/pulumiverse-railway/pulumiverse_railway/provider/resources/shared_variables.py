"""Variables that all services of an environment can refer to, as ${{shared.NAME}}.

Owns the variables that it names and no others. Deliberately waits for no deployment: Railway redeploys the services
that refer to a variable, and each of those belongs to its ServiceInstance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pulumi_provider.declaration import Context, Property, Resource
from railway_api.environment import Environment
from railway_api.snapshot import Snapshot

from .shared import checks
from .shared.scopes import EnvironmentScoped, delete, environment_of, join, split
from .shared.variable_maps import commit_entries, differing, readable, tell_changed

if TYPE_CHECKING:
    from railway_api.scalars import Variables


ID_PARTS: Final = ("project id", "environment id")


@dataclass(frozen=True, kw_only=True)
class SharedVariablesInputs(EnvironmentScoped):
    """The shared variables of an environment that belong to the program."""

    variables: Annotated[
        dict[str, str],
        Property(
            "Values by name (API: EnvironmentConfig.sharedVariables). Others of the environment are left alone; no two "
            "resources may name the same one. A service reads one as ${{shared.NAME}}, and is redeployed by Railway "
            "when it changes.",
            secret_when_imported=True,
            check=checks.variables,
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class SharedVariablesState(SharedVariablesInputs):
    """Shared variables as they are."""


class SharedVariables(Resource[SharedVariablesInputs, SharedVariablesState]):
    """Variables that all services of an environment can refer to. Its id is <project id>/<environment id>."""

    token = "railway:index:SharedVariables"
    inputs_type, state_type = SharedVariablesInputs, SharedVariablesState

    async def create(self, context: Context, new: SharedVariablesInputs) -> tuple[str, SharedVariablesState]:
        """Set the variables."""
        await _apply(context, new, {})
        return join(new.project_id, new.environment_id), SharedVariablesState(**asdict(new))

    async def read(self, context: Context, id: str, old: SharedVariablesState | None) -> SharedVariablesState | None:
        """Return the variables that are owned; gone when none of them is there any more."""
        project_id, environment_id = split(id, *ID_PARTS)
        snapshot = await environment_of(context, project_id, environment_id).snapshot_or_none()
        if snapshot is None:
            return None
        owned = old.variables if old else None
        variables = readable(_shared(snapshot), owned)
        if not variables and owned != {}:
            return None
        return SharedVariablesState(project_id=project_id, environment_id=environment_id, variables=variables)

    async def update(
        self, context: Context, id: str, old: SharedVariablesState, new: SharedVariablesInputs
    ) -> SharedVariablesState:
        """Set what differs and remove what is not named any more."""
        await _apply(context, new, old.variables)
        return SharedVariablesState(**asdict(new))

    async def delete(self, context: Context, id: str, old: SharedVariablesState) -> None:
        """Remove the variables that are owned."""
        project_id, environment_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)

        async def action() -> None:
            await _clear(context, environment, old.variables)

        await delete(
            context, environment, action, lambda snapshot: not _shared(snapshot).keys().isdisjoint(old.variables)
        )


def _shared(snapshot: Snapshot) -> Variables:
    return snapshot.config.get("sharedVariables") or {}


async def _apply(context: Context, new: SharedVariablesInputs, old: Mapping[str, str]) -> None:
    environment = environment_of(context, new.project_id, new.environment_id)
    current = _shared(await environment.snapshot())
    entries = differing(current, new.variables, set(old) - set(new.variables))
    await commit_entries(context, environment, None, entries)
    await tell_changed(context, current, old, entries)


async def _clear(context: Context, environment: Environment, names: Iterable[str]) -> None:
    snapshot = await environment.snapshot_or_none()
    if snapshot is not None:
        await commit_entries(context, environment, None, differing(_shared(snapshot), {}, names))
