"""MySQL and MongoDB: dumped, restored beside the live database, compared; no password on a command line.

MySQL is a real server where one is installed (MySQL's own or MariaDB's); MongoDB's programs stand as scripts that keep
documents in a file, since nothing here brings them.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from components.mongodb import MongodbSettings
from components.mysql import MysqlSettings
from components.postgres import PostgresSettings
from components.redis import RedisSettings
from railyard.data import mysql
from railyard.data.database import check_kind, tools_of
from railyard.data.mongodb import Mongodb
from railyard.data.mysql import Mysql
from railyard.data.programs import Server
from railyard.shared.console import CallError, OperationError
from tests.needs import MYSQL_SERVER

PASSWORD = 'p"a\\ss#word'
needs_mysql = pytest.mark.needs("mysql")


def taken(tools: Mysql | Mongodb, server: Server) -> tuple[bytes, dict[str, int], tuple[str, ...]]:
    """A dump with its rows, and what was written to meanwhile."""
    kept = io.BytesIO()
    dump = tools.take(server, lambda stream: shutil.copyfileobj(stream, kept))
    return kept.getvalue(), dump.rows, dump.unsettled


def writing(dump: bytes) -> Callable[[IO[bytes]], None]:
    """What reads a dump out of the bucket."""

    def read(into: IO[bytes]) -> None:
        into.write(dump)

    return read


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of MySQL's protocol, with a password for root."""
    directory = tmp_path_factory.mktemp("mysql")
    directory.chmod(0o777)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begin = directory / "begin.sql"
    quoted = PASSWORD.replace("\\", "\\\\")
    begin.write_text(
        "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';\n"
        f"ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '{quoted}';\n"
        "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
    )
    data = directory / "data"
    program = str(Path(str(MYSQL_SERVER)).resolve())
    if "mariadb" in program:
        subprocess.run(
            [
                "mariadb-install-db",
                "--no-defaults",
                f"--datadir={data}",
                "--user=root",
                "--auth-root-authentication-method=normal",
            ],
            check=True,
            capture_output=True,
        )
    else:
        subprocess.run(
            [program, "--no-defaults", "--initialize-insecure", f"--datadir={data}", "--user=root"], check=True
        )
    where = [f"--datadir={data}", f"--socket={directory}/s", f"--port={port}", "--bind-address=127.0.0.1"]
    options = [f"--pid-file={directory}/pid", "--user=root", f"--init-file={begin}", "--skip-name-resolve"]
    process = subprocess.Popen([program, "--no-defaults", *where, *options], stderr=subprocess.DEVNULL)
    server = Server(host="127.0.0.1", port=port, user="root", password=PASSWORD, database="railway", encrypted=False)
    try:
        for _ in range(300):
            try:
                Mysql().ask(server)
                break
            except OperationError:
                assert process.poll() is None
                time.sleep(0.2)
        yield server
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def server(running: Server) -> Server:
    """It, with one database of two tables, and none beside it."""
    for (name,) in mysql.query(running, "SHOW DATABASES", database=False):
        if name.startswith("railway"):
            mysql.query(running, f"DROP DATABASE `{name}`", database=False)
    mysql.query(running, "CREATE DATABASE railway", database=False)
    mysql.query(
        running,
        """CREATE TABLE people (id int PRIMARY KEY AUTO_INCREMENT, name text);
        INSERT INTO people (name) VALUES ('one'), ('two'), ('drei: äöü');
        CREATE TABLE `Odd ``name` (x int, FOREIGN KEY (x) REFERENCES people (id));
        INSERT INTO `Odd ``name` VALUES (1)""",
    )
    return running


def databases(server: Server) -> list[str]:
    """The databases of a server, its own left out."""
    own = {"information_schema", "mysql", "performance_schema", "sys", "test"}
    return [name for (name,) in mysql.query(server, "SHOW DATABASES", database=False) if name not in own]


@needs_mysql
def test_mysql_comes_back_as_it_was_dumped(server: Server) -> None:
    """Into a database beside the live one, which is dropped at the end; the live one is not touched."""
    dump, rows, unsettled = taken(Mysql(), server)

    assert (rows, unsettled) == ({"people": 3, "Odd `name": 1}, ())
    mysql.query(server, "DELETE FROM `Odd ``name`")
    with Mysql().scratch(server, "railway_restore_1", "railway", writing(dump)) as restored:
        assert restored == rows
        names = mysql.query(server.to("railway_restore_1"), "SELECT name FROM people ORDER BY id")
        assert [name for (name,) in names] == ["one", "two", "drei: äöü"]
    assert databases(server) == ["railway"]
    assert mysql.row_counts(server) == {"people": 3, "Odd `name": 0}


