"""A Railway project with its default environment.

Owns both, because Railway makes them together and every other resource needs both. Does not own further environments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from pulumi_provider.declaration import Context, Inputs, Problem, Property, Resource
from pulumi_provider.errors import InitializationFailed
from pulumi_provider.naming import camel_case
from pulumiverse_railway import conflicts, rules
from railway_api.client import Client
from railway_api.deletion import delete_listed, project_exists
from railway_api.documents.environment import ENVIRONMENT_RENAME
from railway_api.documents.project import PROJECT, PROJECT_CREATE, PROJECT_DELETE, PROJECT_UPDATE
from railway_api.errors import NotFound, Opaque, OutcomeUnknown, RailwayError
from railway_api.failure import Failure
from railway_api.relay import nodes
from railway_api.retries import wait_for, wait_until_visible
from railway_api.snapshot import Snapshot

from .shared import checks
from .shared.scopes import claimed, railway, replaced_by_workspace, split

if TYPE_CHECKING:
    from railway_api.answers import EnvironmentOfProject
    from railway_api.answers import Project as AnsweredProject


@dataclass(frozen=True, kw_only=True)
class ProjectInputs(Inputs):
    """Inputs of a project."""

    name: Annotated[str, Property("Name of the project, at most 63 characters (API: name).", check=checks.name)]
    description: Annotated[
        str | None,
        Property(
            "Description (API: description). Together with the name it marks a project whose creation was interrupted, "
            "so that the next run finds it. Default: none."
        ),
    ] = None
    workspace_id: Annotated[
        str | None,
        Property(
            "Railway's id of the workspace that owns the project (API: workspaceId). Another workspace replaces the "
            "project. Default: railway:workspaceId of the configuration, else the only workspace of the token.",
            keeps_when_unset=True,
        ),
    ] = None
    environment_name: Annotated[
        str,
        Property(
            "Name of the default environment (API: defaultEnvironmentName); changed in place. Default: production.",
            check=checks.name,
        ),
    ] = "production"
    pr_deploys: Annotated[
        bool | None,
        Property("True if each pull request gets an environment of its own. Default: false (API: prDeploys)."),
    ] = None
    bot_pr_environments: Annotated[
        bool | None,
        Property("True if those of bots get one, too. Default: false (API: botPrEnvironments)."),
    ] = None
    focused_pr_environments: Annotated[
        bool | None,
        Property(
            "True if such an environment deploys only the services that the changed files belong to. Default: false "
            "(API: focusedPrEnvironments)."
        ),
    ] = None
    tracing_enabled: Annotated[
        bool | None,
        Property(
            "True if requests to its services are traced, unless a service says otherwise: Railway's edge at once, "
            "the applications from their next deployment on. Default: false (API: tracingEnabled)."
        ),
    ] = None
    tracing_sample_rate: Annotated[
        float | None,
        Property(
            "The part of the requests that is traced, of every traced service, 0 to 1. Default: Railway's "
            "(API: tracingSampleRate).",
            check=rules.share,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ProjectState(ProjectInputs):
    """A project as it is."""

    environment_id: Annotated[
        str, Property("Railway's id of the default environment (API: Environment.id).", stable=True)
    ]


class Project(Resource[ProjectInputs, ProjectState]):
    """A Railway project and its default environment. Its id is <project id>."""

    token = "railway:index:Project"
    inputs_type, state_type = ProjectInputs, ProjectState

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Refuse what says how pull requests get environments where they get none."""
        problems = conflicts.of_pull_requests(inputs)
        return [Problem(path=camel_case(name), reason=reason) for name, reason in problems]

    def left_out(self, state: Mapping[str, Any]) -> Collection[str]:
        """Return the settings that are as Railway takes them by itself."""
        return [name for name in _SETTINGS if state.get(name) in (None, False)]

    def replaced_by(self, old: ProjectState, new: Mapping[str, Any]) -> Sequence[str]:
        """Return the workspace when another one is named."""
        return replaced_by_workspace(old.workspace_id, new)

    async def create(self, context: Context, new: ProjectInputs) -> tuple[str, ProjectState]:
        """Create the project, or take the one that an interrupted run left."""
        client = railway(context)
        workspace_id, leftover = await _left_over(client, new)
        if leftover is None:
            project = await client.create_cooldowns.project.run(
                context, lambda: _create(context, client, workspace_id, new)
            )
        else:
            project = await _with_environment(context, client, leftover)
            environment = _default_environment(project, new.environment_name)
            if not claimed(context, client.environment(project["id"], environment["id"]), project["id"], project["id"]):
                raise Failure(
                    f"two resources are the project named {new.name!r}: give one of them another name or description"
                )
            await context.info(f"took over project {project['id']} of the same name and description")
        is_new = leftover is None and bool(nodes(project["environments"]))
        return project["id"], await _completed(context, client, project, new, is_new=is_new)

    async def read(self, context: Context, id: str, old: ProjectState | None) -> ProjectState | None:
        """Return the project; in a refresh from the same request as everything in its environment."""
        client = railway(context)
        try:
            if old is not None and old.environment_id:
                # A refresh begins here; the validations of domains come when this read may be over.
                snapshot = await client.snapshot(id, old.environment_id, domain_status=True)
                project, environment = snapshot.project, snapshot.environment
            else:
                (project_id,) = split(id, "project id")
                project = await client.call(PROJECT, id=project_id)
                environment = _default_environment(project, None)
        except NotFound:
            if old is not None and old.environment_id:
                await _check_environment(client, id, old)
            return None
        if project["deletedAt"]:
            return None
        return ProjectState(
            name=project["name"],
            description=project["description"] or None,
            workspace_id=None if old is not None and old.workspace_id is None else project["workspaceId"],
            environment_name=environment["name"],
            environment_id=environment["id"],
            **_settings_seen(project, old),
        )

    async def update(self, context: Context, id: str, old: ProjectState, new: ProjectInputs) -> ProjectState:
        """Rename the project or its environment, or change the description."""
        client = railway(context)
        if new.workspace_id and new.workspace_id != old.workspace_id:
            await _check_workspace(client, id, new.workspace_id)
        if not old.environment_id:
            # Its creation ended before Railway listed the environment.
            return await _completed(context, client, await client.call(PROJECT, id=id), new)
        before, after = _settings(old), _settings(new)
        changes: dict[str, object] = {
            key: after.get(key, _CLEARED[key]) for key in before | after if after.get(key) != before.get(key)
        }
        if (new.name, new.description) != (old.name, old.description):
            changes |= {"name": new.name, "description": new.description or ""}
        if changes:
            await client.call(PROJECT_UPDATE, id=id, input=changes)
        if new.environment_name != old.environment_name:
            await _rename(client, old.environment_id, new.environment_name)
        client.forget_project(id)
        return ProjectState(**asdict(new), environment_id=old.environment_id)

    async def delete(self, context: Context, id: str, old: ProjectState) -> None:
        """Delete the project with everything in it."""
        client = railway(context)
        try:
            await delete_listed(
                lambda: client.call(PROJECT_DELETE, id=id), lambda: project_exists(client, id, deleting=True)
            )
        finally:
            client.forget_project(id)


