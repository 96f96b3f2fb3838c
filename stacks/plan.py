"""Settings that ask for more than the stack's Railway plan allows.

Owns the comparison; the limits stand in ``railway_api.plans``. Railway would refuse these settings too, but only after
other things have been made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from components.arguments import Arguments, Path
from components.database import DatabaseSettings
from components.service_kind import ServiceSettings
from components.volume import VolumeSettings
from railway_api.plans import PLANS, Limits, Plan
from stacks.arguments_tree import walk_arguments

_MOVE: Final = "move to a plan that allows more and set railway:plan"
FEW_RESTARTS: Final = 10
"""Restarts of a service on a plan without endless ones."""


@dataclass(frozen=True, kw_only=True)
class PlanViolation:
    """A setting that asks for more than the plan allows."""

    path: Path
    value: object
    allowed: str
    """Limit of the plan, ``the hobby plan allows 5 GB for a volume``."""
    fix: str = f"lower it, or {_MOVE}"


def _fix(path: Path, most: float) -> str:
    """Say what to do; a volume has whole gigabytes, so below one there is nothing to lower it to."""
    return _MOVE if path[-1:] == ("sizeGb",) and most < 1 else PlanViolation.fix


def plan_violations(settings: Arguments, plan: Plan) -> list[PlanViolation]:
    """Return what in the settings of one system is more than ``plan`` allows."""
    limits = [
        PlanViolation(path=path, value=value, allowed=f"the {plan} plan allows {most:g} {what}", fix=_fix(path, most))
        for path, value, total, most, what in _limited(settings, PLANS[plan])
        if most is not None and total is not None and total > most
    ]
    return limits + [
        PlanViolation(path=path, value=value, allowed=f"the {plan} plan allows {what}")
        for path, value, what in _lacking(settings, PLANS[plan])
    ]


def _lacking(settings: Arguments, limits: Limits) -> Iterator[tuple[Path, object, str]]:
    """Yield settings that need what the plan does not have, with what it has in their place."""
    for path, part in walk_arguments(settings):
        if not isinstance(part, ServiceSettings):
            continue
        if not limits.private_registries and part.registry_username:
            yield (*path, "registryUsername"), part.registry_username, "images of public registries alone"
        if not limits.restarts_always and part.restart_policy_type == "ALWAYS":
            yield (*path, "restartPolicyType"), "ALWAYS", "ON_FAILURE and NEVER"
        if not limits.restarts_always and part.restart_policy_max_retries > FEW_RESTARTS:
            yield (*path, "restartPolicyMaxRetries"), part.restart_policy_max_retries, f"{FEW_RESTARTS} restarts"


Limited = tuple[Path, object, float | None, float | None, str]
"""Path of a setting, its value, how much that is in all, the most that is allowed, and the unit."""


def _limited(settings: Arguments, limits: Limits) -> Iterator[Limited]:
    volumes = 0
    for path, part in walk_arguments(settings):
        if isinstance(part, ServiceSettings):
            yield from _of_service(path, part, limits)
        if isinstance(part, DatabaseSettings):
            yield (
                (*path, "memoryMb"),
                part.memory_mb,
                part.memory_mb,
                limits.memory_mb_per_service,
                "MB of memory for a service",
            )
            yield (*path, "vcpus"), part.vcpus, part.vcpus, limits.vcpus_per_service, "vCPUs for a service"
        if isinstance(part, VolumeSettings | DatabaseSettings):
            yield (*path, "sizeGb"), part.size_gb, part.size_gb, limits.gb_per_volume, "GB for a volume"
            volumes += 0 if isinstance(part, DatabaseSettings) and part.volume is None else 1
    yield (), volumes, volumes, limits.volumes_per_project, "volumes in a project"


def _of_service(path: Path, args: ServiceSettings, limits: Limits) -> Iterator[Limited]:
    """Compare what all replicas have together, since each of them may have what the settings say."""
    service = "a service" if args.instances == 1 else f"a service, which its {args.instances} replicas share"
    memory_mb = None if args.memory_mb is None else args.memory_mb * args.instances
    vcpus = None if args.vcpus is None else args.vcpus * args.instances
    domains = len(args.domains)
    where = "replicas" if args.regions is None else "regions"
    yield (*path, where), args.instances, args.instances, limits.replicas_per_service, "replicas of a service"
    yield (*path, "memoryMb"), args.memory_mb, memory_mb, limits.memory_mb_per_service, f"MB of memory for {service}"
    yield (*path, "vcpus"), args.vcpus, vcpus, limits.vcpus_per_service, f"vCPUs for {service}"
    yield (*path, "domains"), domains, domains, limits.custom_domains_per_service, "custom domains for a service"
