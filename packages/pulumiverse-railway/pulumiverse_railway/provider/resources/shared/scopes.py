"""The place of a resource, and what resources of one place share: client, ids, commits and their warnings.

Ids are Railway's, joined by slashes, so that an import needs nothing else. Waiting, retries and what counts as gone are
the client's (``railway_api.retries``, ``railway_api.deletion``).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar, cast

from pulumi_provider.declaration import UNKNOWN, Context, Inputs, Property
from railway_api.client import Client
from railway_api.deletion import delete_in_environment
from railway_api.environment import Environment
from railway_api.failure import Failure
from railway_api.group_commits import BuildPatch, Committed
from railway_api.snapshot import Snapshot

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


def railway(context: Context) -> Client:
    """Return the client of Railway's API that the provider was configured with."""
    return cast("Client", context.client)


def join(*parts: str) -> str:
    """Make one id out of its parts."""
    return "/".join(parts)


def split(id: str, *names: str) -> tuple[str, ...]:
    """Return the parts of an id; raises ``Failure`` with their ``names`` when the id has another form."""
    parts = tuple(id.split("/"))
    if len(parts) != len(names) or not all(parts):
        raise Failure(f"the id must be {'/'.join(f'<{name}>' for name in names)}, not {id!r}")
    return parts


def choice(enum: type[ChoiceT], value: str) -> ChoiceT:
    """Return the member of an enum with this value, or the value itself where Railway has a newer one: it is drift."""
    return next((each for each in enum if each == value), cast("ChoiceT", value))


def import_hint(kind: str, id: str) -> str:
    """Return what to do when a resource of that name exists already, as the end of a sentence."""
    return (
        f"import it with 'pulumi import railway:index:{kind} <resource name> {id}', or choose another name. "
        "If it is in the state already (a component of another type holds it, or it was to be replaced: --replace, "
        "taint), do not import it: destroy it first, or take that change back"
    )


def label(name: str) -> str:
    """Return the DNS label that Railway makes of a service's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def replaced_by_workspace(old: str | None, new: Mapping[str, Any]) -> Sequence[str]:
    """Return ``workspace_id`` when another workspace is named; to name it first, or no longer, replaces nothing."""
    workspace_id = new.get("workspace_id")
    moves = workspace_id is not None and old is not None and workspace_id != old
    return ("workspace_id",) if moves or workspace_id is UNKNOWN else ()


SHOWN: Final = 5


@dataclass(frozen=True, kw_only=True)
class EnvironmentScoped(Inputs):
    """The project and environment that a resource belongs to."""

    project_id: Annotated[str, Property("Railway's id of the project (API: projectId).", replaces=True)]
    environment_id: Annotated[
        str, Property("Railway's id of the environment in that project (API: environmentId).", replaces=True)
    ]


@dataclass(frozen=True, kw_only=True)
class ServiceScoped(EnvironmentScoped):
    """The service that a resource belongs to for good."""

    service_id: Annotated[
        str, Property("Railway's id of the service: the output serviceId of a Service (API: serviceId).", replaces=True)
    ]


def environment_of(context: Context, project_id: str, environment_id: str) -> Environment:
    """Return the environment object of the client."""
    return railway(context).environment(project_id, environment_id)


def claimed(context: Context, environment: Environment, resource_id: str, id: str) -> bool:
    """Take a thing that exists for the resource ``id``; False when another resource of this run has it already.

    With ``--replace`` the engine may ask twice for what it replaces, once to find what an interrupted run has left.
    """
    return environment.claim(resource_id) or context.replaces == id


async def commit(context: Context, environment: Environment, build: BuildPatch) -> Committed:
    """Change the configuration of an environment, and warn of changes that others made or staged."""
    committed = await environment.commit(build)
    if committed.complaint:
        await context.warn(f"{committed.complaint}. All of it is in effect nevertheless, and the run goes on")
    if committed.foreign:
        await context.warn(
            f"somebody else changed the environment at the same time: {_some(committed.foreign)}; see 'pulumi refresh'"
        )
    if committed.staged:
        await context.warn(
            f"somebody staged changes in the dashboard and did not deploy them: {_some(committed.staged)}. They were "
            "left as they are: deploy or discard them in the dashboard"
        )
    return committed


async def warn_overwritten(context: Context, paths: Sequence[str]) -> None:
    """Warn that paths were changed since the last run, and that they have the program's values again."""
    if paths:
        await context.warn(
            f"somebody changed {_some(paths)} since the last run, and this run has replaced it by what the program "
            "says; to see such changes before they are replaced, run 'pulumi refresh' before 'pulumi up'"
        )


def _some(paths: Sequence[str]) -> str:
    """Return the first of a list that may be long."""
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return f"{', '.join(paths[:SHOWN])}{more}"


async def delete(
    context: Context,
    environment: Environment,
    action: Callable[[], Awaitable[object]],
    still_there: Callable[[Snapshot], bool],
) -> None:
    """Run a delete with the client of this context; see ``delete_in_environment``."""
    await delete_in_environment(context, railway(context), environment, action, still_there)
