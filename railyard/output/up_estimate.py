"""The estimate of an ``up``: about how many requests to Railway, and how many deployments.

A pure function of the steps of a preview; nobody is asked. The rules are those by which the Railway provider saves
requests, measured in this sandbox: creates of one kind leave together, settings leave in as few commits as the order of
the resources allows, an environment is read once at most. Polls, of which one serves everything that waits in an
environment, are not counted: how many there are depends on how long Railway takes.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pulumi_operations.events import Step, StepKind
from railway_api.counting import count
from railway_api.plans import PLANS, Plan

REQUESTS_PER_HOUR: Final = {
    plan.value: limits.requests.per_hour for plan, limits in PLANS.items() if plan is not Plan.ENTERPRISE
}
"""Requests per hour of each Railway plan; Enterprise agrees on its own."""
CALLS_PER_REQUEST: Final = 25
"""Like calls that the provider puts into one request."""

_PREFIX: Final = "railway:index:"
_CREATES: Final = frozenset({StepKind.CREATE, StepKind.CREATE_REPLACEMENT})
_DELETES: Final = frozenset({StepKind.DELETE, StepKind.DELETE_REPLACED})
_SETTINGS: Final = frozenset({"ServiceInstance", "Volume", "Bucket", "TcpProxy"})
"""Types that commits of the environment's configuration write, in whole or in part."""
_ONLY_SETTINGS: Final = frozenset({"ServiceInstance", "TcpProxy"})
"""Types that are written by such commits alone."""
_ONE_AT_A_TIME: Final = frozenset({"Volume", "Project", "Environment", "ProjectToken"})
"""Types that Railway creates only so often, or only one at a time."""
_RETURN_ALL_FIELDS: Final = frozenset(
    {"Project", "Service", "Volume", "CustomDomain", "ServiceDomain", "ServiceInstance"}
)
"""Types whose creation returns all that the next step needs."""
_FREE: Final = frozenset({"CustomDomainValidation"})
"""Types that only wait."""
_SCALING: Final = ("regions", "numReplicas", "waitForDeployment")
"""Changes of a service instance that start no deployment."""


@dataclass(frozen=True, kw_only=True)
class UpEstimate:
    """The requests and deployments that a preview expects of the ``up`` that follows."""

    requests: int
    """To Railway's API, about, without polls."""
    deployments: int

    def sentence(self, plan: str) -> str:
        """Say it in words, beside what the Railway plan of the stack allows."""
        requests = f"about {count(self.requests, 'request')} to Railway"
        deployments = count(self.deployments, "deployment") if self.deployments else "no deployments"
        per_hour = REQUESTS_PER_HOUR.get(plan)
        allowed = f"; the {plan} plan allows {per_hour:,} requests an hour" if per_hour else ""
        return f"up will send {requests} and start {deployments}{allowed}"


def estimate_up(steps: Iterable[Step]) -> UpEstimate | None:
    """Return the estimate for these steps; None when nothing of them concerns Railway."""
    every = list(steps)
    changing = [
        step
        for step in every
        if step.type.startswith(_PREFIX) and (step.kind in _CREATES | _DELETES or step.kind is StepKind.UPDATE)
    ]
    if not changing:
        return None
    levels = _levels(every)
    projects: dict[str, list[Step]] = defaultdict(list)
    owner = _owners(every)
    for step in changing:
        projects[owner[step.urn]].append(step)
    requests = sum(_of_project(group, levels) for group in projects.values())
    if any(_noun(step) == "Project" and step.kind in _CREATES for step in changing):
        requests += 1  # who the token is, and whether an interrupted run left any of the projects
    return UpEstimate(requests=requests, deployments=sum(_deploys(step) for step in changing))


def _noun(step: Step) -> str:
    return step.type.removeprefix(_PREFIX)


def _owners(steps: Sequence[Step]) -> Mapping[str, str]:
    """Return for each step something that it has in common with all others of its Railway project."""
    parents = {step.urn: step.parent for step in steps}

    def root(urn: str) -> str:
        while parents.get(urn) in parents:
            urn = parents[urn]
        return urn

    railway = [step for step in steps if step.type.startswith(_PREFIX)]
    projects = [step for step in railway if _noun(step) == "Project"]
    owners: dict[str, str] = {}
    for step in railway:
        project_id = step.old_inputs.get("projectId") or step.new_inputs.get("projectId")
        needed = [project.urn for project in projects if project.urn in step.dependencies or project.urn == step.urn]
        if needed:
            owners[step.urn] = needed[0]
        elif isinstance(project_id, str):
            owners[step.urn] = next((project.urn for project in projects if project.id == project_id), project_id)
        else:
            owners[step.urn] = root(step.urn)
    return owners


def _of_project(steps: Sequence[Step], levels: Mapping[str, int]) -> int:
    nouns = {kinds: Counter(_noun(step) for step in steps if step.kind in kinds) for kinds in (_CREATES, _DELETES)}
    created, deleted = nouns[_CREATES], nouns[_DELETES]
    if deleted["Project"]:
        # Railway deletes all that is in it; a volume is deleted by itself, so that it is never by accident.
        return 1 + min(deleted["Volume"], 1)
    requests = sum(
        count if noun in _ONE_AT_A_TIME else math.ceil(count / CALLS_PER_REQUEST)
        for noun, count in created.items()
        if noun not in _ONLY_SETTINGS | _FREE
    )
    with_service = (
        {"ServiceInstance", "CustomDomain", "ServiceDomain", "TcpProxy"} if deleted["Service"] else set[str]()
    )
    requests += len(set(deleted) - _FREE - with_service)
    updates = [step for step in steps if step.kind is StepKind.UPDATE]
    requests += len({_noun(step) for step in updates} - _SETTINGS - _FREE)
    requests += len({levels[step.urn] for step in steps if _commits(step) and step.kind not in _DELETES})
    looks = {_noun(step) for step in updates} - {"Project"} | set(created) | set(deleted)
    looks -= _RETURN_ALL_FIELDS | _FREE if created["Project"] else _FREE
    return requests + bool(looks)


def _commits(step: Step) -> bool:
    """Tell whether a step writes into the environment's configuration."""
    if not step.type.startswith(_PREFIX) or _noun(step) not in _SETTINGS:
        return False
    if _noun(step) != "Volume" or step.kind is StepKind.UPDATE:
        return True
    return bool(step.new_inputs.get("sizeMb") or step.new_inputs.get("backupSchedules"))


def _levels(steps: Sequence[Step]) -> Mapping[str, int]:
    """Return for each step how many commits come before it or with it: what it needs waits for them."""
    by_urn = {step.urn: step for step in steps}
    changing = {step.urn for step in steps if step.kind is not StepKind.SAME}
    levels: dict[str, int] = {}

    def level(urn: str) -> int:
        if urn not in levels:
            levels[urn] = 0  # a circle cannot be, but must not hang a preview either
            step = by_urn[urn]
            before = max((level(needed) for needed in step.dependencies if needed in by_urn), default=0)
            levels[urn] = before + (urn in changing and _commits(step))
        return levels[urn]

    return {urn: level(urn) for urn in by_urn}


def _deploys(step: Step) -> bool:
    """Tell whether a step makes Railway deploy."""
    if _noun(step) != "ServiceInstance" or step.kind in _DELETES:
        return False
    if step.kind in _CREATES:
        return True
    return any(not path.startswith(_SCALING) for path in step.changes)
