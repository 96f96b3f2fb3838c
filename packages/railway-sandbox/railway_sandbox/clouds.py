"""All simulated clouds of one sandbox, wired to each other.

Owns who asks whom: Railway looks names up in Cloudflare's DNS, Spaces asks DigitalOcean what an access key may do. Owns
the form in which their state is stored. Knows neither files nor HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from railway_sandbox.addresses import RAILWAY_TOKEN, SPACES_ACCESS_KEY
from railway_sandbox.cloudflare.model import CloudflareCloud
from railway_sandbox.digitalocean.model import DigitalOceanCloud
from railway_sandbox.identifiers import Identifiers
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.state import State as RailwayState
from railway_sandbox.spaces.journal import Journal
from railway_sandbox.spaces.model import SpacesCloud


class Clouds:
    """One world: what exists in it is found by every API."""

    def __init__(self, now: Callable[[], float], journal: Journal) -> None:
        self._now = now
        self._ids = Identifiers()
        self.cloudflare = CloudflareCloud(now, self._ids)
        self.digitalocean = DigitalOceanCloud(now, self._ids)
        self.spaces = SpacesCloud(self._spaces_permission, journal)
        self.railway = self._railway({})

    def dump(self) -> dict[str, Any]:
        """Everything but Spaces, as JSON values."""
        return {
            "identifiers": self._ids.count,
            "cloudflare": self.cloudflare.dump(),
            "digitalocean": self.digitalocean.dump(),
            "railway": self.railway.state.model_dump(mode="json"),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Become what ``dump`` gave; an empty mapping is a new world. Spaces reads its own journal."""
        self._ids.count = int(state.get("identifiers", 0))
        self.cloudflare.load(state.get("cloudflare", {}))
        self.digitalocean.load(state.get("digitalocean", {}))
        self.railway = self._railway(state.get("railway", {}))
        self.spaces.load()

    def _railway(self, state: Mapping[str, Any]) -> RailwayCloud:
        cloud = RailwayCloud(
            self._now,
            self._ids,
            dns=self.cloudflare.resolve,
            proxied=self.cloudflare.is_proxied,
            state=RailwayState.model_validate(state) if state else None,
        )
        if not state:
            account = next(token for token in cloud.state.tokens.values() if token.kind == "account")
            account.secret = RAILWAY_TOKEN  # known beforehand, so that settings and tests can name it
        return cloud

    def _spaces_permission(self, access_key: str, bucket: str) -> str | None:
        if access_key == SPACES_ACCESS_KEY:
            return "fullaccess"
        return self.digitalocean.permission(access_key, bucket)
