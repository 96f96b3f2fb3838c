"""When cron schedules run next, as the instance of a service tells it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from railway_sandbox.clock import EPOCH
from railway_sandbox.railway.config.cron import next_run
from tests.sandbox_railway.railway_client import Client

NEXT = """query($e: String!, $s: String!) { serviceInstance(environmentId: $e, serviceId: $s) { nextCronRunAt } }"""


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        ("*/5 * * * *", "2026-01-01T00:00:00", "2026-01-01T00:05:00"),
        ("*/5 * * * *", "2026-01-01T00:04:59", "2026-01-01T00:05:00"),
        ("0 3 * * *", "2026-01-31T03:00:00", "2026-02-01T03:00:00"),
        ("30 6 1,15 * *", "2026-01-15T06:31:00", "2026-02-01T06:30:00"),
        ("0 0 29 2 *", "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 9-17/4 * * 1-5", "2026-01-02T17:30:00", "2026-01-05T09:00:00"),
        ("0 0 13 * 5", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
        ("0 0 * * 7", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
        ("0 3 * feb mon", "2026-01-01T00:00:00", "2026-02-02T03:00:00"),
        ("0 0 30 2 *", "2026-01-01T00:00:00", None),
    ],
)
def test_a_schedule_runs_at_the_next_moment_that_fits(schedule: str, now: str, expected: str | None):
    """In UTC; either kind of day is enough where both are limited; 30 February never comes."""
    next_s = next_run(schedule, (datetime.fromisoformat(now).replace(tzinfo=UTC) - EPOCH).total_seconds())

    wanted = (
        None if expected is None else (datetime.fromisoformat(expected).replace(tzinfo=UTC) - EPOCH).total_seconds()
    )
    assert next_s == wanted


def test_an_instance_tells_when_it_runs_next(railway: Client):
    """Only one that has a schedule."""
    project, environment = railway.project()
    web = railway.service(project, environment)
    before = railway.ask(NEXT, e=environment, s=web)["serviceInstance"]["nextCronRunAt"]
    railway.commit(environment, {"services": {web: {"deploy": {"cronSchedule": "0 3 * * *"}}}})

    assert before is None
    assert railway.ask(NEXT, e=environment, s=web)["serviceInstance"]["nextCronRunAt"] == "2026-01-01T03:00:00.000Z"
