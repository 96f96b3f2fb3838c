"""Restores of files: proven beside the live ones, which nothing touches unless somebody typed their name."""

from __future__ import annotations

import io
import os
import shutil
import signal
import tarfile
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from components.volume import OffsiteBackups
from railway_sandbox import ssh_relay
from railyard.data import files
from railyard.data.files_commands import Measured
from railyard.shared.console import OperationError
from tests.operations.conftest import Railyard
from tests.operations_backup.conftest import disk_of, spaces
from tests.operations_backup.files.conftest import BUCKET, FULL, WHERE, back_up, disk, keys, restore, seen


def test_live_files_are_exchanged_when_somebody_typed_their_name(railyard: Railyard):
    """What came back takes their place, they are kept in a folder, and the service is healthy on what came back."""
    made = back_up(railyard)
    before = seen(disk(railyard))
    shutil.rmtree(disk(railyard) / "artifacts")
    (disk(railyard) / "new").write_text("written since")
    refused = restore(railyard, "--replace")
    spoiled = seen(disk(railyard))
    done = restore(railyard, "--replace", "--confirm", FULL)

    assert refused.code == 2
    assert f"give --confirm {FULL}" in refused.errors
    assert "artifacts/key" not in spoiled
    assert done.code == 0, done.errors
    assert "is healthy on the restored files" in done.flat
    assert seen(disk(railyard)) == before
    (former,) = disk(railyard).glob(".railyard-before-*")
    assert seen(former) == {name: about for name, about in spoiled.items() if name != "lost+found"}
    assert "railway mutation deploymentRestart" in railyard.requests()
    # Neither folder is data: the next backup holds the same files.
    assert back_up(railyard)["files"] == made["files"]


def test_a_damaged_archive_reaches_no_volume(railyard: Railyard):
    """Its checksum is another one: nothing is written, not even beside the live files."""
    key = back_up(railyard)["key"]
    with spaces(railyard) as client:
        body = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        client.put_object(Bucket=BUCKET, Key=key, Body=body[:-1])
    said = restore(railyard)

    assert said.code == 1
    assert "has another checksum than was noted: it is damaged" in said.errors
    assert not [each for each in railyard.requests() if each.startswith("ssh write /data/.railyard-restore")]


def test_an_archive_without_its_note_is_none(railyard: Railyard):
    """The note is written last, so half a backup is no backup."""
    key = back_up(railyard)["key"]
    with spaces(railyard) as client:
        client.delete_object(Bucket=BUCKET, Key=key.replace(".tar.gz", ".json"))
    said = restore(railyard)

    assert said.code == 2
    assert "has no backup of files 'latest'" in said.errors


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b"])
def test_an_archive_that_leads_outside_is_refused(tmp_path: Path, name: str):
    """Whoever could write to the bucket writes to nothing else."""
    packed = tmp_path / "archive"
    with tarfile.open(packed, "w:gz") as file:
        info = tarfile.TarInfo(name)
        info.size = 1
        file.addfile(info, io.BytesIO(b"x"))
    (tmp_path / "in").mkdir()

    with pytest.raises(OperationError, match="which a backup of files never does"):
        files.unpack(packed, tmp_path / "in")
    assert not list((tmp_path / "in").iterdir())


def test_a_volume_without_room_is_told_before_anything_is_written(railyard: Railyard):
    """The files need room beside the live ones."""
    back_up(railyard)
    with railyard.world() as world:
        disk_of(world, WHERE).size_mb = 100
    said = restore(railyard)

    assert said.code == 1
    assert "raise sizeGb of the volume" in said.errors
    assert not [each for each in railyard.requests() if each.startswith("ssh write /data/.railyard-restore")]


def test_a_volume_that_is_full_meanwhile_keeps_its_live_files(railyard: Railyard):
    """The relay says that there is no space left, and what was written beside is gone again."""
    back_up(railyard)
    before = seen(disk(railyard))
    with pytest.MonkeyPatch.context() as patch:  # somebody fills it after the command has looked
        patch.setattr(ssh_relay.Relay, "used", lambda _relay, _disk: 99_000_000_000)
        said = restore(railyard)

    assert said.code == 1
    assert "No space left on device" in said.errors
    assert seen(disk(railyard)) == before
    assert not list(disk(railyard).glob(".railyard-*"))


def test_a_restore_that_breaks_off_says_what_is_left(railyard: Railyard):
    """Without a connection nothing can be deleted: the folder is named, and no live file was touched."""
    back_up(railyard)
    before = seen(disk(railyard))
    with railyard.world() as world:
        world.fail("ssh", "write .*page", drop=True)
    said = restore(railyard, "--replace", "--confirm", FULL)

    assert said.code == 1
    assert "/data/.railyard-restore-" in said.errors
    assert "is still on the volume of staging/omega/bot, and of no use there" in said.errors
    assert seen(disk(railyard)) == before


