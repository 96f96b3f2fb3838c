"""The load of a system's services at this moment: CPU and memory, as Railway measures them.

Owns the request and which of its samples counts: the newest. Railway's unit of memory is a GB of 1,000,000,000 bytes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from railway_api.answers import MetricMeasurement
from railway_api.client import Client
from railway_api.documents.lookup import METRICS
from railyard.accounts.running_services import Load, RunningSystem

PERIOD: Final = timedelta(minutes=10)
"""Period of the requested samples."""
SAMPLE_S: Final = 60
_MEASUREMENTS: Final[tuple[MetricMeasurement, ...]] = ("CPU_USAGE", "CPU_LIMIT", "MEMORY_USAGE_GB", "MEMORY_LIMIT_GB")


async def with_load(client: Client, system: RunningSystem) -> RunningSystem:
    """Return a system with the load of each of its services of which there are samples."""
    if system.environment_id is None:
        return system
    results = await client.call(
        METRICS,
        environmentId=system.environment_id,
        groupBy=["SERVICE_ID"],
        measurements=list(_MEASUREMENTS),
        startDate=f"{datetime.now(UTC) - PERIOD:%Y-%m-%dT%H:%M:%SZ}",
        sampleRateSeconds=SAMPLE_S,
    )
    newest = {
        (each["tags"]["serviceId"], each["measurement"]): max(each["values"], key=lambda value: value["ts"])["value"]
        for each in results
        if each["values"]
    }

    def load(service_id: str | None) -> Load | None:
        vcpus, vcpus_limit, memory, memory_limit = (newest.get((service_id, name)) for name in _MEASUREMENTS)
        if vcpus is None or memory is None:
            return None
        return Load(vcpus=vcpus, vcpus_limit=vcpus_limit, memory_gb=memory, memory_limit_gb=memory_limit)

    services = (replace(each, load=load(each.service_id)) for each in system.services)
    return replace(system, services=tuple(services))
