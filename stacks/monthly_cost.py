"""The cost of a stack a month, from its settings: at rest, as used, and at its limits.

Owns the arithmetic for services, volumes, buckets and whole stacks. Prices and assumptions stand in ``stacks.prices``.
Makes no request. Railway bills what is used: the three say in which range the bill will be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from components.arguments import Arguments
from components.bucket import BucketSettings
from components.database import DatabaseSettings
from components.railway_bucket import RailwayBucketSettings
from components.service_kind import ServiceSettings
from railway_api.plans import PLANS, Plan
from railway_api.prices import BACKUPS_KEPT, DEFAULT_VOLUME_GB, SUBSCRIPTION_USD
from stacks.arguments_tree import walk_arguments
from stacks.prices import AS_USED, AT_REST, STORE_SHARE, Assumed, Prices, ServiceUsage, Usage

if TYPE_CHECKING:
    from stacks.system import SystemSettings

MB_PER_GB: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Cost:
    """US dollars a month, in the three cases."""

    at_rest: float = 0.0
    as_used: float = 0.0
    at_limits: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        """Add case by case."""
        return Cost(
            at_rest=self.at_rest + other.at_rest,
            as_used=self.as_used + other.as_used,
            at_limits=self.at_limits + other.at_limits,
        )

    def __neg__(self) -> Cost:
        """Turn the sign, for a difference."""
        return Cost(at_rest=-self.at_rest, as_used=-self.as_used, at_limits=-self.at_limits)


class Kind(StrEnum):
    """The subject of a line of the calculation."""

    SERVICE = "service"
    VOLUME = "volume"
    BUCKET = "bucket"
    RAILWAY_BUCKET = "bucket at Railway"
    ZONE = "zone"
    SUBSCRIPTION = "subscription"
    ELSEWHERE = "elsewhere"


USED_AT_RAILWAY: Final = (Kind.SERVICE, Kind.VOLUME, Kind.RAILWAY_BUCKET)
"""Kinds that count against the usage included in the Railway plan."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that costs money."""

    kind: Kind
    system: str
    """Empty for what belongs to the whole stack."""
    name: str
    cost: Cost
    unlimited: bool = False
    """True when the settings set no limit, so that ``at_limits`` is the Railway plan's."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """The properties of a service that decide what it costs."""

    replicas: int = 1
    memory_mb: float | None = None
    """Limit of each replica; None: the plan's."""
    vcpus: float | None = None
    """Limit of each replica; None: the plan's."""
    sleeps: bool = False
    scheduled: bool = False
    listens: bool = False
    """True when it has a port, so that it may send to the internet."""
    is_store: bool = False


def total(lines: Iterable[Line]) -> Cost:
    """Return what all lines cost together."""
    return sum((line.cost for line in lines), Cost())


