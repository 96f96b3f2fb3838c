"""A Railway service in one environment: its source, settings and variables. A change of it is a deployment.

Owns the service's part of the environment's configuration, written as one patch, and the wait until the deployment
that follows is healthy and runs what was asked for. Volumes and domains are resources of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pulumi_provider.declaration import Context, Problem, Property, Resource
from pulumi_provider.errors import InitializationFailed
from railway_api.deployment_failures import FAILURE_BY_STATUS, DeploymentFailed
from railway_api.deployment_spec import DeploymentSpec, commit_of
from railway_api.deployments import ONLY_RECORDED
from railway_api.documents.deployment import DEPLOYMENT, DEPLOYMENT_REMOVE, DEPLOYMENTS
from railway_api.environment import Environment
from railway_api.errors import NotFound, OutcomeUnknown, RailwayError, Throttled, Unreachable
from railway_api.failure import Failure
from railway_api.relay import nodes
from railway_api.rollback import HEALTHY, LISTED
from railway_api.snapshot import Deployment, Snapshot

from .shared import instance_config
from .shared.instance_inputs import OnFailure, ServiceInstanceInputs, problems
from .shared.scopes import commit, delete, environment_of, join, split, warn_overwritten
from .shared.variable_maps import completed, sealed_names

if TYPE_CHECKING:
    from railway_api.answers import Deployment as ListedDeployment
    from railway_api.scalars import EnvironmentConfig, ServiceConfig


@dataclass(frozen=True, kw_only=True)
class ServiceInstanceState(ServiceInstanceInputs):
    """A service instance as it is."""

    deployment_id: Annotated[str | None, Property("Railway's id of the newest deployment (API: latestDeployment.id).")]
    deployment_status: Annotated[
        str | None,
        Property("Its status, such as SUCCESS, SLEEPING, BUILDING or CRASHED (API: latestDeployment.status)."),
    ]
    rolled_back_deployment_id: Annotated[
        str | None,
        Property(
            "Railway's id of the deployment that was asked for, failed and was rolled back: deploymentId is the "
            "rollback, which runs something older. Absent when what was asked for runs."
        ),
    ]


class ServiceInstance(Resource[ServiceInstanceInputs, ServiceInstanceState]):
    """A service as it runs in one environment. Its id is <project id>/<environment id>/<service id>."""

    token = "railway:index:ServiceInstance"
    inputs_type, state_type = ServiceInstanceInputs, ServiceInstanceState
    default_timeout_s = 1_800.0

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Check the rules across properties."""
        return problems(inputs)

    def left_out(self, state: Mapping[str, Any]) -> Collection[str]:
        """Return what Railway takes by itself, which an import does not write into a program."""
        return instance_config.by_itself(state)

    async def create(self, context: Context, new: ServiceInstanceInputs) -> tuple[str, ServiceInstanceState]:
        """Give the service its settings and wait for its first deployment."""
        snapshot = await environment_of(context, new.project_id, new.environment_id).snapshot()
        if not context.interrupted:
            _refuse_used(snapshot, new)
        state = await _apply(context, None, new)
        return _id(new), state

    async def read(self, context: Context, id: str, old: ServiceInstanceState | None) -> ServiceInstanceState | None:
        """Read the settings, as far as they are owned, the newest deployment that was attempted, and what it serves."""
        project_id, environment_id, service_id = split(id, "project id", "environment id", "service id")
        environment = environment_of(context, project_id, environment_id)
        snapshot = await environment.snapshot_or_none()
        if snapshot is None or service_id not in snapshot.services or not snapshot.has_instance(service_id):
            return None
        config: ServiceConfig = snapshot.service_config(service_id)
        if old and old.sealed:
            sealed_by_name = await sealed_names(environment, service_id)
            config = {**config, "variables": completed(config.get("variables") or {}, sealed_by_name)}
        properties = instance_config.properties(config, old)
        if old is None and not properties["image"] and not properties["repo"]:
            return None  # an empty service: there is nothing to import
        latest = await _attempted(environment, service_id, snapshot.latest.get(service_id))
        properties |= await _served(environment, properties, config, latest, old)
        state = ServiceInstanceState(
            project_id=project_id,
            environment_id=environment_id,
            service_id=service_id,
            wait_for_deployment=old.wait_for_deployment if old else True,
            on_failure=old.on_failure if old else None,
            deployment_id=latest.id if latest else None,
            deployment_status=_seen_status(latest, old) if latest else None,
            rolled_back_deployment_id=_still_rolled_back(latest, old),
            **properties,
        )
        if (reason := _unfinished(state, old, snapshot.service_name(service_id))) is not None:
            raise InitializationFailed(id, state, [reason])
        return state

    async def update(
        self, context: Context, id: str, old: ServiceInstanceState, new: ServiceInstanceInputs
    ) -> ServiceInstanceState:
        """Commit what differs and wait for the deployment; also ends what an earlier run left unfinished."""
        return await _apply(context, old, new)

    async def delete(self, context: Context, id: str, old: ServiceInstanceState) -> None:
        """Leave an empty service behind: no source, no setting or variable of ours, nothing running."""
        project_id, environment_id, service_id = split(id, "project id", "environment id", "service id")
        environment = environment_of(context, project_id, environment_id)

        def emptied(snapshot: Snapshot) -> EnvironmentConfig:
            patch = instance_config.cleared(old, snapshot.service_config(service_id))
            return {"services": {service_id: patch}} if patch else {}

        async def action() -> None:
            snapshot = await environment.snapshot_or_none()
            if snapshot is None or not snapshot.has_instance(service_id):
                return
            committed = await commit(context, environment, emptied)
            latest = committed.before.latest.get(service_id)
            for deployment_id, status in (await _left(environment, service_id, latest)).items() if latest else ():
                await _remove(environment, deployment_id, status)

        await delete(context, environment, action, lambda snapshot: snapshot.has_instance(service_id))


