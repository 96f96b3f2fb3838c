"""``railyard review``: an environment for a pull request, started, listed, ended and cleaned up.

Owns the commands: their options, what they print and how they end. The work is in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from railway_api.counting import count
from railyard.accounts.github import GitHub, Pull
from railyard.accounts.railway_client import SandboxOption
from railyard.environments import document as documents
from railyard.environments.bring_up import RefusedError, Request, bring_up, expired
from railyard.environments.context import ReviewContext, github, review_context
from railyard.environments.document import LONGEST_TEXT, Environment, moment
from railyard.environments.names import stack_name
from railyard.environments.record import Record
from railyard.environments.removal import Removal, clean_up, take_down
from railyard.review.comment import with_section
from railyard.review.comment_text import MARKER
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    reported_errors,
    table,
    table_console,
    write_json,
)
from railyard.shared.options import StackOption
from stacks.project_folder import RAILYARD

application = typer.Typer(no_args_is_help=True, help="Bring up environments for pull requests, list them, end them.")

_LARGEST_NUMBER: Final = 999_999_999
NumberArgument = Annotated[
    int, typer.Argument(min=1, max=_LARGEST_NUMBER, metavar="NUMBER", help="Number of the pull request.")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write what happened as a document.")]
CommentOption = Annotated[bool, typer.Option("--comment", help="Write it into the comment of the pull request, too.")]


@application.command()
def up(
    number: NumberArgument,
    stack: StackOption = "",
    commit: Annotated[
        str, typer.Option("--commit", help="The newest commit, in full: for a fork, that a maintainer looked at it.")
    ] = "",
    repository: Annotated[
        str, typer.Option("--repository", metavar="OWNER/NAME", help="Services that are built from it …")
    ] = "",
    branch: Annotated[str, typer.Option("--branch", help="… run this branch of it.")] = "",
    versions: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SYSTEM.KEY=TEXT", help="An image, or a commit: shop.commit=b2c3d4e."),
    ] = None,
    out: OutOption = None,
    *,
    comment: CommentOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Bring up an environment for a pull request, from the settings of a stack, or bring it up to date.

    It has Railway projects, names, a bucket and secrets of its own, and lives for railyard:reviews.hours from now on.
    Exit code 1 when it is refused, does not come up, or a check of it fails.
    """
    with reported_errors(json=json):
        if bool(repository) != bool(branch):
            raise CallError("--repository and --branch belong together: give both, or neither")
        request = Request(
            number=number, commit=commit, repository=repository, branch=branch, given=_given(versions or ())
        )
        with review_context(stack, sandbox=sandbox) as context:
            try:
                review = bring_up(context, request, say=_say(json=json), quiet=json)
            except CallError:
                raise
            except OperationError as error:
                state = "refused" if isinstance(error, RefusedError) else "failed"
                problems = (str(error)[:LONGEST_TEXT],)
                review = Environment(number=number, state=state, stack=stack, commit=commit, problems=problems)
                _keep(review, out, comment=comment)
                raise
        _keep(review, out, comment=comment)
        write_json(review.model_dump(mode="json")) if json else _print(review)
    if review.state != "up":
        raise typer.Exit(PROBLEM)


@application.command("list")
def list_(stack: StackOption = "", *, sandbox: SandboxOption = False, json: JsonOption = False) -> None:
    """List the environments: of which pull request, what they cost, and how long they live."""
    with reported_errors(json=json), review_context(stack, sandbox=sandbox) as context:
        records = context.records.all()
        if json:
            write_json([_listed(context, number, record) for number, record in records.items()])
            return
        for line in _table(context, records):
            typer.echo(line)


