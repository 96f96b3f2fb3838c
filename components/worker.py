"""A worker: a service that takes its work from a queue or a database, and has no public address.

queue, database ← worker → other services
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from components.service_kind import ServiceSettings, given


class WorkerSettings(ServiceSettings):
    """Settings of a worker: a service without a public address that runs for good.

    It may have a port, for a health check or for metrics on the private network.
    """

    TOKEN = "railyard:components:Worker"

    @model_validator(mode="after")
    def _without_address(self) -> Self:
        if public := given(self, "domains", "railway_domain", "tcp_port"):
            raise ValueError(
                f"a worker only without a public address: remove {public}, or make it a service of another kind"
            )
        if self.cron_schedule:
            raise ValueError("a worker only without a cronSchedule, since it runs for good: make it a cron job")
        if self.sleep_application:
            raise ValueError(
                "a worker only without sleepApplication, since a request alone would wake it and nobody sends one: "
                "remove sleepApplication"
            )
        return self
