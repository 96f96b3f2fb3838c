"""``make demo``: the whole road with the real commands, each step ending as the page says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from railyard.rehearsal.project_copy import CommandRun, ProjectCopy
from railyard.rehearsal.rehearsal import Rehearsal, UnexpectedError
from railyard.rehearsal.report import Report
from tests import forked

SERVICES = ("backend", "landing", "beholder", "litellm")
"""Those of Seance whose images are of its own commit."""


class Walked:
    """What a walk left."""

    def __init__(self, place: ProjectCopy, report: Report, printed: str) -> None:
        self.place, self.report, self.printed = place, report, printed

    def step(self, word: str) -> list[CommandRun]:
        """The commands of the step whose title has this word."""
        (found,) = (step for step in self.report.steps if word in step.title)
        return found.done

    def runs(self, project: str) -> dict[str, dict[str, Any]]:
        """Service → the settings by which the simulated Railway runs it."""
        state = self.place.clouds.railway.state
        (one,) = (each for each in state.projects.values() if each.name == project)
        (here,) = (each for each in state.environments.values() if each.project_id == one.id)
        return {state.services[id_].name: config for id_, config in here.config["services"].items()}


@pytest.fixture(scope="module")
def walked(first_commit: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """The road, walked once, in a project with the code that is installed."""
    text = io.StringIO()
    report = Report(Console(file=text, width=120, soft_wrap=True))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAILYARD_PROJECT", str(first_commit))
        with ProjectCopy(tmp_path_factory.mktemp("demo")).open() as place:
            (place.directory / ".venv").unlink()
            forked.environment(place.directory / ".venv")
            try:
                Rehearsal(place, report).walk()
            except UnexpectedError:
                pytest.fail(text.getvalue()[-6000:])
            report.table()
            yield Walked(place, report, text.getvalue())


def test_commands_end_as_they_must(walked: Walked) -> None:
    """Four find something wrong, and say so: a stale plan, a bad release in each stack, and the drift."""
    failed = [done.command for step in walked.report.steps for done in step.done if done.code]

    assert failed == [
        "./bin/railyard deploy omnistack -s production --plan .sandbox/plan.json",
        "./bin/railyard deploy -s production",
        "./bin/railyard deploy -s staging",
        "./bin/railyard drift -s production",
    ]


def test_the_comment_shows_both_systems_and_asks_no_account(walked: Walked) -> None:
    """All six services that get other code, and nothing else; the simulated account heard nothing of it."""
    (comment,) = walked.step("pull request")

    assert "6 to update" in comment.text
    assert "a1b2c3d" in comment.text
    assert "1" * 40 in comment.text
    assert not comment.requests


def test_the_fixed_release_runs_in_both_stacks(walked: Walked) -> None:
    """What was promoted twice is what the simulated Railway runs."""
    for stack in ("staging", "production"):
        seance, omnistack = walked.runs(f"seance-{stack}"), walked.runs(f"omnistack-{stack}")
        assert {seance[name]["source"]["image"].rpartition(":")[2] for name in SERVICES} == {"e5f6a7b"}
        runs = {"staging": "2" * 40, "production": "3" * 40}[stack]
        assert {omnistack[name]["source"]["commitSha"] for name in ("api", "worker")} == {runs}


def commands(walked: Walked) -> list[CommandRun]:
    """All commands of the walk."""
    return [done for step in walked.report.steps for done in step.done]


def test_the_bad_release_leaves_what_ran_before_and_one_message(walked: Walked) -> None:
    """Whoever is on call reads what failed, what runs now and what to do, and nothing secret."""
    _, status = walked.step("in production")
    titles = [each["embeds"][0]["title"] for each in walked.place.inbox.messages]
    (at,) = (at for at, title in enumerate(titles) if title == "production: omnistack deployed, seance rolled back")
    message = walked.place.inbox.messages[at]
    (embed,) = message["embeds"]
    fields = {each["name"]: each["value"] for each in embed["fields"]}

    assert "c3d4e5f" not in status.text
    assert len(titles) == sum(done.command.startswith("./bin/railyard deploy") for done in commands(walked))
    assert "seance-backend-instance" in fields["What failed"]
    assert "healthy" in fields["What runs now"]
    assert "Revert" in fields["Next step"]
    secrets = walked.place.directory / "secrets" / "sandbox.agekey"
    assert secrets.read_text().splitlines()[-1] not in json.dumps(message)


def test_a_red_system_stops_itself_and_nobody_else(walked: Walked) -> None:
    """Both ways round, and red by itself: the other one is released and stays, and its production opens."""
    titles = [each["embeds"][0]["title"] for each in walked.place.inbox.messages]
    told = [title for title in titles if "rolled back" in title or "something else fails" in title]
    *_, approved = walked.step("Red by itself")

    assert told == [
        "production: omnistack deployed, seance rolled back",
        "staging: seance deployed, omnistack rolled back",
        "staging: seance deployed; something else fails",
    ]
    assert (approved.code, "-s production --plan" in approved.command) == (0, True)


def test_what_is_done_is_what_was_approved(walked: Walked) -> None:
    """A change that was merged while a plan waited for its approval stops it before anything begins."""
    stopped = next(done for done in walked.step("each plan approved") if done.code)

    assert "nothing was begun" in stopped.text
    assert not stopped.requests


def test_what_was_changed_by_hand_is_mended(walked: Walked) -> None:
    """Found by name, and brought back to what the settings say."""
    found, *_, again = walked.step("Drift")

    assert "omnistack-api-instance" in found.text
    assert walked.runs("omnistack-production")["api"]["variables"]["ENVIRONMENT"]["value"] == "production"
    assert "what exists is what the state says" in again.text


def test_times_and_requests_are_counted_for_each_step(walked: Walked) -> None:
    """The table has a row for each step; an up asks Railway."""
    *steps, in_a_bucket = walked.report.steps
    ups = [step for step in steps if any(" deploy " in done.command for done in step.done)]

    assert (len(steps), len(ups)) == (9, 7)
    assert all(step.time_s > 0 for step in steps)
    assert bool(in_a_bucket.done) == ("left out" not in walked.printed)
    assert all(step.requests("railway") > 0 for step in ups)
    assert "Times and requests" in walked.printed


def test_the_copy_is_all_that_changes(walked: Walked) -> None:
    """Settings, sandbox and history of the project stay as they are: all of it happened elsewhere."""
    root = Path(__file__).parents[2]

    assert walked.place.directory.resolve() not in (root, *root.parents)
    assert "commit: e5f6a7b" in (walked.place.directory / "Pulumi.production.yaml").read_text()
    assert "e5f6a7b" not in (root / "Pulumi.production.yaml").read_text()
    assert walked.place.git("rev-list", "--count", "HEAD") != "1"
