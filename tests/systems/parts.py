"""Parts: one of each component that people expect. The tests copy it beside ``Pulumi.yaml``.

www. → parts. → site
worker ─┬→ Redis, MySQL, MongoDB
        └→ files
report, at 3 each night → Redis
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.cron_job import CronJobSettings
from components.mongodb import Mongodb, MongodbSettings
from components.mysql import Mysql, MysqlSettings
from components.railway_bucket import RailwayBucketSettings
from components.redis import RedisSettings
from components.static_site import StaticSiteSettings
from components.worker import WorkerSettings
from stacks.backend import MONGODB_PASSWORD, MYSQL_PASSWORD
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
    mysql: MysqlSettings = MysqlSettings()
    """Where the worker counts."""
    mongodb: MongodbSettings = MongodbSettings()
    """Where the worker notes."""
    files: RailwayBucketSettings
    """Where the worker keeps what it makes."""


class Parts(System[PartsSettings]):
    """Parts in one stack."""

    NAME = "parts"
    TOKEN = "railyard:systems:Parts"
    SETTINGS = PartsSettings

    @classmethod
    def secrets(cls, settings: PartsSettings) -> Sequence[Secret]:
        """Return the passwords of its databases."""
        return (MYSQL_PASSWORD, MONGODB_PASSWORD)

    def compose(self, settings: PartsSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make what stores, then what uses it, and the site."""
        redis = self.redis("redis", settings.redis)
        files = self.railway_bucket("files", settings.files)
        mysql = self.database(Mysql, "mysql", settings.mysql, secrets[MYSQL_PASSWORD.name])
        mongodb = self.database(Mongodb, "mongodb", settings.mongodb, secrets[MONGODB_PASSWORD.name])
        variables = {"REDIS_URL": redis.url}
        addresses = {**variables, "DATABASE_URL": mysql.url(), "MONGO_URL": mongodb.url()}
        uses = [redis, mysql, mongodb]
        self.service("worker", settings.worker, variables=addresses, uses=uses, bucket=files)
        self.service("report", settings.report, variables=variables, uses=[redis])
        self.service("site", settings.site)
        return {}
