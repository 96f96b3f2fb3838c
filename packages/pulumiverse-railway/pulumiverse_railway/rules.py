"""Rules for single values, shared by the provider and by whoever reads such values from a file.

They refuse values that Railway certainly refuses, or that cannot work; all others are left to Railway. A rule is data
or a small class, and needs neither Pulumi nor the provider. Rules quote the value, so none is used for a secret.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

SHORTEST_CRON_MINUTES: Final = 5
"""https://docs.railway.com/cron-jobs"""
HOUR_S: Final = 3_600


class Rule:
    """One rule; ``pulumi_provider`` calls it as the ``check`` of a property."""

    def broken_by(self, value: Any) -> str | None:
        """Return what ``value`` must do, as the words after "must" ("be between 1 and 5"); None when it is right."""
        raise NotImplementedError

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return the rule as keywords of JSON Schema, as far as these can say it."""
        return {}

    def __call__(self, value: Any) -> str | None:
        """Return why ``value`` is refused, ``must be between 1 and 5, not 9``; None when it is right."""
        demand = self.broken_by(value)
        return None if demand is None else f"must {demand}, not {_shown(value)}"


@dataclass(frozen=True)
class Between(Rule):
    """A number within bounds, both included."""

    low: float
    high: float
    unit: str = ""

    def broken_by(self, value: Any) -> str | None:
        """Compare with the bounds."""
        if self.low <= value <= self.high:
            return None
        return f"be between {self.low:g} and {self.high:.7g}{f' {self.unit}' if self.unit else ''}"

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return minimum and maximum."""
        return {"minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Matching(Rule):
    """A text of a certain form: ``pattern`` is what is allowed, ``meaning`` is how a person would say it."""

    pattern: str
    meaning: str

    def broken_by(self, value: Any) -> str | None:
        """Match the whole text."""
        return None if re.fullmatch(self.pattern, value) else f"be {self.meaning}"

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return the pattern, without what only Python's expressions know."""
        return {} if self.pattern.startswith("(?s)") else {"pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True)
class Each(Rule):
    """A list whose every entry obeys one rule."""

    rule: Rule

    def broken_by(self, value: Any) -> str | None:
        """Look at the entries in turn."""
        demands = (self.rule.broken_by(entry) for entry in value)
        return next((f"hold entries that each {demand}" for demand in demands if demand), None)

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return what is said of the entries."""
        return {"items": {"type": "string", **self.rule.json_schema}}


class MountPath(Rule):
    """A folder in the container that a volume can take the place of."""

    def broken_by(self, value: Any) -> str | None:
        """Look at the form, and at what is left of the path."""
        if (demand := absolute_path.broken_by(value)) is not None:
            return demand
        names = [name for name in value.split("/") if name not in ("", ".")]
        if not names or ".." in names:
            return "not be /, which is the container's own, but a path below / without .."
        if names[0] in _OF_THE_KERNEL:
            return f"not be below /{names[0]}, which the container's kernel fills, but another path, such as /data"
        return None

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return the pattern of a path with a name in it."""
        return {"pattern": r"^/\S*[^/\s]\S*$"}


_OF_THE_KERNEL: Final = ("dev", "proc", "sys")
"""Folders at the root of a container that no volume can take the place of."""


class Image(Rule):
    """A Docker image with its tag or digest, in a registry that Railway can reach."""

    def broken_by(self, value: Any) -> str | None:
        """Look at the form, then at the host of the registry."""
        if not re.fullmatch(_IMAGE, value):
            return (
                "be a Docker image with its tag or digest, such as valkey/valkey:8, without scheme or spaces, its name "
                "in lower case"
            )
        registry = registry_of(value)
        if registry is None:
            return None
        host, _, number = registry.partition(":")
        if number and port.broken_by(int(number[:6])):
            return f"have a port of its registry from {port.low} to {port.high}"
        return None if _is_public(host) else f"lie in a registry that Railway can reach by the internet, not at {host}"

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return the pattern."""
        return {"pattern": f"^(?:{_IMAGE})$"}


def registry_of(image: str) -> str | None:
    """Return the host of an image's registry, with its port if it has one; None for an image of Docker Hub."""
    first, slash, _ = image.partition("/")
    # As Docker tells them apart: a first part that can be no user of Docker Hub is a host.
    is_host = slash and (re.search(r"[.:]", first) or first == "localhost" or first != first.lower())
    return first if is_host else None


_PRIVATE_ENDINGS: Final = ("localhost", "local", "internal", "lan", "home", "corp", "test", "invalid", "home.arpa")
"""Names that the public DNS never answers: RFC 2606, RFC 6761, RFC 6762, RFC 8375, and what ICANN keeps back."""


def _is_public(host: str) -> bool:
    """Tell whether a host can be reached from elsewhere, by its name alone."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.lower()
        return "." in name and not any(name.endswith(f".{ending}") for ending in _PRIVATE_ENDINGS)


class Cron(Rule):
    """A schedule of five fields that comes round, and leaves five minutes between two runs."""

    def broken_by(self, value: Any) -> str | None:
        """Read the fields, then look at the dates and at the minutes."""
        texts = value.split()
        if len(texts) != len(_CRON_FIELDS):
            return "have the five fields minute, hour, day, month and weekday (UTC)"
        fields: list[frozenset[int]] = []
        for text, (name, low, high, names) in zip(texts, _CRON_FIELDS, strict=True):
            numbers = _cron_numbers(text.upper(), low, high, names)
            if not numbers:
                allowed = (
                    f"numbers from {low} to {high}, ranges such as {low}-{low + 5}, or steps such as */5 that are not "
                    "beyond their range"
                )
                return f"have the five fields minute, hour, day, month and weekday (UTC), and as its {name} {allowed}"
            fields.append(numbers)
        minutes, hours, days, months, _ = fields
        if texts[4].startswith("*") and not any(min(days) <= _LONGEST_MONTHS[month - 1] for month in months):
            return "name a day that its months have"
        if _shortest_gap(minutes, hours) < SHORTEST_CRON_MINUTES:
            return f"leave at least {SHORTEST_CRON_MINUTES} minutes between two runs"
        return None


_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""As in a cron schedule; their numbers begin with 0 for Sunday."""
_LONGEST_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CRON_FIELDS: Final[tuple[tuple[str, int, int, tuple[str, ...]], ...]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, WEEKDAYS),
)
_CRON_PART: Final = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[1-9]\d?))?")