def _id(new: ServiceInstanceInputs) -> str:
    return join(new.project_id, new.environment_id, new.service_id)


def _refuse_used(snapshot: Snapshot, new: ServiceInstanceInputs) -> None:
    """Refuse a service that runs something else already: it is adopted by an import alone."""
    source = snapshot.source(new.service_id)
    for name, desired, runs in (("image", new.image, source.get("image")), ("repo", new.repo, source.get("repo"))):
        if runs and (desired is None or _without_tag(runs) != _without_tag(desired)):
            raise Failure(
                f"service {snapshot.service_name(new.service_id)} runs the {name} {runs} already: import it with "
                f"'pulumi import railway:index:ServiceInstance <resource name> {_id(new)}' and change it then"
            )


def _without_tag(image: str) -> str:
    folder, _, basename = image.rpartition("/")
    return f"{folder}/{basename.partition('@')[0].partition(':')[0]}"


async def _listed(environment: Environment, service_id: str, **filters: object) -> list[ListedDeployment]:
    where = {"projectId": environment.project_id, "environmentId": environment.environment_id, "serviceId": service_id}
    return nodes(await environment.ask(DEPLOYMENTS, input={**where, **filters}, first=LISTED))


async def _left(environment: Environment, service_id: str, latest: Deployment) -> dict[str, str]:
    """Return the newest deployment and those that run or may run, unless they are removed already: status by id.

    Behind a newest one that failed, was skipped or waits, an older one goes on serving.
    """
    newest = {} if latest.status == "REMOVED" else {latest.id: latest.status}
    if latest.status in HEALTHY:
        return newest
    listed = await _listed(environment, service_id, status={"notIn": list(_ENDED)})
    return {**newest, **{each["id"]: each["status"] for each in listed if each["id"] != latest.id}}


async def _remove(environment: Environment, deployment_id: str, status: str) -> None:
    """Remove a deployment; a refusal by Railway is passed over for one that has ended or waits to begin."""
    try:
        await environment.write(DEPLOYMENT_REMOVE, id=deployment_id)
    except NotFound:
        return
    except (Unreachable, OutcomeUnknown, Throttled):
        raise
    except RailwayError:
        if status not in (*_ENDED, *_WAITING):
            raise


