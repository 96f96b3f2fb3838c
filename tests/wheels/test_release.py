"""What a release has beside the wheels: the file that installs them, and the provider as a plugin."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from tests.wheels.conftest import empty, fill, run
from tools import release, versions

ADDRESS = "https://github.com/example/railyard/releases/download/v9"


@pytest.fixture(scope="module")
def dist(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a release."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    shutil.copytree(wheels, folder)
    release.write(folder, ADDRESS)
    return folder


def test_the_requirements_name_each_wheel_of_the_release_with_its_hash(dist):
    """By its address: an index has other packages of some of the names."""
    lines = (dist / "requirements.txt").read_text().splitlines()

    ours = [line for line in lines if " @ " in line]
    assert all(line.split(" @ ")[1].startswith(f"{ADDRESS}/") and "--hash=sha256:" in line for line in ours)
    assert len(ours) == len(list(dist.glob("*.whl")))
    assert any(line.startswith("pulumi==") for line in lines)


def test_a_project_pins_the_release_from_which_railyard_is_installed(dist, tmp_path):
    """Whatever installed it has recorded address and hash of each wheel: no network is asked again."""
    folder = tmp_path / "dist"
    shutil.copytree(dist, folder)
    release.write(folder, "")
    python = empty(tmp_path / "environment")
    fill(python, "--require-hashes", "--requirement", folder / "requirements.txt")
    (tmp_path / "bot").mkdir()

    command = ("init", "--name", "bot", "--image", "example/bot:1", "--yes")
    alone = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    run(python.with_name("railyard"), *command, cwd=tmp_path / "bot", env=alone)

    assert (tmp_path / "bot" / "requirements.txt").read_text() == (folder / "requirements.txt").read_text()


def test_the_plugin_has_the_names_that_the_cli_looks_for(dist):
    """One archive for each system and architecture, the same whenever it is made."""
    names = sorted(file.name for file in dist.glob("*.tar.gz"))

    assert names == [
        f"pulumi-resource-railway-v{versions.version()}-{platform}.tar.gz"
        for platform in ("darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64")
    ]
    before = (dist / names[0]).read_bytes()
    release.write(dist, ADDRESS)
    assert (dist / names[0]).read_bytes() == before


def test_an_unpacked_plugin_installs_what_it_pins_and_serves(dist, tmp_path):
    """As the CLI does it: a virtual environment in the folder that its file names, and the folder as a program."""
    with tarfile.open(dist / release.archive_name("linux-amd64")) as archive:
        archive.extractall(tmp_path, filter="data")
    options = yaml.safe_load((tmp_path / "PulumiPlugin.yaml").read_text())["runtime"]["options"]
    python = empty(tmp_path / options["virtualenv"])
    fill(python, "--require-hashes", "--requirement", "requirements.txt", cwd=tmp_path)

    command = [python, tmp_path, "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as started:
        assert started.stdout
        port = started.stdout.readline().strip()
        started.terminate()

    assert 0 < int(port) < 65_536
