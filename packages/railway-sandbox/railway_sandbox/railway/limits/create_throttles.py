"""The creation throttles: how soon a next project, environment or volume may be created.

Owns the intervals. They are business rules that hold for the user, not request limits.
"""

from __future__ import annotations

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import environments_too_quickly, projects_too_quickly, volumes_too_quickly

INTERVALS_S = {"project": 30.0, "environment": 30.0, "volume": 1.0}
REFUSALS = {
    "project": projects_too_quickly,
    "environment": environments_too_quickly,
    "volume": volumes_too_quickly,
}


def check(cloud: RailwayCloud, kind: str) -> None:
    """Refuse a creation that comes too soon after the last one."""
    last = cloud.state.throttled.get(kind)
    if last is not None and cloud.now() < last + INTERVALS_S[kind]:
        refusal = REFUSALS[kind]
        raise refusal()


def note(cloud: RailwayCloud, kind: str) -> None:
    """Remember that one was created now."""
    cloud.state.throttled[kind] = cloud.now()