_ENDED: Final = ("FAILED", "CRASHED", "SKIPPED", "REMOVED", "REMOVING")
"""The statuses of deployments that never serve again by themselves."""
_WAITING: Final = ("NEEDS_APPROVAL", "QUEUED", "WAITING")
"""The statuses of deployments that have not begun."""


async def _attempted(environment: Environment, service_id: str, latest: Deployment | None) -> Deployment | None:
    """Return the newest deployment that was attempted: one that is only on record changed nothing that serves."""
    if latest is None or latest.status not in ONLY_RECORDED:
        return latest
    listed = await _listed(environment, service_id)
    attempted = [each for each in listed if each["status"] not in ONLY_RECORDED]
    newest = max(attempted, key=lambda each: each["createdAt"], default=None)
    return Deployment(newest["id"], newest["status"], newest["createdAt"]) if newest else latest


async def _served(
    environment: Environment,
    properties: Mapping[str, Any],
    config: ServiceConfig,
    latest: Deployment | None,
    old: ServiceInstanceState | None,
) -> dict[str, Any]:
    """Return what serves in the place of what is asked for, as the properties that differ: after a rollback by hand.

    A deployment that the state knows runs what was asked for, unless an earlier read found that it does not.
    """
    if latest is None or latest.status not in HEALTHY or old is None or not old.wait_for_deployment:
        return {}
    is_recorded = latest.id == old.deployment_id and all(getattr(old, name) == properties[name] for name in _SOURCE)
    if is_recorded or _still_rolled_back(latest, old) is not None:
        return {}
    # An image that Railway has updated is asked for as its configuration says it.
    image = (config.get("source") or {}).get("image")
    spec = DeploymentSpec(
        service_id="", service_name="", image=image, repo=properties["repo"], commit_sha=properties["commit_sha"]
    )
    meta = (await environment.ask(DEPLOYMENT, id=latest.id))["meta"] or {}
    if spec.differs(meta) is None:
        return {}
    image_served, commit = meta.get("image"), commit_of(meta)
    served = {"image": image_served, "repo": None if image_served else meta.get("repo")}
    return {**served, "commit_sha": commit} if properties["commit_sha"] and commit else served


_SOURCE: Final = ("image", "repo", "commit_sha")
"""The properties that say what a service runs."""


def _seen_status(latest: Deployment, old: ServiceInstanceState | None) -> str:
    """Return the status that counts: sleeping and awake are the same healthy deployment, and no drift."""
    if old is None or old.deployment_id != latest.id or old.deployment_status is None:
        return latest.status
    return old.deployment_status if {old.deployment_status, latest.status} <= HEALTHY else latest.status


def _still_rolled_back(latest: Deployment | None, old: ServiceInstanceState | None) -> str | None:
    """Return the deployment that failed, as long as its rollback is the newest."""
    return old.rolled_back_deployment_id if old and latest and old.deployment_id == latest.id else None


def _unfinished(state: ServiceInstanceState, old: ServiceInstanceState | None, name: str) -> str | None:
    """Return why the next run tries again what an earlier one did not finish, though a refresh shows no difference."""
    if old is None or not old.wait_for_deployment or state.deployment_id != old.deployment_id:
        return None
    if state.rolled_back_deployment_id is not None:
        return (
            f"{name} runs deployment {state.deployment_id}, a rollback: deployment {state.rolled_back_deployment_id}, "
            "which was asked for, failed; 'pulumi up' tries again"
        )
    if state.deployment_status in FAILURE_BY_STATUS and old.deployment_status not in HEALTHY:
        return f"deployment {state.deployment_id} of {name} is {state.deployment_status}; 'pulumi up' tries again"
    return None


