"""Spaces as the AWS client inside the real plugin uses it: bucket in the host, signed, through the proxy.

Owns addresses, signatures, repeats and S3's error documents. What a bucket means is known by the resources.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pulumi_embedded.standins.transport import Response, Retries, check_loopback, new_client, send
from pulumi_provider.errors import Failure

if TYPE_CHECKING:
    import httpx

SIGNING_REGION: Final = "us-east-1"
"""The same for every region of Spaces."""
REGION_MARK: Final = "{{.Region}}"
NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"


def _is_retryable(response: httpx.Response) -> bool:
    return response.status_code >= 500


RETRIES: Final = Retries(count=3, first_wait_s=0.05, is_retryable=_is_retryable)


class SpacesClient:
    """One access key. ``endpoint`` holds ``{{.Region}}``; ``proxy`` is the sandbox."""

    def __init__(self, endpoint: str, proxy: str, access_key: str, secret_key: str) -> None:
        self._endpoint, self._proxy = endpoint, proxy
        self._access_key, self._secret_key = access_key, secret_key
        self._http: httpx.AsyncClient | None = None

    async def ask(
        self, method: str, region: str, bucket: str, path: str = "/", body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """Send a signed request about a bucket; ``path`` is key and query, such as ``/?acl=``."""
        return await self._ask(method, self._address(region, bucket) + path, body, headers or {})

    async def location(self, region: str, bucket: str) -> Response:
        """Return the answer to the one request that has the bucket in its path: where the bucket is."""
        return await self._ask("GET", f"{self._address(region, '')}/{bucket}?location=", b"", {})

    async def _ask(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> Response:
        http = self._connected()

        def build() -> httpx.Request:
            signed = self._signed(method, address, body, headers)
            return http.build_request(method, address, content=body, headers=signed)

        return await send(http, build, RETRIES)

    def _signed(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        # Loaded here: a preview signs nothing.
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]
        from botocore.credentials import Credentials  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]

        request = AWSRequest(method=method, url=address, data=body, headers=dict(headers))
        signer: Any = S3SigV4Auth(Credentials(self._access_key, self._secret_key), "s3", SIGNING_REGION)
        signer.add_auth(request)
        signed_headers: Any = request.headers
        return {str(name): str(value) for name, value in signed_headers.items()}

    def _address(self, region: str, bucket: str) -> str:
        address = self._endpoint.replace(REGION_MARK, region).rstrip("/")
        scheme, _, host = address.partition("://")
        return f"{scheme}://{bucket}.{host}" if bucket else address

    def _connected(self) -> httpx.AsyncClient:
        if not self._access_key or not self._secret_key:
            raise Failure("Spaces credentials not configured: set SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY")
        if REGION_MARK not in self._endpoint:
            raise Failure(f"SPACES_ENDPOINT_URL is {self._endpoint or 'not set'}: it must contain {REGION_MARK}")
        if self._http is None:
            proxy = check_loopback(self._proxy, "HTTP_PROXY")
            self._http = new_client(proxy=proxy)
        return self._http


def error_code(answer: Response) -> str:
    """Return S3's code of an error, such as ``BucketNotEmpty``; ``NotFound`` for the empty answer to a HEAD."""
    if not answer.body:
        return "NotFound" if answer.status == 404 else str(answer.status)
    return text(document(answer), "Code") or str(answer.status)


def check(operation: str, answer: Response) -> Response:
    """Return the answer, if it is a success. Raises ``Failure`` with S3's code and words."""
    if answer.succeeded:
        return answer
    message = text(document(answer), "Message") if answer.body else ""
    raise Failure(f"{operation}: {error_code(answer)}: {message or f'status {answer.status}'}")


def document(answer: Response) -> ET.Element:
    """Return the XML of an answer, without namespaces; an empty element when the body is not XML."""
    try:
        root = ET.fromstring(answer.body)  # noqa: S314 - from the sandbox on this machine
    except ET.ParseError:
        return ET.Element("Nothing")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def text(element: ET.Element, path: str) -> str:
    """Return the text of the first element at ``path``; empty when there is none."""
    return element.findtext(path) or ""


def element(tag: str, *children: ET.Element | None, value: object = None) -> ET.Element:
    """Return an element of a request; children that are None are left out."""
    node = ET.Element(tag)
    node.extend(child for child in children if child is not None)
    if value is not None:
        node.text = str(value).lower() if isinstance(value, bool) else str(value)
    return node


def serialized(root: ET.Element) -> bytes:
    """Return a request body in S3's namespace."""
    root.set("xmlns", NAMESPACE)
    return ET.tostring(root)
