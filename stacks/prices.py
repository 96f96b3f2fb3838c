"""Prices, and how much of each thing is used: the tables that ``railyard:prices`` and ``railyard:usage`` change.

Owns the list prices of Spaces and Cloudflare, and what is assumed where no usage is given. Railway's
list prices stand in ``railway_api.prices``. All amounts are US dollars, of a month where nothing else is said.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from components.arguments import Arguments, Many, MemoryMb, Name, Text
from railway_api import prices as railway

Usd = Annotated[float, Field(ge=0, le=1_000_000)]
"""An amount in US dollars."""


def _number(value: Any) -> Any:
    """Return the number in a text, which is how Pulumi hands a plain value over; anything else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Budget = Annotated[float, Field(gt=0, le=1_000_000), BeforeValidator(_number)]
"""An amount that may not be passed, as a key that belongs to no system."""
Share = Annotated[float, Field(ge=0, le=1)]

SOURCES: Final = (
    "https://docs.railway.com/pricing/plans",
    "https://docs.railway.com/pricing/understanding-your-bill",
    "https://docs.digitalocean.com/products/spaces/details/pricing/",
    "https://www.cloudflare.com/plans/",
)
"""Pages from which the list prices were read, on the day that ``Prices.as_of`` names."""


class RailwayPrices(Arguments):
    """Railway's prices."""

    memory_gb: Usd = railway.MEMORY_USD_PER_GB_MONTH
    """A GB of memory for a month."""
    vcpu: Usd = railway.CPU_USD_PER_VCPU_MONTH
    """A vCPU for a month."""
    volume_gb: Usd = railway.VOLUME_USD_PER_GB_MONTH
    """A GB on a volume for a month, of what is stored."""
    backup_gb: Usd = railway.BACKUP_USD_PER_GB_MONTH
    """A GB of backups for a month, of what differs between them."""
    egress_gb: Usd = railway.EGRESS_USD_PER_GB
    """A GB sent to the internet."""
    object_gb: Usd = railway.BUCKET_USD_PER_GB_MONTH
    """A GB in a bucket of Railway's own for a month."""
    subscription: Usd | None = None
    """The plan for a month, which includes usage of the same worth. Default: the list price of ``railway:plan``."""


class SpacesPrices(Arguments):
    """DigitalOcean's prices of Spaces."""

    subscription: Usd = 5.0
    """All buckets of an account for a month, with what is included."""
    included_gb: Annotated[float, Field(ge=0)] = 250.0
    """GB of objects that are included."""
    included_egress_gb: Annotated[float, Field(ge=0)] = 1_024.0
    """GB sent that are included. No calculation needs it: how much buckets send is assumed to be less."""
    object_gb: Usd = 0.02
    """A GB of objects more, for a month."""
    egress_gb: Usd = 0.01
    """A GB sent more, which no calculation counts."""


class PaidElsewhere(Arguments):
    """The cost of a system at a provider that Railyard does not manage."""

    system: Name
    """The system, as its key in the settings."""
    name: Text
    """Whom or what for, ``OpenAI``."""
    least: Usd
    """A month with little use."""
    most: Usd
    """A month with much."""


class Prices(Arguments):
    """List prices, and what is paid beside them."""

    as_of: Text = "2026-11-29"
    """The day on which they were read."""
    railway: RailwayPrices = RailwayPrices()
    """Railway's."""
    spaces: SpacesPrices = SpacesPrices()
    """DigitalOcean's of Spaces."""
    cloudflare_zone: Usd = 0.0
    """A Cloudflare zone for a month. Default: the Free plan; Pro costs 25, or 20 where a year is paid."""
    elsewhere: Many[PaidElsewhere] = ()
    """Costs of systems at others, such as the provider of a language model."""


class Usage(Arguments):
    """The usage of a service in a usual month. What is left out is assumed."""

    memory_mb: MemoryMb | None = None
    """Memory of each replica, on average."""
    vcpus: Annotated[float, Field(ge=0, le=1_000)] | None = None
    """vCPUs of each replica, on average."""
    egress_gb: Annotated[float, Field(ge=0)] | None = None
    """GB sent to the internet."""
    stored_gb: Annotated[float, Field(ge=0)] | None = None
    """GB on its volume."""
    running: Share | None = None
    """Share of the month in which it runs, 1 for always."""


ServiceUsage = dict[str, Usage]
"""Service → how much it uses."""


class Assumed(Arguments):
    """The usage that is assumed of a replica, a volume and a bucket without a given usage."""

    memory_mb: float
    share_of_limit: Share
    """Memory of a service with a limit, as a share of it, where that is more."""
    vcpus: float
    egress_gb: float
    """Of a service with a port."""
    share_of_volume: Share
    backups_of_volume: float
    """GB of backups for each GB on the volume."""
    sleeping_runs: Share
    """Share of the month in which a service that may sleep runs."""
    scheduled_runs: Share
    """Share of the month in which a service with a schedule runs."""
    objects_gb: float


AT_REST: Final = Assumed(
    memory_mb=128, share_of_limit=0.25, vcpus=0.01, egress_gb=0.0, share_of_volume=0.03, backups_of_volume=0.0,
    sleeping_runs=0.0, scheduled_runs=0.01, objects_gb=0.0,
)  # fmt: skip
"""Deployed without visitors: an interpreter that waits, and what a file system needs for itself."""
AS_USED: Final = Assumed(
    memory_mb=256, share_of_limit=0.5, vcpus=0.05, egress_gb=2.0, share_of_volume=0.3, backups_of_volume=1.0,
    sleeping_runs=0.5, scheduled_runs=0.05, objects_gb=10.0,
)  # fmt: skip
"""A usual month of a small system."""
STORE_SHARE: Final = 0.5
"""Share of an application's assumed memory that a database or cache uses."""
