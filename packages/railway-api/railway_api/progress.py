"""Polls the progress of an environment, with one request for all callers that wait in it.

Six services that deploy, a commit that is being applied and five domains that are validated at the same time cost one
request per interval, not twelve. Does not decide what it means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from railway_api.documents.deployment import DEPLOYMENT
from railway_api.documents.domain import DOMAINS
from railway_api.documents.environment import WORKFLOW_STATUS, progress
from railway_api.environment_access import EnvironmentAccess
from railway_api.errors import RailwayError, Throttled, Unreachable
from railway_api.operation import Answer, Operation
from railway_api.relay import nodes
from railway_api.snapshot import Deployment, Snapshot, latest_deployments

if TYPE_CHECKING:
    from railway_api.answers import (
        AllDomains,
        DeploymentInDeployment,
        EnvironmentPatchInEnvironmentSnapshot,
        EnvironmentSnapshot,
        WorkflowResult,
    )
    from railway_api.scalars import DeploymentMeta

FASTER_AT_FIRST: Final = 2.5
"""The first polls after a change come this much sooner: a commit takes a second or two."""
SLOWING: Final = 1.5
DOMAINS_S: Final = 10.0
"""Shortest interval between two reads of the domains: Railway looks DNS up for each."""
DOMAINS_AT_FIRST_S: Final = 2.0
"""The first interval: the records of a new domain appear after a few seconds."""
LARGEST: Final = 25
"""Domains, and deployments, per poll; what is left over is asked for in the next one."""


@dataclass(frozen=True)
class Progress:
    """Hold one answer of the poll."""

    patches: Sequence[EnvironmentPatchInEnvironmentSnapshot]
    """The latest patches."""
    latest: Mapping[str, Deployment]
    """The newest deployment of each service."""
    snapshot: Snapshot | None = None
    """The whole environment, where it was asked for."""
    domains: Mapping[str, AllDomains | BaseException] = field(default_factory=dict[str, "AllDomains | BaseException"])
    """Domains, or the error in their place, by the id of their service, of those that were asked for and were due."""
    metas: Mapping[str, DeploymentMeta | BaseException | None] = field(
        default_factory=dict[str, "DeploymentMeta | BaseException | None"]
    )
    """``meta``, or the error in its place, by the id of the deployment, of those that were asked for."""
    workflow: WorkflowResult | BaseException | None = None
    """State of the commit's workflow, or the error in its place; None when it was not asked for."""


@dataclass
class _Wants:
    """Hold what callers ask for, beside patches and newest deployments."""

    progress: bool = False
    """True when a caller waits for more than domains."""
    snapshot: bool = False
    services: dict[str, None] = field(default_factory=dict[str, None])
    deployments: dict[str, None] = field(default_factory=dict[str, None])
    workflow: str | None = None
    """Of the commit that is under way: there is one at a time."""


