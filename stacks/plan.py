"""What a Railway plan allows, and which settings ask for more.

Owns the table of limits (https://docs.railway.com/reference/pricing/plans) and the rules that
compare settings with it. Railway would refuse these settings too, but only after other things have been made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from components.arguments import Arguments
from components.postgres import PostgresArgs
from components.redis import RedisArgs
from components.service import ServiceArgs
from components.volume import VolumeArgs
from stacks.parts import parts

PlanName = Literal["free", "hobby", "pro", "enterprise"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The limits of one Railway plan."""

    replicas: int
    memory_mb: int
    """Of all replicas of a service together."""
    vcpus: float
    volume_gb: float
    """Of one volume."""
    volumes: int | None
    """Per project; None: no limit."""
    domains: int | None
    """Custom domains per service; None: no limit that Railway states."""


PLANS: dict[PlanName, Plan] = {
    "free": Plan(replicas=1, memory_mb=500, vcpus=1, volume_gb=0.5, volumes=1, domains=1),
    "hobby": Plan(replicas=6, memory_mb=48_000, vcpus=48, volume_gb=5, volumes=10, domains=2),
    "pro": Plan(replicas=42, memory_mb=1_000_000, vcpus=1_000, volume_gb=1_000, volumes=20, domains=20),
    "enterprise": Plan(replicas=50, memory_mb=2_400_000, vcpus=2_400, volume_gb=5_000, volumes=None, domains=None),
}
assert set(PLANS) == set(get_args(PlanName))


@dataclass(frozen=True, kw_only=True)
class Excess:
    """A setting that asks for more than the plan allows."""

    path: tuple[str | int, ...]
    value: object
    reason: str


def excesses(arguments: Arguments, plan: PlanName) -> list[Excess]:
    """What in the settings of one system is more than ``plan`` allows."""
    limits = PLANS[plan]
    found: list[Excess] = []

    def limit(path: tuple[str | int, ...], value: float | None, most: float | None, what: str) -> None:
        if value is not None and most is not None and value > most:
            found.append(
                Excess(
                    path=path,
                    value=value,
                    reason=f"the {plan} plan allows {most:g} {what}: lower it, or move to a plan that allows more "
                    "and set railway:plan",
                )
            )

    volumes = 0
    for path, part in parts(arguments):
        if isinstance(part, ServiceArgs):
            limit((*path, "replicas"), part.replicas, limits.replicas, "replicas of a service")
            limit((*path, "memoryMb"), part.memory_mb, limits.memory_mb, "MB of memory for a service")
            limit((*path, "vcpus"), part.vcpus, limits.vcpus, "vCPUs for a service")
            limit((*path, "domains"), len(part.domains), limits.domains, "custom domains for a service")
        if isinstance(part, VolumeArgs | PostgresArgs | RedisArgs):
            limit((*path, "sizeGb"), part.size_gb, limits.volume_gb, "GB for a volume")
            volumes += 0 if isinstance(part, RedisArgs) and part.size_gb is None else 1
    limit((), volumes, limits.volumes, "volumes in a project")
    return found
