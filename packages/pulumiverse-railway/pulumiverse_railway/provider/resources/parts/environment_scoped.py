"""What every resource inside an environment shares: where it is, and what "gone" means for it.

Railway answers "Not Authorized" both for what is gone and for what is forbidden. Here that never counts as gone when
reading; when deleting, only if the whole project is proven to be deleted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

from pulumi_provider.declaration import Context, Inputs, Property
from pulumiverse_railway.provider.resources.parts.client import railway
from railway_api.environment import Environment
from railway_api.errors import Busy, NotAuthorized, NotFound, Opaque, Race, RailwayError
from railway_api.group_commits import BuildPatch, Committed
from railway_api.snapshot import Snapshot

T = TypeVar("T")

LAG_S = 90.0
"""How long Railway may not know what was created a moment ago, in API time."""
RETRY_S = 3.0
UNSEEN_S: Final = (3.0, 6.0, 12.0, 12.0)
"""Pauses between looks for what may not have been made, in API time."""
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
    """The environment object of the client."""
    return railway(context).environment(project_id, environment_id)


async def snapshot_or_none(environment: Environment, *, domain_status: bool = False) -> Snapshot | None:
    """What is in the environment; None when the environment or its project is really gone."""
    try:
        return await environment.snapshot(domain_status=domain_status)
    except NotFound:
        return None


async def commit(context: Context, environment: Environment, build: BuildPatch) -> Committed:
    """Change the configuration of an environment, and tell what others did or are about to do to it."""
    committed = await environment.commit(build)
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
    """Say that somebody had changed what the program sets, and that the program's values are there again."""
    if paths:
        await context.warn(
            f"somebody changed {_some(paths)} since the last run, and this run has replaced it by what the program "
            "says; to see such changes before they are replaced, run 'pulumi refresh' before 'pulumi up'"
        )


def _some(paths: Sequence[str]) -> str:
    """The first of a list that may be long."""
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return f"{', '.join(paths[:SHOWN])}{more}"


async def is_already_gone(context: Context, environment: Environment, refusal: RailwayError) -> bool:
    """Whether a refused delete means that there is nothing left to delete."""
    if isinstance(refusal, NotFound):
        return True
    if not isinstance(refusal, NotAuthorized):
        return False
    try:
        return await snapshot_or_none(environment) is None
    except NotAuthorized:
        return await railway(context).is_deleted(environment.project_id)


async def delete(
    context: Context,
    environment: Environment,
    action: Callable[[], Awaitable[object]],
    still_there: Callable[[Snapshot], bool],
) -> None:
    """Run a delete; done also when the thing was gone already, or is gone although Railway complained."""
    try:
        await retry_on(context, action, on=(Busy, Race))
    except Opaque:
        snapshot = await snapshot_or_none(environment)
        if snapshot is not None and still_there(snapshot):
            raise
    except (NotFound, NotAuthorized) as refusal:
        if await is_already_gone(context, environment, refusal):
            return
        snapshot = await snapshot_or_none(environment)
        if snapshot is not None and still_there(snapshot):
            raise


async def retry_on(
    context: Context,
    action: Callable[[], Awaitable[T]],
    *,
    on: tuple[type[RailwayError], ...],
    for_s: float = LAG_S,
    doing: str = "waiting for Railway to be ready...",
) -> T:
    """Repeat what Railway is not ready for, as long as it makes sense."""
    waited_s = 0.0
    while True:
        try:
            return await action()
        except on:
            if waited_s >= for_s or context.cancelled() or context.deadline.remaining_s() <= 0:
                raise
            await context.status(doing)
            await context.sleep(RETRY_S)
            waited_s += RETRY_S


async def wait_until_visible(context: Context, look: Callable[[], Awaitable[T | None]]) -> T | None:
    """What a create without an answer has made, found by ``look``; None when nothing shows while lists may lag."""
    found = await look()
    for pause_s in UNSEEN_S:
        if found is not None or context.cancelled():
            break
        await context.status("looking for what was made, Railway's answer was lost...")
        await context.sleep(pause_s)
        found = await look()
    return found


async def create_or_find(
    context: Context,
    make: Callable[[], Awaitable[T]],
    look: Callable[[], Awaitable[T | None]],
    *,
    on: tuple[type[RailwayError], ...],
) -> T:
    """What ``make`` gives or, after one of the errors ``on``, what it has made all the same; tried twice."""
    for last_attempt in (False, True):
        try:
            return await make()
        except on:
            if (found := await wait_until_visible(context, look)) is not None:
                return found
            if last_attempt:
                raise
    raise AssertionError("the last attempt returns or raises")
