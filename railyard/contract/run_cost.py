"""The cost of a run at most: requests, time and money.

Owns the sums. The figures of each point stand with the point, the prices are those of
https://docs.railway.com/pricing/plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from railyard.contract.doubtful_point import DoubtfulPoint
from railyard.contract.project_under_test import MEMORY_BYTES, VCPUS

MONTH_S: Final = 30 * 24 * 3_600
VCPU_PER_MONTH, MEMORY_GB_PER_MONTH, VOLUME_GB_PER_MONTH = 20.0, 10.0, 0.15
"""US dollars."""
VOLUME_GB: Final = 50
"""GB of a volume on the largest public plan; only stored data are billed."""
FRAME_REQUESTS: Final = 16
"""To find out who the token is and what earlier runs left, and to make and delete the project."""
FRAME_S: Final = 120


@dataclass(frozen=True)
class Cost:
    """Upper bounds."""

    requests: int
    seconds: int
    dollars: float


def cost_of(points: Sequence[DoubtfulPoint]) -> Cost:
    """Return what trying ``points`` costs at most. Whatever is made is billed as if it lasted for the whole run."""
    seconds = FRAME_S + sum(point.seconds for point in points)
    container = VCPUS * VCPU_PER_MONTH + MEMORY_BYTES / 1e9 * MEMORY_GB_PER_MONTH
    per_month = sum(point.containers * container + point.volumes * VOLUME_GB * VOLUME_GB_PER_MONTH for point in points)
    requests = FRAME_REQUESTS + sum(point.requests for point in points)
    return Cost(requests, seconds, per_month * seconds / MONTH_S)
