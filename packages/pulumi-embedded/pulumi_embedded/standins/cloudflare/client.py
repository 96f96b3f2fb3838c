"""Cloudflare's API as its own Go client uses it: envelope, errors and repeats.

Owns what is Cloudflare's in it. What a record or a setting means is known by the resources.
"""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pulumi_embedded.standins.transport import Response, RestClient, Retries, check_loopback, new_client, plain_token
from pulumi_provider.errors import Failure

if TYPE_CHECKING:
    import httpx


def _is_retryable(response: httpx.Response) -> bool:
    """Tell whether to repeat, as Cloudflare's client does: by this header, then by the status."""
    if "x-should-retry" in response.headers:
        return response.headers["x-should-retry"] == "true"
    return response.status_code in (408, 409, 429) or response.status_code >= 500


RETRIES: Final = Retries(count=10, first_wait_s=2.0, is_retryable=_is_retryable, count_header="X-Stainless-Retry-Count")


class CloudflareClient(RestClient):
    """One API token at one address."""

    def __init__(self, base_url: str, token: str) -> None:
        if not token:
            raise Failure("no Cloudflare API token: set CLOUDFLARE_API_TOKEN or the configuration cloudflare:apiToken")
        http = new_client(headers={"Authorization": f"Bearer {plain_token(token, 'CLOUDFLARE_API_TOKEN')}"})
        super().__init__(http, check_loopback(base_url, "CLOUDFLARE_BASE_URL"), RETRIES)

    async def result(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the ``result`` of a request that must succeed. Raises ``Failure`` with Cloudflare's reasons."""
        return (await self.json(method, path, body))["result"]

    def failure(self, method: str, path: str, answer: Response) -> Failure:
        """Return what went wrong, in Cloudflare's words and codes."""
        try:
            reasons = [f"{error['message']} (code {error['code']})" for error in answer.json()["errors"]]
        except (ValueError, KeyError, TypeError):
            reasons = [answer.body.decode(errors="replace")[:200]]
        status = f"{answer.status} {_phrase(answer.status)}".strip()
        return Failure(f"failed to make http request: {method} {path}: {status}: {'; '.join(reasons)}")


def _phrase(status: int) -> str:
    return http.HTTPStatus(status).phrase if status in set(http.HTTPStatus) else ""
