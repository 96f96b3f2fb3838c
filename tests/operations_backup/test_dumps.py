"""Dumps of a real PostgreSQL through the simulated proxy into the simulated Spaces, and what comes back of them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.railway.networking import tcp_proxies
from railyard.accounts.spaces_client import spaces_refusals
from railyard.data import postgres
from railyard.data.dumps import Dumps
from railyard.data.mongodb import Mongodb
from railyard.data.postgres import environment, query
from railyard.data.programs import Server
from railyard.shared import stack as stack_module
from railyard.shared.console import OperationError
from tests.operations.conftest import Railyard
from tests.operations_backup import servers
from tests.operations_backup.conftest import FULL, PEOPLE, databases, disk_of, objects, people, proxies, spaces
from tests.railyard_command import Said

MUTATION = "railway mutation tcpProxyCreate"


def dumped(railyard: Railyard, *more: str) -> Said:
    """A dump that goes well."""
    said = railyard.run("backup", "dump", "netia", "--create-bucket", "--json", *more)
    assert said.code == 0, said.text + said.errors
    return said


def restore(railyard: Railyard, *more: str) -> Said:
    """A restore of staging's dump into staging."""
    return railyard.run("restore", "dump", "netia", "--from", "staging", *more)


def _with(server: Server, password: str) -> Server:
    return replace(server, password=password)


def _copy(client: Any, time: str) -> None:
    """A dump of another time, with its note."""
    bucket = "railyard-backups-staging"
    for key in [each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]]:
        if "2026-01-01T" in key or "2026-02-01T" in key:
            continue
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        if key.endswith(".json"):
            body = json.dumps({**json.loads(body), "time": time}).encode()
        client.put_object(Bucket=bucket, Key=f"netia/staging/{time}.{key.rpartition('.')[2]}", Body=body)


