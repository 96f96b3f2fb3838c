"""The base of every form of output."""

from __future__ import annotations

from typing import Protocol

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
