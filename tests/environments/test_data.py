"""The database of an environment has the data of the last rehearsed dump, and no named column shows what it held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from railway_sandbox.addresses import RAILWAY_TOKEN
from railway_sandbox.server import Sandbox
from railyard.data.dumping import dump_of
from railyard.data.dumps import Dumps
from railyard.data.postgres import Postgres, query
from railyard.data.programs import Server
from railyard.engine import operate
from railyard.environments.data import mask
from railyard.shared.console import OperationError
from railyard.shared.stack import read_stack
from stacks.backend import POSTGRES_PASSWORD
from stacks.review_secrets import placeholder
from stacks.reviews import Review
from tests.environments.conftest import Project, said
from tests.operations_backup import servers

NETIA = """\
  railyard:backups: {bucket: railyard-backups-staging, region: nyc3}
  railyard:netia:
    project: {name: netia-staging, environment: staging}
    app: {repo: netia/netia, railwayDomain: true}
    postgres: {sizeGb: 1}
"""
SOURCE = """\
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TABLE people (id int PRIMARY KEY, email citext UNIQUE, name varchar(12), born date, token uuid, paid numeric,
  seen timestamptz, notes jsonb, raw bytea, vip bool NOT NULL DEFAULT true, level smallint, points bigint, at inet,
  gone text);
INSERT INTO people SELECT n, 'person' || n || '@secret.example', 'Name of ' || n, date '1980-05-17',
  gen_random_uuid(), 12.5,
  now(), '{"secret": 1}', 'secret', true, 7, 1234567890123, '203.0.113.9', NULL FROM generate_series(1, 50) n;
CREATE TABLE orders (id serial, buyer citext REFERENCES people (email), total int);
INSERT INTO orders (buyer, total) SELECT email, id FROM people;
CREATE TABLE log (line text);
CREATE FUNCTION copied() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO log VALUES (OLD.email); RETURN NEW; END';
CREATE TRIGGER copies BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION copied();
CREATE MATERIALIZED VIEW names AS SELECT name FROM people;
ANALYZE;
"""
COLUMNS = [
    "people.email", "people.name", "people.born", "people.token", "public.people.paid", "people.seen", "people.notes",
    "people.raw", "people.vip", "people.level", "people.points", "people.at", "people.gone", "orders.buyer",
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL with the made-up password of pull request 7, and a database to be dumped."""
    password = placeholder(POSTGRES_PASSWORD, RAILWAY_TOKEN, Review(pull_request=7, stack="staging"), "netia")
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{servers.binaries()}{os.pathsep}{before}"
    try:
        with servers.running(password) as running:
            query(running.to("postgres"), "CREATE DATABASE source")
            query(running.to("source"), SOURCE)
            yield running
    finally:
        os.environ["PATH"] = before


@contextmanager
def accounts(project: Project) -> Iterator[None]:
    """Let this process use the simulated clouds between two commands."""
    with Sandbox(project.directory).serve() as address, pytest.MonkeyPatch.context() as patch:
        for name, value in operate.environment(address, project.directory).items():
            patch.setenv(name, value)
        yield


def test_an_environment_begins_with_the_last_rehearsed_dump_and_masked_columns(
    project: Project, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer dump that nobody has rehearsed is left alone; what the app finds was masked before it was there."""
    monkeypatch.setenv("RAILYARD_SANDBOX_TCP", f"netia-pr-7/postgres={server.port}")
    project.settings(NETIA, reviews="{mask: {netia: [people.email, orders.buyer]}}")
    with accounts(project):
        dumps = Dumps(read_stack("staging"), "netia")
        dumps.create_bucket()
        made = dump_of(Postgres(), server.to("source"), dumps, "netia", "postgres", "staging")
        dumps.note(made.model_copy(update={"rehearsed": made.time}))
        dumps.note(made.model_copy(update={"time": "2999-01-01T000000Z"}))

    up = said(project, "up", "7", "--json")

    emails = [row[0] for row in query(server, "SELECT email FROM people ORDER BY id")]
    kept = query(server, "SELECT count(*) FROM orders JOIN people ON email = buyer WHERE total = people.id")
    there = query(server, "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
    assert up.json["state"] == "up"
    assert f"netia/postgres has the dump of staging from {made.time}, 2 of its columns masked" in up.errors
    assert len(set(emails)) == 50
    assert [each for each in emails if "secret" in each or not each.endswith("@masked.example")] == []
    assert kept == [["50"]]
    assert there == [["postgres"], ["railway"], ["source"]]
    assert [note for note in up.json["notes"] if "empty" in note] == []


def test_every_type_is_masked_and_nothing_shows_what_it_was(server: Server) -> None:
    """Neither the table nor its statistics, nor a view made of it, nor a trigger that copies what changes."""
    masked = server.to("masked")
    query(server.to("postgres"), "CREATE DATABASE masked TEMPLATE source")

    mask(masked, COLUMNS)

    (row,) = query(masked, "SELECT born, paid, notes, vip, at, gone IS NULL, length(name) FROM people WHERE id = 1")
    assert row == ["1980-01-01", "0", "{}", "f", "192.0.2.1", "t", "12"]
    assert query(masked, "SELECT count(*) FROM people WHERE points = 1234567890123 OR level = 7") == [["0"]]
    assert query(masked, "SELECT count(*) FROM log") == [["0"]]
    assert query(masked, "SELECT count(*) FROM names WHERE name LIKE 'Name of%'") == [["0"]]
    assert query(masked, "SELECT count(*) FROM pg_stats WHERE histogram_bounds::text ~ 'secret|Name of'") == [["0"]]


def test_a_column_that_is_not_there_refuses_all_of_it(server: Server) -> None:
    """Nothing is masked by halves, and a mistake in a name shows no data."""
    before = query(server.to("source"), "SELECT md5(string_agg(people::text, '' ORDER BY id)) FROM people")

    with pytest.raises(OperationError, match=r"column people\.e_mail of railyard:reviews.mask does not exist"):
        mask(server.to("source"), ["people.name", "people.e_mail"])

    assert query(server.to("source"), "SELECT md5(string_agg(people::text, '' ORDER BY id)) FROM people") == before
