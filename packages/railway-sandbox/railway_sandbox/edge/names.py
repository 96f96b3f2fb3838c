"""The public DNS of the simulated world: where a name leads.

Owns the names that nobody has to enter (Railway's, DigitalOcean's) and how a chain of CNAMEs is followed. What the
zones hold is Cloudflare's.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from railway_sandbox.clouds import Clouds

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
