"""Environments: created empty or as a fork, renamed, deleted, and their settings read and patched.

Owns the environment and the operations on its patches; what a patch does stands in ``config_patch``.
"""

from __future__ import annotations

import copy
from typing import Any

from railway_sandbox.railway import limits
from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config import view as config_view
from railway_sandbox.railway.config.shape import well_formed
from railway_sandbox.railway.deployments import deployments, instances
from railway_sandbox.railway.environments import config_patch
from railway_sandbox.railway.errors import Refused, invalid, not_found
from railway_sandbox.railway.records import (
    Config,
    Deployment,
    DeploymentTrigger,
    Environment,
    Patch,
    Project,
    ServiceInstance,
    part,
)


def make(cloud: RailwayCloud, project: Project, name: str, at: float) -> Environment:
    """Make an empty environment."""
    environment = Environment(id=cloud.new_id(), project_id=project.id, name=name, created_at=at, updated_at=at)
    cloud.state.environments[environment.id] = environment
    return environment


def remove(cloud: RailwayCloud, environment: Environment, at: float) -> None:
    """Delete an environment with its service instances and volume instances."""
    for instance in list(cloud.instances(environment.id)):
        instances.remove(cloud, environment, instance.service_id, at)
    for disk in cloud.state.volume_instances.values():
        if disk.environment_id == environment.id and disk.deleted_at is None:
            disk.deleted_at = at
    environment.deleted_at = at


def _check_name(cloud: RailwayCloud, project: Project, name: str) -> None:
    if not name.strip():
        raise invalid("name")
    if any(environment.name == name for environment in cloud.environments_of(project.id)):
        raise Refused(f"Environment with name {name} already exists in this project")


def _create(caller: Caller, arguments: Arguments) -> Environment:
    inputs = arguments["input"]
    caller.require("account", "workspace")
    cloud, now = caller.cloud, caller.now
    project = caller.project(inputs["projectId"])
    source_id = inputs.get("sourceEnvironmentId")
    source = caller.environment_in(project, source_id) if source_id else None
    _check_name(cloud, project, inputs["name"])
    with limits.creating(cloud, "environment"):
        environment = make(cloud, project, inputs["name"], now)
    environment.is_ephemeral = bool(inputs.get("ephemeral"))
    if source is not None:
        environment.source_environment_id = source.id
        _copy(cloud, source, environment, now)
        if not (inputs.get("skipInitialDeploys") or inputs.get("stageInitialChanges")):
            copied = [instance.service_id for instance in cloud.instances(environment.id)]
            deployments.start_batch(cloud, environment, copied, now)
    return environment


def _copy(cloud: RailwayCloud, source: Environment, target: Environment, at: float) -> None:
    """Copy everything of the source except sealed values; its volumes are empty."""
    shared = _unsealed(source.config.get("sharedVariables", {}))
    target.config = {**target.config, "sharedVariables": shared}
    for instance in list(cloud.instances(source.id)):
        config = copy.deepcopy(config_view.service_config(source, instance.service_id))
        config["variables"] = _unsealed(config.get("variables", {}))
        instances.create(cloud, target, instance.service_id, at, config)
        instances.follow_source(cloud, target, instance.service_id)
    for disk in list(cloud.state.volume_instances.values()):
        if disk.environment_id == source.id and disk.deleted_at is None:
            fresh = {
                "id": cloud.new_id(),
                "environment_id": target.id,
                "created_at": at,
                "written": False,
                "used_mb": None,
            }
            copied = disk.model_copy(update=fresh, deep=True)
            cloud.state.volume_instances[copied.id] = copied


def _unsealed(variables: Config) -> Config:
    return {name: copy.deepcopy(entry) for name, entry in variables.items() if not entry.get("isSealed")}


def _rename(caller: Caller, arguments: Arguments) -> Environment:
    environment = caller.environment(arguments["id"])
    name = arguments["input"]["name"]
    if name != environment.name:
        _check_name(caller.cloud, caller.cloud.state.projects[environment.project_id], name)
    environment.name = name
    environment.updated_at = caller.now
    return environment


