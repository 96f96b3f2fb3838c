"""``railyard map``: the topology of a stack as a picture, a page, a list or a document.

Owns the command and where its answer goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from railyard.accounts.railway_client import SandboxOption, connected
from railyard.accounts.running_services_query import running_systems
from railyard.engine.engine import Engine, RefusedError
from railyard.engine.engines import engine_for
from railyard.map.picture import declared, draw, with_plan, with_status
from railyard.map.svg import Picture, page, svg
from railyard.map.topology import Node
from railyard.review.comment import read
from railyard.review.resource_changes import Change, changes_of, refusals
from railyard.shared.console import (
    PROBLEM,
    CallError,
    JsonOption,
    OperationError,
    SystemsArgument,
    reported_errors,
    shown,
    write_json,
)
from railyard.shared.files import write_whole
from railyard.shared.options import StackOption
from railyard.shared.stack import read_stack

_WRITERS: Final = {".svg": svg, ".html": page}

OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write a picture (.svg) or a page with it (.html).")
]
PlanOption = Annotated[bool, typer.Option("--plan", help="Mark what an up would make, change, replace and delete.")]
ComparisonOption = Annotated[
    Path | None,
    typer.Option(
        "--comparison",
        metavar="FILE",
        help="Mark what `railyard diff --document` wrote; --out is a folder, which gets a page for each stack.",
    ),
]
StatusOption = Annotated[bool, typer.Option("--status", help="Mark how each service is.")]


def map_(
    systems: SystemsArgument = None,
    stack_name: StackOption = "",
    out: OutOption = None,
    comparison: ComparisonOption = None,
    *,
    plan: PlanOption = False,
    status: StatusOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Draw what a stack is made of, and what leads where: names, services, databases, volumes, buckets.

    The picture follows from the settings: it asks no account and needs no key. With --plan it is compared with the
    state, with --status Railway is asked, with --comparison with what a pull request changes. Without --out the
    connections are listed.

    Exit code 1 when --plan finds that an up would be refused: the picture is drawn all the same.
    """
    with reported_errors(json=json):
        if comparison:
            if out is None or systems or plan or status or json:
                raise CallError("--comparison is about all stacks of the document: give it with --out FOLDER alone")
            for line in _pages(comparison, out):
                typer.echo(line)
            return
        _check_call(out, plan=plan, status=status)
        stack = read_stack(stack_name)
        chosen = list(stack.chosen(systems or ()))
        picture = draw(stack, declared(stack_name), chosen)
        refused: Sequence[str] = ()
        if plan:
            changes, refused = _planned(engine_for(stack, sandbox=sandbox))
            picture = with_plan(picture, changes, alone=systems or ())
        if status:
            with connected(stack, sandbox=sandbox) as railway:
                picture = with_status(picture, railway.run(running_systems(railway, stack, chosen)))
        _write(picture, out, refused, json=json)
    if refused:
        typer.echo("\n".join(refused), err=True)
        raise typer.Exit(PROBLEM)


def _write(picture: Picture, out: Path | None, refused: Sequence[str], *, json: bool) -> None:
    if out:
        write_whole(out, _WRITERS[out.suffix](picture))
    if json:
        write_json(document(picture) | ({"refused": refused} if refused else {}))
        return
    for line in [f"{picture.title}: {shown(out)} written"] if out else text(picture):
        typer.echo(line)


def _planned(engine: Engine) -> tuple[Sequence[Change], Sequence[str]]:
    """Return what an up would change, and why it would be refused."""
    try:
        return changes_of(engine.preview()["steps"]), ()
    except RefusedError as error:
        changes = changes_of(error.document["steps"])
        return changes, refusals(error.document, changes) or [str(error)]


def _check_call(out: Path | None, *, plan: bool, status: bool) -> None:
    if plan and status:
        raise CallError("one of --plan and --status: a box has one mark")
    if out and out.suffix not in _WRITERS:
        raise CallError(f"{shown(out)}: a file ends in {' or '.join(_WRITERS)}")


def _pages(comparison: Path, folder: Path) -> Iterator[str]:
    """Write a page for each stack of a comparison, and return a line for each.

    A stack whose program fails has none: the comparison says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stack in read(comparison).stacks:
        file = folder / f"{stack.stack}.html"
        try:
            picture = draw(read_stack(stack.stack), declared(stack.stack))
        except OperationError as error:
            yield f"{stack.stack}: no picture: {str(error).splitlines()[0]}"
            continue
        write_whole(file, page(with_plan(picture, stack.changes)))
        yield f"{stack.stack}: {shown(file)} written"


def text(picture: Picture) -> Iterator[str]:
    """Return the connections of a picture, a line for each box that leads somewhere."""
    for system in picture.systems:
        total = picture.totals.get(system.name)
        yield f"{system.name} ({total})" if total else system.name
        names = {node.id: node.title for node in system.nodes}
        for node in system.nodes:
            leads = ", ".join(names[edge.target] for edge in system.edges if edge.source == node.id)
            mark = picture.marks.get((system.name, node.id))
            details = ", ".join(
                each for each in (mark.words if mark else "", node.label, *_lines(picture, system.name, node)) if each
            )
            yield f"  {node.title}" + (f" ({details})" if details else "") + (f" → {leads}" if leads else "")


def document(picture: Picture) -> dict[str, Any]:
    """Return a picture for programs."""
    return {
        "title": picture.title,
        "systems": {
            system.name: {
                "project": system.project,
                "boxes": [
                    {
                        "id": node.id,
                        "kind": node.kind.value,
                        "label": node.label,
                        "title": node.title,
                        "lines": list(_lines(picture, system.name, node)),
                        "mark": mark.value if (mark := picture.marks.get((system.name, node.id))) else None,
                        "urns": list(node.urns),
                    }
                    for node in system.nodes
                ],
                "arrows": [
                    {"from": edge.source, "to": edge.target, "reason": edge.reason.value} for edge in system.edges
                ],
            }
            for system in picture.systems
        },
    }


def _lines(picture: Picture, system: str, node: Node) -> Iterator[str]:
    yield from node.lines
    yield from picture.lines.get((system, node.id), ())
