"""The database server of a system, reached from here: a TCP proxy for as long as a command needs it.

Owns the proxy's life: one that the command made is deleted whatever happens, one that was there is left alone. User,
password and database are those that the service runs with, read from Railway.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from components.database import DatabaseSettings
from components.mongodb import MongodbSettings
from components.mysql import MysqlSettings
from components.postgres import PostgresSettings
from railway_api.answers import TCPProxy
from railway_api.documents.networking import TCP_PROXIES, TCP_PROXY_CREATE, TCP_PROXY_DELETE
from railway_api.documents.service import SERVICE_VARIABLES
from railway_api.errors import Busy, NotFound, OutcomeUnknown
from railway_api.loopback import is_loopback
from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services import Disk, RunningService, RunningSystem
from railyard.accounts.running_services_query import running_systems
from railyard.data.cleanup import cleaned_up
from railyard.data.dumps import Dumps
from railyard.data.mongodb import Mongodb
from railyard.data.mysql import Mysql
from railyard.data.postgres import Postgres
from railyard.data.programs import Server, Tools, UnencryptedError
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import Stack
from stacks.project_folder import RAILYARD

ANSWERS_S: Final = 180.0
"""Seconds until the server has to answer through a new proxy."""
RETRY_S: Final = 5.0
InClearOption = Annotated[
    bool, typer.Option("--in-clear", help="Also without TLS: what is dumped crosses the internet as it is.")
]
Say = Callable[[str], None]


TOOLS: Final[Mapping[type[DatabaseSettings], Tools]] = {
    PostgresSettings: Postgres(),
    MysqlSettings: Mysql(),
    MongodbSettings: Mongodb(),
}
"""The kinds that can be dumped. Redis cannot: its file is part of the backups of its volume."""


def tools_of(args: object) -> Tools | None:
    """Return the programs that dump a database with these settings, or None."""
    return next((tools for kind, tools in TOOLS.items() if isinstance(args, kind)), None)


def check_kind(tools: Tools, dumped: str) -> None:
    """Raise ``CallError`` for a dump of another kind of database."""
    if dumped != tools.title:
        raise CallError(f"the dump is of {dumped}, and the database is {tools.title}")


@dataclass(frozen=True, kw_only=True)
class Database:
    """The database service of a system in one stack."""

    stack: Stack
    system: RunningSystem
    service: RunningService
    tools: Tools
    """Programs that dump and restore its kind."""
    args: DatabaseSettings

    @property
    def where(self) -> str:
        """Return system and service, ``netia/postgres``."""
        return f"{self.system.name}/{self.service.name}"

    @property
    def full_name(self) -> str:
        """Return stack, system and service, ``staging/netia/postgres``."""
        return f"{self.stack.name}/{self.where}"

    def dumps(self, stack: Stack) -> Dumps:
        """Return the dumps of this database that ``stack`` made."""
        return Dumps(stack, self.system.name, self.service.name, self.tools.title)

    @property
    def disk(self) -> Disk | None:
        """Return its volume, or None."""
        return next(iter(self.service.disks), None)


def find(railway: Railway, stack: Stack, name: str) -> Database:
    """Return the database of a system, or that of a service of it: ``shop`` or ``shop/mysql``.

    Raises ``CallError`` when there is none, or several, and ``OperationError`` when it does not run.
    """
    system_name, _, service_name = name.partition("/")
    (system,) = railway.run(running_systems(railway, stack, [system_name]))
    databases = [
        Database(stack=stack, system=system, service=service, tools=tools, args=args)
        for service in system.services
        if service.declared and service_name in ("", service.name)
        if isinstance(args := service.declared.args, DatabaseSettings) and (tools := tools_of(args))
    ]
    if not databases:
        *others, last = (tools.title for tools in TOOLS.values())
        raise CallError(f"{name} has no {', no '.join(others)} and no {last} in {stack.name}")
    if len(databases) > 1:
        raise CallError(f"{name} has several databases: name one of {', '.join(each.where for each in databases)}")
    (database,) = databases
    if database.service.serving is None:
        raise OperationError(f"{database.where} does not run in {stack.name}: {RAILYARD} status {system_name}")
    return database


@contextmanager
def reached(railway: Railway, database: Database, say: Say, *, in_clear: bool = False) -> Generator[Server]:
    """Yield the server of a database, through a TCP proxy; on a real account only with TLS, unless ``in_clear``."""
    where = {"environmentId": database.system.environment_id, "serviceId": database.service.service_id}
    with terminable():
        existing = next(iter(_proxies(railway, where)), None)
        if existing is not None and existing["applicationPort"] != database.args.SERVER.port:
            raise OperationError(
                f"{database.where} has a TCP proxy to port {existing['applicationPort']}, and a service has one: "
                "delete it in the dashboard first"
            )
        if existing is not None:
            say(f"a TCP proxy to {database.full_name} was there already, and stays: delete it if nobody needs it")
            yield _answering(railway, database, existing, in_clear=in_clear)
            return
        with cleaned_up(lambda: _close(railway, database, where)):
            proxy = _open(railway, where, database.args.SERVER.port)
            say(f"opened a TCP proxy to {database.full_name} for as long as this takes")
            yield _answering(railway, database, proxy, in_clear=in_clear)


def _proxies(railway: Railway, where: Mapping[str, str | None]) -> list[TCPProxy]:
    """Return the proxies of a service that are not deleted."""
    return [each for each in railway.run(railway.client.call(TCP_PROXIES, **where)) if not each["deletedAt"]]


def _open(railway: Railway, where: Mapping[str, str | None], port: int) -> TCPProxy:
    # By the operation, not by a patch: a patch would deploy the database again.
    try:
        return railway.run(railway.client.call(TCP_PROXY_CREATE, input={**where, "applicationPort": port}))
    except OutcomeUnknown:
        proxies = _proxies(railway, where)
        if not proxies:
            raise OperationError("Railway did not say whether it opened a TCP proxy: run the command again") from None
        return proxies[0]


def _close(railway: Railway, database: Database, where: Mapping[str, str | None]) -> None:
    """Delete the proxy, also when the answer to its creation was lost."""

    async def delete() -> None:
        client = railway.client
        until = client.clock.now() + ANSWERS_S
        while True:
            try:
                for proxy in await client.call(TCP_PROXIES, **where):
                    if not proxy["deletedAt"]:
                        await client.call(TCP_PROXY_DELETE, id=proxy["id"])
            except NotFound:
                return
            except Busy:
                if client.clock.now() > until:
                    raise
                await client.clock.sleep(RETRY_S)
            else:
                return

    try:
        railway.run(delete())
    except OperationError as error:
        raise OperationError(
            f"{database.full_name} still has a public TCP proxy, which could not be deleted: {error}\n"
            "next: delete it in the dashboard, at the service's settings, Networking"
        ) from None


def _answering(railway: Railway, database: Database, proxy: TCPProxy, *, in_clear: bool) -> Server:
    """Return the server behind a proxy, once it answers."""
    host = proxy["domain"].rstrip(".")
    if not railway.real and not is_loopback(f"https://{host}"):
        raise OperationError(
            f"the sandbox simulates no {database.tools.title}: start one on this machine, and name it in "
            f"RAILYARD_SANDBOX_TCP ({database.system.project_name}/{database.service.name}=<port>)"
        )
    user, password, name = _credentials(railway, database)
    port = proxy["proxyPort"]
    tls = railway.real and not in_clear
    server = Server(host=host, port=port, user=user, password=password, database=name, encrypted=tls)
    clock = railway.client.clock
    until = clock.now() + ANSWERS_S
    while True:
        try:
            database.tools.ask(server)
        except UnencryptedError:
            raise
        except OperationError as error:
            if _REFUSED.search(str(error)) or clock.now() > until:
                raise OperationError(
                    f"{database.full_name} does not let us in: {error}\nnext: {database.tools.login[1]} counts at the "
                    "first start of a server alone; if it was changed since, change it in the database too "
                    f"({database.tools.rotated}). If nothing answers at all, deploy the service again in the dashboard"
                    f"{database.tools.hint}"
                ) from None
            railway.run(clock.sleep(RETRY_S))
        else:
            return server


_REFUSED: Final = re.compile("authentication failed|access denied", re.IGNORECASE)
"""Messages of servers about a wrong password."""


def _credentials(railway: Railway, database: Database) -> tuple[str, str, str]:
    system, service = database.system, database.service
    variables = railway.run(
        railway.client.call(
            SERVICE_VARIABLES,
            projectId=system.project_id,
            environmentId=system.environment_id,
            serviceId=service.service_id,
        )
    )
    try:
        return database.tools.credentials(variables)
    except KeyError as missing:
        raise OperationError(
            f"{database.full_name} shows no {' and no '.join(missing.args)}: the token may not read variables, or they "
            "are sealed; use an account token, or a variable that is not sealed"
        ) from None


@contextmanager
def terminable() -> Generator[None]:
    """Let SIGTERM, by which CI ends a job, end the block as Ctrl-C does: with everything cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # As Ctrl-C itself, for which an event loop that is under way cancels its work and ends in order.
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
