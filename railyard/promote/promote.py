"""``railyard promote``: what one stack runs and has proven healthy, written into the settings of another.

Owns the command: whom it asks, what it prints and how it ends; and the text of its pull request, in Markdown: what
moves, from what to what, and what proves it. What moves is judged in ``proof``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from railway_api.counting import count
from railyard.accounts.railway_client import Railway, connected
from railyard.promote.proof import PROVEN_AFTER_MINUTES, Judgement, Move, Refusal, Requirement, judge, short
from railyard.promote.settings_file import Edit, edited
from railyard.promote.system_in_stack import releases, sides
from railyard.shared.console import PROBLEM, CallError, JsonOption, reported_errors, write_json
from railyard.shared.options import LAST, DryRunOption
from railyard.shared.stack import Stack, read_stack
from stacks.project_folder import RAILYARD

SystemsArgument = Annotated[list[str] | None, typer.Argument(metavar="[SYSTEM]...", show_default=False)]
SandboxOption = Annotated[bool, typer.Option("--sandbox", help="The sandbox, wherever the environment points.")]


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """All that a promotion comes to."""

    source: str
    target: str
    moves: tuple[Move, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]
    edit: Edit

    def document(self, *, written: bool) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "from": self.source,
            "to": self.target,
            "moves": [move_document(move) for move in self.moves],
            "refused": [{"system": each.system, "reason": each.reason, "next": each.next} for each in self.refusals],
            "notes": list(self.notes),
            "file": self.edit.file.name,
            "difference": self.edit.lines,
            "written": written,
        }


SourceOption = Annotated[
    str,
    typer.Option("--from", help="The stack that has proven it. Default: the target's promotesFrom."),
]
TargetOption = Annotated[
    str, typer.Option("--to", callback=LAST, show_default=False, help="The stack whose settings are written.")
]
AllowOlderOption = Annotated[
    bool, typer.Option("--allow-older", help="Also what is older than what the other stack runs.")
]
HealthyForOption = Annotated[
    int, typer.Option("--healthy-for", metavar="MINUTES", min=0, help="Time for which it has to be healthy already.")
]


def promote(
    systems: SystemsArgument = None,
    source: SourceOption = "",
    target: TargetOption = "",
    *,
    allow_older: AllowOlderOption = False,
    healthy_for: HealthyForOption = PROVEN_AFTER_MINUTES,
    pr: Annotated[bool, typer.Option("--pr", help="Print the text of a pull request, in Markdown.")] = False,
    dry_run: DryRunOption = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Write exactly what one stack runs, and has proven healthy, into the settings of another.

    Commits, image tags and digests move; variables, sizes and everything else stay. Nothing is deployed: the changed
    file is for a pull request, and the next up deploys it. If one of the systems is refused, nothing is written.
    """
    with reported_errors(json=json):
        source = source or read_stack(target, sandbox=sandbox).promotes_from or ""
        if not source:
            raise CallError(f"{target} has no railyard:promotesFrom: name the stack that proves it with --from")
        if source == target:
            raise CallError(f"--from and --to are both {source}: name two stacks")
        minimum = timedelta(minutes=healthy_for)
        promotion = _promotion(
            source, target, systems or (), allow_older=allow_older, healthy_for=minimum, sandbox=sandbox
        )
        written = bool(promotion.moves) and not promotion.refusals and not dry_run
        if written:
            promotion.edit.write()
        if json:
            document = promotion.document(written=written)
            if pr:
                document["pullRequest"] = pull_request_document(promotion.source, promotion.target, promotion.moves)
            write_json(document)
        else:
            _show(promotion, pr=pr, dry_run=dry_run)
        if promotion.refusals:
            raise typer.Exit(PROBLEM)


def move_document(move: Move) -> dict[str, Any]:
    """Return a move for programs."""
    return {
        "system": move.system,
        "keys": [".".join(map(str, key)) for key in move.release.keys],
        "from": move.was,
        "running": move.runs,
        "to": move.value,
        "proof": [
            {"service": each.service, "deployment": each.deployment, "healthySince": each.since, "url": each.address}
            for each in move.proofs
        ],
    }


def _promotion(
    source: str, target: str, names: Sequence[str], *, allow_older: bool, healthy_for: timedelta, sandbox: bool
) -> Promotion:
    left, right = read_stack(source, sandbox=sandbox), read_stack(target, sandbox=sandbox)
    notes: list[str] = []
    if names:
        chosen = [name for name in right.chosen(names) if name in left.chosen(names)]
    else:
        shared = [name for name in left.settings.systems if name in right.settings.systems]
        chosen = [name for name in shared if not right.settings.systems[name].follows_branch]
        notes = [f"{name} is in {source} alone" for name in left.settings.systems if name not in shared]
        notes += [f"{name} follows its branch in {target}: name it to pin it" for name in shared if name not in chosen]
    with connected(right, sandbox=sandbox) as railway:
        judged = railway.run(_judge(railway, left, right, chosen, allow_older=allow_older, healthy_for=healthy_for))
    moves = tuple(move for each in judged for move in each.moves)
    changes = {key: value for move in moves for key, value in move.changes.items()}
    return Promotion(
        source=source,
        target=target,
        moves=moves,
        refusals=tuple(refusal for each in judged for refusal in each.refusals),
        notes=tuple(notes),
        edit=edited(target, changes),
    )


