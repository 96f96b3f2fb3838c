"""MongoDB's own programs as children of a command: ``mongodump``, ``mongorestore`` and ``mongosh``, found on PATH.

Owns their options, and what is compared: MongoDB dumps a single server without a snapshot, so documents are counted
before and after the dump, and a collection that was written to meanwhile is left out of the comparison.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, Any, Final, cast
from urllib.parse import quote

from typing_extensions import override

from components.mongodb import MongodbSettings
from railyard.data import programs
from railyard.data.programs import DumpFacts, Read, Server, Tools, Write
from railyard.shared.console import OperationError

_PACKAGE: Final = (
    "MongoDB's shell and database tools (https://www.mongodb.com/try/download/shell and "
    "https://www.mongodb.com/try/download/database-tools)"
)


def _program(name: str) -> str:
    return programs.program(name, _PACKAGE)


def _address(server: Server) -> str:
    password = quote(server.password, safe="")
    # Only this member: its own name for itself leads nowhere from outside.
    options = "authSource=admin&directConnection=true&appName=railyard"
    if server.encrypted:
        options += "&tls=true&tlsAllowInvalidCertificates=true"
    return f"mongodb://{quote(server.user, safe='')}:{password}@{server.host}:{server.port}/{server.database}?{options}"


@contextmanager
def _options(server: Server) -> Generator[list[str]]:
    """Yield the options of a tool: a file, which no other user can read, with address and password."""
    with programs.private_file(".yaml", f"uri: {json.dumps(_address(server))}\n") as file:
        yield [f"--config={file}", "--archive", "--gzip"]


def evaluate(server: Server, script: str) -> Any:
    """Return the JSON value of a script; ``db`` is the database. Raises ``OperationError`` with the server's words.

    The address, with its password, reaches the shell by its standard input.
    """
    whole = f"db = connect({json.dumps(_address(server))}); print('railyard:' + JSON.stringify({script}));\n"
    process = subprocess.run(
        [_program("mongosh"), "--nodb", "--quiet", "--norc"],
        input=whole,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    answer = next((line for line in process.stdout.splitlines() if "railyard:{" in line or "railyard:[" in line), None)
    if process.returncode != 0 or answer is None:
        raise OperationError(programs.failure_text("mongosh", process.stderr or process.stdout, server.password))
    return json.loads(answer.partition("railyard:")[2])


def major_of(server: Server) -> int:
    """Return the server's major version."""
    return int(str(evaluate(server, "[db.version()]")[0]).partition(".")[0])


def row_counts(server: Server) -> dict[str, int]:
    """Return each collection of the database with the number of its documents, counted one by one."""
    script = (
        "Object.fromEntries(db.getCollectionInfos({type: 'collection'}).filter(c => !c.name.startsWith('system.'))"
        ".map(c => [c.name, Number(db.getCollection(c.name).countDocuments({}))]))"
    )
    return cast("dict[str, int]", evaluate(server, script))


def bytes_of(server: Server) -> int:
    """Return how large the database is on its volume."""
    return int(evaluate(server, "[Number(db.stats().storageSize + db.stats().indexSize)]")[0])


def drop(server: Server) -> None:
    """Drop the database of ``server``."""
    evaluate(server, "[db.dropDatabase().ok]")


@contextmanager
def dumping(server: Server) -> Generator[IO[bytes]]:
    """Yield what ``mongodump`` writes; raises ``OperationError`` when it ends badly."""
    with _options(server) as options:
        command = [_program("mongodump"), *options]
        with programs.output_of(command, os.environ, server.password) as stream:
            yield stream


@contextmanager
def restoring(server: Server, *, of: str, into: str) -> Generator[IO[bytes]]:
    """Yield the input of ``mongorestore``, which restores a dump of the database ``of`` into the database ``into``."""
    # A database in the address would leave out what the dump has of another one.
    with _options(server.to("")) as options:
        names = [f"--nsInclude={of}.*", f"--nsFrom={of}.*", f"--nsTo={into}.*"]
        command = [_program("mongorestore"), *options, *names, "--stopOnError"]
        with programs.input_of(command, os.environ, server.password) as stream:
            yield stream


class Mongodb(Tools):
    """MongoDB: a restored database cannot take the live one's name, so the user does that by hand."""

    title = MongodbSettings.SERVER.title
    login = ("MONGO_INITDB_ROOT_USERNAME", MongodbSettings.SERVER.password_variable, "MONGO_INITDB_DATABASE")
    rotated = "db.changeUserPassword"
    hint = "; MongoDB's own image has no TLS: give --in-clear if the dump may cross the internet as it is"
    package = _PACKAGE
    to_dump = ("mongosh", "mongodump")
    to_restore = ("mongosh", "mongorestore")
    irreplaceable = (
        "MongoDB cannot give a database another name, so nothing was replaced. To bring the dump back, stop what "
        "writes to it, and run mongorestore --drop on the object of the bucket yourself"
    )

    @override
    def ask(self, server: Server) -> None:
        major_of(server)

    @override
    def major(self, server: Server) -> int:
        return major_of(server)

    @override
    def take(self, server: Server, write: Write) -> DumpFacts:
        facts = DumpFacts(server_major=major_of(server), database_bytes=bytes_of(server))
        return programs.counted_around(facts, server, write, row_counts, dumping)

    @override
    @contextmanager
    def scratch(self, server: Server, name: str, of: str, read: Read) -> Generator[dict[str, int]]:
        scratch_server = server.to(name)
        with programs.dropped_at_end(name, lambda: drop(scratch_server)):
            with restoring(server, of=of, into=name) as stream:
                read(stream)
            yield row_counts(scratch_server)