def _spec(new: ServiceInstanceInputs, snapshot: Snapshot) -> DeploymentSpec:
    secrets = dict(new.variables)
    current_image = snapshot.source(new.service_id).get("image")
    if new.registry_credentials is not None:
        secrets["registryCredentials.password"] = new.registry_credentials.password
    return DeploymentSpec(
        service_id=new.service_id,
        service_name=snapshot.service_name(new.service_id),
        image=current_image if instance_config.is_update_of(new, current_image) else new.image,
        repo=new.repo,
        commit_sha=new.commit_sha,
        secrets=secrets,
    )


def _state(
    new: ServiceInstanceInputs, deployment: Deployment | None, *, rolled_back: Deployment | None = None
) -> ServiceInstanceState:
    own = {name: getattr(new, name) for name in ServiceInstanceInputs.__dataclass_fields__}
    return ServiceInstanceState(
        **own,
        deployment_id=deployment.id if deployment else None,
        deployment_status=deployment.status if deployment else None,
        rolled_back_deployment_id=rolled_back.id if rolled_back else None,
    )


async def _apply(
    context: Context, old: ServiceInstanceState | None, new: ServiceInstanceInputs
) -> ServiceInstanceState:
    """Apply the settings in one patch, with one deployment."""
    environment = environment_of(context, new.project_id, new.environment_id)

    overwritten: list[str] = []

    def build(snapshot: Snapshot) -> EnvironmentConfig:
        config = snapshot.service_config(new.service_id)
        patch = instance_config.entry(new, old, config)
        prefix = ("services", new.service_id)
        overwritten[:] = [
            snapshot.readable_path((*prefix, *path)) for path in instance_config.overwritten(patch, old, config)
        ]
        return {"services": {new.service_id: patch}} if patch else {}

    await context.status("committing the configuration...")
    committed = await commit(context, environment, build)
    await warn_overwritten(context, overwritten)
    await _tell_of_sealed(context, old, new)
    before = committed.before.latest.get(new.service_id)
    if not new.wait_for_deployment:
        return _state(new, committed.after.latest.get(new.service_id))
    patch = (committed.patch.get("services") or {}).get(new.service_id) or {}
    spec = _spec(new, committed.after)
    try:
        deployment = await environment.deployments.settle(
            context,
            spec,
            before,
            expected=committed.sent and instance_config.starts_deployment(patch),
            since=committed.since,
        )
    except DeploymentFailed as failure:
        raise await _failed(context, old, new, spec, failure) from failure
    except RailwayError as failure:
        raise InitializationFailed(_id(new), _state(new, before), [str(failure)]) from failure
    await context.status(f"deployed ({deployment.status.lower()})")
    return _state(new, deployment)


async def _tell_of_sealed(context: Context, old: ServiceInstanceState | None, new: ServiceInstanceInputs) -> None:
    opened = sorted((set((old and old.sealed) or ()) - set(new.sealed or ())) & set(new.variables))
    if opened:
        await context.warn(
            f"{', '.join(opened)}: still sealed, since Railway cannot unseal; to be able to read it again, remove the "
            "variable in one update and add it in the next"
        )


async def _failed(
    context: Context,
    old: ServiceInstanceState | None,
    new: ServiceInstanceInputs,
    spec: DeploymentSpec,
    failure: DeploymentFailed,
) -> InitializationFailed:
    """Return what is left after a deployment that failed, rolled back where that was asked for."""
    failed, reason = failure.deployment, failure.reason
    if new.on_failure is not OnFailure.ROLL_BACK or not reason.rolls_back or failed is None:
        return InitializationFailed(_id(new), _state(new, failed), [str(failure)])
    good_id = old.deployment_id if old is not None and old.deployment_status in HEALTHY else None
    environment = environment_of(context, new.project_id, new.environment_id)
    rolled = await environment.deployments.roll_back(context, spec, failed, good_id)
    state = _state(new, rolled.running or rolled.failed, rolled_back=failed if rolled.running else None)
    text = f"{failure.text}\n{rolled.text}\nnext: {reason.next_after or reason.next}"
    return InitializationFailed(_id(new), state, [text])
