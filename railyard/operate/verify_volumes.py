"""The check that data on a volume survives a deployment: a file is left there, and the next look finds it or does not.

Owns that file and what it proves. It names the deployment that ran when it was written, so no clock is compared.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services import Disk, RunningService, RunningSystem
from railyard.data.volume_backups import ServiceVolume
from railyard.operate.verify_checks import Result
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack
from stacks.project_folder import RAILYARD

VOLUMES = ("railway:Volume", "railway:ServiceInstance")
"""Prefixes of the types of resources that the files of a volume depend on."""


def verify_volumes(railway: Railway, stack: Stack, systems: Sequence[RunningSystem]) -> list[Result]:
    """Return a result for each volume of an application: of a database its own files are none of anybody's."""
    return [
        _survived(railway, stack, system, service, disk)
        for system in systems
        for service in system.services
        for disk in service.disks
        if service.declared and not service.declared.is_store
    ]


def _survived(railway: Railway, stack: Stack, system: RunningSystem, service: RunningService, disk: Disk) -> Result:
    from railyard.data.volume_access import reached  # noqa: PLC0415 slow to import: it brings SSH
    from railyard.data.volume_files import exchange_mark  # noqa: PLC0415

    where, started = f"{system.name}/{service.name}", time.monotonic()
    now = service.serving.id if service.serving else ""
    try:
        volume = ServiceVolume(where=where, system=system, service=service, disk=disk)
        with reached(railway, volume, f"{stack.name}/{where}", lambda _text: None) as connection:
            former = connection.run(exchange_mark(connection, now))
    except OperationError as problem:
        reason, step = str(problem).splitlines()[0], f"{RAILYARD} logs {where} -s {stack.name}"
        return Result(where=where, check="volume", passed=False, found=reason, next=step, broken_by=VOLUMES)
    if former is None:
        text = f"a mark was left on {disk.mount_path}: the next deployment shows whether it survives"
    elif former == now:
        text = f"the mark of this deployment is on {disk.mount_path}"
    else:
        text = f"what was written under deployment {former[:8]} is on {disk.mount_path} still"
    took = time.monotonic() - started
    return Result(where=where, check="volume", passed=True, found=text, time_s=took, broken_by=VOLUMES)
