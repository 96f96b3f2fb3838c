"""The request log: what was asked of every simulated API, one JSON object per line.

Owns the format and the masking. Neither answers nor bodies of REST requests are logged; of a GraphQL request the log
holds query and variables, which show what a run changed. Secrets are masked, and so is every value that may be one;
names of fields stay readable.

    time        real time, RFC 3339 in UTC
    api         railway, cloudflare, digitalocean, spaces; dns (a lookup), edge (a visit of a site), ssh (a file of
                a volume); proxy (a request for any other host, which was refused)
    operation   "mutation volumeCreate", "POST /zones/…/dns_records", "PUT /bucket/key?acl", "login <instance>"
    status      of the answer, or "lost" when the connection broke
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from railway_sandbox.storage import append_line

MASK: Final = "<secret>"

_SECRET_NAME = re.compile(
    r"secret|token|passw|passphrase|credential|authorization|api_?key|private_?key|access_?key|signing_?key|"
    r"encryption_?key|database_?url|connection_?string|dsn$",
    re.IGNORECASE,
)
SECRET_KEYS: Final = frozenset({"variables", "sharedVariables", "registryCredentials", "channelConfigs"})
"""Fields whose values may all be secret: the same ones that ``railway_api`` keeps out of messages."""
_STRING_LITERAL = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_ADDRESS_WITH_PASSWORD = re.compile(r"(\w+://)[^/\s:@]*:[^/\s@]+@")
_VALUE: Final = "value"
"""The field of ``variableUpsert`` that holds the value of a variable."""


def masked(value: Any, *, secret: bool = False) -> Any:
    """Return a copy of a JSON value without secrets.

    ``secret`` masks every value in it, as each of ``SECRET_KEYS`` does, and each name that looks like a secret's.
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
    """Return a GraphQL document with its string literals masked: one may hold a secret."""
    return _STRING_LITERAL.sub(f'"{MASK}"', query)


def _is_secret(name: str, value: Any) -> bool:
    if name in SECRET_KEYS or _SECRET_NAME.search(name):
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
            variables: Any = graphql.get("variables")
            line["variables"] = masked({} if variables is None else variables, secret=not isinstance(variables, dict))
        with self._writing:
            append_line(self._path, json.dumps(line, separators=(",", ":")).encode())
