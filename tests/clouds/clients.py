"""Requests of clients of the simulated clouds, and the log of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

from railway_api.certificates import trusted
from railway_sandbox.addresses import RAILWAY_TOKEN, SPACES_ACCESS_KEY
from railway_sandbox.cloudflare.zones import ZONE_IDS

SpacesClient = Callable[..., Any]
"""Builds a boto3 client that reaches Spaces through the sandbox at an address."""

SIGNATURE: Final = f"AWS4-HMAC-SHA256 Credential={SPACES_ACCESS_KEY}/20260101/us-east-1/s3/aws4_request"
"""The header Authorization of a request to Spaces, as far as the sandbox reads it."""
RECORDS: Final = f"/zones/{ZONE_IDS['seance.dev']}/dns_records"
RECORD: Final = {"name": "api.seance.dev", "type": "CNAME", "content": "x.up.railway.app", "ttl": 1, "proxied": False}


def log_lines(directory: Path) -> list[dict[str, Any]]:
    """Return the lines of the request log."""
    return [json.loads(line) for line in (directory / "requests.jsonl").read_text().splitlines()]


def ask_railway(address: str, query: str, variables: Any = None) -> httpx.Response:
    """Send a GraphQL request with the token of the account."""
    body = {"query": query, "variables": variables or {}}
    headers = {"Authorization": f"Bearer {RAILWAY_TOKEN}"}
    return httpx.post(f"{address}/graphql/v2", json=body, headers=headers, trust_env=False, verify=trusted(address))
