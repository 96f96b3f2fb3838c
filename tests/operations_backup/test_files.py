"""Files of volumes: an archive outside of Railway that was proven, and a restore that touches nothing unless told."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import asyncssh
import httpx
import pytest

from components.volume import OutsideBackups
from railway_sandbox import control, ssh_relay
from railway_sandbox.railway.records import SshKey, VolumeInstance
from railyard.data import archive, volume_files
from railyard.data.database import terminable
from railyard.data.files_commands import Measured
from railyard.shared.console import OperationError
from tests.lifecycle.conftest import InProcess
from tests.operations.conftest import POINTING, Railyard, Said, World, pointed
from tests.operations_backup.conftest import objects, spaces

__all__ = ["pointed"]
WHERE = "omega/bot"
FULL = "staging/omega/bot"
BUCKET = "railyard-backups-staging"
LONG_AGO_S = 1_700_000_000


@pytest.fixture(scope="session")
def omega(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clouds after an up of Omega in staging."""
    checkout = InProcess(tmp_path_factory.mktemp("omega") / "railyard")
    checkout.json("up", "-s", "staging", "--system", "omega")
    return checkout.listed()


@pytest.fixture
def railyard(omega: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Railyard:
    """The command line on a copy of these clouds, with files on the volume."""
    for name in POINTING:
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(omega, tmp_path / "clouds")
    (tmp_path / "clouds" / "requests.jsonl").unlink()
    monkeypatch.setenv("RAILYARD_SANDBOX", str(tmp_path / "clouds"))
    here = Railyard(tmp_path / "clouds")
    fill(disk(here))
    return here


def volume(world: World) -> VolumeInstance:
    """The volume that the bot has."""
    _, service = world.find(WHERE)
    return next(each for each in world.railway.state.volume_instances.values() if each.service_id == service.id)


def disk(railyard: Railyard) -> Path:
    """The folder in which its files lie."""
    with railyard.world() as world:
        return world.railway.files.folder(volume(world).id)


def fill(folder: Path) -> None:
    """Files as a bot leaves them: a page, a database, an odd name, a link, an empty folder, a file of its own alone."""
    (folder / "artifacts" / "deep").mkdir(parents=True)
    (folder / "uploads").mkdir()
    (folder / "lost+found").mkdir(mode=0o700)
    (folder / "artifacts" / "deep" / "page ä'.html").write_bytes(os.urandom(200_000))
    (folder / "artifacts" / "key").write_text("k")
    (folder / "artifacts" / "key").chmod(0o600)
    (folder / "latest").symlink_to("artifacts/deep")
    with closing(sqlite3.connect(folder / "omega.db")) as database:
        database.execute("CREATE TABLE said (line)")
        database.executemany("INSERT INTO said VALUES (?)", [(f"line {number}",) for number in range(500)])
        database.commit()
    settle(folder)


def settle(folder: Path) -> None:
    """Let nothing be fresh."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            os.utime(path, (LONG_AGO_S, LONG_AGO_S))


def seen(folder: Path) -> dict[str, tuple[Any, ...]]:
    """All that lies in a folder but the folders of restores, with content, mode and time."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.startswith(".railyard-"):
            continue
        if path.is_symlink():
            found[name] = (str(path.readlink()),)
        else:
            about = path.stat()
            content = path.read_bytes() if path.is_file() else None
            found[name] = (content, about.st_mode, int(about.st_mtime) if content is not None else 0)
    return found


def back_up(railyard: Railyard, *more: str) -> dict[str, Any]:
    """One backup, by what is known of it."""
    said = railyard.run("backup", "files", WHERE, "--create-bucket", "--json", *more)
    assert said.code == 0, said.text
    return said.json


def restore(railyard: Railyard, *more: str) -> Said:
    """A restore from staging into staging."""
    return railyard.run("restore", "files", WHERE, *more, "--from", "staging", "--into", "staging")


def keys(railyard: Railyard) -> list[SshKey]:
    """The SSH keys that are registered."""
    with railyard.world() as world:
        return list(world.railway.state.ssh_keys.values())


def new_key() -> asyncssh.SSHKey:
    """A key that nobody knows."""
    return cast("Any", asyncssh).generate_private_key("ssh-ed25519")


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


def test_a_damaged_archive_reaches_no_volume(railyard: Railyard):
    """Its checksum is another one: nothing is written, not even beside the live files."""
    key = back_up(railyard)["key"]
    with spaces(railyard) as client:
        body = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        client.put_object(Bucket=BUCKET, Key=key, Body=body[:-1])
    said = restore(railyard)

    assert said.code == 1
    assert "has another checksum than was noted: it is damaged" in said.errors
    assert not [each for each in railyard.requests() if each.startswith("ssh write")]


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
        archive.unpack(packed, tmp_path / "in")
    assert not list((tmp_path / "in").iterdir())


def test_a_volume_without_room_is_told_before_anything_is_written(railyard: Railyard):
    """The files need room beside the live ones."""
    back_up(railyard)
    with railyard.world() as world:
        volume(world).size_mb = 100
    said = restore(railyard)

    assert said.code == 1
    assert "raise sizeGb of the volume" in said.errors
    assert not [each for each in railyard.requests() if each.startswith("ssh write")]


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


def test_only_what_runs_shows_its_files(railyard: Railyard):
    """As Railway has it; the command says so before it registers a key."""
    with railyard.world() as world:
        world.newest(WHERE).stopped = True
    said = railyard.run("backup", "files", WHERE, "--create-bucket")

    assert said.code == 1
    assert "does not run, and Railway shows the files of what runs alone" in said.errors
    assert "railway mutation sshPublicKeyCreate" not in railyard.requests()


def test_a_key_that_a_killed_run_left_is_deleted(railyard: Railyard):
    """After a day; keys of other names stay."""
    with railyard.world() as world:
        for name in ("railyard-2026-01-01T000000Z", "laptop"):
            public = new_key().export_public_key().decode()
            made = SshKey(id=name, created_at=0, updated_at=0, name=name, public_key=public, user_id="me")
            world.railway.state.ssh_keys[name] = made
    said = railyard.run("backup", "files", WHERE, "--create-bucket")

    assert "deleting railyard-2026-01-01T000000Z, an SSH key that a killed command left behind" in said.flat
    assert [each.name for each in keys(railyard)] == ["laptop"]


@pytest.mark.needs("sftp")
def test_the_sftp_of_openssh_reads_the_same_files(pointed: Callable[..., None], railyard: Railyard, tmp_path: Path):
    """The relay is SFTP to a program that knows nothing of this project; a key that is not registered opens nothing."""
    pointed()
    key, strange = new_key(), new_key()
    for name, each in (("key", key), ("strange", strange)):
        each.write_private_key(str(tmp_path / name))
        (tmp_path / name).chmod(0o600)
    body = {
        "query": "mutation($input: SshPublicKeyCreateInput!) { sshPublicKeyCreate(input: $input) { id fingerprint } }",
        "variables": {"input": {"name": "laptop", "publicKey": key.export_public_key().decode()}},
    }
    token = {"Authorization": f"Bearer {os.environ['RAILWAY_API_TOKEN']}"}
    made = httpx.post(os.environ["RAILWAY_API_URL"], json=body, headers=token, trust_env=False).json()
    with railyard.world() as world:
        _, service = world.find(WHERE)
        user = next(each.id for each in world.railway.state.instances.values() if each.service_id == service.id)
    port = control.ask(os.environ["RAILWAY_API_URL"].rpartition("/graphql")[0], "PUT", "ssh")["port"]

    def sftp(identity: str) -> subprocess.CompletedProcess[str]:
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-F", "none"]
        where = ["-i", str(tmp_path / identity), "-P", str(port), "-b", "-", f"{user}@127.0.0.1"]
        batch = f"""get "/data/artifacts/deep/page ä'.html" {tmp_path}/page\nls /data\n"""
        return subprocess.run(
            ["sftp", "-q", *options, *where], input=batch, capture_output=True, text=True, check=False, timeout=60
        )

    refused, done = sftp("strange"), sftp("key")

    assert (refused.returncode, refused.stdout) == (255, "")
    assert made["data"]["sshPublicKeyCreate"]["fingerprint"] == key.get_fingerprint()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page").read_bytes() == (disk(railyard) / "artifacts" / "deep" / "page ä'.html").read_bytes()
    assert "omega.db" in done.stdout


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
    asked = OutsideBackups(every=every, recovery_minutes=minutes)
    found = Measured(age_h=age_h, took_s=took_s, asked=asked).problems

    assert [part in line for part, line in zip(problems, found, strict=True)] == [True] * len(problems)


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


def test_what_is_on_a_volume_survives_a_deployment(railyard: Railyard):
    """A mark that was left under one deployment is found under the next; it is no data, and a lost volume shows."""

    def said() -> str:
        done = railyard.run("verify", "omega", "--volumes", "--json")
        return next(each["found"] for each in done.json["checks"] if each["check"] == "volume")

    first, same = said(), said()
    with railyard.world() as world:
        former = world.newest(WHERE).id
        world.deploy(WHERE)
    later = said()
    (disk(railyard) / ".railyard-mark").unlink()

    assert "a mark was left on /data" in first
    assert "the mark of this deployment" in same
    assert later == f"what was written under deployment {former[:8]} is on /data still"
    assert "a mark was left on /data" in said()
    assert back_up(railyard)["files"] == 3


def test_a_job_that_is_ended_ends_in_order():
    """By SIGTERM as by Ctrl-C: what is under way is cancelled, and what follows it, the deletion of a key say, runs."""
    ended: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        finally:
            ended.append("work")

    async def deletion() -> None:
        ended.append("deletion")

    with asyncio.Runner() as runner, terminable():
        with pytest.raises(KeyboardInterrupt):
            runner.run(work())
        runner.run(deletion())
    assert ended == ["work", "deletion"]


def test_a_volume_that_is_not_listed_yet_is_not_denied(railyard: Railyard):
    """Railway's list lags behind: the settings have the volume, and that is said."""
    with railyard.world() as world:
        for made in world.railway.state.volumes.values():
            made.listed_at = world.clock.now() + 60

    said = railyard.run("backup", "files", WHERE)

    assert said.code == 1
    assert "a new one is listed a minute or two after it was made" in said.errors


@pytest.mark.parametrize(
    ("where", "text"),
    [("omega/nobody", "has no volume"), ("netia/postgres", "has no volume"), ("shop", "has no system 'shop'")],
)
def test_what_has_no_files_is_told(railyard: Railyard, where: str, text: str):
    """In one sentence."""
    said = railyard.run("backup", "files", where)

    assert said.code == 2
    assert text in said.errors
