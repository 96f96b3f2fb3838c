"""A comparison as one Markdown text for a pull request: what is grave first, then system by system, and a diagram.

Owns layout, escaping and the limit on length. Every text comes from a document that a fork may have made: values stand
in code blocks that they cannot end, the rest is escaped, and nobody is mentioned.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Final

from operations.changes import Change, Kind, by_system
from operations.diff.diagram import diagram
from operations.diff.document import Cost as DocumentCost
from operations.diff.document import Diff, Difference, StackDiff
from sandbox.output.cost import Cost

MARKER: Final = "<!-- railyard diff -->"
"""By which the comment is found again."""
LONGEST: Final = 60_000
"""Characters of one text. GitHub takes 65,536; the rest is room for what the caller adds."""
_MARKS: Final = {Kind.CREATE: "+", Kind.UPDATE: "!", Kind.REPLACE: "-", Kind.DELETE: "-"}
"""The sign at the start of a line by which a ``diff`` block colours it."""
_SAID_AT_MOST: Final = 4_000
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~@!])")


def markdown(diff: Diff) -> str:
    """The whole text, with as much detail as there is room for."""
    for properties, pictures, most in ((True, True, 500), (True, False, 500), (False, False, 500), (False, False, 40)):
        text = _text(diff, _Detail(properties=properties, pictures=pictures, most=most))
        if len(text) <= LONGEST:
            return text
    return _text(diff, _Detail(properties=False, pictures=False, most=40))[:LONGEST] + "\n\n(cut: too long)\n"


class _Detail:
    def __init__(self, *, properties: bool, pictures: bool, most: int) -> None:
        self.properties, self.pictures, self.most = properties, pictures, most


def _text(diff: Diff, detail: _Detail) -> str:
    lines = [MARKER, "## What this changes", ""]
    lines += [f"{_side(diff.base.name, diff.base.subject)} → {_side(diff.head.name, diff.head.subject)}", ""]
    lines += [f"> **Note:** {escaped(note)}" for note in diff.notes] + ([""] if diff.notes else [])
    for stack in diff.stacks:
        lines += _stack(stack, detail)
    if not (detail.properties and detail.pictures):
        lines += ["_Shortened, since comments have a limit: `railyard diff` shows all of it._", ""]
    lines += ["_The base was brought up in a sandbox and the head previewed on it: no account was asked._", ""]
    return "\n".join(lines)


def _side(name: str, subject: str) -> str:
    return f"`{_inline(name)}`" + (f" {escaped(subject)}" if subject else "")


def _stack(stack: StackDiff, detail: _Detail) -> list[str]:
    lines = [f"### {escaped(stack.stack)}: {escaped(stack.summary)}", ""]
    for error in stack.errors:
        lines += ["**It does not work:**", "", *block("text", error[:_SAID_AT_MOST].splitlines()), ""]
    lines += [f"> **Note:** {escaped(note[:_SAID_AT_MOST])}\n" for note in stack.notes]
    if stack.cost:
        lines += [escaped(sentence(stack.cost, stack.plan)) + ".", ""]
    grave = [change for change in stack.changes if change.kind.grave]
    if grave:
        lines += [f"#### :warning: Replaced or deleted: {len(grave)}", "", *_changes(grave, detail), ""]
    for system, changes in by_system([change for change in stack.changes if not change.kind.grave]).items():
        title = f"<b>{html.escape(system or 'the stack itself')}</b>: {len(changes)}"
        lines += [f"<details{' open' if len(changes) <= 10 else ''}><summary>{title}</summary>", ""]
        lines += [*_changes(changes, detail), "", "</details>", ""]
    if detail.pictures and stack.changes:
        lines += ["<details><summary>Diagram of what changes</summary>", ""]
        lines += [*block("mermaid", diagram(stack.changes)), "", "</details>", ""]
    if stack.real:
        lines += _real(stack.real, detail)
    return lines


def _real(real: Difference, detail: _Detail) -> list[str]:
    if real.error:
        return ["**`pulumi preview` against the real state failed:**", "", *block("text", real.error.splitlines()), ""]
    if not real.drifted:
        return [":white_check_mark: `pulumi preview` against the real state shows the same.", ""]
    lines = ["#### :warning: Drift: the real state is not what the base says", ""]
    if real.by_hand:
        lines += ["Changed by hand, outside of any state:", "", *_changes(real.by_hand, detail), ""]
    if real.only_real:
        lines += [
            "`up` would also do this, which is not part of this change:",
            "",
            *_changes(real.only_real, detail),
            "",
        ]
    if real.only_sandbox:
        lines += ["This is part of the change, and is so already:", "", *_changes(real.only_sandbox, detail), ""]
    return lines


def sentence(cost: DocumentCost, plan: str) -> str:
    """The cost in words."""
    return Cost(requests=cost.requests, deployments=cost.deployments).sentence(plan)


def _changes(changes: Sequence[Change], detail: _Detail) -> list[str]:
    lines = [line for change in changes[: detail.most] for line in change_lines(change, detail.properties)]
    if len(changes) > detail.most:
        lines.append(f"# and {len(changes) - detail.most} more")
    return block("diff", lines)


def change_lines(change: Change, properties: bool, mark: Callable[[Kind], str] = _MARKS.__getitem__) -> list[str]:
    """One change: a line for the resource, and one for each property that differs."""
    sign = mark(change.kind)
    tail = f" ({change.kind.value})" + (" [protected]" if change.protected else "")
    lines = [f"{sign} {change.type} {change.name}{tail}"]
    if properties:
        lines += [
            f"{sign}     {each.path}: {each.old} → {each.new}" + (" (makes it a new one)" if each.replaces else "")
            for each in change.properties
        ]
    return lines


def block(language: str, lines: Sequence[str]) -> list[str]:
    """A code block that its content cannot end."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *(part for line in lines for part in line.splitlines() or [""]), fence]


def escaped(text: str) -> str:
    """Text that is no Markdown, mentions nobody and stays on one line."""
    return (
        _SPECIAL.sub(r"\\\1", " ".join(text.split()))
        .replace("\\@", "@\u200b")
        .replace("://", ":\u200b//")
        .replace("www.", "www\u200b.")
    )


def _inline(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")
