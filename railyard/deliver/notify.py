"""``railyard notify``, and the message of a deployment, at Discord and at Slack.

Owns the message, its words, its two forms and their limits, and the note that it was sent. A deployment has one
message: at Discord it is there from the beginning and is changed when more is known; Slack's webhooks can change none,
and get it at the end. Webhook addresses are secrets: they come from DISCORD_WEBHOOK_URL and SLACK_WEBHOOK_URL and stand
in no text. A message that cannot be sent is a warning, since the work it tells of is done.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, cast

import httpx
import typer

from railway_api.certificates import trusted
from railyard.deliver.system_release import DeployOutcome, Result, SystemRelease
from railyard.review import checkout
from railyard.shared.console import PROBLEM
from railyard.shared.project import project_directory
from stacks.project_folder import RAILYARD

DISCORD: Final = "DISCORD_WEBHOOK_URL"
SLACK: Final = "SLACK_WEBHOOK_URL"
_TIMEOUT_S: Final = 20.0
_LONGEST_TITLE: Final = 140
"""Characters; Slack's header takes 150, Discord's title 256."""
_LONGEST_TEXT: Final = 1_000
"""Characters of one field; Discord takes 1,024, Slack 3,000."""
_LEFT_OUT: Final = "\n…\n"


class MessageColor(Enum):
    """The colour of a message at Discord."""

    BAD = 0xC62828
    GOOD = 0x2E7D32
    UNDER_WAY = 0x1565C0


@dataclass(frozen=True, kw_only=True)
class Message:
    """All that a person on call needs to know first."""

    title: str
    """Title, ``production: seance rolled back``."""
    failed: str
    """Failures with their reasons, as reported."""
    change: str = ""
    """Subject and author of the commit."""
    where: str
    """Stack and commit."""
    runs_now: str
    """Releases that serve users now."""
    took: str = ""
    """Duration in seconds."""
    next_step: str
    """The command or the page to begin with."""
    link: str = ""
    """The run of the workflow."""
    mood: MessageColor = MessageColor.BAD

    def fields(self) -> dict[str, str]:
        """Return heading → text, in reading order, each within the limits."""
        named = {
            "What failed": self.failed,
            "Change": self.change,
            "Where": self.where,
            "What runs now": self.runs_now,
            "Took": self.took,
            "Next step": self.next_step,
        }
        return {heading: _without_middle(text) for heading, text in named.items() if text}


def duration(seconds: float) -> str:
    """Return a length of time for people: ``45 s``, ``3 min 5 s``."""
    minutes, remaining_seconds = divmod(round(seconds), 60)
    return f"{minutes} min {remaining_seconds} s" if minutes else f"{remaining_seconds} s"


def run_link(environment: Mapping[str, str] | None = None) -> str:
    """Return the page of the workflow run that we are part of; empty elsewhere."""
    variables = os.environ if environment is None else environment
    values = [variables.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return f"{values[0]}/{values[1]}/actions/runs/{values[2]}" if all(values) else ""


def discord(message: Message) -> dict[str, Any]:
    """Return it as Discord's webhooks take it (https://docs.discord.com/developers/resources/webhook#execute-webhook)."""
    embed: dict[str, Any] = {
        "title": _cut(message.title, _LONGEST_TITLE),
        "color": message.mood.value,
        "fields": [{"name": heading, "value": text} for heading, text in message.fields().items()],
        **({"url": message.link} if message.link else {}),
    }
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def slack(message: Message) -> dict[str, Any]:
    """Return it as Slack's webhooks do (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks)."""
    title = _cut(message.title, _LONGEST_TITLE)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": title}}]
    blocks += [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{heading}*\n{_slack_text(text)}"}}
        for heading, text in message.fields().items()
    ]
    if message.link:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": f"<{message.link}|The run>"}})
    return {"text": _slack_text(title), "blocks": blocks}


