"""A command that is killed while it writes files leaves the old ones or the new ones; the next run does the rest."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from railyard.shared.files import write_whole
from tests.killed_writes import killed_everywhere
from tests.lifecycle.conftest import ROOT
from tests.operations_secrets import sops_files
from tests.operations_secrets.conftest import GOOD, RECIPIENT, Place


@pytest.mark.parametrize("there", ["new", "old", "link"])
def test_a_file_is_the_old_or_the_new_one_at_every_moment(tmp_path: Path, there: str) -> None:
    """Also behind a link; afterwards it is written whole, with the permissions that it had."""
    numbers = iter(range(100))

    def prepared() -> Path:
        place = tmp_path / str(next(numbers))
        place.mkdir()
        if there != "new":
            (place / "real").write_text("old")
            (place / "real").chmod(0o640)
            (place / "file").symlink_to("real") if there == "link" else (place / "real").rename(place / "file")
        return place

    killed = list(killed_everywhere(prepared, lambda place: write_whole(place / "file", "new")))

    assert len(killed) >= 2
    for _, place in killed:
        file = place / "file"
        assert (file.read_text() if file.exists() else "nothing") == ("nothing" if there == "new" else "old")
        write_whole(file, "new")
        assert sorted(path.name for path in place.iterdir()) == (["file", "real"] if there == "link" else ["file"])
        assert file.read_text() == "new"
        assert there == "new" or stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part that fitted on the disk may hold settings or secrets, and belongs to nothing."""
    file = tmp_path / "file"
    file.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left") as failed:
            write_whole(file, "new")

    assert failed.value.filename == str(file)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "old")]


def test_of_two_processes_that_write_a_file_at_once_each_writes_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one wins, and neither fails nor takes the other's part for a leftover; that of a killed one goes."""
    file = tmp_path / "file"
    code = (
        f"import pathlib; from railyard.shared.files import write_whole; write_whole(pathlib.Path({str(file)!r}), 'b')"
    )
    seen: list[str] = []

    def meanwhile(descriptor: int) -> None:
        killed = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
        assert killed.wait() == 0
        (tmp_path / f".file.{killed.pid}.part").write_text("of a killed process")
        seen.append(file.read_text())

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", meanwhile)
        write_whole(file, "a")
    first = file.read_text()
    write_whole(file, "c")

    assert (seen, first) == (["b"], "a")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "c")]


def test_what_others_may_not_read_is_never_open_to_them(tmp_path: Path) -> None:
    """Neither while it is written nor afterwards, whatever stood there before."""
    file = tmp_path / "file"
    file.write_text("old")

    write_whole(file, "secret", mode=0o600)

    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("secret", 0o600)


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """What is no file keeps its place: /dev/stdout, say."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    write_whole(pipe, "new")

    assert (os.read(reader, 10), stat.S_ISFIFO(pipe.stat().st_mode)) == (b"new", True)
    os.close(reader)


@pytest.fixture
def sops_in_this_process(sops_calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of ``sops_calls`` without a process of its own: what it writes can be killed, too."""

    def run(command: Sequence[str], environment: object, given: str = "") -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patched:
            patched.setattr("sys.argv", list(command))
            patched.setattr("sys.stdin", io.StringIO(given))
            sops_files.main(str(sops_calls))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr("railyard.secrets.secrets_file._run", run)


def kept(place: Place) -> dict[str, str]:
    """The files of the folder of secrets that git would show."""
    files = [path for path in place.file.parent.rglob("*") if path.is_file() and ".new-" not in str(path)]
    return {path.name: path.read_text() for path in files if not path.name.endswith(".part")}


def test_commands_on_secrets_are_killed_at_every_change(
    place: Place, sops_in_this_process: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Making the file with its rule, and setting a value: rule and file are whole at any time, and once only."""
    copies = iter(range(1000))
    filled = {**GOOD, "seance": {**GOOD["seance"], "BUILDER_KEY": "planted-builder-key-2"}}

    def copied() -> Path:
        directory = place.directory.with_name(f"copy-{next(copies)}")
        shutil.copytree(place.directory, directory)
        _work_in(directory)
        return directory

    def _work_in(directory: Path) -> None:
        os.chdir(directory)
        os.environ["RAILYARD_PROJECT"] = str(directory)

    def of(directory: Path) -> Place:
        place = object.__new__(Place)
        place.directory, place.file = directory, directory / "secrets" / "staging.yaml"
        return place

    def init(directory: Path) -> None:
        assert of(directory).run("init", "--age", RECIPIENT).code == 0

    def set_value(directory: Path) -> None:
        said = of(directory).run("set", "seance.BUILDER_KEY", given="planted-builder-key-2")
        assert said.code == 0, said.text

    rules_before = (place.file.parent / ".sops.yaml").read_text()
    points = 0
    for _, directory in killed_everywhere(copied, init):
        points += 1
        there = of(directory)
        rules = (there.file.parent / ".sops.yaml").read_text()
        assert rules == rules_before or rules.count(RECIPIENT) == 1
        assert not there.file.exists() or set(there.values()) == set(GOOD)
        _work_in(directory)
        made = there.file.exists()
        again = there.run("init", "--age", RECIPIENT)
        assert (again.code, "exists and was left as it is" in again.text) == (int(made), made), again.text
        assert set(kept(there)) == {".sops.yaml", "sandbox.agekey", "staging.yaml"}
        assert len(yaml.safe_load((there.file.parent / ".sops.yaml").read_text())["creation_rules"]) == (
            1 + len(yaml.safe_load(rules_before)["creation_rules"])
        )
    place.hold(GOOD)
    for _, directory in killed_everywhere(copied, set_value):
        points += 1
        there = of(directory)
        assert there.values() in (GOOD, filled)
        _work_in(directory)
        set_value(directory)
        assert there.values() == filled
    with capsys.disabled():
        sys.stdout.write(f"\nsecrets init and set: killed at {points} points\n")
    assert points >= 10
