"""One system in one stack, as a promotion or a rollback sees it: its settings, what it runs, and what it ran.

Owns putting these together. Judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services import RunningSystem
from railyard.accounts.running_services_query import running_systems
from railyard.promote.deployment_history import History, history_of, value_of
from railyard.promote.settings_file import edited
from railyard.promote.settings_history import on_shared
from railyard.shared.stack import Stack
from stacks import class_of
from stacks.releases import Release
from stacks.system import SystemSettings


@dataclass(frozen=True, kw_only=True)
class SystemInStack:
    """One system in one of the two stacks."""

    stack: str
    running: RunningSystem
    history: History
    settings: Mapping[str, Any]
    """Settings of the stack's file, merged over the file that all stacks share."""

    def address(self, service: str, deployment: str) -> str:
        """Return where a deployment is on Railway's dashboard."""
        running = self.running.service(service)
        return (
            f"https://railway.com/project/{self.running.project_id}/service/{running and running.service_id}"
            f"?environmentId={self.running.environment_id}&id={deployment}"
        )


def releases(system: str, settings: SystemSettings) -> Sequence[Release]:
    """Return what decides what ``system`` runs."""
    return class_of(system).releases(settings)


def runs(release: Release, system: RunningSystem) -> dict[str, str]:
    """Return service → what it serves now, as the keys of ``release`` say it; empty for what is something else."""
    serving = {service.name: service.serving for service in system.services if service.name in release.services}
    return {name: value_of(release, name, run) for name, run in serving.items() if run is not None}


async def sides(railway: Railway, stack: Stack, names: Sequence[str]) -> dict[str, SystemInStack]:
    """Return system → what it runs and ran in ``stack``."""
    file = edited(stack.name, {})
    settings = on_shared(file.file, file.before)
    by_system: dict[str, SystemInStack] = {}
    for running in await running_systems(railway, stack, names):
        own_releases = releases(running.name, stack.settings.systems[running.name])
        services = [service for release in own_releases for service in release.services]
        by_system[running.name] = SystemInStack(
            stack=stack.name,
            running=running,
            history=await history_of(railway.of(running.name), running, services),
            settings=cast("dict[str, Any]", settings),
        )
    return by_system
