"""DigitalOcean's API v2 as its own Go client uses it, and Spaces beside it.

Owns what is DigitalOcean's in ``/v2``: token, errors, and what is worth a repeat. The S3 side is ``spaces_client``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pulumi_embedded.standins.digitalocean.spaces_client import SpacesClient
from pulumi_embedded.standins.transport import Response, RestClient, Retries, check_loopback, new_client, plain_token
from pulumi_provider.errors import Failure

if TYPE_CHECKING:
    import httpx

CONFLICT: Final = 409


def _is_retryable(response: httpx.Response) -> bool:
    return response.status_code == 429 or response.status_code >= 500


class DigitalOceanClient(RestClient):
    """One API token at one address; ``spaces`` needs keys of its own, and is checked when it is used."""

    def __init__(self, address: str, token: str, spaces: SpacesClient) -> None:
        if not token:
            raise Failure("no DigitalOcean token: set DIGITALOCEAN_TOKEN or the configuration digitalocean:token")
        self.spaces = spaces
        retries = Retries(
            count=int(os.environ.get("DIGITALOCEAN_HTTP_RETRY_MAX") or 4),
            first_wait_s=float(os.environ.get("DIGITALOCEAN_HTTP_RETRY_WAIT_MIN") or 1.0),
            is_retryable=_is_retryable,
        )
        http = new_client(headers={"Authorization": f"Bearer {plain_token(token, 'DIGITALOCEAN_TOKEN')}"})
        super().__init__(http, check_loopback(address, "DIGITALOCEAN_API_URL"), retries)

    def failure(self, method: str, path: str, answer: Response) -> Failure:
        """Return what went wrong, in DigitalOcean's words."""
        try:
            reason = str(answer.json()["message"])
        except (ValueError, KeyError, TypeError):
            reason = answer.body.decode(errors="replace")[:200]
        return Failure(f"{method} {path}: {answer.status} {reason}")