async def _judge(
    railway: Railway,
    source: Stack,
    target: Stack,
    names: Sequence[str],
    *,
    allow_older: bool,
    healthy_for: timedelta,
) -> list[Judgement]:
    left = await sides(railway, source, names)
    right = await sides(railway, target, names)
    now = railway.client.transport.time or datetime.now(UTC)
    demand = Requirement(now=now, healthy_for=healthy_for, allow_older=allow_older, sandbox=not railway.real)
    return [
        judge(name, releases(name, target.settings.systems[name]), left[name], right[name], demand) for name in names
    ]


def _show(promotion: Promotion, *, pr: bool, dry_run: bool) -> None:
    for refusal in promotion.refusals:
        typer.secho(f"refused: {refusal.system}: {refusal.reason}\n  next: {refusal.next}", err=True, fg="red")
    if promotion.refusals:
        others = sorted({move.system for move in promotion.moves} - {refusal.system for refusal in promotion.refusals})
        command = f"{RAILYARD} promote {' '.join(others)} --from {promotion.source} --to {promotion.target}"
        also = f": `{command}` promotes the others" if others else ""
        typer.echo(f"nothing was written{also}", err=True)
        return
    if not promotion.moves:
        typer.echo(f"nothing to promote: the settings of {promotion.target} name all that {promotion.source} runs")
    elif pr:
        typer.echo(markdown(promotion.source, promotion.target, promotion.moves))
    else:
        show_moves(promotion.moves, promotion.source)
        show_edit(promotion.edit)
        name = promotion.edit.file.name
        typer.echo(f"would change {name}" if dry_run else f"changed {name}")
        if not dry_run:
            typer.echo(f"next: commit it for a pull request; the up of {promotion.target} after its merge deploys it")
    for note in promotion.notes:
        typer.echo(f"note: {note}", err=pr)


def show_moves(moves: Sequence[Move], source: str) -> None:
    """Print what moves, from what to what, and what proves it."""
    for move in moves:
        typer.echo(f"{move.system} {move.release.name}: {was(move)} → {short(move.value)}")
        for proof in move.proofs:
            typer.echo(f"  {proof.service} is healthy in {source} since {proof.since}, deployment {proof.deployment}")


def was(move: Move) -> str:
    """Return what a move changes, for people."""
    if move.was is not None:
        return short(move.was)
    if move.runs is None:
        return "not pinned"
    return f"not pinned (runs {short(move.runs)})"


def show_edit(edit: Edit) -> None:
    """Print the difference of the settings file, coloured on a terminal."""
    for line in edit.lines:
        typer.secho(line, fg={"+": "green", "-": "red", "@": "cyan"}.get(line[0]))


def pull_request_document(source: str, target: str, moves: Sequence[Move]) -> dict[str, str]:
    """Return title and body for programs."""
    return {"title": title(target, moves), "body": "\n".join(_body(source, target, moves))}


def markdown(source: str, target: str, moves: Sequence[Move]) -> str:
    """Return the whole text, its title as the first heading."""
    return "\n".join([f"# {title(target, moves)}", "", *_body(source, target, moves)])


def title(target: str, moves: Sequence[Move]) -> str:
    """Return what is promoted, ``Promote seance b2c3d4e to production``."""
    if not moves:
        return f"Nothing to promote to {target}"
    systems = list(dict.fromkeys(move.system for move in moves))
    if len(systems) > 1:
        return f"Promote {', '.join(systems[:-1])} and {systems[-1]} to {target}"
    main = next((move for move in moves if move.release.kind != "image"), moves[0])
    return f"Promote {main.system} {short(main.value)} to {target}"


def _body(source: str, target: str, moves: Sequence[Move]) -> Iterator[str]:
    yield f"What {source} runs and has proven healthy, for {target}. Nothing but what runs changes."
    yield ""
    yield "| system | setting | from | to |"
    yield "| --- | --- | --- | --- |"
    for move in moves:
        yield f"| {move.system} | {_code(move.release.name)} | {_from(move)} | {_to(move)} |"
    proofs = [(move, proof) for move in moves for proof in move.proofs]
    yield ""
    yield f"<details><summary>Proof: {count(len(proofs), 'healthy deployment')} in {source}</summary>"
    yield ""
    yield "| service | deployment | healthy since |"
    yield "| --- | --- | --- |"
    for move, proof in proofs:
        yield f"| {move.system} {proof.service} | [{proof.deployment}]({proof.address}) | {proof.since} |"
    yield ""
    yield "</details>"


def _from(move: Move) -> str:
    former = move.was or move.runs
    if former is None:
        return "nothing"
    return _code(short(former)) if move.was else f"not pinned, runs {_code(short(former))}"


def _to(move: Move) -> str:
    return _code(short(move.value)) + _compare(move)


def _compare(move: Move) -> str:
    """Return a link to what lies between, where GitHub knows both commits."""
    before = move.was or move.runs
    if move.release.kind != "commit" or before is None or move.release.same(before, move.value):
        return ""
    repo = next(iter(move.release.sources.values()))
    return f" ([changes](https://github.com/{repo}/compare/{before}...{move.value}))"


def _code(text: str) -> str:
    return f"`{text}`"
