"""The public DNS of the simulated world: where a name leads, and the answers of a public resolver (DNS over HTTPS).

Owns the names of Railway and DigitalOcean, which are in no zone, how a chain of CNAMEs is followed, and what the
public sees of the zones: ``/dns-query?name=…&type=…``, in JSON as Cloudflare and Google answer. Behind Cloudflare's
proxy a name has Cloudflare's addresses, and the name of a zone itself has those of its CNAME's target. What the zones
hold is Cloudflare's.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final, Literal

from railway_sandbox.cloudflare.zones import NAME_SERVERS
from railway_sandbox.clouds import Clouds
from railway_sandbox.http_messages import Request, Response

RAILWAY: Final = re.compile(r"[a-z0-9-]+\.up\.railway\.app")
CDN: Final = re.compile(r"(?P<bucket>[a-z0-9][a-z0-9-]*)\.(?P<region>[a-z]{3}[0-9])\.cdn\.digitaloceanspaces\.com")
SPACES: Final = re.compile(r"((?P<bucket>[a-z0-9][a-z0-9-]*)\.)?(?P<region>[a-z]{3}[0-9])\.digitaloceanspaces\.com")
LONGEST_CHAIN: Final = 8

Where = Literal["railway", "cdn", "spaces", "elsewhere"]


def plain(name: str) -> str:
    """Return a name in the one form in which names are compared."""
    return name.rstrip(".").lower()


def operator(name: str) -> Where | None:
    """Return whose servers a name of Railway's or DigitalOcean's own is; None for all other names."""
    if RAILWAY.fullmatch(name):
        return "railway"
    if CDN.fullmatch(name):
        return "cdn"
    return "spaces" if SPACES.fullmatch(name) else None


def chain(clouds: Clouds, name: str) -> list[str]:
    """Return the name and where its CNAMEs lead, in order, as far as they lead."""
    hops = [plain(name)]
    while operator(hops[-1]) is None and len(hops) <= LONGEST_CHAIN:
        targets = clouds.cloudflare.resolve(hops[-1], "CNAME")
        if not targets or plain(targets[0]) in hops:
            break
        hops.append(plain(targets[0]))
    return hops


def end(clouds: Clouds, name: str) -> tuple[Where, str] | None:
    """Return whose servers a name leads to, and the last name of its chain; None when it has no address."""
    last = chain(clouds, name)[-1]
    operator_ = operator(last)
    if operator_ is not None:
        return operator_, last
    return ("elsewhere", last) if clouds.cloudflare.resolve(last, "A") else None


def exists(clouds: Clouds, name: str) -> bool:
    """Tell whether the DNS knows the name at all, with records of whatever type."""
    return operator(plain(name)) is not None or clouds.cloudflare.has_records(name)


TYPES: Final = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28, "CAA": 257}
TTL_S: Final = 300
NO_ERROR: Final = 0
NO_SUCH_NAME: Final = 3
PROXY_ADDRESSES: Final = ("104.21.32.1", "172.67.154.1")
ADDRESSES: Final[dict[str, str]] = {"railway": "66.33.22.1", "cdn": "104.18.41.1", "spaces": "138.68.32.1"}


def respond(clouds: Clouds, request: Request) -> Response:
    """Answer one question."""
    parameters = request.parameters()
    name, type_ = plain(parameters.get("name", "")), parameters.get("type", "A").upper()
    number = next((code for kind, code in TYPES.items() if type_ in (kind, str(code))), None)
    if not name or number is None:
        return Response.of_json(400, {"error": "name and a known type are needed"})
    kind = next(kind for kind, code in TYPES.items() if code == number)
    answers = _answers(clouds, name, kind)
    body: dict[str, Any] = {
        "Status": NO_ERROR if answers or exists(clouds, name) else NO_SUCH_NAME,
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
    if kind == "NS" and name in clouds.cloudflare.zone_ids:
        return [_answer(name, kind, server) for server in NAME_SERVERS]
    if kind not in ("A", "AAAA", "CNAME"):
        # The CNAME of such a name is not visible, so that no resolver follows it.
        hidden = name in clouds.cloudflare.zone_ids or clouds.cloudflare.is_proxied(name)
        last = name if hidden else chain(clouds, name)[-1]
        return [_answer(last, kind, _written(kind, value)) for value in clouds.cloudflare.resolve(last, kind)]
    if clouds.cloudflare.is_proxied(name):
        return [_answer(name, kind, address) for address in PROXY_ADDRESSES] if kind == "A" else []
    hops = chain(clouds, name)
    # A zone's own name cannot be a CNAME: Cloudflare answers with the addresses of its target.
    flat = name in clouds.cloudflare.zone_ids
    aliases = [] if flat else [_answer(alias, "CNAME", target) for alias, target in pairwise(hops)]
    if kind == "CNAME":
        return aliases[:1]
    owner = name if flat else hops[-1]
    return [*aliases, *(_answer(owner, kind, address) for address in _addresses(clouds, hops[-1], kind))]


def _addresses(clouds: Clouds, name: str, kind: str) -> list[str]:
    owner = operator(name)
    if owner is None:
        return clouds.cloudflare.resolve(name, kind)
    return [ADDRESSES[owner]] if kind == "A" else []


def _answer(name: str, kind: str, data: str) -> dict[str, Any]:
    return {"name": name, "type": TYPES[kind], "TTL": TTL_S, "data": data}


def _written(kind: str, value: str) -> str:
    return f'"{value}"' if kind == "TXT" else value
