"""Patches of an environment's settings: committed, and some seconds later in effect or refused, all of it or nothing.

A commit is checked for its form alone. Sizes and the limits of the plan are found out when the patch is applied, and
told by the workflow that the commit has answered with.

Owns committing and applying, and what a patch silently does not do (domains, deletion of proxies and volumes). The
merge itself stands in ``config.merge``, what is allowed in ``config.rules``.
"""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config import buckets as config_buckets
from railway_sandbox.railway.config import volumes as config_volumes
from railway_sandbox.railway.config.fingerprints import affected_by
from railway_sandbox.railway.config.merge import merged_service, merged_variables
from railway_sandbox.railway.config.rules import check_plan, check_service
from railway_sandbox.railway.config.shape import well_formed
from railway_sandbox.railway.config.view import etag, service_config
from railway_sandbox.railway.deployments import deployments, instances
from railway_sandbox.railway.deployments.sources import has_source, resolve
from railway_sandbox.railway.errors import Refused, in_progress, invalid, not_found
from railway_sandbox.railway.networking import tcp_proxies
from railway_sandbox.railway.records import Config, Environment, Patch, part

APPLYING_S = 2.0
"""Seconds until a committed patch is in effect."""


def applying(cloud: RailwayCloud, environment_id: str) -> bool:
    """Tell whether a committed patch of the environment is not in effect yet."""
    return any(
        patch.environment_id == environment_id and patch.applies_at is not None and patch.applied_at is None
        for patch in cloud.state.patches.values()
    )


def pending(cloud: RailwayCloud) -> bool:
    """Return whether any committed patch of the account is not in effect yet."""
    return any(each.applies_at is not None and each.applied_at is None for each in cloud.state.patches.values())


def staged(cloud: RailwayCloud, environment_id: str) -> Patch | None:
    """Return the changes that wait to be committed, if there are any."""
    for patch in cloud.state.patches.values():
        if patch.environment_id == environment_id and patch.applies_at is None and patch.aftermath != "unlisted":
            return patch
    return None


def stage(cloud: RailwayCloud, environment: Environment, patch: Any, at: float) -> Patch:
    """Replace the staged changes."""
    patch = well_formed(patch)
    waiting = staged(cloud, environment.id)
    if waiting is not None and waiting.workflow_id is not None:
        # One that could not be applied gives way; its workflow goes on saying why.
        waiting.aftermath, waiting = "unlisted", None
    if waiting is None:
        waiting = Patch(id=cloud.new_id(), environment_id=environment.id, patch={}, created_at=at, updated_at=at)
        cloud.state.patches[waiting.id] = waiting
    waiting.patch = patch
    waiting.updated_at = at
    return waiting


def commit(
    cloud: RailwayCloud,
    environment: Environment,
    patch: Any,
    *,
    message: str | None,
    skip_deploys: bool = False,
    from_staged: Patch | None = None,
) -> Patch:
    """Accept a patch, to be applied later; refuse an invalid one, and a second one at a time."""
    now = cloud.now()
    patch = well_formed(patch)
    if applying(cloud, environment.id):
        raise in_progress("Cannot commit changes")
    check(cloud, environment, patch)
    record = from_staged or Patch(
        id=cloud.new_id(), environment_id=environment.id, patch=patch, created_at=now, updated_at=now
    )
    record.workflow_id = f"environment-patch-commit/{record.id}/{now:.3f}"
    record.message = message
    record.skip_deploys = skip_deploys
    record.applies_at = now + APPLYING_S
    record.applied_at = record.failed_with = None
    cloud.state.patches[record.id] = record
    cloud.touch()
    return record


def apply_due(cloud: RailwayCloud) -> None:
    """Apply every committed patch whose time has come, each as of its own moment."""
    now = cloud.now()
    due = [
        patch
        for patch in cloud.state.patches.values()
        if patch.applied_at is None and (patch.applies_at or now + 1) <= now
    ]
    for patch in sorted(due, key=lambda patch: patch.applies_at or 0.0):
        at = patch.applies_at or now
        patch.applied_at = patch.updated_at = at
        environment = cloud.state.environments[patch.environment_id]
        try:
            if environment.deleted_at is not None:
                raise not_found("Environment")
            check(cloud, environment, patch.patch)
            check_limits(cloud, environment, patch)
            _apply(cloud, environment, patch, at)
        except Refused as refusal:
            _fail(patch, str(refusal))
        cloud.touch()


def _fail(patch: Patch, why: str) -> None:
    """Leave a patch that could not be applied: nothing of it is in effect, and its workflow says why."""
    patch.failed_with = why
    if patch.aftermath in ("staged", "unlisted"):
        patch.applies_at = patch.applied_at = None


