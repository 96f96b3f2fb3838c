"""All simulated clouds of one sandbox, wired to each other.

Connects them: Railway resolves names in Cloudflare's DNS, Spaces asks DigitalOcean for the permissions of an access
key. Also converts their state to rows for storage. Knows neither files nor HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from railway_sandbox.addresses import RAILWAY_TOKEN, SPACES_ACCESS_KEY
from railway_sandbox.cloudflare.model import CloudflareCloud
from railway_sandbox.digitalocean.model import DigitalOceanCloud
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.spaces.journal import Journal
from railway_sandbox.spaces.model import SpacesCloud
from railway_sandbox.storage import Rows
from railway_sandbox.tables import Table


class Clouds:
    """One world: what exists in it is found by every API."""

    def __init__(self, now: Callable[[], float], journal: Journal, lock: threading.RLock) -> None:
        self._facts: Table[Any] = Table()
        self._ids = Identifiers()
        self.cloudflare = CloudflareCloud(now, self._ids, hidden=lambda name: self.railway.breaks(name, "dns"))
        self.digitalocean = DigitalOceanCloud(now, self._ids)
        self.spaces = SpacesCloud(self._spaces_permission, journal)
        self.railway = RailwayCloud(
            now, self._ids, dns=self.cloudflare.resolve, proxied=self.cloudflare.is_proxied, lock=lock
        )
        self._name_the_token()

    def tables(self) -> dict[str, Table[Any]]:
        """Return every table of every cloud but Spaces, by a name such as ``railway/services``."""
        states = {"railway": self.railway.state, "cloudflare": self.cloudflare, "digitalocean": self.digitalocean}
        tables = {f"{cloud}/{name}": table for cloud, state in states.items() for name, table in state.tables().items()}
        self._facts["identifiers"] = self._ids.count
        return {"facts": self._facts, **tables}

    def load(self, rows: Rows) -> None:
        """Load what the rows of ``tables`` hold; none are a new world. Spaces reads its own journal."""
        self._facts.load(rows.get("facts", {}))
        self._ids.count = int(self._facts.get("identifiers", 0))
        self.cloudflare.load(_below(rows, "cloudflare/"))
        self.digitalocean.load(_below(rows, "digitalocean/"))
        self.railway.state.load(_below(rows, "railway/"))
        if not self.railway.state.workspaces:
            self.railway.open_account()
            self._name_the_token()
        self.spaces.load()

    def _name_the_token(self) -> None:
        """Let the account's token be the one that settings and tests can name."""
        account = next(token for token in self.railway.state.tokens.values() if token.kind == "account")
        account.secret = RAILWAY_TOKEN

    def _spaces_permission(self, access_key: str, bucket: str) -> str | None:
        if access_key == SPACES_ACCESS_KEY:
            return "fullaccess"
        return self.digitalocean.permission(access_key, bucket)


def _below(rows: Rows, prefix: str) -> Rows:
    return {kind.removeprefix(prefix): row for kind, row in rows.items() if kind.startswith(prefix)}
