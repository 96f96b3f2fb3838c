"""A cron job: a process that Railway starts on a schedule, and that ends by itself.

schedule → job → database, other services
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from components.service_kind import ServiceSettings, given

_FOR_WHAT_LISTENS = (
    "domains",
    "railway_domain",
    "tcp_port",
    "port",
    "healthcheck_path",
    "healthcheck_timeout",
    "health_answer",
)


class CronJobSettings(ServiceSettings):
    """Settings of a cron job: a schedule, and a command that ends.

    Railway starts one instance at each time of the schedule, in UTC, and skips a time at which the one before still
    runs (https://docs.railway.com/cron-jobs). It is not started again when it fails: the next time comes.
    """

    TOKEN = "railyard:components:CronJob"

    @model_validator(mode="after")
    def _starts_and_ends(self) -> Self:
        if not self.cron_schedule:
            raise ValueError('a cron job only with a schedule: add cronSchedule, such as "0 3 * * *" for each day at 3')
        if listening := given(self, *_FOR_WHAT_LISTENS):
            raise ValueError(f"a cron job serves no requests, since it ends when its work is done: remove {listening}")
        return self
