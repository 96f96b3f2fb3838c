"""A further environment of a project, empty or as a fork of another one.

Owns its name and existence. The default environment belongs to Project, and what is in an environment to the resources
that name it. Deliberately refuses an environment that is no fork unless allowNonFork is set: by Railway's own
description, creating or deleting a service then reaches every environment of the project that is no fork, production
included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from pulumi_provider.declaration import Context, Inputs, Problem, Property, Resource
from railway_api.client import Client
from railway_api.documents.environment import ENVIRONMENT_CREATE, ENVIRONMENT_DELETE, ENVIRONMENT_RENAME, ENVIRONMENTS
from railway_api.errors import Exists, Opaque, OutcomeUnknown
from railway_api.failure import Failure
from railway_api.retries import wait_until_visible

from .shared import checks
from .shared.scopes import delete, environment_of, import_hint, join, railway, split

if TYPE_CHECKING:
    from railway_api.answers import EnvironmentInEnvironments as AnsweredEnvironment


ID_PARTS: Final = ("project id", "environment id")


@dataclass(frozen=True, kw_only=True)
class EnvironmentInputs(Inputs):
    """Inputs of an environment."""

    project_id: Annotated[str, Property("Railway's id of the project (API: projectId).", replaces=True)]
    name: Annotated[
        str,
        Property(
            "Name of the environment, unique in its project, at most 63 characters; changed in place (API: name).",
            check=checks.name,
        ),
    ]
    source_environment_id: Annotated[
        str | None,
        Property(
            "Railway's id of the environment that this one is a fork of: services and variables are copied, except "
            "values that are sealed, and volumes begin empty. Default: none, which needs allowNonFork "
            "(API: sourceEnvironmentId).",
            replaces=True,
        ),
    ] = None
    ephemeral: Annotated[
        bool,
        Property(
            "True if it is meant for a short time, such as a pull request's (API: ephemeral). Default: false.",
            replaces=True,
        ),
    ] = False
    allow_non_fork: Annotated[
        bool | None,
        Property(
            "Confirms that the environment is to be no fork. A Service that is created or deleted in one environment "
            "that is no fork is, by Railway's description of its API, created or deleted in all of them. "
            "Default: false."
        ),
    ] = None
    skip_initial_deploys: Annotated[
        bool | None,
        Property(
            "True if the copied services of a fork stay undeployed at first; counts only when the environment is made "
            "(API: skipInitialDeploys). Default: false.",
            write_only=True,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class EnvironmentState(EnvironmentInputs):
    """An environment as it is."""

    environment_id: Annotated[str, Property("Railway's id of the environment (API: id).", stable=True)]


class Environment(Resource[EnvironmentInputs, EnvironmentState]):
    """A further environment of a project. Its id is <project id>/<environment id>."""

    token = "railway:index:Environment"
    inputs_type, state_type = EnvironmentInputs, EnvironmentState

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Check that an environment that is no fork is meant."""
        if inputs.get("source_environment_id") is not None or inputs.get("allow_non_fork"):
            return []
        reason = (
            "is missing: a project would have a second environment that is no fork, and a service that is created or "
            "deleted in one of these may be created or deleted in all of them, production included; name the "
            "environment to fork, put the environment into a project of its own, or set allowNonFork to true"
        )
        return [Problem(path="source_environment_id", reason=reason)]

    async def create(self, context: Context, new: EnvironmentInputs) -> tuple[str, EnvironmentState]:
        """Create the environment, or take the one that an interrupted run left."""
        client = railway(context)
        environment = await _named(client, new)
        if environment is None:
            environment = await client.create_cooldowns.environment.run(context, lambda: _create(context, client, new))
        elif context.interrupted and _as_asked_for(environment, new):
            await context.info(f"took over environment {environment['id']} of the same name")
        else:
            raise _taken(environment, new)
        client.forget_project(new.project_id)
        if not environment_of(context, new.project_id, environment["id"]).claim(environment["id"]):
            raise Failure(f"two resources are the environment named {new.name!r}: give one of them another name")
        if new.source_environment_id is None:
            await context.warn(
                f"environment {new.name} is no fork: creating or deleting a service in it may reach every other "
                "environment of the project that is no fork"
            )
        return join(new.project_id, environment["id"]), EnvironmentState(
            **asdict(new), environment_id=environment["id"]
        )

    async def read(self, context: Context, id: str, old: EnvironmentState | None) -> EnvironmentState | None:
        """Return the environment; in a refresh from the same request as everything in it."""
        project_id, environment_id = split(id, *ID_PARTS)
        snapshot = await environment_of(context, project_id, environment_id).snapshot_or_none()
        if snapshot is None:
            return None
        name = snapshot.environment["name"]
        if old is not None and old.environment_id:
            # The origin of an environment never changes.
            return replace(old, name=name)
        listed = await railway(context).list_all(ENVIRONMENTS, projectId=project_id)
        environment = next((environment for environment in listed if environment["id"] == environment_id), None)
        if environment is None:
            return None
        return EnvironmentState(
            project_id=project_id,
            name=name,
            source_environment_id=_source(environment),
            ephemeral=environment["isEphemeral"],
            allow_non_fork=None if _source(environment) else True,
            environment_id=environment_id,
        )

    async def update(
        self, context: Context, id: str, old: EnvironmentState, new: EnvironmentInputs
    ) -> EnvironmentState:
        """Rename it."""
        if new.name != old.name:
            client = railway(context)
            await client.call(ENVIRONMENT_RENAME, id=old.environment_id, input={"name": new.name})
            client.forget_project(new.project_id)
        return EnvironmentState(**asdict(new), environment_id=old.environment_id)

    async def delete(self, context: Context, id: str, old: EnvironmentState) -> None:
        """Delete the environment with everything in it."""
        project_id, environment_id = split(id, *ID_PARTS)
        environment = environment_of(context, project_id, environment_id)
        try:
            await delete(
                context,
                environment,
                lambda: environment.write(ENVIRONMENT_DELETE, id=environment_id),
                lambda _: True,  # there is no snapshot of an environment that is gone
            )
        finally:
            railway(context).forget_project(project_id)


