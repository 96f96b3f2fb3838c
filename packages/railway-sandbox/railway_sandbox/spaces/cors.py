"""CORS of a bucket, for web pages in a browser: the answer to a preflight, and the headers of all other answers.

The rules are moto's, and it keeps them. How they are read is not: moto takes any origin that begins like an allowed
one, and every method.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from railway_sandbox.http_messages import Response
from railway_sandbox.rest import RefusedError

REFUSED: Final = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request method "
    "/ Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)
_PREFIX: Final = "access-control-"


class Rule(Protocol):
    """One rule of a bucket, as moto keeps it."""

    allowed_methods: Sequence[str]
    allowed_origins: Sequence[str]
    allowed_headers: Sequence[str] | None
    exposed_headers: Sequence[str] | None
    max_age_seconds: str | int | None


def preflight(rules: Sequence[Rule], headers: Mapping[str, str]) -> Response:
    """Return the answer to OPTIONS. Raises ``RefusedError`` for what no rule allows."""
    origin, method = headers.get("origin", ""), headers.get("access-control-request-method", "")
    if not origin or not method:
        message = "Insufficient information. Origin and Access-Control-Request-Method headers needed."
        raise RefusedError(400, "BadRequest", message)
    if not rules:
        raise RefusedError(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
    header_names = [
        name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",") if name.strip()
    ]
    for rule in rules:
        if _allows(rule, origin, method) and all(_matches(rule.allowed_headers or (), name) for name in header_names):
            allowed = {"Access-Control-Allow-Headers": ", ".join(header_names)} if header_names else {}
            return Response(status=200, headers={**_headers(rule, origin), **allowed})
    raise RefusedError(403, "AccessForbidden", REFUSED)


def of_answer(headers: Mapping[str, str], rules: Sequence[Rule], method: str, origin: str) -> dict[str, str]:
    """Return the headers of an answer, with which a browser shows it to a page of ``origin`` or keeps it from it."""
    other_headers = {name: value for name, value in headers.items() if not name.lower().startswith(_PREFIX)}
    rule = next((rule for rule in rules if origin and _allows(rule, origin, method)), None)
    return {**other_headers, **_headers(rule, origin)} if rule else other_headers


def _headers(rule: Rule, origin: str) -> dict[str, str]:
    headers = {
        "Access-Control-Allow-Origin": "*" if "*" in rule.allowed_origins else origin,
        "Access-Control-Allow-Methods": ", ".join(rule.allowed_methods),
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    if rule.exposed_headers:
        headers["Access-Control-Expose-Headers"] = ", ".join(rule.exposed_headers)
    if rule.max_age_seconds is not None:
        headers["Access-Control-Max-Age"] = str(rule.max_age_seconds)
    return headers


def _allows(rule: Rule, origin: str, method: str) -> bool:
    return method in rule.allowed_methods and _matches(rule.allowed_origins, origin)


def _matches(patterns: Sequence[str], text: str) -> bool:
    """Tell whether a pattern, in which ``*`` stands for anything, is all of the text."""
    return any(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.IGNORECASE) for pattern in patterns)
