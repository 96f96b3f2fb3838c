"""Parts: one of each component that people expect. The tests copy it beside ``Pulumi.yaml``.

www. → parts. → site
worker ─┬→ Redis
        └→ files
report, at 3 each night → Redis
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.cron_job import CronJobSettings
from components.railway_bucket import RailwayBucketSettings
from components.redis import RedisSettings
from components.static_site import StaticSiteSettings
from components.worker import WorkerSettings
from stacks.secrets import Secret, SystemSecrets
from stacks.system import System, SystemSettings


class PartsSettings(SystemSettings):
    """Parts in one stack."""

    site: StaticSiteSettings
    """What visitors see."""
    worker: WorkerSettings
    """Takes its work from Redis, and keeps what it makes."""
    report: CronJobSettings
    """Reads from Redis what was done."""
    redis: RedisSettings = RedisSettings()
    """Where both meet."""
    files: RailwayBucketSettings
    """Where the worker keeps what it makes."""


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
        """Make what stores, then what uses it, and the site."""
        redis = self.redis("redis", settings.redis)
        files = self.railway_bucket("files", settings.files)
        variables = {"REDIS_URL": redis.url}
        self.service("worker", settings.worker, variables=variables, uses=[redis], bucket=files)
        self.service("report", settings.report, variables=variables, uses=[redis])
        self.service("site", settings.site)
        return {}
