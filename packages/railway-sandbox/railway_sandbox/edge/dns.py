"""DNS over HTTPS in its JSON form: ``/dns-query?name=…&type=…``, as Cloudflare's and Google's public resolvers answer.

Owns the answers: what the public sees of the simulated zones. Behind Cloudflare's proxy a name has Cloudflare's
addresses, and the name of a zone itself has those of its CNAME's target.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from railway_sandbox.cloudflare.zones import NAME_SERVERS, ZONE_IDS
from railway_sandbox.clouds import Clouds
from railway_sandbox.edge import names
from railway_sandbox.http_messages import Request, Response

TYPES: Final = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28, "CAA": 257}
TTL_S: Final = 300
NO_ERROR: Final = 0
NO_SUCH_NAME: Final = 3
PROXY_ADDRESSES: Final = ("104.21.32.1", "172.67.154.1")
ADDRESSES: Final[dict[str, str]] = {"railway": "66.33.22.1", "cdn": "104.18.41.1", "spaces": "138.68.32.1"}


def respond(clouds: Clouds, request: Request) -> Response:
    """Answer one question."""
    parameters = request.parameters()
    name, type_ = names.plain(parameters.get("name", "")), parameters.get("type", "A").upper()
    number = next((code for kind, code in TYPES.items() if type_ in (kind, str(code))), None)
    if not name or number is None:
        return Response.of_json(400, {"error": "name and a known type are needed"})
    kind = next(kind for kind, code in TYPES.items() if code == number)
    answers = _answers(clouds, name, kind)
    body: dict[str, Any] = {
        "Status": NO_ERROR if answers or names.exists(clouds, name) else NO_SUCH_NAME,
        "TC": False,
        "RD": True,
        "RA": True,
        "AD": False,
        "CD": False,
        "Question": [{"name": name, "type": number}],
        **({"Answer": answers} if answers else {}),
    }
    return Response.of_json(200, body, {"Content-Type": "application/dns-json"})


def _answers(clouds: Clouds, name: str, kind: str) -> list[dict[str, Any]]:
    if kind == "NS" and name in ZONE_IDS:
        return [_answer(name, kind, server) for server in NAME_SERVERS]
    if kind not in ("A", "AAAA", "CNAME"):
        hidden = name in ZONE_IDS or clouds.cloudflare.is_proxied(name)  # nobody sees the CNAME, so nobody follows it
        last = name if hidden else names.chain(clouds, name)[-1]
        return [_answer(last, kind, _written(kind, value)) for value in clouds.cloudflare.resolve(last, kind)]
    if clouds.cloudflare.is_proxied(name):
        return [_answer(name, kind, address) for address in PROXY_ADDRESSES] if kind == "A" else []
    hops = names.chain(clouds, name)
    flat = name in ZONE_IDS  # a zone's own name cannot be a CNAME: Cloudflare answers with its target's addresses
    aliases = [] if flat else [_answer(alias, "CNAME", target) for alias, target in pairwise(hops)]
    if kind == "CNAME":
        return aliases[:1]
    owner = name if flat else hops[-1]
    return [*aliases, *(_answer(owner, kind, address) for address in _addresses(clouds, hops[-1], kind))]


def _addresses(clouds: Clouds, name: str, kind: str) -> list[str]:
    operator = names.operator(name)
    if operator is None:
        return clouds.cloudflare.resolve(name, kind)
    return [ADDRESSES[operator]] if kind == "A" else []


def _answer(name: str, kind: str, data: str) -> dict[str, Any]:
    return {"name": name, "type": TYPES[kind], "TTL": TTL_S, "data": data}


def _written(kind: str, value: str) -> str:
    return f'"{value}"' if kind == "TXT" else value
