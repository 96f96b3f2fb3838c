"""The rules for a DNS record, and the spelling that Cloudflare gives its name.

Pure rules over plain values: no state, no HTTP. A record is echoed exactly as it was sent; only its name becomes fully
qualified.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TypedDict

from railway_sandbox.cloudflare.refusals import not_simulated
from railway_sandbox.rest import RefusedError

ADDRESS_TYPES = frozenset({"A", "AAAA", "CNAME"})
"""Types that exclude each other around a CNAME, and the only ones that can be proxied."""

TYPES = ADDRESS_TYPES | {"TXT", "MX", "NS", "CAA"}

AUTOMATIC_TTL = 1
TTL_SECONDS = range(60, 86_401)
TEXT_LIMIT_BYTES = 4096
COMMENT_LIMIT = 100
"""Characters of a comment on the free plan; tags need a paid one."""

_LABEL = re.compile(r"[a-z0-9_*]([a-z0-9_-]{0,61}[a-z0-9_])?")


class Record(TypedDict):
    """A DNS record as the API answers it."""

    id: str
    name: str
    type: str
    content: str
    proxied: bool
    proxiable: bool
    ttl: int
    priority: int | None
    comment: str | None
    tags: list[str]
    settings: dict[str, object]
    data: dict[str, object] | None
    meta: dict[str, object]
    created_on: str
    modified_on: str


def qualified(name: str, zone: str) -> str:
    """Return the full name that ``name`` means within ``zone``: ``@`` is the apex, all else outside lies below it."""
    plain = name.strip().rstrip(".").lower()
    if plain in ("@", "", zone):
        return zone
    return plain if plain.endswith(f".{zone}") else f"{plain}.{zone}"


def validate(record: Record) -> None:
    """Raise ``RefusedError`` with Cloudflare's code when the record cannot exist."""
    if record["type"] not in TYPES:
        raise not_simulated(f"DNS records of type {record['type']!r}")
    _validate_name(record["name"])
    _validate_content(record["type"], record["content"])
    _validate_ttl(record)
    if record["type"] == "MX" and record["priority"] is None:
        raise RefusedError(400, 9100, "priority is a required field for MX records.")
    if len(record["comment"] or "") > COMMENT_LIMIT:
        raise RefusedError(400, 9313, f"DNS record comment is too long: at most {COMMENT_LIMIT} characters.")
    if record["tags"]:
        raise RefusedError(400, 9300, f"DNS record has {len(record['tags'])} tags, exceeding the quota of 0.")


def _validate_name(name: str) -> None:
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise RefusedError(400, 9000, "DNS name is invalid.")


def _validate_content(type: str, content: str) -> None:
    if not content:
        raise RefusedError(400, 9020, "Invalid DNS record content: content is empty.")
    if type == "A" and not _is_address(content, 4):
        raise RefusedError(400, 9005, "Content for A record must be a valid IPv4 address.")
    if type == "AAAA" and not _is_address(content, 6):
        raise RefusedError(400, 9006, "Content for AAAA record must be a valid IPv6 address.")
    if type in ("CNAME", "MX", "NS") and not _is_host(content):
        raise RefusedError(400, 9007, f"Content for {type} record is invalid.")
    if type == "TXT" and len(content.encode()) > TEXT_LIMIT_BYTES:
        raise RefusedError(400, 9015, "Record content exceeds the allowed length of 4096 wire format bytes.")


def _validate_ttl(record: Record) -> None:
    if record["proxied"] and record["type"] not in ADDRESS_TYPES:
        raise RefusedError(400, 9004, "This record type cannot be proxied.")
    if record["proxied"] and record["ttl"] != AUTOMATIC_TTL:
        raise RefusedError(400, 9021, "Invalid TTL. Must be 1 for automatic when the record is proxied.")
    if record["ttl"] != AUTOMATIC_TTL and record["ttl"] not in TTL_SECONDS:
        raise RefusedError(400, 9021, "Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for automatic.")


def _is_address(content: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(content).version == version
    except ValueError:
        return False


def _is_host(content: str) -> bool:
    labels = content.rstrip(".").lower().split(".")
    return len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)


def same_content(first: Record, second: Record) -> bool:
    """Tell whether two records of one name and type say the same; host names are compared without case."""
    if first["type"] in ("CNAME", "MX", "NS"):
        return first["content"].rstrip(".").lower() == second["content"].rstrip(".").lower()
    return first["content"] == second["content"]