class Calculation:
    """The prices, usage and plan of one stack, and what things cost with them."""

    def __init__(
        self, plan: Plan, prices: Prices | None = None, usage: Mapping[str, ServiceUsage] | None = None
    ) -> None:
        self.plan, self.prices = plan, prices or Prices()
        self._usage: Mapping[str, ServiceUsage] = usage or {}

    def on(self, plan: Plan) -> Calculation:
        """Return the same calculation for another plan."""
        return Calculation(plan, self.prices, self._usage)

    def service(self, system: str, name: str, load: Load) -> Line:
        """Return what a service costs, without its volume."""
        usage = self._usage_of(system, name)
        nothing = Usage()
        limits = PLANS[self.plan]
        memory_gb = (load.memory_mb * load.replicas if load.memory_mb else limits.memory_mb_per_service) / MB_PER_GB
        vcpus = load.vcpus * load.replicas if load.vcpus else limits.vcpus_per_service
        egress_gb = self._egress_gb(load, usage, AS_USED)
        return Line(
            kind=Kind.SERVICE,
            system=system,
            name=name,
            cost=Cost(
                at_rest=self._compute(load, nothing, AT_REST),
                as_used=self._compute(load, usage, AS_USED),
                at_limits=self._usd(memory_gb, vcpus, egress_gb),
            ),
            unlimited=not (load.memory_mb and load.vcpus),
        )

    def volume(self, system: str, service: str, size_gb: float | None, backups: Sequence[str]) -> Line:
        """Return what the volume of a service costs, with its backups."""
        size_gb = size_gb or DEFAULT_VOLUME_GB[self.plan]
        usage = self._usage_of(system, service)
        stored_gb = size_gb * AS_USED.share_of_volume if usage.stored_gb is None else usage.stored_gb
        most_copies = sum(BACKUPS_KEPT.get(each.lower(), 1) for each in backups)
        copies = AS_USED.backups_of_volume if backups else 0.0
        return Line(
            kind=Kind.VOLUME,
            system=system,
            name=f"{service} volume",
            cost=Cost(
                at_rest=self._disk(size_gb * AT_REST.share_of_volume, AT_REST.backups_of_volume),
                as_used=self._disk(stored_gb, copies),
                at_limits=self._disk(size_gb, most_copies),
            ),
        )

    def buckets(self, names: Sequence[tuple[str, str]]) -> list[Line]:
        """Return what buckets cost, given as system and name: one subscription, which they share."""
        spaces = self.prices.spaces
        more_gb = max(0.0, len(names) * AS_USED.objects_gb - spaces.included_gb)
        used = spaces.subscription + more_gb * spaces.object_gb
        each = Cost(at_rest=spaces.subscription, as_used=used, at_limits=used)
        return [
            Line(kind=Kind.BUCKET, system=system, name=name, cost=_part(each, len(names))) for system, name in names
        ]

    def railway_bucket(self, system: str, name: str) -> Line:
        """Return what a bucket of Railway's own costs; no setting limits what is stored in it."""
        used = AS_USED.objects_gb * self.prices.railway.object_gb
        cost = Cost(at_rest=AT_REST.objects_gb * self.prices.railway.object_gb, as_used=used, at_limits=used)
        return Line(kind=Kind.RAILWAY_BUCKET, system=system, name=name, cost=cost)

    def subscription(self, lines: Sequence[Line]) -> Line:
        """Return what the Railway plan costs beyond the usage in ``lines``, which is counted against it."""
        price = self.prices.railway.subscription
        price = SUBSCRIPTION_USD[self.plan] if price is None else price
        used = total(line for line in lines if line.kind in USED_AT_RAILWAY)
        return Line(
            kind=Kind.SUBSCRIPTION,
            system="",
            name=f"Railway's {self.plan} plan, beyond what it includes",
            cost=Cost(
                at_rest=max(0.0, price - used.at_rest),
                as_used=max(0.0, price - used.as_used),
                at_limits=max(0.0, price - used.at_limits),
            ),
        )

    def _usage_of(self, system: str, name: str) -> Usage:
        return self._usage.get(system, {}).get(name) or Usage()

    def _compute(self, load: Load, usage: Usage, assumed: Assumed) -> float:
        memory_mb, vcpus, runs = usage.memory_mb, usage.vcpus, usage.running
        if memory_mb is None:
            memory_mb = assumed.memory_mb * (STORE_SHARE if load.is_store else 1.0)
            if load.memory_mb:
                memory_mb = min(load.memory_mb, max(memory_mb, load.memory_mb * assumed.share_of_limit))
        if vcpus is None:
            vcpus = min(assumed.vcpus, load.vcpus or assumed.vcpus)
        if runs is None:
            runs = assumed.sleeping_runs if load.sleeps else assumed.scheduled_runs if load.scheduled else 1.0
        count = load.replicas * runs
        return self._usd(memory_mb / MB_PER_GB * count, vcpus * count, self._egress_gb(load, usage, assumed))

    @staticmethod
    def _egress_gb(load: Load, usage: Usage, assumed: Assumed) -> float:
        if usage.egress_gb is not None:
            return usage.egress_gb
        return assumed.egress_gb if load.listens else 0.0

    def _usd(self, memory_gb: float, vcpus: float, egress_gb: float) -> float:
        prices = self.prices.railway
        return memory_gb * prices.memory_gb + vcpus * prices.vcpu + egress_gb * prices.egress_gb

    def _disk(self, stored_gb: float, copies: float) -> float:
        return stored_gb * (self.prices.railway.volume_gb + copies * self.prices.railway.backup_gb)


def _part(cost: Cost, count: int) -> Cost:
    return Cost(at_rest=cost.at_rest / count, as_used=cost.as_used / count, at_limits=cost.at_limits / count)


def lines_of(calculation: Calculation, systems: Mapping[str, SystemSettings], zones: int = 0) -> list[Line]:
    """Return all that a stack with these systems costs, in the order of the settings."""
    lines: list[Line] = []
    buckets: list[tuple[str, str]] = []
    for system, settings in systems.items():
        lines += _of_system(calculation.on(settings.plan(calculation.plan)), system, settings)
        buckets += [(system, part.name) for _, part in walk_arguments(settings) if isinstance(part, BucketSettings)]
    lines.append(calculation.subscription(lines))
    lines += calculation.buckets(buckets)
    if zones and calculation.prices.cloudflare_zone:
        price = zones * calculation.prices.cloudflare_zone
        cost = Cost(at_rest=price, as_used=price, at_limits=price)
        lines.append(Line(kind=Kind.ZONE, system="", name="Cloudflare zones", cost=cost))
    for paid in calculation.prices.elsewhere:
        if paid.system in systems:
            cost = Cost(at_rest=paid.least, as_used=(paid.least + paid.most) / 2, at_limits=paid.most)
            lines.append(Line(kind=Kind.ELSEWHERE, system=paid.system, name=paid.name, cost=cost))
    return lines


def _of_system(calculation: Calculation, system: str, settings: Arguments) -> Iterator[Line]:
    for path, part in walk_arguments(settings):
        name = str(path[-1]) if path else ""
        if isinstance(part, RailwayBucketSettings):
            yield calculation.railway_bucket(system, part.name or name)
        if not isinstance(part, ServiceSettings | DatabaseSettings):
            continue
        yield calculation.service(system, name, load_of(part))
        if part.volume:
            yield calculation.volume(system, name, part.volume.size_gb, part.volume.backups)


def load_of(args: ServiceSettings | DatabaseSettings) -> Load:
    """Return what of a service's settings decides what it costs."""
    if not isinstance(args, ServiceSettings):
        return Load(memory_mb=args.memory_mb, vcpus=args.vcpus, is_store=True)
    return Load(
        replicas=args.instances,
        memory_mb=args.memory_mb,
        vcpus=args.vcpus,
        sleeps=args.sleep_application,
        scheduled=bool(args.cron_schedule),
        listens=args.port is not None,
    )
