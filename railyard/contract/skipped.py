"""The doubtful points that are not tried, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SKIPPED: Final[Mapping[int, str]] = {
    10: (
        "finding out means sending too many requests on purpose, and the edge in front of the API may then block "
        "this network address, and everybody behind it, for up to a day"
    ),
    31: "it takes a volume with stored data, a backup and a restore, for which Railway names no time",
    32: "it takes a connection to a running server, and the suite asks the API alone",
    34: "it takes more volumes than small plans allow, and an answer that comes too quickly says nothing of the limit",
    36: "it takes a container with a volume and files on it, reached over SSH, and the suite asks the API alone",
    37: "a domain must be in effect at Railway's edge, and what it caches shows to visitors alone",
    38: "Railway updates in a window of its own, at the earliest after an hour",
    39: "it would change what everything else of the workspace may use",
}
"""Number of a point → why it is not tried."""