@needs_mysql
def test_the_restored_mysql_takes_the_place_of_the_live_one(server: Server) -> None:
    """All tables in one step; the former ones are kept in a database of another name."""
    dump, _, _ = taken(Mysql(), server)
    mysql.query(server, "DELETE FROM `Odd ``name`; CREATE TABLE later (x int)")

    with Mysql().scratch(server, "railway_restore_2", "railway", writing(dump)):
        Mysql().replace_live(server, "railway_restore_2", "railway_before_2")

    assert databases(server) == ["railway", "railway_before_2"]
    assert mysql.row_counts(server) == {"people": 3, "Odd `name": 1}
    assert mysql.row_counts(server.to("railway_before_2")) == {"people": 3, "Odd `name": 0, "later": 0}


@needs_mysql
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("CREATE VIEW names AS SELECT name FROM people", "lacks what the dump has beside its tables, view names"),
        ("CREATE TRIGGER seen BEFORE INSERT ON people FOR EACH ROW SET NEW.name = 'x'", "with a trigger .*: seen"),
    ],
)
def test_a_mysql_of_which_tables_alone_would_move_is_not_replaced(server: Server, made: str, reason: str) -> None:
    """What else is in the dump would be lost with the scratch database, or stop the exchange in the middle."""
    mysql.query(server, made)
    dump, _, _ = taken(Mysql(), server)
    mysql.query(server, "DROP VIEW IF EXISTS names; DROP TRIGGER IF EXISTS seen")

    with (
        pytest.raises(OperationError, match=f"nothing was replaced.*{reason}"),
        Mysql().scratch(server, "railway_restore_4", "railway", writing(dump)),
    ):
        Mysql().replace_live(server, "railway_restore_4", "railway_before_4")
    assert databases(server) == ["railway"]


@needs_mysql
def test_an_exchange_of_tables_without_an_answer_drops_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may have done it: the former live tables are in the database that the message names."""
    dump, _, _ = taken(Mysql(), server)
    mysql.query(server, "CREATE TABLE later (x int)")
    moved = mysql.move_tables

    def interrupted(where: Server, moves: list[tuple[str, str, str]]) -> None:
        moved(where, moves)
        raise KeyboardInterrupt

    monkeypatch.setattr(mysql, "move_tables", interrupted)
    with (
        pytest.raises(OperationError, match=r"(?s)interrupted.*railway_before_5 has the former ones of railway"),
        Mysql().scratch(server, "railway_restore_5", "railway", writing(dump)),
    ):
        Mysql().replace_live(server, "railway_restore_5", "railway_before_5")
    assert "later" in mysql.row_counts(server.to("railway_before_5"))


@needs_mysql
def test_with_tls_asked_for_nothing_is_sent_without_it(server: Server) -> None:
    """MySQL's programs and MariaDB's: a server that has no TLS is refused."""
    there = replace(server, encrypted=True)
    try:
        Mysql().ask(there)
        found = mysql.query(there, "SHOW STATUS LIKE 'Ssl_cipher'")
    except OperationError as error:
        found = [["", str(error)]]

    assert found[0][1]


@needs_mysql
def test_a_table_that_is_written_to_meanwhile_is_not_compared(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows are counted before and after, and differ."""
    counted = mysql.row_counts

    def busy(where: Server) -> dict[str, int]:
        counts = counted(where)
        mysql.query(where, "INSERT INTO people (name) VALUES ('busy')")
        return counts

    monkeypatch.setattr(mysql, "row_counts", busy)

    assert taken(Mysql(), server)[1:] == ({"Odd `name": 1}, ("people",))


@needs_mysql
def test_what_mysql_refuses_is_told_without_the_password(server: Server) -> None:
    """In its own words; a dump that is damaged leaves nothing behind."""
    with pytest.raises(OperationError, match="Access denied") as error:
        Mysql().ask(replace(server, password="wrong-password"))
    assert "wrong-password" not in str(error.value)
    with (
        pytest.raises(OperationError, match=r"(?s)mysql failed: .*ERROR 1064"),
        Mysql().scratch(server, "railway_restore_3", "railway", writing(b"CREATE TABEL x;")),
    ):
        pass
    assert databases(server) == ["railway"]


