"""The comment of a pull request: one, up to date, and harmless whatever a fork put into the document."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from railyard.output.money import MoneyDifference, SystemMoney
from railyard.output.up_estimate import UpEstimate
from railyard.review.comment_text import LONGEST, MARKER, markdown
from railyard.review.diff_document import Diff, Difference, Rule, Side, StackDiff
from railyard.review.resource_changes import Change, Kind, Property
from tests.operations_workflows.conftest import run
from tests.operations_workflows.simulated_github import BOT, PERSON, TOKEN, SimulatedGitHub, mentions, outside_of_code

COMMIT = "c0ffee" + "0" * 34


def change(name: str, kind: Kind = Kind.UPDATE, system: str = "Seance", **more: object) -> Change:
    urn = f"urn:pulumi:staging::railyard::railyard:systems:{system}$railway:index:Volume::{name}"
    fields = {"kind": kind, "urn": urn, "type": "railway:Volume", "name": name, "system": system, "component": "part"}
    return Change.model_validate({**fields, **more})


def comparison(*changes: Change, **more: object) -> Diff:
    stack = StackDiff.model_validate({"stack": "staging", "plan": "hobby", "changes": changes, "unchanged": 7, **more})
    return Diff(
        base=Side(name="a1b2c3d", subject="Before"), head=Side(name="b2c3d4e", subject="After"), stacks=(stack,)
    )


def property_of(old: str, new: str) -> Property:
    return Property(path="variables.A", old=old, new=new)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "diff.json"
    file.write_text(comparison(change("seance-disk", properties=(property_of("1", "2"),))).model_dump_json())
    return file


@pytest.fixture(autouse=True)
def workflow(github: SimulatedGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    github.open_pull(7, "example:change", "7" * 40)
    for name, value in github.variables.items():
        monkeypatch.setenv(name, value)


def test_replacements_and_deletions_come_first() -> None:
    """What is lost is read before what is new, and once."""
    text = markdown(
        comparison(
            change("a-updated"), change("b-gone", Kind.DELETE, protected=True), change("c-new-one", Kind.REPLACE)
        )
    )

    assert text.startswith(MARKER)
    assert text.index("Replaced or deleted: 2") < text.index("b-gone") < text.index("<b><code>Seance</code></b>: 1")
    assert text.index("c-new-one") < text.index("a-updated")
    assert "- railway:Volume b-gone (delete) [protected]" in text


def test_cost_and_diagram_are_shown() -> None:
    """What it costs in the words of a preview, and a picture by system and component."""
    text = markdown(comparison(change("seance-disk"), cost=UpEstimate(requests=3, deployments=2)))

    assert "about 3 requests to Railway and start 2 deployments; the hobby plan allows 1,000 requests" in text
    assert '```mermaid\nflowchart LR\n  n1(["Seance"])\n  n1 --> n2["part"]\n  n2 --> n3["~ Volume"]:::update' in text


def test_drift_is_told_from_the_change() -> None:
    """A difference between the sandbox and the real state is nobody's change: it is drift, and called so."""
    drifted = comparison(change("a"), real=Difference(only_real=(change("by-hand"),)))

    assert "Drift: the real state is not what the base says" in markdown(drifted)
    assert "by-hand" in markdown(drifted)
    assert "shows the same" in markdown(comparison(change("a"), real=Difference()))


def test_a_document_of_a_stranger_breaks_out_of_nothing() -> None:
    """No text ends its code, mentions anybody, links anywhere or is HTML, wherever in the document it stands."""
    evil = "```\n\n# Approved @team #12 other/place#3 GH-4\n\n<script> [link](https://evil.example) www.evil.test"
    text = markdown(
        Diff(
            base=Side(name=evil, subject=evil),
            head=Side(name=evil, subject=evil),
            notes=(evil,),
            stacks=(
                StackDiff(
                    stack=evil,
                    plan=evil,
                    changes=(
                        change("x", properties=(property_of(evil, evil),), system=evil, component=evil, type=evil),
                        change(evil, Kind.DELETE),
                    ),
                    cost=UpEstimate(requests=1, deployments=1),
                    errors=(evil,),
                    notes=(evil,),
                    real=Difference(only_real=(change(evil),), error=evil),
                ),
            ),
        )
    )

    prose = outside_of_code(text)
    assert mentions(text) == []
    links = ("Approved", "#12", "GH-4", "<script", "https://", "www.", "[link")
    assert [each for each in links if each in prose] == []
    assert text.count("Approved") > 10


def test_what_turns_the_direction_of_writing_is_shown_as_such() -> None:
    """A reviewer reads what stands there, not what a hidden character makes of it."""
    text = markdown(comparison(change("x", properties=(property_of("a\u202eb", "c\x1b[2Kd"),)), notes=("e\u2066f",)))

    assert all(each.isprintable() for line in text.splitlines() for each in line)
    assert "a\ufffdb → c\ufffd[2Kd" in text