def notify(
    title: Annotated[str, typer.Argument(help="Step that did not happen, such as 'staging was not deployed'.")],
) -> None:
    """Tell the people on call that a job of a workflow failed without saying so itself: its set-up, or its time limit.

    The message goes to DISCORD_WEBHOOK_URL and SLACK_WEBHOOK_URL, where they are set. Exit code 1 when one of them
    cannot be reached.
    """
    variables = os.environ
    job = f"the job {variables.get('GITHUB_JOB', '?')} of the workflow {variables.get('GITHUB_WORKFLOW', '?')}"
    message = Message(
        title=title,
        failed=f"{job} failed, or was cut off by its time limit or by hand",
        where=f"commit {variables.get('GITHUB_SHA', '')[:7] or 'unknown'}",
        runs_now=f"{RAILYARD} status says it.",
        next_step="Read in the run which step failed, fix that, and run the job again.",
        link=run_link(),
    )
    if not any(variables.get(name) for name in (DISCORD, SLACK)):
        typer.echo(f"no message was sent: neither {DISCORD} nor {SLACK} is set")
    if not tell(message):
        raise typer.Exit(PROBLEM)


def tell(message: Message, environment: Mapping[str, str] | None = None, begun: str = "") -> bool:
    """Send it, warn of what could not be sent, and leave a note for the job's later steps; return whether all was sent.

    At Discord it takes the place of the message ``begun``.
    """
    warnings = send(message, environment, begun)
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    if not warnings:
        write_told_output()
    return not warnings


def write_told_output() -> None:
    """Let the job's later steps know that people have heard of it: the step's output ``told`` is ``true``."""
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write("told=true\n")


class DeployMessage:
    """The one message of a deployment."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._known = os.environ if environment is None else environment
        self._begun = ""
        """Discord's id of the message that tells of the beginning."""

    def begin(self, message: Message) -> None:
        """Tell at Discord that it is under way. If that fails, only the end is sent."""
        if address := self._known.get(DISCORD):
            _, answer = _request("POST", address, discord(message), wait="true")
            self._begun = str(answer.get("id") or "")

    def end(self, message: Message) -> bool:
        """Tell how it ended, at Discord in the place of the beginning; return whether all was sent."""
        return tell(message, self._known, self._begun)


def send(message: Message, environment: Mapping[str, str] | None = None, begun: str = "") -> list[str]:
    """Send it wherever a webhook is set, at Discord in the place of the message ``begun``; return the warnings.

    They name no address.
    """
    variables = os.environ if environment is None else environment
    warnings: list[str] = []
    if address := variables.get(DISCORD):
        problem = begun and _request("PATCH", address, discord(message), below=f"/messages/{begun}")[0]
        if problem or not begun:
            problem = _request("POST", address, discord(message))[0]
        warnings += [f"the message could not be sent to {DISCORD}: {problem}"] if problem else []
    if address := variables.get(SLACK):
        problem = _request("POST", address, slack(message))[0]
        warnings += [f"the message could not be sent to {SLACK}: {problem}"] if problem else []
    return warnings


def _request(
    method: str, address: str, body: Mapping[str, Any], *, below: str = "", **query: str
) -> tuple[str, Mapping[str, Any]]:
    """Return what went wrong, or nothing, and the document of the answer, where it is one."""
    try:
        url = httpx.URL(address)
        url = url.copy_with(path=url.path.rstrip("/") + below) if below else url
        url = url.copy_merge_params(query)
        answer = httpx.request(method, url, json=body, timeout=_TIMEOUT_S, verify=trusted(str(url)))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__, {}
    if answer.is_error:
        return f"it answered {answer.status_code}", {}
    try:
        document: Any = answer.json()
    except ValueError:  # Slack says "ok", and Discord nothing unless it is asked to
        document = None
    return "", cast("Mapping[str, Any]", document) if isinstance(document, dict) else {}


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_middle(text: str) -> str:
    """Cut the middle out: what failed is at the beginning, what to do at the end, a long log between."""
    half = _LONGEST_TEXT // 2 - len(_LEFT_OUT)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:half].rstrip()}{_LEFT_OUT}{text[-half:].lstrip()}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


_MOST_NAMED = 6
"""Systems of one result that a title names."""


def message(stack: str, outcome: DeployOutcome, *, begun: bool = False) -> Message:
    """Return the message; ``begun``: it is under way, and nothing is known yet of how it ends."""
    problems = [line for release in outcome.failed for line in _named(release, outcome, release.problems)]
    author = checkout.authorship(project_directory(), outcome.commit.removesuffix(checkout.CHANGED))
    return Message(
        title=f"{stack}: deploying {_names(outcome.releases)}" if begun else title(stack, outcome),
        failed="\n".join([*outcome.stopped, *problems, *(f"not of this release: {each}" for each in outcome.notices)]),
        change=f"{author.subject}, by {author.name}" if author else "",
        where=f"stack {stack}, commit {checkout.commit_name(outcome.commit)} ({outcome.changes})",
        runs_now="" if begun else "\n".join(_runs_now(outcome)),
        took="" if begun or outcome.stopped else duration(outcome.took_s),
        next_step="" if begun else "\n".join(dict.fromkeys(_next_steps(stack, outcome))),
        link=run_link(),
        mood=MessageColor.UNDER_WAY if begun else _mood(outcome),
    )


