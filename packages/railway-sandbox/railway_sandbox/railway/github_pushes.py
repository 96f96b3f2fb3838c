"""Pushes to GitHub: what a new commit on a branch sets off.

Owns the reaction of deployment triggers to a commit: watch patterns, CI checks and approval. Nothing of Railway's API
causes a push; a sandbox or a test calls ``push`` on behalf of the outside world.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.config.view import service_config
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.deployments.sources import defect_of, latest_commit, resolve
from railway_sandbox.railway.deployments.timelines import CHECKS_S
from railway_sandbox.railway.operations import catch_up
from railway_sandbox.railway.records import Deployment, DeploymentTrigger, part


def push(cloud: RailwayCloud, repository: str, branch: str, commit: str, paths: Iterable[str] = ()) -> list[Deployment]:
    """Let a commit that changed ``paths`` arrive on a branch; return the deployments it led to, skipped ones too.

    The defects ``checks`` and ``outsider`` of the commit or repository decide about CI and approval.
    """
    with cloud.lock:
        catch_up(cloud)
        cloud.state.commits[f"{repository}@{branch}"] = commit
        cloud.touch()
        changed = list(paths)
        triggers = list(cloud.state.triggers.values())
        return [
            _react(cloud, trigger, changed)
            for trigger in triggers
            if trigger.repository == repository and trigger.branch == branch
        ]


def _react(cloud: RailwayCloud, trigger: DeploymentTrigger, paths: list[str]) -> Deployment:
    environment = cloud.state.environments[trigger.environment_id]
    config = service_config(environment, trigger.service_id)
    commit = latest_commit(cloud, trigger.repository, trigger.branch)
    source = resolve(cloud, config, commit)
    defect = defect_of(cloud, source, trigger.service_id)
    watched: list[str] = part(config, "build").get("watchPatterns") or []
    waits_until = cloud.now() + CHECKS_S if trigger.check_suites else 0.0
    stays: Literal["SKIPPED", "NEEDS_APPROVAL"] | None = None
    if paths and watched and not any(_watches(watched, path) for path in paths):
        stays, waits_until = "SKIPPED", 0.0
    elif defect == "outsider":
        stays = "NEEDS_APPROVAL"
    elif trigger.check_suites and defect == "checks":
        stays = "SKIPPED"
    return deployments.start(
        cloud, environment, trigger.service_id, cloud.now(), source=source, waits_until=waits_until, stays=stays
    )


def _watches(patterns: list[str], path: str) -> bool:
    """Tell whether a changed file counts: the last pattern that fits decides, and one with ``!`` says no."""
    counts = False
    for pattern in patterns:
        glob = pattern.removeprefix("!").lstrip("/")
        if fnmatchcase(path, glob) or fnmatchcase(path, f"{glob.rstrip('/')}/*"):
            counts = not pattern.startswith("!")
    return counts
