"""Validates single values: each check returns why a value is refused, or None.

Owns the checks that the provider alone needs; those of values that settings hold too are in ``rules``. Reasons name the
value given, so a check is never put on a secret, and none of these quotes the value of a variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from pulumi_provider.declaration import UNKNOWN, Unknown
from pulumiverse_railway import rules

from .scopes import label

LONGEST_NAME: Final = 63
"""Names become DNS labels."""
_WHOLE: Final = 100
"""Percent."""


def name(value: str) -> str | None:
    """Validate the name of a project, environment, service or volume."""
    if not value.strip():
        return "must not be empty"
    if len(value) > LONGEST_NAME:
        return f"must have at most {LONGEST_NAME} characters, not {len(value)}"
    return "must not hold line breaks or other control characters" if re.search(r"[\x00-\x1f\x7f]", value) else None


def service_name(value: str) -> str | None:
    """Validate the name of a service, from which Railway makes the host in the private network."""
    if (reason := name(value)) is not None:
        return reason
    return None if label(value) else "must hold a letter from a to z or a digit: Railway makes a host name of it"


def variables(value: Mapping[str, object]) -> str | None:
    """Validate names, which a shell has to be able to hold, and values, without quoting one."""
    invalid = sorted(key for key in value if rules.variable_name.broken_by(key))
    if invalid:
        return f"must have names of letters, digits and underscores that start with no digit, not {', '.join(invalid)}"
    broken = sorted(
        key for key, each in value.items() if isinstance(each, str) and rules.variable_value.broken_by(each)
    )
    return f"must hold no NUL, which {', '.join(broken)} does" if broken else None


def sealed(names: object, variables: object) -> str | None:
    """Return which names to seal are no variables that are set here; None when all are, or are not known yet."""
    if not isinstance(names, Sequence) or isinstance(variables, Unknown):
        return None
    given = cast("Mapping[str, object] | None", variables) or {}
    missing = sorted(
        name for name in cast("Sequence[str | Unknown]", names) if isinstance(name, str) and name not in given
    )
    return f"must name variables that are set here, not {', '.join(missing)}" if missing else None


def regions(value: Mapping[str, int | Unknown]) -> str | None:
    """Demand at least one region, each with at least one replica."""
    if not value:
        return "must name at least one region; leave it out for Railway's default"
    counts = {region: count for region, count in sorted(value.items()) if not isinstance(count, Unknown)}
    invalid = [f"{region}: {count}" for region, count in counts.items() if count < 1]
    return f"must have at least 1 replica in each region, not {', '.join(invalid)}" if invalid else None


def percentages(value: Sequence[int | Unknown]) -> str | None:
    """Return what is wrong with shares of a whole; None when they are right."""
    numbers = [each for each in value if isinstance(each, int)]
    if any(not 0 < each <= _WHOLE for each in numbers):
        return "must hold numbers from 1 to 100"
    return no_repetition(numbers)


def no_repetition(value: Sequence[object]) -> str | None:
    """Validate a list that is really a set."""
    items = [item for item in value if item is not UNKNOWN]
    twice = sorted({str(item) for item in items if items.count(item) > 1})
    return f"must name each only once, not {', '.join(twice)} again" if twice else None
