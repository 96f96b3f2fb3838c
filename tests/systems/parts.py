"""Parts: one of each kind of service that people expect. The tests copy it into ``stacks/``.

worker → Redis
report, at 3 each night → Redis
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.cron_job import CronJobArgs
from components.redis import RedisSettings
from components.worker import WorkerArgs
from stacks.secrets import Secret, SystemSecrets
from stacks.system import System, SystemSettings


class PartsSettings(SystemSettings):
    """Parts in one stack."""

    worker: WorkerArgs
    """Takes its work from Redis."""
    report: CronJobArgs
    """Reads from Redis what was done."""
    redis: RedisSettings = RedisSettings()
    """Where both meet."""


class Parts(System[PartsSettings]):
    """Parts in one stack."""

    NAME = "parts"
    TOKEN = "railyard:systems:Parts"
    SETTINGS = PartsSettings

    @classmethod
    def secrets(cls, settings: PartsSettings) -> Sequence[Secret]:
        """None."""
        return ()

    def compose(self, settings: PartsSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """A store, and what uses it."""
        redis = self.redis("redis", settings.redis)
        for name, args in (("worker", settings.worker), ("report", settings.report)):
            self.service(name, args, variables={"REDIS_URL": redis.url}, uses=[redis])
        return {}
