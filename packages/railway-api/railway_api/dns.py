"""Asks the public DNS for a name, over HTTPS.

Owns one question and its answer. A public resolver is asked rather than the system's: caches and split horizons near
the user are not what Railway or a certificate authority sees.
"""

from __future__ import annotations

import os
from typing import Any, Final

from railway_api.certificates import trusted
from railway_api.clock import in_sandbox
from railway_api.loopback import is_loopback

DNS_VARIABLE: Final = "RAILYARD_DNS_URL"
"""Environment variable: address of a resolver on this machine. Any other is ignored."""
RESOLVER: Final = "https://cloudflare-dns.com/dns-query"
TIMEOUT_S: Final = 10.0


async def lookup(name: str, type: str) -> list[str] | None:
    """Return contents of the records of ``type``, texts unquoted, names without a final dot; None without an answer.

    A CAA record is ``<flags> <tag> "<value>"``.
    """
    import httpx  # noqa: PLC0415 a plugin starts without it

    own = os.environ.get(DNS_VARIABLE, "")
    url = own if own and is_loopback(own) else RESOLVER
    if url == RESOLVER and in_sandbox():
        return None
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=url == RESOLVER, verify=trusted(url)) as client:
            answer = await client.get(
                url, params={"name": name, "type": type}, headers={"Accept": "application/dns-json"}
            )
            answer.raise_for_status()
            records: list[dict[str, Any]] = answer.json().get("Answer", [])
    except (httpx.HTTPError, ValueError):
        return None
    number = {"A": 1, "CNAME": 5, "TXT": 16, "AAAA": 28, "CAA": 257}[type]
    written = _caa if type == "CAA" else _plain
    return [written(str(record["data"])) for record in records if record["type"] == number]


def _plain(data: str) -> str:
    return data.replace('" "', "").strip('"').rstrip(".")


def _caa(data: str) -> str:
    r"""Read bytes, as some resolvers give: ``\# <length>``, then flags, length of tag, tag, value (RFC 3597, 8659)."""
    if not data.startswith("\\#"):
        return data
    raw = bytes.fromhex("".join(data.split()[2:]))
    tag = raw[2 : 2 + raw[1]]
    return f'{raw[0]} {tag.decode()} "{raw[2 + raw[1] :].decode()}"'