def stub(directory: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """A program of this name, before the real one on PATH; its version is the real one's."""
    directory = directory / "stubs"
    directory.mkdir()
    real = servers.binaries() / name
    (directory / name).write_text(f'#!/bin/sh\ncase "$1" in --version) exec {real} --version;; esac\n{script}\n')
    (directory / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")


def test_a_dump_is_in_the_bucket_with_all_that_is_known_of_it(railyard: Railyard, server: Server):
    """Rows by table, checksum, version; the proxy is gone, and the password is nowhere."""
    said = dumped(railyard)

    made = json.loads(said.text)
    assert made["rows"] == {"public.people": PEOPLE, 'public."Odd name"': 1}
    assert (made["serverMajor"], len(made["sha256"])) == (18, 64)
    assert sorted(objects(railyard)["keys"]) == sorted([made["key"], made["key"].replace(".dump", ".json")])
    assert proxies(railyard) == []
    assert server.password not in said.text + said.errors
    assert server.password not in (railyard.directory / "requests.jsonl").read_text()


def test_a_dump_comes_back_as_it_was(railyard: Railyard, server: Server):
    """The rehearsal leaves no database and no proxy, and the live database alone."""
    dumped(railyard)
    query(server, "INSERT INTO people (name) VALUES ('late')")
    said = restore(railyard)

    assert said.code == 0, said.errors
    assert f"{PEOPLE + 1} rows in 2 tables, each with as many rows as then" in said.flat
    assert databases(server) == ["railway"]
    assert people(server) == PEOPLE + 1
    assert proxies(railyard) == []


def test_the_restored_database_takes_the_place_of_the_live_one(railyard: Railyard, server: Server):
    """Only when its name was typed; the former one is kept."""
    dumped(railyard)
    query(server, "DELETE FROM people WHERE id > 100")
    refused = restore(railyard, "--replace", "--confirm", "netia/postgres")
    assert (refused.code, people(server)) == (2, 100)

    said = restore(railyard, "--replace", "--confirm", FULL)
    assert said.code == 0, said.errors
    assert people(server) == PEOPLE
    former = next(name for name in databases(server) if name.startswith("railway_before_"))
    assert people(server.to(former)) == 100
    assert former in said.flat


def test_a_ctrl_c_while_the_databases_change_names_leaves_the_live_one_in_use(
    railyard: Railyard, server: Server, monkeypatch: pytest.MonkeyPatch
):
    """Between the two steps nobody can connect to it: that must not stay so."""

    def interrupted(where: Server, sql: str) -> list[list[str]]:
        if "pg_terminate_backend" in sql:
            raise KeyboardInterrupt
        return query(where, sql)

    dumped(railyard)
    monkeypatch.setattr(postgres, "query", interrupted)
    said = restore(railyard, "--replace", "--confirm", FULL)

    assert said.code != 0
    assert people(server) == PEOPLE
    assert (databases(server), proxies(railyard)) == (["railway"], [])


@pytest.mark.parametrize("step", ["ALLOW_CONNECTIONS false", "COMMIT"])
def test_a_ctrl_c_right_after_a_step_of_the_exchange_leaves_every_database_open(
    railyard: Railyard, server: Server, monkeypatch: pytest.MonkeyPatch, step: str
):
    """What the server has done by then stays done; no database refuses connections for it."""

    def interrupted(where: Server, sql: str) -> list[list[str]]:
        rows = query(where, sql)
        if step in sql:
            raise KeyboardInterrupt
        return rows

    dumped(railyard)
    monkeypatch.setattr(postgres, "query", interrupted)
    said = restore(railyard, "--replace", "--confirm", FULL)

    assert said.code != 0
    assert [people(server.to(name)) for name in databases(server)] == [PEOPLE] * len(databases(server))


def test_a_scratch_database_that_cannot_be_dropped_does_not_hide_why_the_restore_failed(
    railyard: Railyard, server: Server, monkeypatch: pytest.MonkeyPatch
):
    """Both are said, and the database by its name."""

    def without_drop(where: Server, sql: str) -> list[list[str]]:
        if sql.startswith("DROP DATABASE IF EXISTS"):
            raise OperationError("the connection was lost")
        return query(where, sql)

    key = json.loads(dumped(railyard).text)["key"]
    with spaces(railyard) as client:
        client.put_object(Bucket="railyard-backups-staging", Key=key, Body=b"damaged")
    monkeypatch.setattr(postgres, "query", without_drop)
    said = restore(railyard)

    left = next(name for name in databases(server) if name.startswith("railyard_restore_"))
    assert said.code == 1
    assert "is damaged" in said.errors or "pg_restore failed" in said.errors
    assert f"the scratch database {left} is still on the server, drop it: the connection was lost" in said.errors


def test_a_kind_of_database_that_cannot_be_replaced_is_refused_first(
    railyard: Railyard, server: Server, monkeypatch: pytest.MonkeyPatch
):
    """Before anything is typed, opened or restored: MongoDB gives no database another name."""
    dumped(railyard)
    count = railyard.requests().count(MUTATION)
    monkeypatch.setattr(postgres.Postgres, "irreplaceable", Mongodb.irreplaceable)
    said = restore(railyard, "--replace")

    assert said.code == 2
    assert "MongoDB cannot give a database another name, so nothing was replaced" in said.errors
    assert railyard.requests().count(MUTATION) == count


def test_a_temporary_table_of_the_application_is_left_out(railyard: Railyard, server: Server):
    """Only its own session can read it, and pg_dump leaves it out as well."""
    with postgres.snapshot(server) as ask:
        ask("COMMIT; CREATE TEMPORARY TABLE passing (x int)")
        made = json.loads(dumped(railyard).text)

    assert set(made["rows"]) == {"public.people", 'public."Odd name"'}


def test_a_dump_that_somebody_deleted_counts_as_none(railyard: Railyard, server: Server):
    """What is known of it is still there: the one before is the last good one, and is never deleted."""
    first = json.loads(dumped(railyard).text)
    second = {**first, "time": "2999-01-01T000000Z"}
    with spaces(railyard) as client:
        note = f"netia/staging/{second['time']}.json"
        client.put_object(Bucket="railyard-backups-staging", Key=note, Body=json.dumps(second).encode())
        there = Dumps(stack_module.read_stack("staging"), "netia")

        assert there.thin_out(keep=1, keep_days=None) == []
        assert there.one("latest").time == first["time"]


def test_dumps_of_another_database_of_the_system_are_left_alone(railyard: Railyard, server: Server):
    """They lie in the same folder: neither the latest of this one nor deleted with its old ones."""
    first = json.loads(dumped(railyard).text)
    with spaces(railyard) as client:
        for time in ("2999-01-01T000000Z", "2999-02-01T000000Z"):
            note = json.dumps({**first, "time": time, "service": "reports"}).encode()
            for ending, body in ((".json", note), (".dump", b"")):
                client.put_object(Bucket="railyard-backups-staging", Key=f"netia/staging/{time}{ending}", Body=body)
        stack = stack_module.read_stack("staging")
        here, there = (Dumps(stack, "netia", name, "PostgreSQL") for name in ("postgres", "reports"))

        assert first["service"] == "postgres"
        assert here.one("latest").time == first["time"]
        assert here.thin_out(keep=1, keep_days=None) == []
        assert [each.time for each in there.thin_out(keep=1, keep_days=None)] == ["2999-01-01T000000Z"]


def test_a_note_whose_time_is_none_is_named(railyard: Railyard, server: Server):
    """Somebody edited it: what is due and what is deleted is decided by it."""
    made = json.loads(dumped(railyard).text)
    with spaces(railyard) as client:
        note = made["key"].replace(".dump", ".json")
        client.put_object(Bucket="railyard-backups-staging", Key=note, Body=json.dumps({**made, "time": "monday"}))
    said = railyard.run("backup", "dumps", "netia")

    assert said.code == 1
    assert f"{note} is not a valid note about a dump" in said.errors


def test_a_bucket_is_made_only_where_there_is_none(railyard: Railyard):
    """A refusal of another kind says nothing of whether it is there, and is shown."""
    with railyard.world() as world:
        world.fail("spaces", "HEAD /railyard-backups", status=403)
    said = railyard.run("backup", "dump", "netia", "--create-bucket")

    assert said.code == 1
    assert "403" in said.errors
    with spaces(railyard) as client:
        assert client.list_buckets()["Buckets"] == []


def test_what_spaces_refuses_is_told_without_a_traceback(railyard: Railyard):
    """A key that ends in the middle, a bucket that goes away."""
    with spaces(railyard) as client, pytest.raises(OperationError, match="Spaces did not do"), spaces_refusals():
        client.list_objects_v2(Bucket="nowhere-to-be-found")


def test_what_differs_is_said_and_replaces_nothing(railyard: Railyard, server: Server):
    """Exit code 1, for a nightly rehearsal."""
    key = json.loads(dumped(railyard).text)["key"].replace(".dump", ".json")
    with spaces(railyard) as client:
        note = json.loads(client.get_object(Bucket="railyard-backups-staging", Key=key)["Body"].read())
        note["rows"]["public.people"] = 999
        client.put_object(Bucket="railyard-backups-staging", Key=key, Body=json.dumps(note).encode())
    said = restore(railyard, "--replace", "--confirm", FULL)

    assert said.code == 1
    assert f"public.people: 999 in the dump, {PEOPLE} restored" in said.flat
    assert databases(server) == ["railway"]


def test_a_damaged_dump_is_refused(railyard: Railyard, server: Server):
    """By its checksum; nothing stays of it."""
    key = json.loads(dumped(railyard).text)["key"]
    with spaces(railyard) as client:
        whole = client.get_object(Bucket="railyard-backups-staging", Key=key)["Body"].read()
        client.put_object(Bucket="railyard-backups-staging", Key=key, Body=whole + b"more")
    said = restore(railyard)

    assert said.code == 1
    assert "damaged" in said.errors or "pg_restore failed" in said.errors
    assert (databases(server), proxies(railyard)) == (["railway"], [])


def test_a_full_volume_is_not_filled_further(railyard: Railyard, server: Server):
    """What the restore would need beside the live database is known beforehand."""
    dumped(railyard)
    with railyard.world() as world:
        disk_of(world).used_mb = 995
    said = restore(railyard)

    assert said.code == 1
    assert "has 5 MB left: a full volume would stop it" in said.errors


def test_old_dumps_go_when_told(railyard: Railyard, server: Server):
    """By number and by age, after the new one is there; one without a note counts as none."""
    dumped(railyard)
    with spaces(railyard) as client:
        for time in ("2026-01-01T000000Z", "2026-02-01T000000Z"):
            _copy(client, time)
    assert len(json.loads(railyard.run("backup", "dumps", "netia", "--json").text)["dumps"]) == 3

    gone = json.loads(dumped(railyard, "--keep", "2").text)["deleted"]
    assert "netia/staging/2026-01-01T000000Z.dump" in gone
    assert len(objects(railyard)["keys"]) <= 4


@pytest.mark.parametrize("signal", ["INT", "TERM"])
def test_an_interrupted_dump_leaves_nothing(
    railyard: Railyard, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal: str
):
    """Neither the proxy nor half an upload: Ctrl-C, and a job that CI ends."""
    dumped(railyard)
    before = objects(railyard)
    stub(tmp_path, monkeypatch, "pg_dump", f"printf begun; kill -{signal} $PPID; exec sleep 600")
    said = railyard.run("backup", "dump", "netia")

    assert said.code != 0
    assert MUTATION in railyard.requests()
    assert proxies(railyard) == []
    assert objects(railyard) == before


def test_a_dump_that_fails_leaves_nothing(
    railyard: Railyard, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its words are shown without the password."""
    dumped(railyard)
    before = objects(railyard)
    stub(tmp_path, monkeypatch, "pg_dump", 'printf half; echo "no: $PGPASSWORD" >&2; exit 1')
    said = railyard.run("backup", "dump", "netia")

    assert said.code == 1
    assert "pg_dump failed: no: ***" in said.errors
    assert (proxies(railyard), objects(railyard)) == ([], before)


def test_without_pg_dump_nothing_is_opened(
    railyard: Railyard, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The message says what to install."""
    dumped(railyard)
    count = railyard.requests().count(MUTATION)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = railyard.run("backup", "dump", "netia")

    assert said.code == 1
    assert "psql is not on PATH: install PostgreSQL's client programs" in said.errors
    assert railyard.requests().count(MUTATION) == count


def test_another_version_is_refused(
    railyard: Railyard, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A dump has to be readable for the server that it is of."""
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.1'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    said = railyard.run("backup", "dump", "netia", "--create-bucket")

    assert said.code == 1
    assert "the server is PostgreSQL 18 and pg_dump on PATH is 12" in said.errors
    assert proxies(railyard) == []


def test_a_wrong_password_is_explained(railyard: Railyard, server: Server):
    """A changed variable does not change the database."""
    query(server, "ALTER USER postgres PASSWORD 'another'")
    try:
        said = railyard.run("backup", "dump", "netia", "--create-bucket")
    finally:
        query(_with(server, "another"), f"ALTER USER postgres PASSWORD '{server.password}'")

    assert said.code == 1
    assert "POSTGRES_PASSWORD counts at the first start of a server alone" in said.errors
    assert proxies(railyard) == []


def test_a_proxy_that_was_there_stays(railyard: Railyard, server: Server):
    """Somebody else needs it, and is told of."""
    with railyard.world() as world:
        environment, service = world.find("netia/postgres")
        patch = {"networking": {"tcpProxies": {"5432": {}}}}
        tcp_proxies.from_patch(world.railway, environment, service.id, patch, world.clock.now())
    said = dumped(railyard)

    assert "was there already, and stays" in said.errors
    assert len(proxies(railyard)) == 1


def test_without_a_server_the_sandbox_says_so(railyard: Railyard):
    """It never asks a host of the real Railway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{servers.binaries()}{os.pathsep}{os.environ['PATH']}")
        said = railyard.run("backup", "dump", "netia", "--create-bucket")

    assert said.code == 1
    assert "the sandbox simulates no PostgreSQL" in said.errors
    assert proxies(railyard) == []


def test_a_missing_bucket_is_found_before_anything_is_opened(railyard: Railyard, server: Server):
    """With the way to get one."""
    said = railyard.run("backup", "dump", "netia")

    assert said.code == 1
    assert "cannot be used" in said.errors
    assert MUTATION not in railyard.requests()


def test_a_system_without_a_database_is_a_wrong_call(railyard: Railyard):
    """Rose has none."""
    said = railyard.run("backup", "dump", "rose")

    assert said.code == 2
    assert "rose has no PostgreSQL, no MySQL and no MongoDB in staging" in said.errors


def test_on_a_real_account_only_tls_will_do(server: Server):
    """The proxy is on the public Internet."""
    real = Server(host="x", port=1, user="u", password="secret", database="d")

    assert environment(real)["PGSSLMODE"] == "require"
    assert "secret" not in repr(real)
