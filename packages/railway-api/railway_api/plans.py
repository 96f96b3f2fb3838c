"""Railway's plans: how many requests each allows, and how much a service, a volume and a project may have.

Owns the one table of them, for the client, settings and commands. Sources: https://docs.railway.com/integrations/api
(requests), https://docs.railway.com/reference/pricing/plans (sizes), https://docs.railway.com/reference/deployments
(how long a replaced deployment can be rolled back to).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Plan(StrEnum):
    """The Railway plan whose request budget is kept."""

    FREE = "free"
    TRIAL = "trial"
    HOBBY = "hobby"
    PRO = "pro"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The requests that a plan allows."""

    per_hour: int
    per_second: int
    poll_s: float
    """Interval between two polls: a small budget polls less often."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a plan; None: no limit that Railway states."""

    requests: Budget
    replicas_per_service: int
    memory_mb_per_service: int
    """Of all replicas of a service together."""
    vcpus_per_service: float
    """Of all replicas of a service together."""
    gb_per_volume: float
    volumes_per_project: int | None
    custom_domains_per_service: int | None
    rollback_hours: int
    """Hours for which a replaced deployment can be rolled back to."""
    restarts_always: bool = True
    """Restarts without end, and more than 10 of them, are allowed."""
    private_registries: bool = False
    """Images of private registries are allowed."""


PLANS: Final = {
    Plan.FREE: Limits(
        requests=Budget(per_hour=100, per_second=2, poll_s=30.0),
        replicas_per_service=1,
        memory_mb_per_service=500,
        vcpus_per_service=1,
        gb_per_volume=0.5,
        volumes_per_project=1,
        custom_domains_per_service=1,
        rollback_hours=24,
        restarts_always=False,
    ),
    Plan.TRIAL: Limits(
        # What Railway does not state of a trial is taken to be that of Free.
        requests=Budget(per_hour=100, per_second=2, poll_s=30.0),
        replicas_per_service=2,
        memory_mb_per_service=1_000,
        vcpus_per_service=2,
        gb_per_volume=0.5,
        volumes_per_project=3,
        custom_domains_per_service=1,
        rollback_hours=24,
        restarts_always=False,
    ),
    Plan.HOBBY: Limits(
        requests=Budget(per_hour=1_000, per_second=10, poll_s=10.0),
        replicas_per_service=6,
        memory_mb_per_service=48_000,
        vcpus_per_service=48,
        gb_per_volume=5,
        volumes_per_project=10,
        custom_domains_per_service=2,
        rollback_hours=72,
    ),
    Plan.PRO: Limits(
        requests=Budget(per_hour=10_000, per_second=50, poll_s=5.0),
        replicas_per_service=42,
        memory_mb_per_service=1_000_000,
        vcpus_per_service=1_000,
        gb_per_volume=1_000,
        volumes_per_project=20,
        custom_domains_per_service=20,
        rollback_hours=120,
        private_registries=True,
    ),
    Plan.ENTERPRISE: Limits(
        # Agreed on with each customer: what is sure is that it is no less than Pro.
        requests=Budget(per_hour=10_000, per_second=50, poll_s=5.0),
        replicas_per_service=50,
        memory_mb_per_service=2_400_000,
        vcpus_per_service=2_400,
        gb_per_volume=5_000,
        volumes_per_project=None,
        custom_domains_per_service=None,
        rollback_hours=360,
        private_registries=True,
    ),
}
