"""Every kind of database server that there is a component for. A new one is a file beside theirs and an entry here."""

from __future__ import annotations

from typing import Final

from components.mongodb import MongodbSettings
from components.mysql import MysqlSettings
from components.postgres import PostgresSettings
from components.redis import RedisSettings

SERVERS: Final = tuple(args.SERVER for args in (PostgresSettings, MysqlSettings, MongodbSettings, RedisSettings))
"""Server facts of each kind of database."""
