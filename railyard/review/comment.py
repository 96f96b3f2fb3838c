"""``railyard comment``: show the document of a comparison as the one comment of a pull request.

Owns finding the pull request, reading a document that a stranger may have made, and the place of the part about
a review environment, so that neither of the two writers takes away what the other one wrote. The document is shown by
this code and never run: see docs/pull-requests.md for why the two are separate.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from railyard.accounts.github import GitHub
from railyard.review.comment_text import MARKER, markdown, shortened
from railyard.review.diff_document import Diff
from railyard.shared.console import CallError, JsonOption, reported_errors, write_json
from railyard.shared.files import read_document

_SHOWN: Final = ("check", "real")
"""Workflows whose state the comment tells."""
_PICTURES: Final = "preview"
"""The workflow whose artifact holds a picture of each stack."""
_LARGEST: Final = 5_000_000
"""Bytes of a document; a preview of hundreds of resources needs a tenth."""

DocumentArgument = Annotated[
    Path | None,
    typer.Argument(
        help="Document that `railyard diff --document` wrote. Without it the workflow runs of --commit are named."
    ),
]
RealOption = Annotated[
    Path | None,
    typer.Option("--real", metavar="FOLDER", help="Documents that `railyard real` wrote, if there are any."),
]
NumberOption = Annotated[int | None, typer.Option("--pull-request", help="Number of the pull request.")]
HeadOption = Annotated[str, typer.Option("--head", metavar="OWNER:BRANCH", help="Find it by where it comes from …")]
CommitOption = Annotated[str, typer.Option("--commit", help="… and its newest commit, in full.")]


def comment(
    document: DocumentArgument = None,
    real: RealOption = None,
    pull_request: NumberOption = None,
    head: HeadOption = "",
    commit: CommitOption = "",
    *,
    json: JsonOption = False,
) -> None:
    """Write a comparison as the one comment of a pull request, in the place of its last version.

    Needs GITHUB_TOKEN with pull-requests: write, and GITHUB_REPOSITORY. With --commit, it also says how the
    checks of that commit are getting on.
    """
    with reported_errors(json=json):
        if document is None:
            _leave_runs(commit)
            return
        if pull_request is None and not (head and commit):
            raise CallError("name the pull request: --pull-request, or --head with --commit")
        comparison, github = read(document), GitHub()
        pull = github.pull(pull_request) if pull_request else github.pull_request_of(head, commit)
        if pull is None:
            reason = f"no open pull request from {head} is at {commit[:7]} (any more): nothing was written"
            write_json({"action": "none", "reason": reason}) if json else typer.echo(reason)
            return
        comparison = with_real(comparison, real) if real else comparison
        runs = github.runs(commit) if commit else {}
        checks = [run for name, run in runs.items() if name in _SHOWN]
        pictures = f"{runs[_PICTURES].url}#artifacts" if _PICTURES in runs else ""
        text = markdown(comparison, of_fork=pull.of_fork, checks=checks, pictures=pictures)
        posted = github.comment(pull.number, MARKER, lambda former: kept_section(former, text))
        if json:
            write_json({"action": posted.action, "pullRequest": pull.number, "url": posted.url})
        else:
            typer.echo(f"comment {posted.action}: {posted.url}")


def _leave_runs(commit: str) -> None:
    """Leave for later steps of a workflow which runs of others have ended, each by the name of its workflow."""
    if not commit:
        raise CallError("name a document, or --commit alone")
    ended = {name: run.id for name, run in GitHub().runs(commit).items() if run.ended}
    lines = [f"{name}={number}" for name, number in ended.items()]
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
    for line in lines:
        typer.echo(line)


def with_real(comparison: Diff, folder: Path) -> Diff:
    """Return a comparison with what the documents below a folder say of real states; raises ``OperationError``."""
    real = {
        stack.stack: stack.real
        for file in sorted(folder.glob("**/*.json"))
        for stack in read(file).stacks
        if stack.real is not None
    }
    stacks = (
        each.model_copy(update={"real": real[each.stack]}) if each.stack in real else each for each in comparison.stacks
    )
    return comparison.model_copy(update={"stacks": tuple(stacks)})


def read(file: Path) -> Diff:
    """Return the document in ``file``; raises ``OperationError`` for anything else."""
    return read_document(file, Diff, command="railyard diff", option="--document", limit=_LARGEST)


_MARK: Final = "<!-- railyard review: "
_BEGIN: Final = f"{_MARK}begin -->"
_END: Final = f"{_MARK}end -->"
LONGEST_SECTION: Final = 5_000
"""Characters of the part; what a comparison leaves of a comment's limit."""


def with_section(former: str, section: str) -> str:
    """Return the comment ``former`` with ``section`` in the place of its former one, or at its end.

    ``former`` is empty where there is no comment yet.
    """
    body = (former or f"{MARKER}\n").partition(_BEGIN)[0]
    return _together(body, section)


def kept_section(former: str, body: str) -> str:
    """Return the new text of a comment with the section that ``former`` has."""
    section = former.partition(_BEGIN)[2].partition(_END)[0]
    return _together(body, section) if section else _without_marks(body)


def _together(body: str, section: str) -> str:
    inner = shortened(_without_marks(section.strip()), LONGEST_SECTION)
    return f"{_without_marks(body).rstrip()}\n\n{_BEGIN}\n{inner}\n{_END}\n"


def _without_marks(text: str) -> str:
    """Return a text in which a stranger's words begin and end nothing: cut there, they would be outside of code."""
    return text.replace(_MARK, "<!-- ")