@application.command()
def down(
    number: NumberArgument,
    stack: StackOption = "",
    out: OutOption = None,
    *,
    comment: CommentOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Remove an environment with all that it has in any cloud, its state and its settings.

    Asks the clouds what there is, so that it also ends what was half made or half removed. Exit code 1 when something
    could not be removed.
    """
    with reported_errors(json=json):
        with review_context(stack, sandbox=sandbox) as context:
            ended = take_down(context, number, _say(json=json))
        environment = Environment(
            number=number,
            state="failed" if ended.problems else "removed",
            stack=stack,
            problems=tuple(problem[:LONGEST_TEXT] for problem in ended.problems),
        )
        _keep(environment, out, comment=comment)
        write_json(_ended(ended)) if json else _tell([ended])
    if ended.problems:
        raise typer.Exit(PROBLEM)


@application.command()
def sweep(
    stack: StackOption = "",
    *,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would be removed, and stop.")] = False,
    comment: CommentOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Remove environments that have expired, whose pull request is closed, that were cut off, or that are of nobody.

    With GITHUB_TOKEN and GITHUB_REPOSITORY it asks for the pull requests; without them it goes by time alone. Exit code
    1 when something could not be removed; everything else is removed all the same.
    """
    with reported_errors(json=json):
        api = github()
        with review_context(stack, sandbox=sandbox) as context:
            ended = clean_up(context, api, _say(json=json), preview=preview)
        if comment and api and not preview:
            _tell_pull_requests(api, stack, ended)
        if json:
            write_json([_ended(each) for each in ended])
        else:
            _tell(ended, preview=preview)
            if api is None:
                typer.echo("GitHub was not asked which pull requests are closed: GITHUB_TOKEN is not set", err=True)
    if any(each.problems for each in ended):
        raise typer.Exit(PROBLEM)


@application.command("comment")
def comment_(
    document: Annotated[Path, typer.Argument(help="File that `railyard review up --out` wrote.")],
    head: Annotated[str, typer.Option("--head", metavar="OWNER:BRANCH", help="Find it by where it comes from …")],
    commit: Annotated[str, typer.Option("--commit", help="… and its newest commit, in full.")],
) -> None:
    """Write what became of an environment into the comment of its pull request.

    Needs GITHUB_TOKEN with pull-requests: write, and GITHUB_REPOSITORY. Where to write is not taken from the document.
    """
    with reported_errors(json=False):
        review, api = documents.read(document), GitHub()
        pull: Pull | None = api.pull_request_of(head, commit)
        if pull is None:
            pull = api.pull(review.number)
            # A closed one is not found by its branch; of another commit or branch it is not the one that is meant.
            pull = pull if not pull.open and pull.commit == commit else None
        if pull is None or pull.number != review.number:
            typer.echo(
                f"no pull request {review.number} from {head} is at {commit[:7]} (any more): nothing was written"
            )
            return
        posted = api.comment(pull.number, MARKER, lambda former: with_section(former, review.section()))
        typer.echo(f"comment {posted.action}: {posted.url}")


def _given(texts: Sequence[str]) -> dict[tuple[str, ...], str]:
    values: dict[tuple[str, ...], str] = {}
    for text in texts:
        place, equals, value = text.partition("=")
        path = tuple(place.split("."))
        if not (equals and value) or len(path) < 2 or not all(path):
            raise CallError(f"--set {text!r}: write SYSTEM.KEY=TEXT, such as shop.commit=b2c3d4e")
        values[path] = value
    return values


def _say(*, json: bool) -> Callable[[str], None]:
    return partial(typer.echo, err=json)


def _keep(environment: Environment, out: Path | None, *, comment: bool) -> None:
    """Write the document where it is asked for, and the comment."""
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(environment.model_dump_json(indent=4) + "\n", encoding="utf-8")
    if comment:
        GitHub().comment(environment.number, MARKER, lambda former: with_section(former, environment.section()))


def _print(review: Environment) -> None:
    for each in review.addresses:
        typer.echo(f"{each.where}: {each.url}")
    failed = [each for each in review.checks if not each.passed]
    for each in failed:
        typer.echo(f"FAIL {each.where} {each.check}: {each.found}")
    for problem in review.problems:
        typer.echo(f"error: {problem}", err=True)
    for note in review.notes:
        typer.echo(f"note: {note}")
    assert review.expires is not None
    name = stack_name(review.number)
    checked = (
        f"{len(review.checks) - len(failed)} of {count(len(review.checks), 'check')} passed" if review.checks else ""
    )
    outcome = ", ".join(filter(None, ["up" if review.state == "up" else "not as it should be", checked]))
    typer.echo(f"{name}: {outcome}; about ${review.cost:,.2f} a month, until {moment(review.expires)}")
    typer.echo(f"next: {RAILYARD} logs -s {name} SYSTEM/SERVICE; {RAILYARD} review down {review.number}")


def _table(context: ReviewContext, records: dict[int, Record | None]) -> list[str]:
    if not records:
        return ["no review environments"]
    shown = table("environment", "systems", "commit", "a month", "until", "", folded="systems")
    for number, record in records.items():
        if record is None:
            shown.add_row(stack_name(number), "", "", "", "", Text("of nobody: the next sweep removes it"))
            continue
        state = "expired" if expired(record, context.now()) else "" if record.ended else "being made, or cut off"
        systems = ", ".join(record.systems) + (" (fork)" if record.fork else "")
        shown.add_row(record.name, systems, record.commit[:7], f"${record.cost:,.2f}", moment(record.expires), state)
    console = table_console()
    with console.capture() as captured:
        console.print(shown)
    readable = [record for record in records.values() if record]
    reviews, cost = context.reviews, sum(each.cost for each in readable)
    allowed = f" of ${reviews.budget:,.2f}" if reviews.budget is not None else ""
    return [captured.get().rstrip(), "", f"{len(records)} of {reviews.most}, about ${cost:,.2f}{allowed} a month"]


def _listed(context: ReviewContext, number: int, record: Record | None) -> dict[str, Any]:
    if record is None:
        return {"number": number, "record": None}
    return {"expired": expired(record, context.now()), **record.model_dump(mode="json", by_alias=True)}


def _ended(removal: Removal) -> dict[str, Any]:
    return {
        "number": removal.number,
        "reason": removal.reason,
        "removed": [str(each) for each in removal.removed],
        "problems": list(removal.problems),
    }


def _tell(ended: Sequence[Removal], *, preview: bool = False) -> None:
    for each in ended:
        name = stack_name(each.number)
        for problem in each.problems:
            typer.echo(f"error: {problem}", err=True)
        if preview:
            typer.echo(f"{name} would end: {each.reason}")
            for leftover in each.removed:
                typer.echo(f"  {leftover}")
        elif each.problems:
            typer.echo(f"{name} is not gone: run it again")
        elif not each.removed:
            typer.echo(f"nothing is left of {name}")
        else:
            typer.echo(f"{name} is gone: {count(len(each.removed), 'thing')} removed, and its state")
    if not ended:
        typer.echo("nothing to remove")


def _tell_pull_requests(api: GitHub, stack: str, ended: Sequence[Removal]) -> None:
    for each in ended:
        if each.problems or each.reason.startswith("it is of nobody"):
            continue
        environment = Environment(number=each.number, state="removed", stack=stack, notes=(each.reason,))
        try:
            api.comment(each.number, MARKER, partial(with_section, section=environment.section()))
        except OperationError as error:
            typer.echo(f"warning: pull request {each.number} was not told: {error}", err=True)