def _delete(caller: Caller, arguments: Arguments) -> bool:
    caller.require("account", "workspace")
    environment = caller.environment(arguments["id"])
    if len(caller.cloud.environments_of(environment.project_id)) == 1:
        raise Refused("Cannot delete the last environment of a project")
    remove(caller.cloud, environment, caller.now)
    return True


def _environment(caller: Caller, arguments: Arguments) -> Environment:
    environment = caller.environment(arguments["id"], live=False)
    if arguments.get("projectId") not in (None, environment.project_id):
        raise not_found("Environment")
    return environment


def listed(caller: Caller, project: Project, arguments: Arguments) -> list[Environment]:
    """Return the environments of a project that the caller reaches; ``isEphemeral`` and ``sort`` as in the API."""
    ephemeral = arguments.get("isEphemeral")
    environments = [
        environment
        for environment in caller.cloud.environments_of(project.id)
        if ephemeral in (None, environment.is_ephemeral) and caller.may_reach(project, environment.id)
    ]
    return environments[::-1] if arguments.get("sort") == "desc" else environments


def _environments(caller: Caller, arguments: Arguments) -> list[Environment]:
    return listed(caller, caller.project(arguments["projectId"]), arguments)


# Patches


def _commit(caller: Caller, arguments: Arguments) -> str | None:
    environment = caller.environment(arguments["environmentId"])
    patch = part(arguments, "patch")
    record = config_patch.commit(caller.cloud, environment, patch, message=arguments.get("commitMessage"))
    return record.workflow_id


def _stage(caller: Caller, arguments: Arguments) -> Patch:
    environment = caller.environment(arguments["environmentId"])
    patch = well_formed(arguments["input"])
    waiting = config_patch.staged(caller.cloud, environment.id)
    if arguments.get("merge") and waiting is not None:
        patch = merge_patches(waiting.patch, patch)
    return config_patch.stage(caller.cloud, environment, patch, caller.now)


def merge_patches(first: Any, second: Any) -> Any:
    """Return two patches as one; ``second`` wins where both have a value."""
    # Unlike settings, patches keep their nulls: these remove.
    if not isinstance(first, dict) or not isinstance(second, dict):
        return second
    merged: Config = dict(first)  # pyright: ignore[reportUnknownArgumentType]
    for key, value in second.items():  # pyright: ignore[reportUnknownVariableType]
        merged[key] = merge_patches(merged[key], value) if key in merged else value
    return merged


def _staged(caller: Caller, arguments: Arguments) -> Patch:
    environment = caller.environment(arguments["environmentId"])
    now = caller.now
    nothing = Patch(id="<empty>", environment_id=environment.id, patch={}, created_at=now, updated_at=now)
    return config_patch.staged(caller.cloud, environment.id) or nothing


def _commit_staged(caller: Caller, arguments: Arguments) -> str | None:
    environment = caller.environment(arguments["environmentId"])
    waiting = config_patch.staged(caller.cloud, environment.id)
    if waiting is None or not waiting.patch:
        raise Refused("No patch to apply")
    record = config_patch.commit(
        caller.cloud,
        environment,
        waiting.patch,
        message=arguments.get("commitMessage"),
        skip_deploys=bool(arguments.get("skipDeploys")),
        from_staged=waiting,
    )
    return record.workflow_id


def _patch(caller: Caller, arguments: Arguments) -> Patch:
    patch = caller.cloud.state.patches.get(arguments["id"])
    if patch is None:
        raise not_found("EnvironmentPatch")
    caller.environment(patch.environment_id, live=False)
    return patch


def _patches(caller: Caller, arguments: Arguments) -> list[Patch]:
    environment = caller.environment(arguments["environmentId"])
    patches = [p for p in caller.cloud.state.patches.values() if p.environment_id == environment.id]
    committed = [p for p in patches if p.workflow_id is not None and (p.applies_at or p.aftermath != "unlisted")]
    return sorted(committed, key=lambda patch: patch.applies_at or patch.updated_at, reverse=True)


def _patch_status(_caller: Caller, patch: Patch, _arguments: Arguments) -> str:
    if patch.applies_at is None:
        return "STAGED"
    if patch.applied_at is None:
        return "APPLYING"
    return "FAILED" if patch.failed_with is not None and patch.aftermath != "committed" else "COMMITTED"


