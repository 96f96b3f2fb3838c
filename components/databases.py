"""Every kind of database server that there is a component for. A new one is a file beside theirs and an entry here."""

from __future__ import annotations

from typing import Final

from components.mongodb import MongodbArgs
from components.mysql import MysqlArgs
from components.postgres import PostgresArgs
from components.redis import RedisArgs

SERVERS: Final = tuple(args.SERVER for args in (PostgresArgs, MysqlArgs, MongodbArgs, RedisArgs))
"""What is the same for every server of each kind."""