def _source(environment: AnsweredEnvironment) -> str | None:
    source = environment["sourceEnvironment"]
    return source["id"] if source else None


def _as_asked_for(environment: AnsweredEnvironment, new: EnvironmentInputs) -> bool:
    return (_source(environment), environment["isEphemeral"]) == (new.source_environment_id, new.ephemeral)


def _taken(environment: AnsweredEnvironment, new: EnvironmentInputs) -> Failure:
    its_id = join(new.project_id, environment["id"])
    return Failure(f"the project has an environment named {new.name!r} already: {import_hint('Environment', its_id)}")


async def _named(client: Client, new: EnvironmentInputs) -> AnsweredEnvironment | None:
    """Return the living environment of this name, unique in a project."""
    listed = await client.list_all(ENVIRONMENTS, projectId=new.project_id)
    return next(
        (environment for environment in listed if environment["name"] == new.name and not environment["deletedAt"]),
        None,
    )


async def _create(context: Context, client: Client, new: EnvironmentInputs) -> AnsweredEnvironment:
    inputs = {
        "projectId": new.project_id,
        "name": new.name,
        "ephemeral": new.ephemeral,
        "sourceEnvironmentId": new.source_environment_id,
        "skipInitialDeploys": new.skip_initial_deploys,
    }
    inputs = {key: value for key, value in inputs.items() if value is not None}
    for last_attempt in (False, True):
        try:
            return await client.call(ENVIRONMENT_CREATE, input=inputs)
        except (OutcomeUnknown, Opaque, Exists):
            # There was none of this name a moment ago, so one that is there now was made by this call.
            environment = await wait_until_visible(context, lambda: _named(client, new))
            if environment is not None and _as_asked_for(environment, new):
                return environment
            if last_attempt:
                raise
    raise AssertionError("the last attempt returns or raises")
