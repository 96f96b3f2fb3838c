"""Backups of files: an archive outside of Railway that was proven, of what is written to meanwhile too."""

from __future__ import annotations

import io
import os
import tarfile
import time
from pathlib import Path

import pytest

from railway_sandbox import ssh_relay
from railyard.data import volume_files
from tests.operations.conftest import Railyard
from tests.operations_backup.conftest import objects, spaces
from tests.operations_backup.files.conftest import BUCKET, LONG_AGO_S, WHERE, back_up, disk, keys, restore, seen, settle


def test_all_that_is_on_a_volume_leaves_and_comes_back(railyard: Railyard):
    """Every byte, name, mode, time and link. A rehearsal leaves neither a file nor a key, and measures both figures."""
    before = seen(disk(railyard))
    made = back_up(railyard)
    rehearsed = restore(railyard)

    assert (made["files"], made["unsettled"], made["skipped"]) == (3, [], [])
    assert rehearsed.code == 0, rehearsed.errors
    assert "checksum right, 3 files, each read back, 1 SQLite database in order" in rehearsed.flat
    assert "recovery point: 0.0 h ago (daily ones are asked for); recovery time:" in rehearsed.flat
    assert "(of 15 minutes)" in rehearsed.flat
    assert seen(disk(railyard)) == before
    assert not list(disk(railyard).glob(".railyard-*"))
    assert keys(railyard) == []


def test_what_breaks_off_leaves_nothing_behind(railyard: Railyard):
    """A connection that breaks while files are read: no object, no part of one, no key; the next run succeeds."""
    with railyard.world() as world:
        world.fail("ssh", "read .*page", drop=True)
    said = railyard.run("backup", "files", WHERE, "--create-bucket")

    assert said.code == 1
    assert "the files of staging/omega/bot: " in said.errors
    assert objects(railyard) == {"keys": [], "uploads": []}
    assert keys(railyard) == []
    assert back_up(railyard)["files"] == 3


def test_a_database_that_is_torn_is_not_taken_for_a_backup(railyard: Railyard):
    """SQLite looks into each one, its log included, before anything is uploaded."""
    file = disk(railyard) / "omega.db"
    file.write_bytes(file.read_bytes()[:-4096] + b"\0" * 4096)
    settle(disk(railyard))
    said = railyard.run("backup", "files", WHERE, "--create-bucket")

    assert said.code == 1
    assert "the bucket got nothing: omega.db is no whole database" in said.errors
    assert objects(railyard) == {"keys": [], "uploads": []}


def writing(monkeypatch: pytest.MonkeyPatch, file: Path, times: int) -> None:
    """Let somebody write to a file each time that it is about to be read."""
    note, left = ssh_relay.Relay.breaks, list(range(times))

    def breaks(relay: ssh_relay.Relay, operation: str) -> bool:
        if operation == f"read /data/{file.name}" and left:
            file.write_text(f"written {left.pop()}")
            os.utime(file, (LONG_AGO_S, LONG_AGO_S + len(left)))
        return note(relay, operation)

    monkeypatch.setattr(ssh_relay.Relay, "breaks", breaks)


def archived(railyard: Railyard, key: str, name: str) -> bytes:
    """A file out of an archive of the bucket."""
    with spaces(railyard) as client:
        body = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as packed:
        content = packed.extractfile(name)
        assert content is not None
        return content.read()


def test_what_changes_while_it_is_read_is_read_again(railyard: Railyard, monkeypatch: pytest.MonkeyPatch):
    """The archive has what was written last, and counts as one state."""
    file = disk(railyard) / "notes"
    file.write_text("at first")
    settle(disk(railyard))
    writing(monkeypatch, file, times=2)
    made = back_up(railyard)

    assert made["unsettled"] == []
    assert archived(railyard, made["key"], "notes") == file.read_bytes() == b"written 0"


def test_what_never_settles_is_named(railyard: Railyard, monkeypatch: pytest.MonkeyPatch):
    """It is in the archive as it was read last, and the note says so."""
    file = disk(railyard) / "notes"
    file.write_text("at first")
    settle(disk(railyard))
    writing(monkeypatch, file, times=100)

    assert back_up(railyard)["unsettled"] == ["notes"]


def test_what_was_written_a_moment_ago_is_read_again(railyard: Railyard, monkeypatch: pytest.MonkeyPatch):
    """SFTP tells whole seconds, so a file may change without a trace in the second in which it was written."""
    monkeypatch.setattr(volume_files, "FRESH_S", 0)
    (disk(railyard) / "fresh").write_text("x")
    os.utime(disk(railyard) / "fresh", (time.time() + 900, time.time() + 900))
    made = back_up(railyard)

    assert made["unsettled"] == ["fresh"]
    assert railyard.requests().count("ssh read /data/fresh") == volume_files.ATTEMPTS
    assert railyard.requests().count("ssh read /data/artifacts/key") == 1


def test_what_is_due_is_made_and_rehearsed(railyard: Railyard):
    """By the settings alone: a bot's files daily, kept 30 days; made once a day, however often somebody asks."""
    with spaces(railyard) as client:
        client.create_bucket(Bucket=BUCKET)
    listed = railyard.run("backup", "due", "omega", "--list", "--json").json["copies"]
    done = railyard.run("backup", "due", "omega", "--rehearse-in", "staging")
    again = railyard.run("backup", "due", "omega")

    assert listed == [
        {"system": "omega", "service": "bot", "kind": "files", "every": "daily", "keepDays": 30,
         "recoveryMinutes": 15, "newest": None, "due": True}
    ]  # fmt: skip
    assert done.code == 0, done.errors
    assert "staging/omega/bot: 3 files" in done.text
    assert "comes back as it was" in done.text
    assert "staging/omega/bot: not due yet, daily and made at" in again.text


def test_what_fails_does_not_keep_the_next_one_back(railyard: Railyard):
    """And the exit code tells."""
    with spaces(railyard) as client:
        client.create_bucket(Bucket=BUCKET)
    said = railyard.run("backup", "due", "netia", "omega")

    assert said.code == 1
    assert "netia/postgres does not run in staging" in said.errors
    assert "staging/omega/bot: 3 files" in said.text
