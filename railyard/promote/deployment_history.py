"""The deployments that services had, newest first, as far back as Railway lists them.

Owns the request and what an entry of the list proves. What runs now is read by ``running_services_query``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from railway_api.answers import Deployment
from railway_api.client import Client
from railway_api.connections import nodes
from railway_api.deployments import HEALTHY
from railway_api.documents.deployment import DEPLOYMENTS
from railway_api.errors import RailwayError
from railyard.accounts.running_services import Deployed, RunningSystem
from railyard.accounts.running_services_query import deployed
from stacks.releases import Release

FIRST: Final = 50
"""Number of deployments of each service that are requested."""
SHORTEST_START_S: Final = 5.0
"""No deployment goes live sooner than this after it was created."""


@dataclass(frozen=True, kw_only=True)
class PastDeployment:
    """One deployment of a service."""

    run: Deployed
    since: str
    """Since when it has its status, by Railway's clock (ISO 8601)."""
    can_roll_back: bool
    """True when Railway still has its image and can run it again."""
    replaced_after_s: float | None = None
    """Seconds from the start of the next deployment to its own end; None for the newest."""

    @property
    def ran(self) -> bool:
        """Tell whether it was healthy once.

        Railway calls a deployment REMOVED when a newer one went live in its place, and also when a newer one was
        started while this one was not live yet: then at that very moment.
        """
        if self.run.status in HEALTHY or self.can_roll_back:
            return self.run.status != "CRASHED"
        replaced = self.run.status in ("REMOVED", "REMOVING")
        return replaced and self.replaced_after_s is not None and self.replaced_after_s > SHORTEST_START_S


History = Mapping[str, Sequence[PastDeployment]]
"""Service → its deployments, newest first."""


async def history_of(client: Client, system: RunningSystem, services: Sequence[str]) -> History:
    """Return the deployments of ``services``, in one request; nothing for those that Railway does not have."""
    ids = {each.name: each.service_id for each in system.services if each.name in services and each.service_id}
    if not ids:
        return {}
    where = {"projectId": system.project_id, "environmentId": system.environment_id}
    calls = [{"input": {**where, "serviceId": service_id}, "first": FIRST} for service_id in ids.values()]
    answers = await client.transport.call_all(DEPLOYMENTS, calls)
    history: dict[str, Sequence[PastDeployment]] = {}
    for name, answer in zip(ids, answers, strict=True):
        if isinstance(answer, RailwayError):
            raise answer
        history[name] = _pasts(nodes(answer))
    return history


def value_of(release: Release, service: str, run: Deployed) -> str:
    """Return what a deployment runs, as the keys of ``release`` say it."""
    return release.value(service, image=run.image, digest=run.digest, repo=run.repo, commit=run.commit)


def first_run(release: Release, value: str, history: History) -> str | None:
    """Return when ``value`` was first deployed, as far as the list reaches (ISO 8601)."""
    times = [
        past.run.created_at
        for service in release.services
        for past in history.get(service, ())
        if release.same(value_of(release, service, past.run), value)
    ]
    return min(times, default=None)


def _pasts(deployments: Sequence[Deployment]) -> list[PastDeployment]:
    newest_first = sorted(deployments, key=lambda node: node["createdAt"], reverse=True)
    following = [None, *newest_first]
    return [_past(node, newer) for node, newer in zip(newest_first, following, strict=False)]


def _past(node: Deployment, newer: Deployment | None) -> PastDeployment:
    since = node["statusUpdatedAt"] or node["createdAt"]
    after = None if newer is None else _moment(since) - _moment(newer["createdAt"])
    return PastDeployment(
        run=deployed(node),
        since=since,
        can_roll_back=node["canRollback"],
        replaced_after_s=None if after is None else after.total_seconds(),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
