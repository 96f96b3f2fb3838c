"""The text of the comment on a pull request, in Markdown: what is grave first, then system by system, and a diagram.

Owns layout, the limit on length, and that no text acts. Every text comes from a document that a fork may have made: all
of them are in code that they cannot end, in which GitHub mentions nobody and makes no link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from railway_api.counting import count
from railyard.accounts.github import WorkflowRun
from railyard.output.money import MoneyDifference, signed
from railyard.review.diagram import diagram
from railyard.review.diff_document import Diff, Difference, Rule, Side, StackDiff
from railyard.review.resource_changes import Change, Kind, by_system, counted

MARKER: Final = "<!-- railyard diff -->"
"""By which the comment is found again."""
LONGEST: Final = 60_000
"""Characters of one text. GitHub takes 65,536; the rest is room for what the caller adds."""
_MARKS: Final = {Kind.CREATE: "+", Kind.UPDATE: "!", Kind.REPLACE: "-", Kind.DELETE: "-"}
"""The sign at the start of a line by which a ``diff`` block colours it."""
_SAID_AT_MOST: Final = 4_000
"""Characters of one error, note or message."""
_CUT: Final = "\n(cut: too long)\n"
_ROOM_TO_CLOSE: Final = 100
"""Characters in which a cut text closes what it has opened."""
_UNSHOWN: Final = "\N{REPLACEMENT CHARACTER}"
_OF_A_FORK: Final = (
    "> [!CAUTION]",
    "> The code of a fork wrote what stands here, and could make it say anything: read the files as well.",
    "",
)


def markdown(diff: Diff, *, of_fork: bool = False, checks: Sequence[WorkflowRun] = (), pictures: str = "") -> str:
    """Return the whole text, with as much detail as there is room for.

    ``of_fork``: strangers made the document, with code of their own. The comment says so, and what it says of a real
    state is left out, since no fork can have seen one. ``checks`` are runs of workflows whose state is shown,
    ``pictures`` is the address of pages that show each stack.
    """
    ends = [f"[Pictures of each stack, with what changes marked]({pictures})", ""] if pictures else []
    text = ""
    for properties, diagrams, most in ((True, True, 500), (True, False, 500), (False, False, 500), (False, False, 40)):
        detail = _Detail(properties=properties, diagrams=diagrams, most=most, of_fork=of_fork)
        text = "\n".join([*_lines(diff, detail, checks), *ends])
        if len(text) <= LONGEST:
            return text
    return shortened(text, LONGEST)


def shortened(text: str, most: int) -> str:
    """Return the lines of ``text`` that ``most`` characters hold, with what they open in code or HTML closed again.

    A cut inside of a line would end the code around a text, which then would act as Markdown.
    """
    if len(text) <= most:
        return text
    fence, details = "", 0
    kept: list[str] = []
    room = most - len(_CUT) - _ROOM_TO_CLOSE
    for line in text.split("\n"):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        else:
            details += line.count("<details") - line.count("</details>")
    return "\n".join([*kept, *([fence] if fence else []), *(["", "</details>"] * details), _CUT])


@dataclass(frozen=True, kw_only=True)
class _Detail:
    properties: bool
    diagrams: bool
    most: int
    of_fork: bool


def _lines(diff: Diff, detail: _Detail, checks: Sequence[WorkflowRun] = ()) -> list[str]:
    lines = [MARKER, "## What this changes", "", *(_OF_A_FORK if detail.of_fork else ())]
    lines += [*(_verdict(stack) for stack in diff.stacks), *(_check(run) for run in checks), ""]
    lines += [f"{_side(diff.base)} → {_side(diff.head)}", ""]
    lines += [f"> **Note:** {code(note[:_SAID_AT_MOST])}\n" for note in diff.notes]
    for stack in diff.stacks:
        lines += _stack(stack, detail)
    if not (detail.properties and detail.diagrams):
        lines += ["_Shortened, since comments have a limit: `railyard diff` shows all of it._", ""]
    lines += ["_The base was brought up in a sandbox and the head previewed on it: no account was asked._", ""]
    return lines


def _verdict(stack: StackDiff) -> str:
    """Return one line for each stack: on a phone, all that is needed to know whether to read on."""
    grave = sum(change.kind.grave for change in stack.changes)
    sign, word = ":white_check_mark:", ""
    if stack.refused:
        sign, word = ":no_entry:", " **refused** ·"
    elif grave:
        sign, word = ":warning:", f" **{grave} replaced or deleted** ·"
    elif not stack.changes:
        sign = ":heavy_minus_sign:"
    parts = ["what would change is not known" if stack.errors and not stack.changes else counted(stack.changes)]
    if stack.money and stack.money.systems:
        parts.append(f"about {signed(stack.money.as_used)} a month")
    if stack.cost:
        parts.append(count(stack.cost.deployments, "deployment"))
    if stack.broken_here:
        parts.append(f"{count(len(stack.broken_here), 'rule')} broken")
    return f"- {sign} {code(stack.stack)}:{word} {' · '.join(parts)}"


def _check(run: WorkflowRun) -> str:
    """Return one line for a workflow that goes on beside the comparison."""
    signs = {"success": ":white_check_mark:", "skipped": ":heavy_minus_sign:", "neutral": ":heavy_minus_sign:"}
    sign = signs.get(run.state, ":x:") if run.ended else ":hourglass:"
    return f"- {sign} workflow {code(run.workflow)}: [{run.state.replace('_', ' ')}]({run.url})"


def _side(side: Side) -> str:
    return " ".join(code(text) for text in (side.name, side.subject) if text)


def _stack(stack: StackDiff, detail: _Detail) -> list[str]:
    """Return one stack: what is refused, replaced, deleted and changed, its costs, the rules it breaks, a picture."""
    lines = [f"### {code(stack.stack)}: {stack.summary}", ""]
    for error in stack.errors:
        lines += ["**Refused:**", "", *block("text", error[:_SAID_AT_MOST].splitlines()), ""]
    for rule in stack.broken_here:
        if rule.mandatory:
            lines += [f"**Refused by the rule {code(rule.policy)}:**", "", *_rule(rule), ""]
    if stack.partial and stack.changes:
        lines += ["_What follows is as far as the preview came: what it would delete is not known._", ""]
    lines += [f"> **Note:** {code(note[:_SAID_AT_MOST])}\n" for note in stack.notes]
    grave = [change for change in stack.changes if change.kind.grave]
    if grave:
        lines += [f"#### :warning: Replaced or deleted: {len(grave)}", "", *_changes(grave, detail), ""]
    for system, changes in by_system([change for change in stack.changes if not change.kind.grave]).items():
        title = f"<b>{_html_code(system or 'the stack itself')}</b>: {len(changes)}"
        lines += [f"<details{' open' if len(changes) <= 10 else ''}><summary>{title}</summary>", ""]
        lines += [*_changes(changes, detail), "", "</details>", ""]
    lines += _money(stack.money)
    if stack.cost:
        lines += [stack.cost.sentence(stack.plan) + ".", ""]
    lines += _rules(stack)
    if detail.diagrams and stack.changes:
        lines += ["<details><summary>Diagram of what changes</summary>", ""]
        lines += [*block("mermaid", diagram(stack.changes)), "", "</details>", ""]
    if stack.real and not detail.of_fork:
        lines += _real(stack.real, detail)
    return lines


def _rules(stack: StackDiff) -> list[str]:
    """Return the advisory rules that what changes breaks, collapsed; how many more were broken before."""
    advisory = [rule for rule in stack.broken_here if not rule.mandatory]
    before = len(stack.rules) - len(stack.broken_here)
    lines: list[str] = []
    if advisory:
        lines += [f"<details><summary>Rules that this breaks: {len(advisory)}</summary>", ""]
        lines += [*block("text", [f"{rule.policy}: {rule.message[:_SAID_AT_MOST]}" for rule in advisory]), ""]
        lines += ["</details>", ""]
    if before:
        lines += [
            f"{count(before, 'advisory rule')} more {'is' if before == 1 else 'are'} broken, and not by this.",
            "",
        ]
    return lines


def _rule(rule: Rule) -> list[str]:
    reason = [f"{rule.level} here: {rule.reason}"] if rule.reason else []
    return block("text", [*rule.message[:_SAID_AT_MOST].split("; "), *reason])


def _money(money: MoneyDifference | None) -> list[str]:
    """Return what the change costs: one line, and below it system by system where there are several."""
    if money is None or not money.systems:
        return []
    lines = [f"**Money:** about {signed(money.as_used)} a month as used, {signed(money.at_rest)} at rest.", ""]
    lines += ["| system | at rest | as used | at its limits |", "| --- | ---: | ---: | ---: |"]
    for each in money.systems:
        limits = "no limit" if each.at_limits is None else signed(each.at_limits)
        name = code(each.system or "the stack itself").replace("|", "/")
        lines.append(f"| {name} | {signed(each.at_rest)} | {signed(each.as_used)} | {limits} |")
    return [*lines, ""]


def _real(real: Difference, detail: _Detail) -> list[str]:
    if real.error:
        return [
            "**`pulumi preview` against the real state failed:**",
            "",
            *block("text", real.error[:_SAID_AT_MOST].splitlines()),
            "",
        ]
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


def _changes(changes: Sequence[Change], detail: _Detail) -> list[str]:
    lines = [line for change in changes[: detail.most] for line in change_lines(change, detail.properties)]
    if len(changes) > detail.most:
        lines.append(f"# and {len(changes) - detail.most} more")
    return block("diff", lines)


def change_lines(change: Change, properties: bool, mark: Callable[[Kind], str] = _MARKS.__getitem__) -> list[str]:
    """Return one change: a line for the resource, and one for each property that differs."""
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
    """Return a code block that its content cannot end."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *(_plain(part) for line in lines for part in line.splitlines() or [""]), fence]


def code(text: str) -> str:
    """Return a text inside of a line, as code."""
    return "`" + _one_line(text).replace("`", "'") + "`"


def _html_code(text: str) -> str:
    """Return the same in HTML, which an empty line would end."""
    return f"<code>{html.escape(_one_line(text))}</code>"


def _one_line(text: str) -> str:
    return _plain(" ".join(text.split()))


def _plain(text: str) -> str:
    """Return a text without characters that change how others are shown, such as the direction of writing."""
    return "".join(each if each.isprintable() else _UNSHOWN for each in text.expandtabs(4))
