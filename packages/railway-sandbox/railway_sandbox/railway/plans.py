"""The limits of each Railway plan.

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
    max_replicas_per_service: int
    max_vcpus_per_service: float
    """Of all replicas together."""
    max_memory_gb_per_service: float
    """Of all replicas together."""
    default_volume_mb: int
    max_volume_mb: int
    """Size up to which a volume grows without asking Railway."""
    max_volumes_per_project: int | None
    max_custom_domains_per_service: int | None
    image_retention_hours: int
    private_registries: bool = False
    always_restart: bool = True


PLANS = {
    "free": Plan(
        requests_per_hour=100,
        requests_per_second=None,
        max_replicas_per_service=1,
        max_vcpus_per_service=1,
        max_memory_gb_per_service=0.5,
        default_volume_mb=500,
        max_volume_mb=500,
        max_volumes_per_project=1,
        max_custom_domains_per_service=1,
        image_retention_hours=24,
        always_restart=False,
    ),
    "trial": Plan(
        requests_per_hour=100,
        requests_per_second=None,
        max_replicas_per_service=2,
        max_vcpus_per_service=2,
        max_memory_gb_per_service=1,
        default_volume_mb=500,
        max_volume_mb=500,
        max_volumes_per_project=3,
        max_custom_domains_per_service=1,
        image_retention_hours=24,
        always_restart=False,
    ),
    "hobby": Plan(
        requests_per_hour=1_000,
        requests_per_second=10,
        max_replicas_per_service=6,
        max_vcpus_per_service=48,
        max_memory_gb_per_service=48,
        default_volume_mb=5 * GB_IN_MB,
        max_volume_mb=5 * GB_IN_MB,
        max_volumes_per_project=10,
        max_custom_domains_per_service=2,
        image_retention_hours=72,
    ),
    "pro": Plan(
        requests_per_hour=10_000,
        requests_per_second=50,
        max_replicas_per_service=42,
        max_vcpus_per_service=1_000,
        max_memory_gb_per_service=1_000,
        default_volume_mb=50 * GB_IN_MB,
        max_volume_mb=1_000 * GB_IN_MB,
        max_volumes_per_project=20,
        max_custom_domains_per_service=20,
        image_retention_hours=120,
        private_registries=True,
    ),
    "enterprise": Plan(
        requests_per_hour=10_000,
        requests_per_second=50,
        max_replicas_per_service=50,
        max_vcpus_per_service=2_400,
        max_memory_gb_per_service=2_400,
        default_volume_mb=50 * GB_IN_MB,
        max_volume_mb=5_000 * GB_IN_MB,
        max_volumes_per_project=None,
        max_custom_domains_per_service=None,
        image_retention_hours=360,
        private_registries=True,
    ),
}
"""By Railway's ``SubscriptionPlanType``. Enterprise's request limits are agreed on with each customer.
The custom-domain allowance of Free and the hourly one of Trial are not
published: they are taken to be those of Trial and Free."""