def _cron_numbers(text: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    """Return the numbers of one field; none at all when it is written wrongly."""
    numbers: set[int] = set()
    for field in text.split(","):
        match = _CRON_PART.fullmatch(field)
        if match is None or (match["step"] and not (match["all"] or match["last"])):
            return frozenset()
        first = low if match["all"] else _cron_number(match["first"], low, names)
        last = high if match["all"] else _cron_number(match["last"] or match["first"], low, names)
        if first is None or last is None or not low <= first <= last <= high:
            return frozenset()
        step = int(match["step"] or 1)
        if match["step"] and step > last - first:
            return frozenset()
        numbers.update(range(first, last + 1, step))
    return frozenset(numbers)


def _cron_number(text: str, low: int, names: tuple[str, ...]) -> int | None:
    if text in names:
        return names.index(text) + low
    return int(text) if re.fullmatch(r"[0-9]{1,2}", text) else None


def _shortest_gap(minutes: frozenset[int], hours: frozenset[int]) -> int:
    """Return the fewest minutes between two runs of a day on which it runs, the next midnight included."""
    ordered = sorted(minutes)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    if any((hour + 1) % 24 in hours for hour in hours):
        gaps.append(60 - ordered[-1] + ordered[0])
    return min(gaps, default=60)


class UpdateWindow(Rule):
    """A weekday and the hours of it, ``SAT 2-6``."""

    def broken_by(self, value: Any) -> str | None:
        """Read the parts; the end comes after the beginning."""
        if re.fullmatch(_WINDOW, value):
            _, start, end = update_window_parts(value)
            if start < end <= HOURS_PER_DAY:
                return None
        return "be a weekday and its hours in UTC, such as 'SAT 2-6' or 'SUN 0-24'"

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return the pattern."""
        return {"pattern": f"^{_WINDOW}$"}


HOURS_PER_DAY: Final = 24
_HOUR: Final = "(0|[1-9][0-9]?)"
_WINDOW: Final = rf"({'|'.join(WEEKDAYS)}) {_HOUR}-{_HOUR}"


def update_window_parts(text: str) -> tuple[int, int, int]:
    """Return weekday (0 is Sunday), first hour and the hour that ends it, of a window that has the form."""
    day, _, hours = text.partition(" ")
    start, _, end = hours.partition("-")
    return WEEKDAYS.index(day), int(start), int(end)


def _shown(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN: Final = 60
"""Longer values are cut in a reason, in characters."""


LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""Regular expression of one part of a domain name, in lower case."""
_IN_PATH: Final = r"[^\s\x00-\x1f\x7f]"
_INSIDE: Final = r"(?!.*(^|/)\.\.(/|$))[^\\\x00-\x1f\x7f]*[^\s\\\x00-\x1f\x7f][^\\\x00-\x1f\x7f]*"
_PATTERN: Final = r"(?!.*(^!?|/)\.\.(/|$))[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*"
_HOST: Final = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_IMAGE_PART: Final = "[a-z0-9]+([._-]+[a-z0-9]+)*"
_IMAGE: Final = (
    rf"({_HOST}(\.{_HOST})*(:[0-9]+)?/)?{_IMAGE_PART}(/{_IMAGE_PART})*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
)

text: Final = Matching(r"(?s)(?!.*\x00).*\S.*", "a text that is not empty, without the character NUL")
texts: Final = Each(text)
port: Final = Between(1, 65_535)
absolute_path: Final = Matching(rf"/{_IN_PATH}*", "a path that starts with / and holds no space")
url_path: Final = Matching(
    r"(?!.*/\.\.(/|$))/([^\s/\\#\x00-\x1f\x7f][^\s#\x00-\x1f\x7f]*)?",
    "a path that starts with one / and holds no space, no # and no ..",
)
mount_path: Final = MountPath()
label: Final = Matching(LABEL, "lower case letters, digits and hyphens, at most 63, no hyphen first or last")
hostname: Final = Matching(
    rf"(?=.{{1,253}}$)(\*\.)?({LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]",
    "a full domain name in lower case without scheme, path or final dot, such as backend.example.com or "
    "*.example.com, and other letters as xn--…",
)
variable_name: Final = Matching(
    r"[A-Za-z_][A-Za-z0-9_]*", "a variable name of letters, digits and underscores that starts with no digit"
)
image: Final = Image()
repository: Final = Matching(
    r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+(?<!\.git)", "owner/name of a GitHub repository"
)
branch: Final = Matching(
    r"(?![/.-])(?!(@|HEAD)$)(?!refs/)(?!.*(\.\.|//|/\.|@\{|\.lock(/|$)))[^\s~^:?*\[\\\x00-\x1f\x7f]+(?<![/.])",
    "a name that git takes for a branch",
)
commit: Final = Matching(r"[0-9a-f]{7,40}", "a git commit of 7 to 40 hexadecimal digits")
folder: Final = Matching(_INSIDE, "a folder inside the repository, with / between names and without ..")
repository_file: Final = Matching(
    _INSIDE, "the path of a file inside the repository, with / between names and without .."
)
"""A first / means the root of the repository: https://docs.railway.com/builds/dockerfiles"""
watch_patterns: Final = Each(Matching(_PATTERN, "a pattern of paths inside the repository, without .."))
variable_value: Final = Matching(r"(?s)[^\x00]*", "a text without the character NUL, which no variable can hold")
cron: Final = Cron()
healthcheck_timeout: Final = Between(1, HOUR_S, "seconds")
pre_deploy_timeout: Final = Between(1, HOUR_S, "seconds")
update_window: Final = UpdateWindow()
update_windows: Final = Each(update_window)
share: Final = Between(0, 1)
cache_seconds: Final = Between(0, 31_536_000, "seconds")
soft_limit_dollars: Final = Between(1, 1_000_000, "dollars")
hard_limit_dollars: Final = Between(10, 1_000_000, "dollars")
retries: Final = Between(0, 1_000)
deployment_pause: Final = Between(0, HOUR_S, "seconds")
replicas: Final = Between(1, 200)
vcpus: Final = Between(0.1, 2_400)
memory_mb: Final = Between(100, 2_400_000, "MB")
volume_mb: Final = Between(1, 5_000_000, "MB")