def check(cloud: RailwayCloud, environment: Environment, patch: Config) -> None:
    """Refuse a patch that asks for what Railway does not allow, before anything of it takes effect."""
    config_volumes.check(cloud, environment, patch)
    config_buckets.check(cloud, environment, patch)
    for service_id, entry in part(patch, "services").items():
        service = cloud.state.services.get(service_id)
        if service is None or service.project_id != environment.project_id or service.deleted_at is not None:
            raise not_found("Service")
        if entry is None or entry.get("isDeleted"):
            continue
        replicas = part(entry, "deploy").get("numReplicas")
        if replicas is not None and replicas < 1:
            raise invalid(f"services.{service_id}.deploy.numReplicas")
        source: Config = part(entry, "source")
        if source.get("image") and source.get("repo"):
            raise invalid(f"services.{service_id}.source: image and repo")
        config = _new_config(cloud, environment, service_id, entry)
        if config is not None:
            mounts = config_volumes.mounts_after(cloud, environment, service_id, entry)
            check_service(config, mounts=len(mounts))
            if has_source(config):
                resolve(cloud, config)
            tcp_proxies.check_ports(entry)
    merged_variables({}, part(patch, "sharedVariables"))


def check_limits(cloud: RailwayCloud, environment: Environment, record: Patch) -> None:
    """Refuse what only the applying finds out: sizes, what the plan does not include, and what a test ordered."""
    patch = record.patch
    if record.refused_with is not None:
        raise Refused(record.refused_with)
    config_volumes.check_sizes(cloud, environment, patch)
    for service_id, entry in part(patch, "services").items():
        if entry is None or entry.get("isDeleted"):
            continue
        if (config := _new_config(cloud, environment, service_id, entry)) is not None:
            check_plan(cloud, config)


def _new_config(cloud: RailwayCloud, environment: Environment, service_id: str, entry: Config) -> Config | None:
    """Return the service's settings after the patch; ``None`` when it is not here and the patch does not create it."""
    if cloud.find_instance(environment.id, service_id) is not None:
        return merged_service(service_config(environment, service_id), entry, returning=False)
    if not entry.get("isCreated"):
        return None
    former = instances.former(cloud, environment, service_id)
    base = former.former_config if former else instances.first_config(cloud, environment)
    return merged_service(base, entry, returning=former is not None)


def would_change(cloud: RailwayCloud, environment: Environment, patch: Config) -> bool:
    """Tell whether a patch changes anything. One that is refused counts as a change: applying it says why."""
    before = etag(cloud, environment)
    tried = cloud.copy()
    environment_copy = tried.state.environments[environment.id]
    try:
        record = commit(tried, environment_copy, patch, message=None, skip_deploys=True)
        check_limits(tried, environment_copy, record)
        _apply(tried, environment_copy, record, tried.now())
    except Refused:
        return True
    return etag(tried, environment_copy) != before


def _apply(cloud: RailwayCloud, environment: Environment, record: Patch, at: float) -> None:
    patch = record.patch
    with affected_by(cloud, environment) as affected:
        config_volumes.apply(cloud, environment, patch, at)
        config_buckets.apply(cloud, environment, patch, at)
        for service_id, entry in part(patch, "services").items():
            _apply_service(cloud, environment, service_id, entry, at)
        shared = environment.config.get("sharedVariables", {})
        merged = merged_variables(shared, part(patch, "sharedVariables"))
        environment.config = {
            **environment.config,
            "sharedVariables": merged,
            "groups": _groups(part(environment.config, "groups"), part(patch, "groups")),
            "privateNetworkDisabled": patch.get(
                "privateNetworkDisabled", environment.config.get("privateNetworkDisabled", False)
            ),
        }
    environment.updated_at = at
    deployments.scale(cloud, environment, affected.scaled)
    if not record.skip_deploys:
        deployments.start_batch(cloud, environment, affected.redeployed, at)


def _apply_service(
    cloud: RailwayCloud, environment: Environment, service_id: str, entry: Config | None, at: float
) -> None:
    if entry is None or entry.get("isDeleted"):
        instances.remove(cloud, environment, service_id, at)
        return
    config = _new_config(cloud, environment, service_id, entry)
    if config is None:
        return  # Railway ignores settings of a service that is not in the environment
    instance = cloud.find_instance(environment.id, service_id)
    if instance is None:
        instance = instances.create(cloud, environment, service_id, at, config)
    environment.services[service_id] = config
    instance.updated_at = at
    instances.follow_source(cloud, environment, service_id)
    config_volumes.mount(cloud, environment, service_id, entry, at)
    config_volumes.follow_region(cloud, environment, service_id, config, at)
    tcp_proxies.from_patch(cloud, environment, service_id, entry, at)
    if not part(config, "deploy").get("multiRegionConfig"):
        deployments.end_all(cloud, environment.id, service_id, at)


def _groups(groups: Config, change: Config) -> Config:
    """Return the groups in which the dashboard shows things, after a patch."""
    merged = {**groups}
    for group_id, entry in change.items():
        if entry is None or entry.get("isDeleted"):
            merged.pop(group_id, None)
        else:
            fields = {key: value for key, value in entry.items() if key != "isCreated"}
            merged[group_id] = {**part(merged, group_id), **fields}
    return merged
