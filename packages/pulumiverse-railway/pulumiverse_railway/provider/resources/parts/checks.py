"""Judges single values: each check returns why a value is refused, or None.

Owns only what Railway refuses for certain, or what cannot work; anything else is Railway's to judge. Texts name the
value given, so a check is never put on a secret, and none of these quotes the value of a variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from pulumi_provider.declaration import UNKNOWN, Check
from pulumiverse_railway.provider.resources.parts.identifiers import label

LONGEST_NAME: Final = 63
"""Names become DNS labels."""
SHORTEST_CRON_MINUTES: Final = 5
_HOSTNAME: Final = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CRON_FIELD: Final = re.compile(r"[0-9A-Za-z*/,-]+")


def between(low: float, high: float, unit: str = "") -> Check:
    """A number within bounds, both included."""
    suffix = f" {unit}" if unit else ""

    def check(value: Any) -> str | None:
        return None if low <= value <= high else f"must be between {low:g} and {high:g}{suffix}, not {value:g}"

    return check


def matching(pattern: str, meaning: str) -> Check:
    """A text of a certain form."""

    def check(value: Any) -> str | None:
        return None if re.fullmatch(pattern, value) else f"must be {meaning}, not {value!r}"

    return check


def name(value: Any) -> str | None:
    """A name of a project, environment, service or volume."""
    if not value.strip():
        return "must not be empty"
    if len(value) > LONGEST_NAME:
        return f"must have at most {LONGEST_NAME} characters, not {len(value)}"
    return "must not hold line breaks or other control characters" if re.search(r"[\x00-\x1f\x7f]", value) else None


def service_name(value: Any) -> str | None:
    """A name of a service, of which Railway makes the host in the private network."""
    if (reason := name(value)) is not None:
        return reason
    return None if label(value) else "must hold a letter from a to z or a digit: Railway makes a host name of it"


port: Final = between(1, 65_535)
absolute_path: Final = matching(r"/[^\s]*", "a path that starts with / and holds no space")
repository: Final = matching(r"[\w.-]+/[\w.-]+", "owner/name of a GitHub repository")
commit: Final = matching(r"[0-9a-f]{7,40}", "a git commit of 7 to 40 hexadecimal digits")
image: Final = matching(r"[\w][\w./:@-]*", "a Docker image such as valkey/valkey:8, without scheme or spaces")


def mount_path(value: Any) -> str | None:
    """A folder in the container that a volume can take the place of."""
    return (
        "must not be /, a volume cannot take the place of the whole container" if value == "/" else absolute_path(value)
    )


def hostname(value: Any) -> str | None:
    """A full domain name in lower case, or a wildcard."""
    if _HOSTNAME.fullmatch(value) and len(value) <= 253:
        return None
    return f"must be a full domain name in lower case such as api.example.com or *.example.com, not {value!r}"


def cron(value: Any) -> str | None:
    """A schedule of five fields that leaves five minutes between two runs."""
    fields = value.split()
    if len(fields) != 5 or not all(_CRON_FIELD.fullmatch(field) for field in fields):
        return f"must have the five fields minute, hour, day, month and weekday (UTC), not {value!r}"
    step = re.fullmatch(r"\*(?:/(\d+))?", fields[0])
    if step and int(step[1] or 1) < SHORTEST_CRON_MINUTES:
        return f"must leave at least {SHORTEST_CRON_MINUTES} minutes between two runs, not {value!r}"
    return None


def variables(value: Any) -> str | None:
    """Names that a shell can hold."""
    wrong = sorted(key for key in cast("Mapping[str, Any]", value) if not _VARIABLE.fullmatch(key))
    if wrong:
        return f"must have names of letters, digits and underscores that start with no digit, not {', '.join(wrong)}"
    return None


def regions(value: Any) -> str | None:
    """At least one region, each with at least one replica."""
    counts = cast("Mapping[str, Any]", value)
    if not counts:
        return "must name at least one region; leave it out for Railway's default"
    wrong = [f"{region}: {count}" for region, count in sorted(counts.items()) if count is not UNKNOWN and count < 1]
    return f"must have at least 1 replica in each region, not {', '.join(wrong)}" if wrong else None


def no_repetition(value: Any) -> str | None:
    """A list that is really a set."""
    items = [item for item in cast("Sequence[Any]", value) if item is not UNKNOWN]
    twice = sorted({str(item) for item in items if items.count(item) > 1})
    return f"must name each only once, not {', '.join(twice)} again" if twice else None
