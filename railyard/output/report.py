"""The base of every form of output, and lines on a console: with styles on a terminal, as plain text elsewhere."""

from __future__ import annotations

from typing import Protocol

from rich.console import Console
from rich.text import Text

from pulumi_operations.events import Event, Result


class Report(Protocol):
    """Follows one operation of the engine from the first event to the result."""

    def on_event(self, event: Event) -> None:
        """Take one event; may be called from any thread, one call at a time."""
        ...

    def finish(self, result: Result) -> None:
        """Show how it ended. Called once, after the last event."""
        ...

    def close(self) -> None:
        """Give the terminal back, also when the operation never came to an end. Harmless after ``finish``."""
        ...


class BothReports:
    """Hands everything to two reports."""

    def __init__(self, first: Report, second: Report) -> None:
        self._reports = (first, second)

    def on_event(self, event: Event) -> None:
        """Take one event."""
        for report in self._reports:
            report.on_event(event)

    def finish(self, result: Result) -> None:
        """Let both show how it ended."""
        for report in self._reports:
            report.finish(result)

    def close(self) -> None:
        """Close both."""
        for report in self._reports:
            report.close()


def is_plain(console: Console) -> bool:
    """Tell whether nothing but text may be written: to a file, a pipe, a dumb terminal, or with NO_COLOR."""
    return not console.is_terminal or console.is_dumb_terminal or console.no_color


def write(console: Console, *lines: Text) -> None:
    """Write each as it is: neither wrapped nor highlighted."""
    for line in lines:
        text = Text(line.plain) if is_plain(console) else line
        console.print(text, soft_wrap=True, highlight=False, markup=False)
