"""The errors that a resource may raise.

Does not know gRPC: the servicer turns these into status codes and details.

    Failure                     nothing was created, or nothing that has to be kept
    └── InitializationFailed    the resource exists: it is kept in the state, with the reasons why it is not ready
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Failure(Exception):  # noqa: N818 the word that users of the provider see
    """An operation failed for a reason that a person can act on.

    The text is shown as it is: what was wrong, where, what to do next; never a secret value.
    """


class InitializationFailed(Failure):
    """A resource exists but is not as asked for: a deployment crashed, a wait timed out, a second step failed.

    ``id`` and ``state`` are what the engine stores, so that nothing that exists is lost and the next run updates it.
    """

    def __init__(self, id: str, state: Any, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.id = id
        self.state = state
        self.reasons = tuple(reasons)
