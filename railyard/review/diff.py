"""``railyard diff``: exactly what a change of this repository changes, without an account, a key or a state.

Owns the command: its options, what it prints and how it ends. The work is in the modules beside this one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from railyard.review import checkout as diff_checkout
from railyard.review.checkout import Checkout
from railyard.review.comment_text import change_lines, markdown
from railyard.review.compare import Comparison
from railyard.review.diff_document import Diff, StackDiff
from railyard.review.resource_changes import by_system
from railyard.shared.console import PROBLEM, JsonOption, reported_errors, write_json
from railyard.shared.files import write_whole
from railyard.shared.project import project_directory

BaseArgument = Annotated[str, typer.Argument(help="Commit to compare with. Default: where HEAD left main.")]
HeadArgument = Annotated[str, typer.Argument(help="Commit to look at. Default: the working tree as it is.")]
StacksOption = Annotated[
    list[str] | None, typer.Option("--stack", "-s", help="Only this stack; may be given several times. Default: all.")
]
MarkdownOption = Annotated[bool, typer.Option("--markdown", help="The Markdown of a pull request's comment.")]
CommentOption = Annotated[Path | None, typer.Option("--comment", metavar="FILE", help="Write the Markdown to a file.")]
DocumentOption = Annotated[
    Path | None, typer.Option("--document", metavar="FILE", help="Write the JSON document to a file.")
]
EnvironmentOption = Annotated[
    bool, typer.Option("--own-environment", help="Where their packages differ, install each commit's own for it.")
]


def diff(
    base: BaseArgument = "",
    head: HeadArgument = "",
    stack: StacksOption = None,
    comment: CommentOption = None,
    document: DocumentOption = None,
    *,
    markdown: MarkdownOption = False,
    own_environment: EnvironmentOption = False,
    json: JsonOption = False,
) -> None:
    """Show exactly what HEAD changes: BASE is brought up in a throw-away sandbox, and HEAD previewed on it.

    Asks no account and needs no key, so it works for anybody with a clone. Exit code 1 when one of the two does not
    work, or when what changes would be refused.
    """
    with reported_errors(json=json):
        quiet = json or markdown
        comparison = compare(base, head, stack or (), own_environment=own_environment, quiet=quiet)
        _write(comparison, comment, document)
        if json:
            write_json(comparison.model_dump(mode="json"))
        elif markdown:
            typer.echo(_markdown(comparison))
        else:
            for line in text(comparison):
                typer.echo(line)
    if comparison.failed:
        raise typer.Exit(PROBLEM)


_markdown = markdown  # the option of the same name hides it in the command


def compare(base: str, head: str, stacks: tuple[str, ...] | list[str], *, own_environment: bool, quiet: bool) -> Diff:
    """Compare two commits in a folder that is gone afterwards; raises ``OperationError``."""
    root = project_directory()
    before = diff_checkout.commit(root, base) if base else diff_checkout.merge_base(root, head or "HEAD")
    with tempfile.TemporaryDirectory(prefix="railyard-diff-") as folder:
        place = Path(folder)
        comparison = Comparison(
            base=diff_checkout.unpack(root, before, place / "base"),
            head=_head(root, head, place / "head"),
            sandbox=place / "sandbox",
            running=root,
            own_environment=own_environment,
            say=partial(typer.echo, err=True) if not quiet else str,
        )
        return comparison.of(stacks)


def _head(root: Path, name: str, directory: Path) -> Checkout:
    if not name:
        return diff_checkout.working_tree(root)
    return diff_checkout.unpack(root, diff_checkout.commit(root, name), directory)


def _write(comparison: Diff, comment: Path | None, document: Path | None) -> None:
    if comment:
        write_whole(comment, _markdown(comparison))
    if document:
        document.parent.mkdir(parents=True, exist_ok=True)
        write_whole(document, comparison.model_dump_json(indent=4) + "\n")


def text(comparison: Diff) -> Iterator[str]:
    """Return the comparison for a terminal."""
    yield f"{comparison.base.name} → {comparison.head.name}"
    yield from (f"note: {note}" for note in comparison.notes)
    for stack in comparison.stacks:
        yield ""
        yield from _stack(stack)


def _stack(stack: StackDiff) -> Iterator[str]:
    yield f"{stack.stack}: {stack.summary}"
    for error in stack.errors:
        yield from (f"  refused: {line}" if not at else f"    {line}" for at, line in enumerate(error.splitlines()))
    grave = [change for change in stack.changes if change.kind.grave]
    if grave:
        yield "  replaced or deleted"
        yield from (f"    {line}" for change in grave for line in change_lines(change, True, lambda kind: kind.sign))
    for system, changes in by_system([change for change in stack.changes if not change.kind.grave]).items():
        yield f"  {system or 'the stack itself'}"
        yield from (f"    {line}" for change in changes for line in change_lines(change, True, lambda kind: kind.sign))
    if stack.cost:
        yield f"  {stack.cost.sentence(stack.plan)}"
    if stack.money and stack.money.systems:
        yield f"  {stack.money.sentence()}"
    for rule in stack.broken_here:
        reason = f" ({rule.level} here: {rule.reason})" if rule.reason else ""
        yield f"  {rule.level} rule {rule.policy}: {rule.message}{reason}"
    yield from (f"  note: {note}" for note in stack.notes)
    if stack.partial and stack.changes:
        yield "  as far as the preview came: what it would delete is not known"