_SETTINGS: Final = {
    "pr_deploys": "prDeploys",
    "bot_pr_environments": "botPrEnvironments",
    "focused_pr_environments": "focusedPrEnvironments",
    "tracing_enabled": "tracingEnabled",
    "tracing_sample_rate": "tracingSampleRate",
}
"""Settings of a project, and how Railway spells them."""
_CLEARED: Final[Mapping[str, object]] = {
    key: None if key == "tracingSampleRate" else False for key in _SETTINGS.values()
}


def _settings(inputs: ProjectInputs) -> dict[str, object]:
    """Return the settings that are given, in Railway's spelling."""
    settings = {key: getattr(inputs, name) for name, key in _SETTINGS.items()}
    return {key: value for key, value in settings.items() if value is not None}


async def _completed(
    context: Context, client: Client, project: AnsweredProject, new: ProjectInputs, *, is_new: bool = False
) -> ProjectState:
    """Return the state of a project that exists, once its environment and settings are as given.

    ``is_new`` says that nothing is in it yet. Raises ``InitializationFailed`` with what Railway has so far.
    """
    state: ProjectState | dict[str, object] = asdict(new)
    try:
        project = await _with_environment(context, client, project)
        environment = _default_environment(project, new.environment_name)
        done = ProjectState(**asdict(new), environment_id=environment["id"])
        state = replace(done, environment_name=environment["name"], **dict.fromkeys(_SETTINGS))
        environment_client = client.environment(project["id"], environment["id"])
        environment_client.claim(project["id"])
        project = await _with_settings(client, project, new)
        if is_new and environment["name"] == new.environment_name:
            # Nothing has to be read of an empty environment.
            environment_client.remember(Snapshot.of_new(project, environment))
        if environment["name"] != new.environment_name:
            await _rename(client, environment["id"], new.environment_name)
    except Failure as failure:
        raise InitializationFailed(project["id"], state, [str(failure)]) from failure
    return done


async def _with_settings(client: Client, project: AnsweredProject, new: ProjectInputs) -> AnsweredProject:
    """Return the project once its name, description and settings are as given; a create sets the first two alone."""
    current: Mapping[str, object] = {**project, "description": project["description"] or ""}
    given = {"name": new.name, "description": new.description or "", **_settings(new)}
    changes = {key: value for key, value in given.items() if value != current.get(key)}
    if not changes:
        return project
    return {**project, **await client.call(PROJECT_UPDATE, id=project["id"], input=changes)}


def _settings_seen(project: Mapping[str, Any], old: ProjectState | None) -> dict[str, Any]:
    """Return the settings as far as they matter: what was never set is Railway's business."""
    owned = [name for name in _SETTINGS if old is None or getattr(old, name) is not None]
    return {name: project[_SETTINGS[name]] for name in owned}