def title(stack: str, outcome: DeployOutcome) -> str:
    """Return how it ended in one line: ``staging: seance deployed, omnistack rolled back``."""
    if outcome.stopped:
        return f"{stack} was not deployed"
    words = {Result.DEPLOYED: "deployed", Result.ROLLED_BACK: "rolled back", Result.BROKEN: "broken"}
    outcomes = [
        f"{_names(group)} {verb}"
        for result, verb in words.items()
        if (group := [release for release in outcome.releases if release.result is result])
    ]
    tail = "; something else fails" if outcome.notices and not outcome.failed else ""
    look = ": somebody has to look" if outcome.result is Result.BROKEN else ""
    return f"{stack}: {', '.join(outcomes) or 'nothing changed'}{look}{tail}"


def _mood(outcome: DeployOutcome) -> MessageColor:
    return MessageColor.GOOD if outcome.result is Result.DEPLOYED else MessageColor.BAD


def _names(releases: Sequence[SystemRelease]) -> str:
    names = [release.label for release in releases if release.system or release.changes]
    if not names:
        return "the stack, in which no resource changes,"
    return ", ".join(names) if len(names) <= _MOST_NAMED else f"{len(names)} systems"


def _named(release: SystemRelease, outcome: DeployOutcome, lines: Iterable[str]) -> list[str]:
    """Set the system before the first line, where there are several."""
    texts = list(lines)
    return [f"{release.label}: {texts[0]}", *texts[1:]] if texts and len(outcome.releases) > 1 else texts


def _runs_now(outcome: DeployOutcome) -> list[str]:
    if outcome.stopped:
        return ["What ran before: nothing was begun."]
    commit = checkout.commit_name(outcome.commit)
    lines: list[str] = []
    for release in outcome.releases:
        match release.result:
            case Result.DEPLOYED:
                text = f"{commit}, all services healthy."
            case Result.ROLLED_BACK:
                text = f"{release.back_to[:7]} again, all services healthy."
            case _:
                text = _mix(release, outcome.commit)
        # Beside trouble elsewhere, too, it has to be plain whose services are healthy.
        lines.append(f"{release.label}: {text}" if len(outcome.releases) > 1 or outcome.notices else text)
    return lines


def _mix(release: SystemRelease, commit: str) -> str:
    kept = "A service whose new deployment is unhealthy keeps serving its old one."
    problems = "; ".join(release.back_problems)
    if release.back_to == commit != "":
        return f"Part of {commit[:7]}, which had been deployed before and failed once more: {problems}. {kept}"
    if not release.back_to:
        return f"Part of {commit[:7]}; there is no commit to go back to. {kept}"
    return f"A mix of {commit[:7]} and {release.back_to[:7]}, to which going back failed: {problems}. {kept}"


def _next_steps(stack: str, outcome: DeployOutcome) -> list[str]:
    if outcome.stopped:
        return ["Read the problem, plan again (run the workflow once more), and approve what it shows."]
    commit = checkout.commit_name(outcome.commit)
    steps: list[str] = []
    for release in outcome.failed:
        if release.result is Result.BROKEN:
            system = release.system or "SYSTEM"
            status = " ".join([RAILYARD, "status", *filter(None, [release.system]), "-s", stack])
            steps.append(
                f"{status}, then {RAILYARD} logs {system}/SERVICE -s {stack} for what is unhealthy; "
                f"{RAILYARD} rollback {system} -s {stack} --now goes back with Railway's own rollback."
            )
        elif release.back_to == outcome.commit:
            steps.append(
                f"Nobody has to get up. {commit} had been deployed before, and is not to blame: read what failed, and "
                "run the workflow again."
            )
        else:
            steps.append(
                f"Nobody has to get up. Revert what {commit} changes in {release.label}, or fix it in a pull "
                "request: the next deployment tries it again."
            )
    if outcome.notices:
        command = " ".join([RAILYARD, "verify", *outcome.unwell, "-s", stack])
        steps.append(f"{command} says what to do about what else fails.")
    return steps or ["Nothing has to be done."]