def _patch_shown(_caller: Caller, patch: Patch, arguments: Arguments) -> Config:
    config = copy.deepcopy(patch.patch)
    services = part(config, "services").values()
    groups = [part(config, "sharedVariables"), *(part(service or {}, "variables") for service in services)]
    for entry in (entry for group in groups for entry in group.values() if entry):
        if entry.get("isSealed") or not arguments.get("decryptVariables"):
            entry["value"] = None
    for service in (s for s in part(config, "services").values() if s):
        if part(service, "deploy").get("registryCredentials"):
            service["deploy"]["registryCredentials"] = {"username": config_view.MASK, "password": config_view.MASK}
    return config


def _workflow(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    for patch in caller.cloud.state.patches.values():
        if patch.workflow_id == arguments["workflowId"]:
            caller.environment(patch.environment_id, live=False)
            if patch.failed_with is not None:
                return {"status": "Error", "error": patch.failed_with}
            return {"status": "Running" if patch.applied_at is None else "Complete", "error": None}
    work = caller.cloud.state.workflows.get(arguments["workflowId"])
    if work is not None:
        caller.environment(work.environment_id, live=False)
        final_status = "Error" if work.error else "Complete"
        return {"status": final_status if work.done else "Running", "error": work.error if work.done else None}
    return {"status": "NotFound", "error": None}


# Fields


def _config(caller: Caller, environment: Environment, arguments: Arguments) -> Config:
    return config_view.view(caller.cloud, environment, decrypt=bool(arguments.get("decryptVariables")))


def _unmerged(caller: Caller, environment: Environment, _arguments: Arguments) -> int:
    waiting = config_patch.staged(caller.cloud, environment.id)
    if waiting is None:
        return 0
    return sum(len(part(waiting.patch, group)) for group in waiting.patch)


def _instances(caller: Caller, environment: Environment, _arguments: Arguments) -> list[ServiceInstance]:
    return [i for i in caller.cloud.instances(environment.id) if instances.ready(caller.cloud, i)]


def _triggers(caller: Caller, environment: Environment, _arguments: Arguments) -> list[DeploymentTrigger]:
    return [t for t in caller.cloud.state.triggers.values() if t.environment_id == environment.id]


def _deployments(caller: Caller, environment: Environment, _arguments: Arguments) -> list[Deployment]:
    deployments = [d for d in caller.cloud.state.deployments.values() if d.environment_id == environment.id]
    return deployments[::-1]


def _source(caller: Caller, environment: Environment, _arguments: Arguments) -> Environment | None:
    return caller.cloud.state.environments.get(environment.source_environment_id or "")


def _of_patch(caller: Caller, patch: Patch, _arguments: Arguments) -> Environment:
    return caller.environment(patch.environment_id, live=False)


QUERIES: Operations = {
    "environment": _environment,
    "environments": _environments,
    "environmentPatch": _patch,
    "environmentPatches": _patches,
    "environmentStagedChanges": _staged,
    "workflowStatus": _workflow,
}
MUTATIONS: Operations = {
    "environmentCreate": _create,
    "environmentRename": _rename,
    "environmentDelete": _delete,
    "environmentPatchCommit": _commit,
    "environmentStageChanges": _stage,
    "environmentPatchCommitStaged": _commit_staged,
}
FIELDS: FieldResolvers = {
    "Environment.canAccess": lambda _caller, _environment, _arguments: True,
    "Environment.canvasGroupRefs": lambda _caller, environment, _arguments: part(environment.config, "canvasGroupRefs"),
    "Environment.config": _config,
    "Environment.configEtag": lambda caller, environment, _: config_view.etag(caller.cloud, environment),
    "Environment.deploymentTriggers": _triggers,
    "Environment.deployments": _deployments,
    "Environment.meta": lambda _caller, _environment, _arguments: None,  # it belongs to pull requests
    "Environment.serviceInstances": _instances,
    "Environment.sourceEnvironment": _source,
    "Environment.unmergedChangesCount": _unmerged,
    "EnvironmentPatch.environment": _of_patch,
    "EnvironmentPatch.patch": _patch_shown,
    "EnvironmentPatch.status": _patch_status,
}
