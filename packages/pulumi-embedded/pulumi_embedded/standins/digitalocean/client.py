"""DigitalOcean's API v2 as its own Go client uses it, and Spaces beside it.

Owns HTTP to ``/v2``: bearer token, errors and repeats. The S3 side is ``spaces_client``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pulumi_embedded.standins.digitalocean.spaces_client import SpacesClient
from pulumi_embedded.standins.transport import Response, Retries, check_loopback, new_client, plain_token, send
from pulumi_provider.errors import Failure

if TYPE_CHECKING:
    import httpx

NOT_FOUND: Final = 404
CONFLICT: Final = 409


def _is_retryable(response: httpx.Response) -> bool:
    return response.status_code == 429 or response.status_code >= 500


class DigitalOceanClient:
    """One API token at one address; ``spaces`` needs keys of its own, and is checked when it is used."""

    def __init__(self, address: str, token: str, spaces: SpacesClient) -> None:
        if not token:
            raise Failure("no DigitalOcean token: set DIGITALOCEAN_TOKEN or the configuration digitalocean:token")
        self.spaces = spaces
        self._address = check_loopback(address, "DIGITALOCEAN_API_URL").rstrip("/")
        self._http = new_client(headers={"Authorization": f"Bearer {plain_token(token, 'DIGITALOCEAN_TOKEN')}"})
        self._retries = Retries(
            count=int(os.environ.get("DIGITALOCEAN_HTTP_RETRY_MAX") or 4),
            first_wait_s=float(os.environ.get("DIGITALOCEAN_HTTP_RETRY_WAIT_MIN") or 1.0),
            is_retryable=_is_retryable,
        )

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Response:
        """Send a request; whatever its status, the answer comes back."""

        def build() -> httpx.Request:
            return self._http.build_request(method, f"{self._address}{path}", json=body)

        return await send(self._http, build, self._retries)

    async def result(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer of a request that must succeed. Raises ``Failure`` with DigitalOcean's reason."""
        answer = await self.ask(method, path, body)
        if not answer.succeeded:
            raise failure(method, path, answer)
        return answer.json()

    async def remove(self, path: str) -> None:
        """Delete; "not found" is an error, except after a repeat: then the first attempt did it."""
        answer = await self.ask("DELETE", path)
        if not answer.succeeded and not (answer.status == NOT_FOUND and answer.repeated):
            raise failure("DELETE", path, answer)


def failure(method: str, path: str, answer: Response) -> Failure:
    """Return what went wrong, in DigitalOcean's words."""
    try:
        reason = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        reason = answer.body.decode(errors="replace")[:200]
    return Failure(f"{method} {path}: {answer.status} {reason}")