async def _left_over(
    client: Client, new: ProjectInputs, *, anew: bool = False
) -> tuple[str | None, AnsweredProject | None]:
    """Return the workspace, and in it the project of an interrupted create.

    Names are not unique, so the description has to agree as well.
    """
    if not new.description:
        return await client.workspace(new.workspace_id), None
    workspace_id, projects = await client.projects(new.workspace_id, anew=anew)
    same = [project for project in projects if (project["name"], project["description"]) == (new.name, new.description)]
    if len(same) > 1:
        ids = ", ".join(project["id"] for project in same)
        raise Failure(
            f"there are {len(same)} projects named {new.name!r} with the same description already ({ids}): "
            "import the right one with 'pulumi import railway:index:Project <resource name> <project id>', or rename it"
        )
    return workspace_id, same[0] if same else None


async def _look_for_created(client: Client, new: ProjectInputs) -> AnsweredProject | None:
    _, project = await _left_over(client, new, anew=True)
    return project


def _without_mark(new: ProjectInputs, lost: RailwayError) -> Failure:
    return Failure(
        f"{lost.reason}: a project named {new.name!r} may exist now, and without a description the next run would not "
        "find it and make a second one. Look in the dashboard first; if it is there, import it with 'pulumi import "
        "railway:index:Project <resource name> <project id>', or delete it"
    )


async def _create(context: Context, client: Client, workspace_id: str | None, new: ProjectInputs) -> AnsweredProject:
    inputs = {
        "name": new.name,
        "description": new.description,
        "workspaceId": workspace_id,
        "defaultEnvironmentName": new.environment_name,
    }
    try:
        project = await client.call(
            PROJECT_CREATE, input={key: value for key, value in inputs.items() if value is not None}
        )
    except (OutcomeUnknown, Opaque) as lost:
        if not new.description:
            raise _without_mark(new, lost) from lost
        project = await wait_until_visible(context, lambda: _look_for_created(client, new))
        if project is None:
            raise
        return project
    client.add_project(workspace_id, project)
    return project


async def _rename(client: Client, environment_id: str, name: str) -> None:
    await client.call(ENVIRONMENT_RENAME, id=environment_id, input={"name": name})


async def _check_workspace(client: Client, id: str, workspace_id: str) -> None:
    project = await client.call(PROJECT, id=id)
    if project["workspaceId"] != workspace_id:
        raise Failure(
            f"project {id} is in workspace {project['workspaceId']}, not {workspace_id}: set workspaceId to where it "
            "is, or move it in the dashboard under Settings, Transfer Project"
        )


async def _with_environment(context: Context, client: Client, project: AnsweredProject) -> AnsweredProject:
    """Return the project once its environment is listed."""

    async def look() -> AnsweredProject | None:
        listed = await client.call(PROJECT, id=project["id"])
        return listed if nodes(listed["environments"]) else None

    if nodes(project["environments"]):
        return project
    return await wait_for(context, look, doing="waiting for the environment...", at_once=False) or project


def _default_environment(project: AnsweredProject, name: str | None) -> EnvironmentOfProject:
    """Return the environment that Railway made with the project; raises ``Failure`` where there is none.

    ``name`` is the one that the program gives it. Of several environments only one of that name is taken: another one
    would be renamed.
    """
    living = [environment for environment in nodes(project["environments"]) if not environment["deletedAt"]]
    if not living:
        raise Failure(f"project {project['id']} has no environment: add one in the dashboard, or delete the project")
    if name is None or len(living) == 1:
        primary = [environment for environment in living if environment["id"] == project["primaryEnvironmentId"]]
        return [*primary, *living][0]
    same_name = [environment for environment in living if environment["name"] == name]
    if not same_name:
        names = ", ".join(environment["name"] for environment in living)
        raise Failure(
            f"there is a project named {project['name']!r} with the same description already ({project['id']}), and "
            f"none of its environments, {names}, is named {name!r}: set environmentName to the one that is meant, or "
            "choose another name"
        )
    return same_name[0]


async def _check_environment(client: Client, id: str, old: ProjectState) -> None:
    """Raise ``Failure`` if the project exists and its default environment was deleted: the project is not gone."""
    try:
        project = await client.call(PROJECT, id=id)
    except NotFound:
        return
    if project["deletedAt"]:
        return
    others = ", ".join(each["name"] for each in nodes(project["environments"]) if not each["deletedAt"])
    raise Failure(
        f"project {old.name} ({id}) exists, but its default environment {old.environment_name} ({old.environment_id}) "
        "was deleted: to begin anew, delete the project in the dashboard and run the command again"
        + (f"; that deletes {others} as well, so first move what is to be kept to another project" if others else "")
        + ". Remove nothing from the state: what still exists elsewhere, such as DNS records, would be made twice"
    )
