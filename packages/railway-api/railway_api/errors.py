"""Defines what can go wrong between the client and Railway, as types.

Railway marks nearly every business error as INTERNAL_SERVER_ERROR, so the text of the message is all that tells them
apart: the table below maps texts to types, and is the only place that knows them. Does not know what a resource does
about an error.

    RailwayError            everything below; also a message of no known kind
    ├── Unreachable         no answer, and what was asked for surely did not happen
    │   └── LeftOut         another call of the same document failed and took this answer away
    ├── OutcomeUnknown      no answer to a write: it may have happened, so look before repeating it
    ├── Throttled           too many of one thing in too short a time; carries how long to wait
    │   └── EdgeBlocked     the edge in front of the API blocks this network address
    ├── NotAuthorized       dead token, no access, or deleted: Railway does not say which
    ├── NotFound            gone, or, just after a create, not there yet
    ├── Exists              the name is taken
    ├── Busy                another change of the same thing is under way
    ├── StillApplying       a commit was accepted, and Railway goes on applying it
    ├── Race                Railway asks to try again
    ├── Validation          a value is refused
    ├── PlanLimit           the plan does not include it
    ├── NothingToCommit     the configuration is already as asked for
    ├── UnexpectedResponse  an answer that is none
    └── Opaque              "Problem processing request": Railway says nothing more
"""

# ruff: noqa: N818 named for what Railway says; all are a RailwayError

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from railway_api.failure import Failure
from railway_api.json_objects import table


class RailwayError(Failure):
    """Railway refused an operation, or could not be asked."""

    def __init__(self, text: str, *, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason or text
        """Railway's own message."""


class Unreachable(RailwayError):
    """Nothing happened: the API could not be reached, or kept answering with a gateway error to a read."""


class LeftOut(Unreachable):
    """A neighbour in the same document failed: ask again alone."""


class OutcomeUnknown(RailwayError):
    """A write went out and no usable answer came back."""


class Throttled(RailwayError):
    """Too fast for Railway."""

    def __init__(self, text: str, *, reason: str = "", retry_after_s: float = 30.0) -> None:
        super().__init__(text, reason=reason)
        self.retry_after_s = retry_after_s


class EdgeBlocked(Throttled):
    """The edge refuses everything from this address."""


class NotAuthorized(RailwayError):
    """The token has no access or was revoked, or the resource no longer exists."""


class NotFound(RailwayError):
    """The resource does not exist (yet)."""


class Exists(RailwayError):
    """The name is taken."""


class Busy(RailwayError):
    """Another operation on it is under way."""


class StillApplying(RailwayError):
    """Railway was still applying a commit when the time for it was over."""


class Race(RailwayError):
    """Railway was not ready and asks to try again."""


class Validation(RailwayError):
    """A value was refused."""


class PlanLimit(RailwayError):
    """The plan does not include it."""


class UnexpectedResponse(RailwayError):
    """An answer has another form than Railway's schema promises."""

    def __init__(self, operation: str, problem: str) -> None:
        super().__init__(
            f"Railway answered something unexpected to {operation}, {problem}: nothing of it was stored; run the "
            "command again (what exists already is found and kept), and report this if it stays"
        )


class NothingToCommit(RailwayError):
    """The patch changes nothing."""


class Opaque(RailwayError):
    """Railway gave no reason."""


PROJECT_COOL_DOWN_S: Final = 30.0
"""One project, and one environment per user, in 30 s (observed, not documented)."""
VOLUME_COOL_DOWN_S: Final = 5.0
"""Wait after a volume was refused as too soon: another client creates too, so it is longer than the time between this
client's own creates (``pace.VOLUME_SPACING_S``). Railway only says "try again in a sec"."""

_THROTTLES: Final = (
    ("creating projects too quickly", PROJECT_COOL_DOWN_S),
    ("1 project per 30 seconds", PROJECT_COOL_DOWN_S),
    ("only one environment can be created", PROJECT_COOL_DOWN_S),
    ("creating environments too quickly", PROJECT_COOL_DOWN_S),
    ("creating volumes too quickly", VOLUME_COOL_DOWN_S),
    ("whoa there pal", VOLUME_COOL_DOWN_S),
    ("too quickly", PROJECT_COOL_DOWN_S),
    ("rate limit", PROJECT_COOL_DOWN_S),
)

_EVERY: Final = re.compile(r"\b(?:every|per|wait|in)\s+(\d+)\s*(s|secs?|seconds?|m|mins?|minutes?)\b")
"""Railway's text for the interval between two creates: "every 30s", "per 30 seconds"."""
LONGEST_INTERVAL_S: Final = 600.0

# The order counts: the first fragment found in the message decides.
_FRAGMENTS: Final[tuple[tuple[str, type[RailwayError]], ...]] = (
    ("no patch to apply", NothingToCommit),
    ("operation is already in progress", Busy),
    ("cannot redeploy yet", Busy),
    ("please try again", Race),
    ("not authorized", NotAuthorized),
    ("two factor authentication required", NotAuthorized),
    # Before what a name may contain: a service may be called "upgrade".
    ("already exists", Exists),
    ("already in use", Exists),
    ("not found", NotFound),
    # Before "already has": a workspace already has all that its plan allows.
    ("upgrade", PlanLimit),
    ("plan limit", PlanLimit),
    ("already has", Exists),
    ("not available", Exists),
    ("problem processing request", Opaque),
    ("invalid", Validation),
    ("is not a valid", Validation),
    ("cannot be identical", Validation),
)

_CODES: Final[Mapping[str, type[RailwayError]]] = {
    "GRAPHQL_PARSE_FAILED": Validation,
    "GRAPHQL_VALIDATION_FAILED": Validation,
    "BAD_USER_INPUT": Validation,
    "UNAUTHENTICATED": NotAuthorized,
    "FORBIDDEN": NotAuthorized,
}

_ADVICE: Final[Mapping[type[RailwayError], str]] = {
    PlanLimit: "choose a smaller value, or a larger plan at https://railway.com/workspace/plans",
    Opaque: "Railway gives no reason; run the command again, and look at https://status.railway.com if it stays",
    OutcomeUnknown: "run the command again: what exists already is found and kept",
}


def advice_for(kind: type[RailwayError]) -> str:
    """Return what to do next, as a clause to append to a message; empty when the message says enough."""
    advice = _ADVICE.get(kind)
    return f": {advice}" if advice else ""


def classify(operation: str, error: Mapping[str, object]) -> RailwayError:
    """Return the typed error for one entry of a GraphQL answer's ``errors``."""
    message = str(error.get("message") or "no message")
    extensions = table(error.get("extensions"))
    trace = error.get("traceId") or extensions.get("traceId")
    suffix = f" (trace {trace})" if trace else ""
    lowered = message.lower()
    interval = _EVERY.search(lowered)
    interval_s = float(interval[1]) * (60.0 if interval[2].startswith("m") else 1.0) if interval else None
    usual_s = next((seconds for fragment, seconds in _THROTTLES if fragment in lowered), None)
    if usual_s is not None or (interval_s is not None and "only one" in lowered):
        wait_s = min(interval_s, LONGEST_INTERVAL_S) if interval_s is not None else usual_s or PROJECT_COOL_DOWN_S
        return Throttled(f"Railway refused {operation}: {message}{suffix}", reason=message, retry_after_s=wait_s)
    kind = next((kind for fragment, kind in _FRAGMENTS if fragment in lowered), None)
    kind = kind or _CODES.get(str(extensions.get("code") or ""), RailwayError)
    return kind(f"Railway refused {operation}: {message}{suffix}{advice_for(kind)}", reason=message)
