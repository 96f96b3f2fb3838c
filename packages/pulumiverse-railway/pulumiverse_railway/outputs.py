# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""Groups of outputs."""

from collections.abc import Mapping

import pulumi


@pulumi.output_type
class ProjectUsage:
    """The usage of one project that Railway expects in this billing period."""

    project_id: str = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    usage: Mapping[str, float] = pulumi.property("usage")
    """Estimated usage by measurement: CPU_USAGE in vCPU-minutes, MEMORY_USAGE_GB, DISK_USAGE_GB and BACKUP_USAGE_GB in
    GB-minutes, NETWORK_TX_GB in GB (API: estimatedValue).
    """
    cost_usd: Mapping[str, float] = pulumi.property("costUsd")
    """Cost of it at list prices, in US dollars."""
    total_usd: float = pulumi.property("totalUsd")
    """All of it, in US dollars."""


@pulumi.output_type
class Region:
    """A place where Railway runs services (API: Region)."""

    name: str = pulumi.property("name")
    """Name that other resources take as region, such as us-west2 (API: name)."""
    location: str = pulumi.property("location")
    """Its place, such as California (API: location)."""
    country: str = pulumi.property("country")
    """Its country, such as US (API: country)."""
    replaced_by: str | None = pulumi.property("replacedBy")
    """The region to use instead, if this one is deprecated (API: replacementRegion)."""


@pulumi.output_type
class RegistryCredentials:
    """Login of a private image registry (Railway's Pro plan)."""

    username: str = pulumi.property("username")
    """User name at the registry."""
    password: str = pulumi.property("password")
    """Password or token at the registry."""