class Poller:
    """Poll ``Progress`` while callers wait, with one request for all of them."""

    def __init__(self, environment: EnvironmentAccess) -> None:
        self._environment = environment
        self._clock = environment.clock
        self._longest_s = environment.transport.limiter.budget.poll_s
        self._interval_s = self._longest_s / FASTER_AT_FIRST
        self._domains_interval_s = DOMAINS_AT_FIRST_S
        self._domains_at_s = 0.0
        self._wants = _Wants()
        self._next: asyncio.Task[Progress] | None = None

    def hurry(self) -> None:
        """Ask sooner for a while: something was just changed."""
        self._interval_s = self._longest_s / FASTER_AT_FIRST

    def hurry_domains(self) -> None:
        """Ask sooner for a while: a domain was just made, or its records were."""
        self.hurry()
        self._domains_interval_s = DOMAINS_AT_FIRST_S
        self._domains_at_s = 0.0

    async def next(
        self,
        *,
        snapshot: bool = False,
        domains_of: str | None = None,
        deployment: str | None = None,
        workflow: str | None = None,
    ) -> Progress:
        """Return the next answer, the same for all callers that wait now.

        It may be under way already, so what is asked for here may be missing in it: then ask again.
        """
        self._wants.progress |= domains_of is None
        self._wants.snapshot |= snapshot
        self._wants.workflow = workflow or self._wants.workflow
        if domains_of is not None:
            self._wants.services[domains_of] = None
        if deployment is not None:
            self._wants.deployments[deployment] = None
        if self._next is None or self._next.done():
            self._next = asyncio.create_task(self._ask())
        return await asyncio.shield(self._next)

    async def _ask(self) -> Progress:
        while True:
            await self._clock.sleep(self._interval_s)
            self._interval_s = min(self._interval_s * SLOWING, self._longest_s)
            due = self._clock.now() >= self._domains_at_s
            if self._wants.progress or due:
                break
        wants, self._wants = self._wants, _Wants()
        services, self._wants.services = _split(wants.services if due else {})
        if services:
            self._domains_at_s = self._clock.now() + self._domains_interval_s
            self._domains_interval_s = min(self._domains_interval_s * SLOWING, DOMAINS_S)
        deployments, self._wants.deployments = _split(wants.deployments)
        return await self._look(services, deployments, wants.workflow, snapshot=wants.snapshot)

    async def _look(
        self, services: Sequence[str], deployments: Sequence[str], workflow: str | None, *, snapshot: bool
    ) -> Progress:
        """Ask for all in one document; in several when Railway refuses it, so that each gets its own error."""
        document = progress(
            snapshot=snapshot, domains=len(services), deployments=len(deployments), workflow=workflow is not None
        )
        operations = {f"service_{index}": each for index, each in enumerate(services)}
        operations |= {f"deployment_{index}": each for index, each in enumerate(deployments)}
        operations |= {"workflow": workflow} if workflow is not None else {}
        try:
            data = await self._environment.transport.read(
                document,
                projectId=self._environment.project_id,
                environmentId=self._environment.environment_id,
                **operations,
            )
        except (Unreachable, Throttled):
            raise
        except RailwayError:
            if not operations:
                raise
            return await self._look_apart(services, deployments, workflow, snapshot=snapshot)
        # What the document has beside that depends on what is asked for.
        numbered_domains = cast("Mapping[str, AllDomains]", data)
        numbered_deployments = cast("Mapping[str, DeploymentInDeployment]", data)
        return Progress(
            nodes(data["environmentPatches"]),
            latest_deployments(nodes(data["environment"]["serviceInstances"])),
            Snapshot(cast("EnvironmentSnapshot", data)) if snapshot else None,
            {each: numbered_domains[f"domains_{index}"] for index, each in enumerate(services)},
            {each: numbered_deployments[f"deployment_{index}"]["meta"] for index, each in enumerate(deployments)},
            cast("Mapping[str, WorkflowResult]", data).get("workflow"),
        )

    async def _look_apart(
        self, services: Sequence[str], deployments: Sequence[str], workflow: str | None, *, snapshot: bool
    ) -> Progress:
        environment = self._environment
        progress = await self._look((), (), None, snapshot=snapshot)
        ids = {"projectId": environment.project_id, "environmentId": environment.environment_id}
        domains = await self._each(DOMAINS, [{**ids, "serviceId": each} for each in services])
        answers = await self._each(DEPLOYMENT, [{"id": each} for each in deployments])
        metas = [answer if isinstance(answer, BaseException) else answer["meta"] for answer in answers]
        (followed,) = await self._each(WORKFLOW_STATUS, [{"workflowId": workflow}]) if workflow else (None,)
        return Progress(
            progress.patches,
            progress.latest,
            progress.snapshot,
            dict(zip(services, domains, strict=True)),
            dict(zip(deployments, metas, strict=True)),
            followed,
        )

    async def _each(
        self, operation: Operation[Answer], calls: Sequence[Mapping[str, object]]
    ) -> Sequence[Answer | BaseException]:
        """Return for each call its answer or its error."""
        requests = (self._environment.ask(operation, **call) for call in calls)
        return await asyncio.gather(*requests, return_exceptions=True)


def _split(wanted: Mapping[str, None]) -> tuple[list[str], dict[str, None]]:
    """Return the ids that one poll asks for, and the others, which come first in the next one."""
    ids = list(wanted)
    return ids[:LARGEST], dict.fromkeys(ids[LARGEST:])
