"""What each Railway plan includes.

Owns the numbers of Railway's plan and limit pages; the rules that use them stand with their nouns.
"""

from __future__ import annotations

from dataclasses import dataclass

GB_IN_MB = 1_000
GB_IN_BYTES = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The limits of one plan; ``None`` means no limit."""

    requests_per_hour: int
    requests_per_second: int | None
    replicas: int
    vcpus: float
    memory_gb: float
    volume_mb: int
    """Size of a new volume."""
    largest_volume_mb: int
    """Size up to which a volume grows without asking Railway."""
    volumes_per_project: int
    custom_domains_per_service: int
    image_retention_hours: int
    private_registries: bool = False
    always_restart: bool = True


PLANS = {
    "free": Plan(
        requests_per_hour=100,
        requests_per_second=None,
        replicas=1,
        vcpus=1,
        memory_gb=0.5,
        volume_mb=500,
        largest_volume_mb=500,
        volumes_per_project=1,
        custom_domains_per_service=1,
        image_retention_hours=24,
        always_restart=False,
    ),
    "trial": Plan(
        requests_per_hour=100,
        requests_per_second=None,
        replicas=2,
        vcpus=2,
        memory_gb=1,
        volume_mb=500,
        largest_volume_mb=500,
        volumes_per_project=3,
        custom_domains_per_service=1,
        image_retention_hours=24,
        always_restart=False,
    ),
    "hobby": Plan(
        requests_per_hour=1_000,
        requests_per_second=10,
        replicas=6,
        vcpus=48,
        memory_gb=48,
        volume_mb=5 * GB_IN_MB,
        largest_volume_mb=5 * GB_IN_MB,
        volumes_per_project=10,
        custom_domains_per_service=2,
        image_retention_hours=72,
    ),
    "pro": Plan(
        requests_per_hour=10_000,
        requests_per_second=50,
        replicas=42,
        vcpus=1_000,
        memory_gb=1_000,
        volume_mb=50 * GB_IN_MB,
        largest_volume_mb=1_000 * GB_IN_MB,
        volumes_per_project=20,
        custom_domains_per_service=20,
        image_retention_hours=120,
        private_registries=True,
    ),
}
"""By Railway's ``SubscriptionPlanType``. The custom-domain allowance of Free and the hourly one of Trial are not
published: they are taken to be those of Trial and Free."""
