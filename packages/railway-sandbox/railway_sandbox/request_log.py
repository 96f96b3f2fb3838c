"""The request log: what was asked of every simulated API, one JSON object per line.

Owns the format and the masking. Answers are not logged, REST bodies neither; of a GraphQL request the log holds query
and variables, because they tell what a plan really did. A secret never stands in it: when in doubt a value is masked.
Key names stay readable.

    time        real time, RFC 3339 in UTC
    api         railway, cloudflare, digitalocean, spaces or proxy (a stray request that was refused)
    operation   "mutation volumeCreate", "POST /zones/…/dns_records", "PUT /bucket/key?acl"
    status      of the answer, or "lost" when the connection broke
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

MASK: Final = "<secret>"

_SECRET_NAME = re.compile(
    r"secret|token|passw|passphrase|credential|authorization|api_?key|private_?key|access_?key|signing_?key|"
    r"encryption_?key|database_?url|connection_?string|dsn$",
    re.IGNORECASE,
)
_SECRET_GROUP = re.compile(r"^(variables|sharedVariables|registryCredentials|environmentVariables)$", re.IGNORECASE)
_STRING_LITERAL = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_ADDRESS_WITH_PASSWORD = re.compile(r"(\w+://)[^/\s:@]*:[^/\s@]+@")
_VALUE: Final = "value"
"""``variableUpsert`` has the value beside the name: it may be anything."""


def masked(value: Any, *, secret: bool = False) -> Any:
    """Return a copy of a JSON value without secrets.

    ``secret`` masks every value in it. Below a name that says secret, and below ``variables``, that is always so.
    """
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {name: masked(inner, secret=secret or _is_secret(name, inner)) for name, inner in pairs}
    if isinstance(value, list):
        return [masked(inner, secret=secret) for inner in cast("list[Any]", value)]
    if secret and value is not None:
        return MASK
    return _ADDRESS_WITH_PASSWORD.sub(rf"\1{MASK}@", value) if isinstance(value, str) else value


def masked_query(query: str) -> str:
    """Return a GraphQL document without its string literals: a value may have been written into it."""
    return _STRING_LITERAL.sub(f'"{MASK}"', query)


def _is_secret(name: str, value: Any) -> bool:
    if _SECRET_GROUP.search(name) or _SECRET_NAME.search(name):
        return True
    return name == _VALUE and not isinstance(value, (dict, list))


class RequestLog:
    """Appends to one file, from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()

    def add(self, api: str, operation: str, status: int | str, graphql: Mapping[str, Any] | None = None) -> None:
        """Write one line. ``graphql`` is the body of a GraphQL request as it was sent."""
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "api": api,
            "operation": operation,
            "status": status,
        }
        if graphql is not None:
            line["query"] = masked_query(str(graphql.get("query", "")))
            line["variables"] = masked(graphql.get("variables") or {})
        with self._writing:
            try:
                descriptor = self._open()
            except FileNotFoundError:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = self._open()
            with os.fdopen(descriptor, "a") as file:
                file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
