"""The doubtful points that nobody can try safely, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNTRIED: Final[Mapping[int, str]] = {
    10: (
        "finding out means sending too many requests on purpose, and the edge in front of the API may then block "
        "this network address, and everybody behind it, for up to a day"
    ),
}
"""Number of a point → why it is not tried."""
