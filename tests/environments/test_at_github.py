"""What the pull request says decides: its label, whether it is open, where it comes from, and at which commit it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from railyard.environments.document import Address, Check, Environment, read
from railyard.review.comment import kept_section, with_section
from railyard.review.comment_text import MARKER
from tests.environments.conftest import OMEGA, SHOP, Project, said
from tests.operations_workflows.simulated_github import SimulatedGitHub, mentions

COMMIT = "c" * 40


@pytest.fixture
def github(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedGitHub]:
    """A simulated GitHub that a workflow's job talks to."""
    with SimulatedGitHub().serve() as served:
        for name, value in served.variables.items():
            monkeypatch.setenv(name, value)
        yield served


def test_a_fork_has_an_environment_only_for_the_commit_that_a_maintainer_named(
    project: Project, github: SimulatedGitHub
) -> None:
    """Without the commit it is refused, with another one too; then it comes without secrets, and the label ends it."""
    project.settings(SHOP, reviews="{secrets: [shop.WEB_API_KEY]}")
    text = (project.root / "Pulumi.staging.yaml").read_text()
    github.files[COMMIT, "Pulumi.staging.yaml"] = text.replace("example/shop:1.0", "stranger/shop:1.0")
    github.open_pull(8, "stranger:topic", COMMIT)

    unasked = said(project, "up", "8", "--comment", code=1)
    moved = said(project, "up", "8", "--commit", "d" * 40, code=1)
    nothing = project.written()
    up = said(project, "up", "8", "--commit", COMMIT, "--comment", "--json").json
    settings = (project.root / "Pulumi.pr-8.yaml").read_text()
    labelled = [each["name"] for each in github.pull(8)["labels"]]
    kept = said(project, "sweep", "--comment")
    github.pull(8)["labels"] = []
    said(project, "sweep", "--comment")

    assert f"a maintainer looks at its newest commit first, and says so with --commit {COMMIT}" in unasked.errors
    assert "is at cccccccccccc and not at dddddddddddd (any more)" in moved.errors
    assert nothing == []
    assert (up["state"], up["commit"]) == ("up", COMMIT)
    assert "it runs the code of a fork: it has no secrets and no data, and stays at this commit" in up["notes"]
    assert "stranger/shop:1.0" in settings
    assert "shop.WEB_API_KEY" not in settings
    assert labelled == ["review"]
    assert "nothing to remove" in kept.text
    assert project.left() == {}
    (comment,) = github.comments
    assert "it was removed" in comment["body"]
    assert "pull request 8 has the label review no more" in comment["body"]


def test_an_environment_that_cannot_begin_says_so_in_the_comment(project: Project, github: SimulatedGitHub) -> None:
    """What the comment said of the commit before does not stay: settings that cannot be are told in its place."""
    github.open_pull(9, "example:topic", COMMIT)
    said(project, "up", "9", "--comment", "--json")
    project.settings(OMEGA)

    said(project, "up", "9", "--comment", "--out", "environment/review.json", code=1)

    (comment,) = github.comments
    assert "it is up" not in comment["body"]
    assert "no system of staging can have a review environment" in comment["body"]
    assert read(project.root / "environment" / "review.json").state == "failed"


def test_what_is_closed_ends_with_the_next_sweep(project: Project, github: SimulatedGitHub) -> None:
    """Whatever its label says, and however many hours are left; and nothing comes up for it again."""
    github.open_pull(9, "example:topic", COMMIT)
    said(project, "up", "9", "--json")
    github.pull(9)["state"] = "closed"
    swept = said(project, "sweep")
    again = said(project, "up", "9", code=2)

    assert "pr-9 ends: pull request 9 is closed" in swept.text
    assert "pull request 9 is closed" in again.errors
    assert project.left() == {}


def test_the_comment_has_addresses_and_checks_below_the_comparison_and_neither_takes_the_other_away() -> None:
    """Both are written again and again, in any order."""
    made = Environment(
        number=7,
        state="failed",
        stack="staging",
        addresses=(Address(where="rose/web", url="https://pr-7-web.rose.example"),),
        checks=(Check(where="rose/web", check="health", passed=False, found="503"),),
    )
    first = with_section("", made.section())
    compared = kept_section(first, f"{MARKER}\n## What this changes\n")
    both = with_section(compared, made.model_copy(update={"state": "up", "checks": ()}).section())

    assert first.startswith(MARKER)
    assert "| `rose/web` | `https://pr-7-web.rose.example` |" in first
    assert "FAIL rose/web health: 503" in first
    assert both.index("## What this changes") < both.index("## Review environment") < both.index("it is up")
    assert both.count("## Review environment") == 1
    assert "FAIL" not in both


def test_no_text_of_a_branch_acts_in_the_comment() -> None:
    """A job with the code of the pull request wrote the document: nobody is mentioned, and nothing ends its code."""
    hostile = "`@octocat` ``` <!-- railyard review: begin --> <!-- railyard review: end --> @octocat |"
    made = Environment(
        number=7,
        state="up",
        stack="staging",
        addresses=(Address(where=hostile, url=hostile),),
        checks=(Check(where=hostile, check=hostile, passed=False, found=hostile),),
        notes=(hostile,),
        problems=(hostile,),
    )

    once = with_section("", made.section())
    twice = with_section(kept_section(once, f"{MARKER}\n`{hostile.replace('`', '')}`"), made.section())

    assert [mentions(once), mentions(twice)] == [[], []]
    assert twice.count("## Review environment") == 1


def test_a_long_section_is_cut_between_its_lines() -> None:
    """The part has room for so much: a problem that is cut in the middle of its block would mention people."""
    problems = tuple(f"{'x' * 900} @octocat" for _ in range(9))
    made = Environment(number=7, state="failed", stack="staging", problems=problems)

    text = with_section("", made.section())

    assert mentions(text) == []
    assert "(cut: too long)" in text
    assert "Review environment" in kept_section(text, f"{MARKER}\nnew")


def test_the_document_of_another_pull_request_is_not_shown(
    project: Project, github: SimulatedGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where to write is GitHub's to say: a document that names another number is left alone."""
    github.open_pull(9, "example:topic", COMMIT)
    file = project.root / "review.json"
    for number in (8, 9):
        file.write_text(Environment(number=number, state="up", stack="staging").model_dump_json())
        said(project, "comment", str(file), "--head", "example:topic", "--commit", COMMIT)

    assert [each["issue"] for each in github.comments] == [9]
