"""The report of the demo: each step with its commands and the important part of what they said, then a table.

The same stands on one page, which needs neither network nor script: the pictures of what runs at its end, those of
``railyard map --status``, and below them all that it printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from railyard.map.svg import STYLE
from railyard.rehearsal.project_copy import STACKS, CommandRun, ProjectCopy


@dataclass
class Step:
    """One step of the road, with the commands that were run for it."""

    title: str
    done: list[CommandRun] = field(default_factory=list[CommandRun])

    @property
    def time_s(self) -> float:
        """Return seconds of real time."""
        return sum(each.time_s for each in self.done)

    def requests(self, *apis: str) -> int:
        """Return how many requests it sent to these APIs."""
        return sum(each.requests[api] for each in self.done for api in apis)


class Report:
    """Prints to ``console`` and remembers the steps."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.steps: list[Step] = []

    def step(self, title: str, *, because: str) -> None:
        """Print that a step begins."""
        self.steps.append(Step(title))
        self._line("")
        self._line(f"{len(self.steps)}. {title}", "bold cyan")
        self._line(because, "dim")

    def command(self, run: CommandRun, *, first: int, last: int) -> None:
        """Print the first and the last lines of what a command said."""
        self.steps[-1].done.append(run)
        self._line(f"$ {run.command}", "bold")
        self.text(run.text, first=first, last=last)
        requests = ", ".join(f"{count} {api}" for api, count in sorted(run.requests.items())) or "none"
        self._line(f"[exit code {run.code}, {run.time_s:.1f} s, requests: {requests}]", "dim")

    def text(self, text: str, *, first: int, last: int) -> None:
        """Print the first and the last lines of a text."""
        lines = text.rstrip().splitlines()
        left_out = len(lines) - first - last
        if left_out > 1:
            lines[first : len(lines) - last] = [f"… {left_out} lines …"]
        for line in lines:
            self._line(f"  {line}")

    def did(self, what: str) -> None:
        """Print that somebody did something that is no command."""
        self._line(f"# {what}", "bold")

    def message(self, message: Mapping[str, Any]) -> None:
        """Print what Discord shows of a message."""
        (embed,) = message["embeds"]
        self._line("  ┌ Discord")
        self._line(f"  │ {embed['title']}", "bold red")
        for each in embed["fields"]:
            self._line(f"  │ {each['name']}:")
            for line in str(each["value"]).splitlines():
                self._line(f"  │   {line}")

    def failed(self, why: str) -> None:
        """Print that the road ended here."""
        self._line(f"error: {why}", "bold red")

    def table(self) -> None:
        """Print times and requests of each step."""
        if not self.steps:
            return
        shown = Table(title="Times and requests", title_justify="left")
        for column in ("", "step", "time", "Railway", "Cloudflare", "DigitalOcean and Spaces"):
            shown.add_column(column, justify="left" if column == "step" else "right")
        for number, each in enumerate(self.steps, 1):
            counted = [each.requests(*apis) for apis in (("railway",), ("cloudflare",), ("digitalocean", "spaces"))]
            shown.add_row(str(number), each.title, f"{each.time_s:.0f} s", *map(str, counted))
        self._console.print()
        self._console.print(shown)
        self._line("Real time; in the simulated clouds a hundred times as much passes.")

    def _line(self, text: str, style: str | None = None) -> None:
        self._console.print(text, style=style, markup=False, emoji=False)


_TRANSCRIPT: Final = '<pre style="overflow-x:auto;font-size:13px">{code}</pre>'


def pictures(project: ProjectCopy) -> list[str]:
    """Return the pictures of the copy's stacks as they are, as SVG; none of a stack that cannot be drawn."""
    texts: list[str] = []
    for stack in STACKS:
        file = project.directory / ".sandbox" / f"{stack}.svg"
        project.run("./bin/railyard", "map", "-s", stack, "--status", "--out", str(file))
        texts += [file.read_text(encoding="utf-8")] if file.exists() else []
    return texts


def page(console: Console, drawn: Sequence[str]) -> str:
    """Return the page with all that ``console``, which records, has printed."""
    return "\n".join([
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>The whole road, rehearsed</title><style>{STYLE}</style></head><body>",
        "<h1>The whole road, rehearsed</h1>",
        *(f"<figure>{picture}</figure>" for picture in drawn),
        console.export_html(inline_styles=True, clear=False, code_format=_TRANSCRIPT),
        "</body></html>",
        "",
    ])  # fmt: skip