def test_an_exchange_that_cannot_end_goes_back(railyard: Railyard, monkeypatch: pytest.MonkeyPatch):
    """Each live file is where it was."""
    back_up(railyard)
    before = seen(disk(railyard))
    files: Any = ssh_relay._SftpServer  # pyright: ignore[reportPrivateUsage]
    rename = files.rename

    def fails(server: Any, oldpath: bytes, newpath: bytes) -> None:
        if newpath == b"/data/uploads" and b"restore" in oldpath:
            raise asyncssh.SFTPFailure("Input/output error")
        rename(server, oldpath, newpath)

    monkeypatch.setattr(files, "rename", fails)
    said = restore(railyard, "--replace", "--confirm", FULL)

    assert said.code == 1
    assert "the live files stay as they are: Input/output error" in said.errors
    assert seen(disk(railyard)) == before
    assert not list(disk(railyard).glob(".railyard-*"))


def test_a_connection_that_breaks_in_an_exchange_leaves_all_files_and_says_where(railyard: Railyard):
    """Nothing can be moved back then: both folders stay, and the message names them."""
    back_up(railyard)
    before = seen(disk(railyard))
    with railyard.world() as world:
        world.fail("ssh", "rename /data/latest", drop=True)
    said = restore(railyard, "--replace", "--confirm", FULL)

    (former,) = disk(railyard).glob(".railyard-before-*")
    (beside,) = disk(railyard).glob(".railyard-restore-*")
    assert said.code == 1
    assert f"move what /data has of the backup into /data/{beside.name}" in said.errors
    assert f"all that is in /data/{former.name} into /data" in said.errors
    assert {each.name for each in former.iterdir()} == {"artifacts"}
    assert seen(beside) == {name: about for name, about in before.items() if name != "lost+found"}


def test_a_ctrl_c_in_an_exchange_goes_back(railyard: Railyard, monkeypatch: pytest.MonkeyPatch):
    """Each live file is where it was, also one whose rename was under way."""
    back_up(railyard)
    before = seen(disk(railyard))
    files: Any = ssh_relay._SftpServer  # pyright: ignore[reportPrivateUsage]
    rename = files.rename

    def interrupts(server: Any, oldpath: bytes, newpath: bytes) -> None:
        rename(server, oldpath, newpath)
        if b"before" in newpath and newpath.endswith(b"omega.db"):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(files, "rename", interrupts)
    said = restore(railyard, "--replace", "--confirm", FULL)

    assert said.code != 0
    assert seen(disk(railyard)) == before
    assert not list(disk(railyard).glob(".railyard-*"))
    assert keys(railyard) == []


def test_a_pipe_beside_the_live_files_is_exchanged_with_them(railyard: Railyard):
    """No backup has it, and the service makes a new one: what it names has to be the new one."""
    os.mkfifo(disk(railyard) / "queue")
    back_up(railyard)
    done = restore(railyard, "--replace", "--confirm", FULL)

    assert done.code == 0, done.errors
    (former,) = disk(railyard).glob(".railyard-before-*")
    assert (former / "queue").is_fifo()
    assert not (disk(railyard) / "queue").exists()


def test_a_service_that_stays_unhealthy_leaves_the_former_files_named(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch
):
    """The exchange is done by then, and the way back is that folder."""
    back_up(railyard)
    monkeypatch.setattr(files, "HEALTHY_S", 0.0)
    said = restore(railyard, "--replace", "--confirm", FULL)

    (former,) = disk(railyard).glob(".railyard-before-*")
    assert said.code == 1
    assert "is not healthy" in said.errors
    assert f"the former files are in /data/{former.name}" in said.flat


def test_railways_own_backup_of_the_volume_brings_the_files_back(railyard: Railyard):
    """In the sandbox as at Railway, the volume that a restore mounts holds what the backup held."""
    before = seen(disk(railyard))
    assert railyard.run("backup", "create", WHERE).code == 0
    shutil.rmtree(disk(railyard) / "artifacts")
    done = railyard.run("restore", "volume", WHERE, "latest", "--confirm", FULL, "--no-backup-first")

    assert done.code == 0, done.errors
    assert seen(disk(railyard)) == before


@pytest.mark.parametrize(
    ("every", "minutes", "age_h", "took_s", "problems"),
    [
        ("daily", 15, 24.5, 899, []),
        ("daily", 15, 25.1, 901, ["older than 25 h", "longer than the 15 minutes"]),
        ("weekly", None, 168.5, 9_000, []),
        ("monthly", None, 800, 1, ["older than 745 h"]),
    ],
)
def test_both_figures_are_held_against_the_settings(
    every: Any, minutes: int | None, age_h: float, took_s: float, problems: list[str]
):
    """What comes back is no older than the schedule allows, and comes back in the time that is asked for."""
    asked = OffsiteBackups(every=every, recovery_minutes=minutes)
    found = Measured(age_h=age_h, took_s=took_s, schedule=asked).problems

    assert [part in line for part, line in zip(problems, found, strict=True)] == [True] * len(problems)
