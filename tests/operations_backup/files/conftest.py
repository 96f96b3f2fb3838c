"""Omega in staging, brought up once and copied for each test, with files on the volume of its bot."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.railway.records import SshKey
from tests.lifecycle.conftest import InProcess
from tests.operations.conftest import Railyard
from tests.operations_backup.conftest import disk_of
from tests.railyard_command import Said, point_nowhere

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
    point_nowhere(monkeypatch)
    shutil.copytree(omega, tmp_path / "clouds")
    (tmp_path / "clouds" / "requests.jsonl").unlink()
    monkeypatch.setenv("RAILYARD_SANDBOX", str(tmp_path / "clouds"))
    here = Railyard(tmp_path / "clouds")
    fill(disk(here))
    return here


def disk(railyard: Railyard) -> Path:
    """The folder in which its files lie."""
    with railyard.world() as world:
        return world.railway.files.folder(disk_of(world, WHERE).id)


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
            found[name] = (content, about.st_mode, int(about.st_mtime))
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