def test_a_fork_cannot_claim_what_only_credentials_can_see() -> None:
    """Its document is its own code's word: the reader is told, and nothing is said of a real state."""
    seen = comparison(change("a"), real=Difference())

    assert "shows the same" in markdown(seen)
    assert "shows the same" not in markdown(seen, of_fork=True)
    assert "could make it say anything" in markdown(seen, of_fork=True)
    assert "could make it say anything" not in markdown(seen)


def test_a_text_that_is_cut_acts_as_little_as_a_whole_one() -> None:
    """However long each text of a fork is: no line is cut in its code, and code and HTML that are open are closed."""
    evil = f"{'x' * 18_990}@octocat"
    notes = Diff(base=Side(name="a"), head=Side(name="b"), notes=(evil,) * 4, stacks=())
    errors = comparison(*(change(f"@octocat-{at}-{'y' * 200}") for at in range(20)), errors=(evil,) * 30)
    rules = comparison(rules=[Rule(policy=f"@octocat{at}", level="advisory", resources=("x",), fix="z" * 4_000)
                              for at in range(50)], changes=(change("x"),))  # fmt: skip
    real = comparison(real=Difference(error="\n".join([evil] * 1)))

    for text in map(markdown, (notes, errors, rules, real)):
        assert len(text) <= LONGEST
        assert mentions(text) == []
        assert "@octocat" not in outside_of_code(text)
        assert text.count("<details") == text.count("</details>")
    assert "(cut: too long)" in markdown(errors)
    assert "(cut: too long)" in markdown(rules)


@pytest.mark.parametrize("number", [10, 400, 5_000])
def test_any_comparison_fits_into_a_comment(number: int) -> None:
    """GitHub takes 65,536 characters; what is left out is said."""
    long = property_of("x" * 60, "y" * 60)
    text = markdown(comparison(*(change(f"resource-{at}", properties=(long,) * 3) for at in range(number))))

    assert len(text) <= LONGEST
    assert ("Shortened" in text) == (number > 10)


def test_the_comment_is_written_once_and_then_updated(github: SimulatedGitHub, document: Path) -> None:
    """A second run changes the first one's comment, also behind a page of others."""
    for _ in range(120):
        github.post_comment(7, "talk", PERSON)

    first = run("comment", str(document), "--pull-request", "7")
    second = run("comment", str(document), "--pull-request", "7", "--json")

    assert first.text.startswith("comment created: https://github.example/")
    assert second.json["action"] == "updated"
    assert [each["body"].startswith(MARKER) for each in github.comments].count(True) == 1


def test_a_persons_comment_with_the_marker_is_left_alone(github: SimulatedGitHub, document: Path) -> None:
    """Whoever posts the marker would otherwise own the text that reviewers trust."""
    forged = github.post_comment(7, f"{MARKER}\nnothing changes", PERSON)

    run("comment", str(document), "--pull-request", "7")

    assert forged["body"] == f"{MARKER}\nnothing changes"
    assert github.comments[-1]["user"] == BOT


def test_a_comment_of_a_deleted_account_is_nobodys(github: SimulatedGitHub, document: Path) -> None:
    """GitHub names no author of it; the run's own comment is written all the same."""
    orphan = github.post_comment(7, f"{MARKER}\nof somebody who left", PERSON)
    orphan["user"] = None

    said = run("comment", str(document), "--pull-request", "7")

    assert said.code == 0, said.errors
    assert orphan["body"] == f"{MARKER}\nof somebody who left"
    assert github.comments[-1]["user"] == BOT


