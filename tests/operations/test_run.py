"""One-off commands go through Railway's own command line, pointed at the right place."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.operations.conftest import Railyard

HELP = "--project --environment --service"


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, help_text: str = HELP) -> Path:
    """Put a ``railway`` on PATH that keeps what it is called with and ends with 7; gives the file that keeps it."""
    folder.mkdir()
    program, calls = folder / "railway", folder / "calls"
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"if sys.argv[1:] == ['run', '--help']:\n    print({help_text!r})\n    raise SystemExit\n"
        f"open({str(calls)!r}, 'w').write('\\n'.join(sys.argv[1:]))\n"
        f"import os, json\njson.dump(dict(os.environ), open({str(calls) + '.env'!r}, 'w'))\nraise SystemExit(7)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return calls


def test_a_command_runs_with_the_service_of_the_stack(
    railyard: Railyard, pointed: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Project, environment and service by their ids, the command untouched, and its exit code is ours."""
    calls = installed(tmp_path / "programs", monkeypatch)
    pointed()
    with railyard.world() as world:
        environment, service = world.find("rose/web")

    said = railyard.run("run", "rose/web", "-s", "staging", "--", "mix", "ecto.rollback", "--step", "2")

    assert said.code == 7, said.errors
    assert calls.read_text().splitlines() == [
        "run", "--project", environment.project_id, "--environment", environment.id, "--service", service.id,
        "--", "mix", "ecto.rollback", "--step", "2",
    ]  # fmt: skip


def test_a_command_that_a_signal_ends_has_the_exit_code_of_a_shell(
    railyard: Railyard, pointed: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """143 of signal 15, where scripts look at it; Python's own number for it is negative."""
    program = installed(tmp_path / "programs", monkeypatch).parent / "railway"
    program.write_text(program.read_text().replace("raise SystemExit(7)", "os.kill(os.getpid(), 15)"))
    pointed()

    assert railyard.run("run", "rose/web", "-s", "staging", "--", "true").code == 143


def test_in_the_sandbox_it_trusts_the_sandbox(
    railyard: Railyard, pointed: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Railway's command line knows one host, whose certificate is the sandbox's there; no empty token is handed on."""
    calls = installed(tmp_path / "programs", monkeypatch)
    pointed(RAILWAY_TOKEN="")

    assert railyard.run("run", "rose/web", "-s", "staging", "--", "true").code == 7
    given = json.loads(calls.with_suffix(".env").read_text())
    assert given["SSL_CERT_FILE"] == str(railyard.directory / "edge-authority.pem")
    assert "RAILWAY_TOKEN" not in given


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("rose", "rose: name a system of staging and one of its services"),
        ("shop/web", "shop/web: name a system of staging"),
        ("rose/worker", "rose/worker does not run in staging; what runs of rose: web"),
    ],
)
def test_a_service_that_is_not_there(
    railyard: Railyard,
    pointed: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    message: str,
) -> None:
    """What there is stands beside it."""
    installed(tmp_path / "programs", monkeypatch)
    pointed()

    said = railyard.run("run", service, "-s", "staging", "--", "true")

    assert message in " ".join(said.errors.split())


def test_a_wrong_name_is_said_before_what_is_missing(railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has neither the program nor a token learns first that there is no such service."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")

    said = railyard.run("run", "rose/nope", "-s", "staging", "--", "true")

    assert (said.code, "rose/nope does not run in staging" in " ".join(said.errors.split())) == (1, True), said.errors


def test_a_program_that_is_missing_or_too_old(
    railyard: Railyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clear word, and where it comes from."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    missing = railyard.run("run", "rose/web", "-s", "staging", "--", "true")
    assert "this needs Railway's command line, and there is no railway on PATH" in " ".join(missing.errors.split())

    installed(tmp_path / "programs", monkeypatch, "--service --environment")
    old = railyard.run("run", "rose/web", "-s", "staging", "--", "true")
    assert "knows no --project, so it is too old" in " ".join(old.errors.split())


def test_the_sandbox_runs_no_command(railyard: Railyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing that Railway's command line could reach, unless the sandbox is served: that is said."""
    installed(tmp_path / "programs", monkeypatch)

    said = railyard.run("run", "rose/web", "-s", "staging", "--", "true")

    assert said.code == 1
    assert "set RAILWAY_API_TOKEN, or practise in the sandbox, with `./bin/railyard sandbox serve`" in said.errors
