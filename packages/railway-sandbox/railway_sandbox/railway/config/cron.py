"""The next run of a cron schedule: five fields, in UTC, as Railway takes them.

Parses the fields; ``rules`` decides whether a schedule is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from railway_sandbox.clock import EPOCH

_MONTHS: Final = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
_WEEKDAYS: Final = "SUN MON TUE WED THU FRI SAT"
_FIELDS: Final = ((0, 59, ""), (0, 23, ""), (1, 31, ""), (1, 12, _MONTHS), (0, 7, _WEEKDAYS))
"""The smallest and largest number and the names, from the smallest number on, of minute, hour, day of the month, month
and day of the week (0 and 7: Sunday)."""
_DAY_MINUTES: Final = 24 * 60
_LONGEST_DAYS: Final = 5 * 366
"""Days within which the next run is searched: 29 February is among them."""


def shortest_gap_minutes(schedule: str) -> int:
    """Return the fewest minutes between two runs on one day. Raises ``ValueError`` for an invalid schedule."""
    minutes, hours, *_ = (_numbers(text, *limits) for text, limits in zip(schedule.split(), _FIELDS, strict=True))
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    return min((later - earlier for earlier, later in pairwise([*times, times[0] + _DAY_MINUTES])), default=0)


def next_run(schedule: str, now_s: float) -> float | None:
    """Return when the schedule runs first after ``now_s``, in simulated seconds; None when it never does."""
    fields = schedule.split()
    minutes, hours, days, months, weekdays = (
        _numbers(text, *limits) for text, limits in zip(fields, _FIELDS, strict=True)
    )
    after = EPOCH + timedelta(seconds=now_s)
    day = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(_LONGEST_DAYS):
        # As in every cron: where both kinds of day are limited, either is enough.
        by_date, by_week = day.day in days, day.isoweekday() % 7 in {number % 7 for number in weekdays}
        either = "*" not in (fields[2], fields[4])
        if day.month in months and ((by_date or by_week) if either else (by_date and by_week)):
            moment = _first(day, hours, minutes, after)
            if moment is not None:
                return (moment - EPOCH).total_seconds()
        day += timedelta(days=1)
    return None


def _first(day: datetime, hours: set[int], minutes: set[int], after: datetime) -> datetime | None:
    times = (day.replace(hour=hour, minute=minute) for hour in sorted(hours) for minute in sorted(minutes))
    return next((time for time in times if time > after), None)


def _numbers(text: str, smallest: int, largest: int, names: str) -> set[int]:
    """Return the numbers of a field: ``*``, ``5``, ``1-5``, ``*/10``, ``1-30/2``, ``MON`` or several with commas."""
    by_name = {name: number for number, name in enumerate(names.split(), smallest)}
    numbers: set[int] = set()
    for field in text.upper().split(","):
        span, _, step = field.partition("/")
        first, _, last = span.partition("-")
        low = smallest if span == "*" else _number(first, by_name)
        high = largest if span == "*" or (step and not last) else _number(last or first, by_name)
        if not smallest <= low <= high <= largest:
            raise ValueError(field)
        numbers.update(range(low, high + 1, _number(step or "1", {})))
    return numbers


def _number(text: str, by_name: Mapping[str, int]) -> int:
    if text not in by_name and not text.isdecimal():
        raise ValueError(text)
    return by_name[text] if text in by_name else int(text)
