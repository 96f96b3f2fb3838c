"""The text of a pull request that promotes, in Markdown: what moves, from what to what, and what proves it.

Owns the text alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from railway_api.counting import count
from railyard.promote.proof import Move, short


def document(source: str, target: str, moves: Sequence[Move]) -> dict[str, str]:
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
