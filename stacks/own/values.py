"""Values of the expressions in variables: addresses, passwords and buckets of a system that is settings alone."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pulumi

from components.bucket import Bucket
from components.database import Database
from components.mongodb import QUERY, Mongodb
from components.railway_bucket import RailwayBucket
from components.service import Service
from stacks.own import secrets as own_secrets
from stacks.own.expressions import SECRETS, SELF, Expression, expressions, is_plain, parts, variables_of_bucket
from stacks.own.settings import OwnSettings
from stacks.secrets import SystemSecrets

Value = pulumi.Input[str]


class Values:
    """The values of the expressions in a system's variables."""

    def __init__(
        self,
        settings: OwnSettings,
        secrets: SystemSecrets,
        buckets: Mapping[str, Bucket | RailwayBucket],
        databases: Mapping[str, Database],
    ) -> None:
        self._settings, self._secrets = settings, secrets
        self._buckets, self._databases = buckets, databases
        self.services: dict[str, Service] = {}
        """The services that are made, by name."""
        self._pending: list[tuple[asyncio.Future[Any], Expression]] = []

    def of(self, service: str) -> dict[str, Value]:
        """Return the variables of a service that are secrets or hold expressions.

        Optional secrets that the file does not hold are left out.
        """
        args = self._settings.services[service]
        values: dict[str, Value] = {}
        for variable, value in args.variables.items():
            needed = [key for each in expressions(value) if (key := own_secrets.needed_by(self._settings, each))]
            if not is_plain(value) and all(key in self._secrets for key in needed):
                values[variable] = self._whole(service, value)
        for variable in args.secrets:
            key = own_secrets.key_of(self._settings, service, variable)
            if key in self._secrets:
                rules = self._settings.secrets.get(key)
                values |= {variable: self._secrets[key], **(rules.also_sets if rules else {})}
        return values

    def registry_password(self, service: str) -> Value | None:
        """Return the password with which Railway pulls the image of a service."""
        name = self._settings.services[service].registry_password
        return self._secrets[own_secrets.key_of(self._settings, service, name)] if name else None

    @contextmanager
    def resolved(self) -> Generator[None]:
        """Set the values of expressions about services at the end of the block, when all services are made.

        When the block fails, so do they, and nothing that waits for them is made.
        """
        try:
            yield
        except Exception as error:
            for future, _ in self._pending:
                future.set_exception(error)
                future.exception()  # or asyncio logs it once more
            raise
        for future, expression in self._pending:
            future.set_result(_of_service(self.services[expression.owner], expression.name))

    def _whole(self, service: str, value: str) -> Value:
        pieces = [each if isinstance(each, str) else self._one(service, each) for each in parts(value)]
        clear = [each for each in pieces if isinstance(each, str)]
        return "".join(clear) if len(clear) == len(pieces) else pulumi.Output.concat(*pieces)

    def _one(self, service: str, expression: Expression) -> Value:
        owner, name = expression.owner, expression.name
        if owner == SECRETS:
            return self._secrets[name]
        if owner in self._buckets:
            return self._buckets[owner].variables[variables_of_bucket(self._settings.buckets[owner])[name]]
        if owner in self._databases:
            return _of_database(self._databases[owner], name, self._secrets[own_secrets.password_name(owner)])
        # Of a service that is made later, too, and of the one that is about to be.
        future: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
        self._pending.append((future, Expression(service if owner == SELF else owner, name)))
        return pulumi.Output.from_input(future)


def _of_service(service: Service, name: str) -> Value | None:
    match name:
        case "host":
            return service.private_host
        case "port":
            return str(service.args.port)
        case "tcpAddress":
            return service.tcp_address
        case "domain":
            return service.url and service.url.apply(lambda url: url.removeprefix("https://"))
        case _:
            return service.url


def _of_database(database: Database, name: str, password: Value) -> Value:
    user, first = database.login
    match name:
        case "host":
            return database.service.private_host
        case "port":
            return str(database.SETTINGS.SERVER.port)
        case "user":
            return user
        case "password":
            return password
        case "database":
            return first
        case _:
            return _address(database, name)


def _address(database: Database, name: str) -> pulumi.Output[str]:
    query = QUERY if isinstance(database, Mongodb) else ""
    if name == "publicUrl":
        return database.public_connection_url(query=query)
    url = database.connection_url(query=query)
    return url if name == "url" else url.apply(lambda whole: whole.partition("://")[2])
