"""The databases that Railway makes from a change set: image, path of the data and variables.

Owns these facts of Railway's templates, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PASSWORD: Final = "${{secret}}"
"""Stands for a password that is made up for each database."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """The parts of a database of one engine; ``variables`` hold ``PASSWORD`` where one is made up."""

    image: str
    mount_path: str
    variables: dict[str, str]
    start_command: str | None = None


HOST: Final = "${{RAILWAY_PRIVATE_DOMAIN}}"
TEMPLATES: Final = {
    "postgres": Template(
        image="ghcr.io/railwayapp-templates/postgres-ssl:18",
        mount_path="/var/lib/postgresql/data",
        variables={
            "PGDATA": "/var/lib/postgresql/data/pgdata",
            "PGHOST": HOST,
            "PGPORT": "5432",
            "PGUSER": "${{POSTGRES_USER}}",
            "PGDATABASE": "${{POSTGRES_DB}}",
            "PGPASSWORD": "${{POSTGRES_PASSWORD}}",
            "POSTGRES_DB": "railway",
            "POSTGRES_USER": "postgres",
            "POSTGRES_PASSWORD": PASSWORD,
            "DATABASE_URL": "postgresql://${{PGUSER}}:${{POSTGRES_PASSWORD}}@${{PGHOST}}:5432/${{PGDATABASE}}",
            "SSL_CERT_DAYS": "820",
            "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "60",
        },
    ),
    "mysql": Template(
        image="mysql:9",
        mount_path="/var/lib/mysql",
        variables={
            "MYSQLHOST": HOST,
            "MYSQLPORT": "3306",
            "MYSQLUSER": "root",
            "MYSQLDATABASE": "${{MYSQL_DATABASE}}",
            "MYSQLPASSWORD": "${{MYSQL_ROOT_PASSWORD}}",
            "MYSQL_DATABASE": "railway",
            "MYSQL_ROOT_PASSWORD": PASSWORD,
            "MYSQL_URL": "mysql://${{MYSQLUSER}}:${{MYSQL_ROOT_PASSWORD}}@${{MYSQLHOST}}:3306/${{MYSQL_DATABASE}}",
        },
    ),
    "redis": Template(
        image="railwayapp/redis:8.2",
        mount_path="/bitnami",
        variables={
            "REDISHOST": HOST,
            "REDISPORT": "6379",
            "REDISUSER": "default",
            "REDISPASSWORD": "${{REDIS_PASSWORD}}",
            "REDIS_PASSWORD": PASSWORD,
            "REDIS_URL": "redis://${{REDISUSER}}:${{REDIS_PASSWORD}}@${{REDISHOST}}:6379",
        },
    ),
    "mongo": Template(
        image="mongo:8",
        mount_path="/data/db",
        variables={
            "MONGOHOST": HOST,
            "MONGOPORT": "27017",
            "MONGOUSER": "${{MONGO_INITDB_ROOT_USERNAME}}",
            "MONGOPASSWORD": "${{MONGO_INITDB_ROOT_PASSWORD}}",
            "MONGO_INITDB_ROOT_USERNAME": "mongo",
            "MONGO_INITDB_ROOT_PASSWORD": PASSWORD,
            "MONGO_URL": "mongodb://${{MONGOUSER}}:${{MONGO_INITDB_ROOT_PASSWORD}}@${{MONGOHOST}}:27017",
        },
        start_command="mongod --ipv6 --bind_ip ::,0.0.0.0",
    ),
}
DEFAULT_IMAGES: Final = frozenset(template.image for template in TEMPLATES.values())
"""Key of a database in a file that names no image."""
