"""What every form of output has in common."""

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
