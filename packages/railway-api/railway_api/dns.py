"""Asks the public DNS for a name, over HTTPS.

Owns one question and its answer. A public resolver is asked rather than the system's: caches and split horizons near
the user are not what Railway or a certificate authority sees.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, Literal

from railway_api.certificates import trusted
from railway_api.clock import in_sandbox
from railway_api.json_objects import is_list, is_object
from railway_api.loopback import is_loopback

DNS_VARIABLE: Final = "RAILYARD_DNS_URL"
"""Environment variable: address of a resolver on this machine. Any other is ignored."""
RESOLVER: Final = "https://cloudflare-dns.com/dns-query"
TIMEOUT_S: Final = 10.0


RecordType = Literal["A", "CNAME", "TXT", "AAAA", "CAA"]
_NUMBERS: Final[Mapping[RecordType, int]] = {"A": 1, "CNAME": 5, "TXT": 16, "AAAA": 28, "CAA": 257}
_ANSWERED: Final = (0, 3)
"""Statuses of an answer (RFC 1035): there is such a name, or there is none. Any other is a failure of some server."""


async def lookup(name: str, type: RecordType) -> list[str] | None:
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
        return _contents(answer.json(), type)
    except (httpx.HTTPError, ValueError, LookupError):
        return None


def _contents(answer: object, type: RecordType) -> list[str] | None:
    """Return the contents of the records in an answer; raises ``ValueError`` or ``LookupError`` for a broken record."""
    if not is_object(answer) or answer.get("Status") not in _ANSWERED:
        return None
    listed = answer.get("Answer")
    records = [each for each in listed if is_object(each)] if is_list(listed) else []
    data = [str(each["data"]) for each in records if each["type"] == _NUMBERS[type]]
    if type == "CAA":
        return [_caa(each) for each in data]
    if type == "TXT":
        return [each.replace('" "', "").strip('"') for each in data]
    return [each.rstrip(".") for each in data]


def _caa(data: str) -> str:
    r"""Read bytes, as some resolvers give: ``\# <length>``, then flags, length of tag, tag, value (RFC 3597, 8659)."""
    if not data.startswith("\\#"):
        return data
    raw = bytes.fromhex("".join(data.split()[2:]))
    tag = raw[2 : 2 + raw[1]]
    return f'{raw[0]} {tag.decode()} "{raw[2 + raw[1] :].decode()}"'
