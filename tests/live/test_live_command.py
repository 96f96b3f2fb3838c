"""The command: where it goes, what it refuses, what it prints."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from railway_sandbox.railway import operations
from railyard.contract.application import application
from railyard.contract.checks import POINTS
from railyard.contract.report import cost_of
from railyard.contract.skipped import SKIPPED
from tests.lifecycle.conftest import LONGEST_S
from tests.live.conftest import living

ROOT = Path(__file__).parents[2]


def call(*arguments: str) -> Any:
    return CliRunner().invoke(application, list(arguments))


@pytest.fixture
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAILWAY_API_TOKEN", "RAILWAY_TOKEN", "RAILWAY_API_URL", "RAILWAY_SANDBOX_SPEED"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def unreachable(no_token: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real account as far as the suite knows; nothing answers there."""
    monkeypatch.setenv("RAILWAY_API_URL", "https://railway.invalid/graphql/v2")
    monkeypatch.setenv("RAILWAY_API_TOKEN", "not-to-be-shown")


@pytest.mark.usefixtures("no_token")
def test_without_a_token_it_runs_in_the_sandbox_and_says_so():
    """In one line, before anything else."""
    result = call("--only", "4, 23")

    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        "Trying 2 doubtful points of Railway's API on the sandbox, since RAILWAY_API_TOKEN is not set, in one "
        "throwaway project: at most 20 requests, 3 minutes and 0.00 US dollars"
    )
    assert "as assumed" in result.stdout
    assert "2 as assumed, 0 otherwise, 0 could not tell" in result.stdout
    assert "nothing is left behind" in result.stdout
    assert "not tried: 10, because" in result.stdout


@pytest.mark.usefixtures("cloud")
def test_otherwise_is_an_exit_code_and_names_the_files(monkeypatch):
    """What was seen, what had been assumed, and where to change it."""
    monkeypatch.setitem(operations.MUTATIONS, "serviceDomainUpdate", lambda *_arguments: True)

    shown = call("--only", "15")
    assert shown.exit_code == 1
    assert "still the old one" in shown.stdout
    assert "assumed: it can" in shown.stdout
    assert "change: resources/service_domain.py, railway/domains/domains.py" in shown.stdout


@pytest.mark.usefixtures("cloud")
def test_programs_get_one_document(monkeypatch):
    """All that the table has."""
    monkeypatch.setitem(operations.QUERIES, "workflowStatus", lambda *_arguments: {"status": "NotFound", "error": None})

    result = call("--only", "5,23", "--json")

    document: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == 1
    first, second = document["points"]
    assert [(each["number"], each["verdict"]) for each in (first, second)] == [(5, "otherwise"), (23, "as assumed")]
    assert first["change"] == ["group_commits.py", "railway/environments/environments.py"]
    assert second["change"] == []
    assert document["place"].startswith("the sandbox at http://127.0.0.1")
    assert document["leftBehind"] is None
    assert [each["number"] for each in document["notTried"]] == sorted(SKIPPED)


@pytest.mark.usefixtures("unreachable")
def test_a_real_account_needs_a_yes():
    """The bounds are shown, and nothing is sent: a request would fail here."""
    result = call()

    assert result.exit_code == 2
    assert "on a real account" in result.stderr
    assert "US dollars of usage" in result.stderr
    assert "nothing was sent yet: start with --yes ('make live YES=1')" in result.stderr
    assert "not-to-be-shown" not in result.output


@pytest.mark.usefixtures("unreachable")
def test_more_than_the_plan_allows_is_refused_before_it_starts():
    """It would stop in the middle, for an hour at a time."""
    result = call("--plan", "free", "--yes")

    assert result.exit_code == 2
    assert "the free plan allows 100 requests an hour: choose fewer points" in result.stderr


@pytest.mark.usefixtures("no_token")
@pytest.mark.parametrize("more", [{}, {"RAILWAY_API_TOKEN": "account"}])
def test_a_project_token_is_refused_with_what_is_needed(monkeypatch, more):
    """Also beside another token: it is not clear then which one is meant."""
    for name, value in {"RAILWAY_TOKEN": "secret", **more}.items():
        monkeypatch.setenv(name, value)

    result = call("--json")

    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"] == (
        "RAILWAY_TOKEN holds a project token, which reaches one environment and cannot make a project: unset it, and "
        "set RAILWAY_API_TOKEN to an account or workspace token from https://railway.com/account/tokens, which may "
        "create and delete projects"
    )


def test_a_project_token_in_the_wrong_variable_is_recognised(cloud, monkeypatch):
    """Railway only says that it is not authorized."""
    monkeypatch.setenv("RAILWAY_API_TOKEN", cloud.add_token("project", "one", project_id="p", environment_id="e"))

    result = call()

    assert result.exit_code == 2
    assert "set RAILWAY_API_TOKEN to an account or workspace token" in result.stderr
    assert living(cloud) == []


@pytest.mark.usefixtures("no_token")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "10"], "point 10 is not tried, because finding out means sending too many requests"),
        (["--only", "1,99"], "there is no point 99"),
        (["--only", "²"], "there is no point ²"),
        (["--workspace", "w-1"], "does not reach workspace w-1: it reaches Sandbox"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(arguments, said):
    """With exit code 2 and no traceback."""
    result = call(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_the_bounds_are_sums_over_the_points():
    """One point more costs more."""
    whole, part = cost_of(POINTS), cost_of([each for each in POINTS if not each.containers])

    assert whole.requests > part.requests
    assert whole.seconds > part.seconds
    assert whole.dollars > part.dollars
    assert whole.requests < 1_000, "more than the Hobby plan allows in an hour"
    assert whole.dollars < 1


@pytest.mark.usefixtures("no_token")
def test_it_starts_as_a_program():
    """As the Makefile starts it."""
    command = [sys.executable, "-m", "railyard.contract", "--only", "23", "--json"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_S)

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["points"][0]["verdict"] == "as assumed"


def test_what_was_told_before_an_interruption_stays_told(cloud, monkeypatch):
    """The table of what was tried, the project deleted, and an exit code that says that it is not all."""

    def interrupt(caller: Any, arguments: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return members(caller, arguments)

    members = operations.QUERIES["projectMembers"]
    monkeypatch.setitem(operations.QUERIES, "projectMembers", interrupt)

    result = call("--only", "23,25,26")

    assert result.exit_code == 1
    assert "1 as assumed, 0 otherwise, 0 could not tell" in result.stdout
    assert "interrupted: the project railyard-live-" in result.stderr
    assert living(cloud) == []