@pytest.mark.parametrize("answer", ['{"message": "no list"}', "[null, 1]", "<html>", '[{"id": 1}, {}]', "7"])
def test_an_answer_of_another_shape_is_told_as_such(
    document: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """A proxy's page, a list that is none, a comment without its fields: one sentence, no traceback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("GITHUB_TOKEN", "ghs_simulated")
        monkeypatch.setenv("GITHUB_REPOSITORY", "example/railyard")
        said = run("comment", str(document), "--pull-request", "7")
        server.shutdown()

    assert said.code == 1
    assert "GitHub answered something unexpected" in said.errors
    assert "Traceback" not in said.errors


@pytest.mark.parametrize("wrong", ["ghs_one\nghs_two", "ghs_tökén", "ghs one", "ghs\u200bone"])
def test_a_token_that_is_none_is_told_before_anything_is_sent(
    document: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """A line break in the middle, a foreign letter: no traceback, no advice to try again, and not the token itself."""
    monkeypatch.setenv("GITHUB_TOKEN", wrong)

    said = run("comment", str(document), "--pull-request", "7")

    assert said.code == 1
    assert "GITHUB_TOKEN: the token holds" in said.errors
    assert wrong not in said.errors + said.text


def test_a_line_break_at_the_end_of_a_token_is_no_mistake(
    github: SimulatedGitHub, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copying adds one."""
    monkeypatch.setenv("GITHUB_TOKEN", f"{TOKEN}\n")

    assert run("comment", str(document), "--pull-request", "7").code == 0


def test_a_forks_pull_request_is_found_by_where_it_comes_from(github: SimulatedGitHub, document: Path) -> None:
    """Nothing of the artifact says where to write: GitHub's own event does, and the newest commit must be that one."""
    github.open_pull(8, "stranger:topic", COMMIT)

    named = run("comment", str(document), "--pull-request", "8")
    by_number = github.comments.pop()["body"]
    written = run("comment", str(document), "--head", "stranger:topic", "--commit", COMMIT, "--json")
    late = run("comment", str(document), "--head", "stranger:topic", "--commit", "d" * 40, "--json")

    assert written.json["pullRequest"] == 8
    assert late.json["action"] == "none"
    assert late.code == 0
    (comment,) = github.comments
    assert "could make it say anything" in comment["body"]
    assert (named.code, "could make it say anything" in by_number) == (0, True)


def test_a_branch_of_the_repository_is_no_fork(github: SimulatedGitHub, document: Path) -> None:
    """Who pushes there may be trusted with more than a stranger."""
    github.open_pull(9, "example:topic", COMMIT)

    run("comment", str(document), "--head", "example:topic", "--commit", COMMIT)

    (comment,) = github.comments
    assert "could make it say anything" not in comment["body"]


def test_a_stack_that_the_document_does_not_compare_is_a_wrong_call(document: Path) -> None:
    """A misspelt name would say nothing of drift, as if there were none."""
    said = run("real", str(document), "--stack", "stagin")

    assert (said.code, "compares no stack 'stagin': name one of staging" in said.errors) == (2, True), said


def test_what_is_no_document_is_refused(github: SimulatedGitHub, tmp_path: Path) -> None:
    """An artifact may hold anything."""
    (tmp_path / "x.json").write_text('{"format": 1, "surprise": true}')

    said = run("comment", str(tmp_path / "x.json"), "--pull-request", "7")

    assert said.code == 1
    assert "is not a valid document of `railyard diff`" in said.errors
    assert github.comments == []


def test_a_refusal_of_github_says_what_to_do(github: SimulatedGitHub, document: Path) -> None:
    """A token without the right is the usual mistake; the token is not repeated."""
    github.token_may_write = False

    said = run("comment", str(document), "--pull-request", "7")

    assert said.code == 1
    assert "GitHub answered 403" in said.errors
    assert "permissions of the workflow's job" in said.errors
    assert TOKEN not in said.errors + said.text


def test_a_comment_says_first_what_an_approver_needs_and_then_everything_in_order() -> None:
    """Refused, replaced and deleted, changed, money, requests and deployments, rules, picture; the verdict on top."""
    gone, more = change("shop-old-instance", Kind.DELETE), change("shop-web-instance")
    money = MoneyDifference(systems=(SystemMoney(system="shop", at_rest=1, as_used=12.5, at_limits=None),))
    advisory = Rule(
        policy="memory-is-limited",
        level="advisory",
        resources=("shop-web-instance", "elsewhere"),
        message="x",
        fix="set one",
    )
    mandatory = Rule(policy="data-is-protected", level="mandatory", resources=("disk",), message="not protected")
    before = Rule(policy="services-restart", level="advisory", resources=("other",), message="never restarts")
    stack = StackDiff(
        stack="production", plan="pro", changes=(gone, more), cost=UpEstimate(requests=3, deployments=1), money=money,
        rules=(mandatory, advisory, before), errors=("over the budget",), partial=True,
    )  # fmt: skip

    said = markdown(Diff(base=Side(name="a"), head=Side(name="b"), stacks=(stack,)))

    first = said.splitlines()[3]
    assert first == (
        "- :no_entry: `production`: **refused** · - 1 to delete, ~ 1 to update · about +$12.50 a month · 1 deployment"
        " · 2 rules broken"
    )
    order = [
        "over the budget", "not protected", "Replaced or deleted: 1", "shop-web-instance (update)", "**Money:**",
        "up will send about 3 requests", "Rules that this breaks: 1", "1 advisory rule more is broken", "```mermaid",
    ]  # fmt: skip
    places = [said.index(part) for part in order]
    assert places == sorted(places)
    assert "\nmemory-is-limited: shop-web-instance: set one\n" in said
    assert "never restarts" not in said
    assert "what it would delete is not known" in said


def test_a_rule_that_a_stranger_wrote_stays_inside_code() -> None:
    """Its name ends no line of code, its message no block."""
    rule = Rule(policy="a`@octocat", level="mandatory", resources=("x",), message="```\n# boo @octocat", reason="```")
    stack = StackDiff(stack="production", rules=(rule,))
    said = markdown(Diff(base=Side(name="a"), head=Side(name="b"), stacks=(stack,)))
    assert "**Refused by the rule `a'@octocat`:**" in said
    assert "\n````text\n```\n# boo @octocat\nmandatory here: ```\n````\n" in said
