"""The forecast beside what Railway says: of systems, of services and of volumes.

Owns the comparison and what is worth a remark: a service that does nothing, a volume that is much too large. Asks three
things: the estimate of each project for the billing period, the usage of each service in the last days, and how full
the volumes are. Railway's figures are priced with the stack's own prices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from railway_api.client import Client
from railway_api.documents.lookup import ESTIMATED_USAGE, USAGE
from railway_api.prices import HOURS_PER_MONTH
from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services import RunningSystem
from railyard.accounts.running_services_query import running_systems
from railyard.shared.stack import Stack
from stacks.monthly_cost import MB_PER_GB
from stacks.prices import RailwayPrices

MEASUREMENTS: Final = ("CPU_USAGE", "MEMORY_USAGE_GB", "DISK_USAGE_GB", "BACKUP_USAGE_GB", "NETWORK_TX_GB")
LOOKED_BACK: Final = timedelta(days=7)
IDLE_VCPUS: Final = 0.005
IDLE_GB_A_DAY: Final = 0.01
"""Below both, a service does nothing that anybody asked for."""
OVERSIZED: Final = 0.1
"""Share of a volume below which it is far larger than needed, …"""
OVERSIZED_GB: Final = 5
"""… if it is at least this large."""
_MINUTES: Final = HOURS_PER_MONTH * 60


@dataclass(frozen=True, kw_only=True)
class Actual:
    """Railway's own figures of one system."""

    system: str
    estimated: float | None
    """US dollars in this billing period at the stack's prices; None where there is no such project."""
    services: Mapping[str, float] = field(default_factory=dict[str, float])
    """Service → US dollars a month, if it goes on as in the last days."""
    idle: tuple[str, ...] = ()
    """Services that do nothing."""
    oversized: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """Service → GB used and size of its volume."""


async def actual(railway: Railway, stack: Stack, names: Sequence[str], prices: RailwayPrices) -> list[Actual]:
    """Return what Railway says of the systems; raises ``OperationError`` and ``Failure``."""
    running = await running_systems(railway, stack, names)
    return list(await asyncio.gather(*(_of_system(railway.of(system.name), system, prices) for system in running)))


async def _of_system(client: Client, system: RunningSystem, prices: RailwayPrices) -> Actual:
    if not system.project_id:
        return Actual(system=system.name, estimated=None)
    now = datetime.now(UTC)
    since = now - LOOKED_BACK
    estimates, used = await asyncio.gather(
        client.call(ESTIMATED_USAGE, measurements=list(MEASUREMENTS), projectId=system.project_id, workspaceId=None),
        client.call(
            USAGE,
            measurements=list(MEASUREMENTS),
            projectId=system.project_id,
            groupBy=["SERVICE_ID"],
            startDate=since.isoformat(),
            endDate=now.isoformat(),
        ),
    )
    by_service: dict[str, dict[str, float]] = {}
    for each in used:
        by_service.setdefault(each["tags"]["serviceId"] or "", {})[each["measurement"]] = each["value"]
    month = timedelta(hours=HOURS_PER_MONTH) / LOOKED_BACK
    names = {service.service_id: service.name for service in system.services if service.service_id}
    return Actual(
        system=system.name,
        estimated=_priced({each["measurement"]: each["estimatedValue"] for each in estimates}, prices),
        services={name: month * _priced(by_service.get(key, {}), prices) for key, name in names.items()},
        idle=tuple(name for key, name in names.items() if key in by_service and is_idle(by_service[key])),
        oversized={
            service.name: (disk.used_mb / MB_PER_GB, disk.size_mb / MB_PER_GB)
            for service in system.services
            for disk in service.disks
            if disk.size_mb >= OVERSIZED_GB * MB_PER_GB and disk.used < OVERSIZED
        },
    )


def is_idle(amounts: Mapping[str, float]) -> bool:
    """Tell whether a service that used this much in the last days does nothing that anybody asked for."""
    minutes = LOOKED_BACK / timedelta(minutes=1)
    sent_gb_a_day = amounts.get("NETWORK_TX_GB", 0.0) / LOOKED_BACK.days
    return amounts.get("CPU_USAGE", 0.0) / minutes < IDLE_VCPUS and sent_gb_a_day < IDLE_GB_A_DAY


def _priced(amounts: Mapping[str, float], prices: RailwayPrices) -> float:
    each = {
        "CPU_USAGE": prices.vcpu / _MINUTES,
        "MEMORY_USAGE_GB": prices.memory_gb / _MINUTES,
        "DISK_USAGE_GB": prices.volume_gb / _MINUTES,
        "BACKUP_USAGE_GB": prices.backup_gb / _MINUTES,
        "NETWORK_TX_GB": prices.egress_gb,
    }
    return sum(amount * each.get(name, 0.0) for name, amount in amounts.items())
