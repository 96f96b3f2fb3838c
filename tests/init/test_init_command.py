"""What the options of ``railyard init`` decide, and which calls end before a folder is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from railyard.application import application
from railyard.init import command, requirements

REPO = ("--repo", "acme/shop")
BUILT = "services: {web: {build: ., ports: ['80:80']}, cache: {image: 'redis:7'}}"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with a file for the wheel of each of Railyard's packages."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in requirements.own_names():
        (folder / f"{name.replace('-', '_')}-0.1.0-py3-none-any.whl").touch()
    return folder


def init(folder: Path, wheels: Path, *options: str) -> Any:
    """Run the command in this process, without questions."""
    call = ["init", str(folder), "--packages", str(wheels), "--yes", *options]
    done = CliRunner().invoke(application, call)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.mark.parametrize(
    ("files", "options", "services"),
    [
        ({"Procfile": "web: x\n"}, (*REPO, "--topology", "worker"), {"worker": {"topology": "worker"}}),
        ({}, ("--image", "a:1", "--topology", "cronJob"), {"cronjob": {"cronSchedule": "0 3 * * *"}}),
        ({"compose.yaml": BUILT}, ("--image", "a:1"), {"web": {"image": "a:1", "port": 80}}),
    ],
)
def test_options_decide_for_the_only_service(
    tmp_path: Path, wheels: Path, files: dict[str, str], options: tuple[str, ...], services: dict[str, Any]
) -> None:
    """Wherever the service comes from: a file, or nothing but the option; and the settings are accepted."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)

    done = init(folder, wheels, *options)

    assert done.exit_code == 0, done.output
    written = yaml.safe_load((folder / "Pulumi.production.yaml").read_text())["config"]["railyard:shop"]["services"]
    assert {name: each | written[name] for name, each in services.items()} == written


@pytest.mark.parametrize(
    ("directory", "topology", "schedule"),
    [("", "cronJob", "0 3 * * *"), ("cron", "cronJob", "0 3 * * *"), ("cron", "worker", None)],
)
def test_a_topology_brings_its_schedule_and_one_note_about_it(
    tmp_path: Path, wheels: Path, directory: str, topology: str, schedule: str | None
) -> None:
    """Whatever the folder of the program is called: a worker in ``cron`` is no job."""
    folder = tmp_path / "shop"
    (folder / directory).mkdir(parents=True)
    (folder / directory / "Dockerfile").write_text("FROM alpine\n")

    done = init(folder, wheels, *REPO, "--topology", topology)

    assert done.exit_code == 0, done.output
    written = yaml.safe_load((folder / "Pulumi.production.yaml").read_text())["config"]["railyard:shop"]["services"]
    assert [(each["topology"], each.get("cronSchedule")) for each in written.values()] == [(topology, schedule)]
    assert done.output.count("runs at 03:00 UTC every night") == (schedule is not None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--topology", "robot"), "--topology robot: one of service"),
        ((*REPO, "--image", "a:1"), "--repo and --image exclude each other"),
        (("--image", "a:1", "--plan", "none"), "--plan none: one of"),
        (("--image", "ghcr.io/acme/bot"), "--image ghcr.io/acme/bot: it should be a Docker image with its tag"),
        ((), "nothing here says what is to run"),
    ],
)
def test_a_call_that_is_refused_leaves_no_folder(
    tmp_path: Path, wheels: Path, options: tuple[str, ...], message: str
) -> None:
    """The folder is made with its first file."""
    done = init(tmp_path / "new" / "shop", wheels, *options)

    assert (done.exit_code, message in done.output) == (2, True), done.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("text", "code"), [(b"caf\xc3\xa9/\r\n", 0), (b"caf\xe9/\n", 2)])
def test_a_gitignore_of_the_user_keeps_its_characters(tmp_path: Path, wheels: Path, text: bytes, code: int) -> None:
    """Lines are added to it as it is; where they cannot be, it is refused and nothing is written."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / ".gitignore").write_bytes(text)

    done = init(folder, wheels, "--image", "a:1")

    assert done.exit_code == code, done.output
    assert (folder / ".gitignore").read_bytes().startswith(text)
    if code:
        assert ".gitignore is not UTF-8 text (byte 3)" in " ".join(done.output.split())
        assert [each.name for each in folder.iterdir()] == [".gitignore"]


def test_a_topology_for_several_services_is_refused(tmp_path: Path, wheels: Path) -> None:
    """It would be that of one of them, and of which is not said."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "Procfile").write_text("web: x\nworker: y\n")

    done = init(folder, wheels, *REPO, "--topology", "bot")

    assert "--topology is for one service, and there are bot, worker" in done.output


def test_stacks_that_were_typed_are_named_in_the_refusal(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer to the question is refused with the words that were typed."""
    monkeypatch.setattr(command, "can_ask", lambda: True)

    call = ["init", str(tmp_path / "shop"), "--packages", str(wheels)]
    done = CliRunner().invoke(application, call, input="shop\na,a\n")

    assert "--stacks a,a: name one stack, or several different ones" in done.output


def test_the_head_of_the_requirements_names_a_way_that_works(tmp_path: Path, wheels: Path) -> None:
    """Another version is the file of its release, which installs it: the command refuses a file that differs."""
    folder = tmp_path / "shop"
    assert init(folder, wheels, "--image", "a:1").exit_code == 0
    file = folder / "requirements.txt"
    first, _, rest = file.read_text().partition("\n")
    assert first.startswith("# Railyard 0.1.0 ")
    assert first.endswith("For another version put the file of its release here.")

    file.write_text(f"{first.replace('0.1.0', '0.2.0')}\n{rest}")

    assert "not as they would be: requirements.txt" in init(folder, wheels, "--image", "a:1").output
