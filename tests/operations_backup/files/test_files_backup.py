"""Backups of files: an archive outside of Railway that was proven, of what is written to meanwhile too."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncssh
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


def once(monkeypatch: pytest.MonkeyPatch, operation: str, act: Callable[[], None]) -> None:
    """Let somebody act the first time that this is asked of the relay."""
    note, left = ssh_relay.Relay.breaks, [act]

    def breaks(relay: ssh_relay.Relay, asked: str) -> bool:
        if asked == operation and left:
            left.pop()()
        return note(relay, asked)

    monkeypatch.setattr(ssh_relay.Relay, "breaks", breaks)


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


def test_an_archive_of_the_same_second_is_not_overwritten(railyard: Railyard, monkeypatch: pytest.MonkeyPatch):
    """Two that are begun at once have one name: the later one fails and says so, and the first one stays whole."""
    monkeypatch.setattr("railyard.data.files.time_now", lambda: "2026-11-30T120000Z")
    made = back_up(railyard)
    (disk(railyard) / "artifacts" / "key").write_text("another")
    settle(disk(railyard))

    said = railyard.run("backup", "files", WHERE)

    assert said.code == 1
    assert f"{BUCKET}/{made['key']} is stored already, begun in the same second: run the command again" in said.errors
    assert archived(railyard, made["key"], "artifacts/key") == b"k"
    assert objects(railyard) == {"keys": [made["key"], made["key"].replace("tar.gz", "json")][::-1], "uploads": []}


def test_an_archive_whose_note_cannot_be_written_is_deleted(railyard: Railyard):
    """It would count as none, be billed, and be deleted by no --keep."""
    with spaces(railyard) as client:
        client.create_bucket(Bucket=BUCKET)
    with railyard.world() as world:
        world.fail("spaces", r"PUT .*\.json$", status=403, final=True, count=9)

    said = railyard.run("backup", "files", WHERE)

    assert said.code == 1
    assert objects(railyard) == {"keys": [], "uploads": []}


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
    """SFTP tells whole seconds, so a file may change without a trace in the second in which it was written.

    It is the server's second: its clock stands still here, long before this machine's. A date in the future is none.
    """
    server_s = LONG_AGO_S + 1_000
    files: Any = ssh_relay._SftpServer  # pyright: ignore[reportPrivateUsage]
    lstat = files.lstat

    def dated(server: Any, path: bytes) -> object:
        clock = asyncssh.SFTPAttrs(atime=server_s, mtime=server_s)
        return clock if path.endswith(b"/.railyard-clock") else lstat(server, path)

    monkeypatch.setattr(files, "lstat", dated)
    monkeypatch.setattr(volume_files, "FRESH_S", 0)
    for name, time_s in (("fresh", server_s), ("dated", time.time() + 900)):
        (disk(railyard) / name).write_text("x")
        os.utime(disk(railyard) / name, (time_s, time_s))
    made = back_up(railyard)

    assert made["unsettled"] == ["fresh"]
    assert railyard.requests().count("ssh read /data/fresh") == volume_files.ATTEMPTS
    assert railyard.requests().count("ssh read /data/dated") == 1
    assert railyard.requests().count("ssh read /data/artifacts/key") == 1
    assert not list(disk(railyard).glob(".railyard-*"))


def test_what_becomes_of_another_kind_while_it_is_read_is_read_as_it_is_then(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch
):
    """A folder that is a file at the next look, a file that is a folder, and a folder that is gone."""
    there = disk(railyard)
    (there / "changes").write_text("a file at first")
    (there / "artifacts" / "gone").mkdir()
    (there / "artifacts" / "gone" / "notes").write_text("x")
    settle(there)

    def change() -> None:
        (there / "changes").unlink()
        (there / "changes").mkdir()
        (there / "changes" / "inside").write_text("a folder now")
        shutil.rmtree(there / "artifacts")
        (there / "artifacts").write_text("a file now")
        settle(there)

    once(monkeypatch, "read /data/omega.db", change)
    made = back_up(railyard)

    assert (made["files"], made["unsettled"]) == (3, [])
    assert archived(railyard, made["key"], "artifacts") == b"a file now"
    assert archived(railyard, made["key"], "changes/inside") == b"a folder now"


def test_a_folder_that_is_deleted_while_the_volume_is_listed_stops_no_backup(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch
):
    """A service makes and deletes folders as it likes; the top of the volume alone has to be there."""
    server: Any = ssh_relay._SftpServer  # pyright: ignore[reportPrivateUsage]
    scandir = server.scandir

    async def deleted(files: Any, path: bytes) -> AsyncIterator[object]:
        if path.endswith(b"/deep"):
            raise asyncssh.SFTPNoSuchFile("No such file or directory")
        async for each in scandir(files, path):
            yield each

    monkeypatch.setattr(server, "scandir", deleted)

    assert back_up(railyard)["files"] == 2


def test_names_that_are_not_text_are_backed_up_too(railyard: Railyard):
    """Linux takes every byte in a name; what is shown of it has a mark in place of what cannot be."""
    name = os.fsdecode(b"caf\xe9")
    (disk(railyard) / name).write_text("x")
    os.mkfifo(disk(railyard) / f"{name}-pipe")
    settle(disk(railyard))
    before = seen(disk(railyard))
    made = back_up(railyard)
    shown = railyard.run("backup", "files", WHERE, "--list")
    rehearsed = restore(railyard)

    assert (made["files"], made["skipped"]) == (4, ["caf\ufffd-pipe"])
    assert "caf\ufffd-pipe" in shown.text
    assert rehearsed.code == 0, rehearsed.errors
    assert seen(disk(railyard)) == before


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
