"""Defects that are ordered for a service, whatever it runs: what becomes of what runs now, and of what comes next.

A service that crashes ends at once, and each later deployment of it crashes; one that is unhealthy answers nobody from
now on, and no later deployment becomes healthy. Of other defects, what runs now notices nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from railway_sandbox.railway.cloud import Defect, RailwayCloud
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.deployments.sources import named_service, source_of_service
from railway_sandbox.railway.deployments.timelines import RUNNING
from railway_sandbox.railway.records import Deployment


def add_defect(cloud: RailwayCloud, project: str, service: str, how: Defect) -> None:
    """Let a service have the defect in every environment from now on, also one that is made later.

    Raises ``LookupError`` when the project is there and has no such service.
    """
    with cloud.lock:
        for project_ in cloud.state.projects.values():
            if project_.name == project and project_.deleted_at is None:
                names = [each.name for each in cloud.services_of(project_.id)]
                if service not in names:
                    raise LookupError(f"{project} has no service {service!r}; it has {', '.join(names) or 'none'}")
        source = named_service(project, service)
        cloud.fail(source, how)
        for running in _running(cloud):
            if source_of_service(cloud, running.service_id) != source:
                continue
            if how == "crash":
                deployments.end(cloud, running, cloud.now(), "CRASHED")
            elif how == "unhealthy":
                running.failure = how


def clear_defects(cloud: RailwayCloud) -> None:
    """Forget every defect: what is unhealthy answers again, and what has crashed runs with its next deployment."""
    with cloud.lock:
        cloud.state.defects.clear()
        for running in _running(cloud):
            if running.failure == "unhealthy":
                running.failure = None
        cloud.touch()


def _running(cloud: RailwayCloud) -> Iterator[Deployment]:
    every = list(cloud.state.deployments.values())
    return (each for each in every if deployments.status_of(cloud, each) in RUNNING)