MONGO = """#!{python}
import json, pathlib, re, sys
store, log = pathlib.Path({store!r}), pathlib.Path({log!r})
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
with log.open("a") as file:
    file.write(json.dumps([name, *arguments]) + "\\n")
data = json.loads(store.read_text())
options = dict(each.lstrip("-").split("=", 1) for each in arguments if "=" in each)
if name == "mongosh":
    text = sys.stdin.read()
    uri, script = json.loads(re.search(r"connect\\((\\".*?\\")\\)", text)[1]), text
else:
    uri, script = json.loads(pathlib.Path(options["config"]).read_text().partition(": ")[2]), ""
if ":p%40ss@" not in uri:
    sys.exit(print(f"MongoServerError: Authentication failed. p@ss {{uri}}", file=sys.stderr) or 1)
database = uri.rpartition("/")[2].partition("?")[0]
if "db.version()" in script:
    print('railyard:["8.0.4"]')
elif "getCollectionInfos" in script:
    print("railyard:" + json.dumps({{each: len(rows) for each, rows in data.get(database, {{}}).items()}}))
elif "dropDatabase" in script:
    data.pop(database, None)
    print("railyard:[1]")
elif "db.stats" in script:
    print("railyard:[4096]")
elif name == "mongodump":
    sys.stdout.write(json.dumps({{database: data[database]}}))
else:
    for each, rows in json.loads(sys.stdin.read()).items():
        assert options["nsFrom"] == each + ".*"
        if database in ("", each):  # that of the address is the only one that is restored
            data[options["nsTo"][:-2]] = rows
store.write_text(json.dumps(data))
"""


@pytest.fixture
def mongo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """MongoDB's programs on a store of two collections; the file that this gives has their command lines."""
    store, log = tmp_path / "store.json", tmp_path / "calls.jsonl"
    store.write_text(json.dumps({"railway": {"people": [1, 2, 3], "odd name": [1]}}))
    script = MONGO.format(python=sys.executable, store=str(store), log=str(log))
    for name in ("mongosh", "mongodump", "mongorestore"):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return log


MONGODB = Server(host="127.0.0.1", port=27017, user="mongo", password="p@ss", database="railway")


def test_mongodb_comes_back_as_it_was_dumped(mongo: Path) -> None:
    """Under another name, which is dropped at the end; the password stands on no command line."""
    dump, rows, unsettled = taken(Mongodb(), MONGODB)

    assert (rows, unsettled) == ({"people": 3, "odd name": 1}, ())
    with Mongodb().scratch(MONGODB, "railway_restore_1", "railway", writing(dump)) as restored:
        assert restored == rows
    store = json.loads((mongo.parent / "store.json").read_text())
    assert list(store) == ["railway"]
    calls = [json.loads(line) for line in mongo.read_text().splitlines()]
    assert {name for name, *_ in calls} == {"mongosh", "mongodump", "mongorestore"}
    assert "p@ss" not in mongo.read_text()
    assert "p%40ss" not in mongo.read_text()


def test_mongodb_restores_a_dump_of_a_database_with_another_name(mongo: Path) -> None:
    """Production's into staging's server: the names are those of two settings files."""
    dump, rows, _ = taken(Mongodb(), MONGODB)
    there = replace(MONGODB, database="staging")

    with Mongodb().scratch(there, "railway_restore_1", "railway", writing(dump)) as restored:
        assert restored == rows


def test_mongodb_replaces_nothing_by_itself() -> None:
    """It cannot give a database another name; what a person can do is said."""
    with pytest.raises(OperationError, match="nothing was replaced"):
        Mongodb().replace_live(MONGODB, "railway_restore_1", "railway_before_1")


def test_what_mongodb_refuses_is_told_without_the_password(mongo: Path) -> None:
    """The words of its shell, which may show the address: the password is written in another way there."""
    with pytest.raises(OperationError, match="Authentication failed") as error:
        Mongodb().ask(replace(MONGODB, password="p@ss-of-before"))

    assert "p@ss-of-before" not in str(error.value)
    assert "p%40ss-of-before" not in str(error.value)


def test_each_kind_has_its_own_programs_and_variables() -> None:
    """A dump of one is no dump of another; Redis has none."""
    assert [
        type(tools).__name__
        for kind in (PostgresSettings, MysqlSettings, MongodbSettings)
        if (tools := tools_of(kind()))
    ] == [
        "Postgres",
        "Mysql",
        "Mongodb",
    ]
    assert tools_of(RedisSettings()) is None
    variables = {"MYSQL_ROOT_PASSWORD": "p", **MysqlSettings(database="shop").variables()}
    assert Mysql().credentials(variables) == ("root", "p", "shop")
    variables = {"MONGO_INITDB_ROOT_PASSWORD": "p", **MongodbSettings(user="me").variables()}
    assert Mongodb().credentials(variables) == ("me", "p", "railway")
    with pytest.raises(KeyError, match="MYSQL_ROOT_PASSWORD"):
        Mysql().credentials({"MYSQL_DATABASE": "shop"})
    with pytest.raises(CallError, match="the dump is of MySQL, and the database is MongoDB"):
        check_kind(Mongodb(), "MySQL")


@pytest.mark.parametrize("tools", [Mysql(), Mongodb()], ids=["mysql", "mongodb"])
def test_a_missing_program_is_told_with_what_to_install(
    tools: Mysql | Mongodb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is opened."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OperationError, match=f"{tools.to_dump[0]} is not on PATH: install {tools.title}'s"):
        tools.check_installed(*tools.to_dump)
