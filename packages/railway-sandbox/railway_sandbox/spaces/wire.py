"""Spaces over HTTP: which bucket and region an address means, and who signed.

Requests reach the sandbox as a proxy, with the bucket in the host (``seance-cdn.sfo3.digitaloceanspaces.com``) or in
the path (``sfo3.digitaloceanspaces.com/seance-cdn``).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from railway_sandbox.http_messages import Request, Response
from railway_sandbox.rest import RefusedError
from railway_sandbox.spaces.model import SpacesCloud, is_signature

DOMAIN: Final = "digitaloceanspaces.com"
_HOST = re.compile(r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]*)\.)?(?P<region>[a-z]{3}[0-9])\.digitaloceanspaces\.com")
_CREDENTIAL = re.compile(r"(?:Credential=|^AWS )(?P<key>[^/:,\s]+)")
_CONNECTION_HEADERS = frozenset({"connection", "transfer-encoding", "server", "date", "content-length"})


def is_spaces(host: str) -> bool:
    """Tell whether a host is one of Spaces, or below it."""
    return host == DOMAIN or host.endswith(f".{DOMAIN}")


def target(request: Request) -> tuple[str, str, str]:
    """Return region, bucket and percent-encoded key of a request. Raises ``RefusedError`` for a strange host."""
    match = _HOST.fullmatch(request.host)
    if match is None:
        # Not NoSuchBucket, which clients repeat for five minutes.
        raise RefusedError(400, "InvalidRequest", f"the sandbox has no Spaces at {request.host!r}")
    path = request.path.removeprefix("/")
    if match["bucket"]:
        return match["region"], match["bucket"], path
    bucket, _, key = path.partition("/")
    return match["region"], bucket, key


def respond(cloud: SpacesCloud, request: Request) -> Response:
    """Answer one request."""
    try:
        region, bucket, key = target(request)
        response = cloud.perform(
            access_key=access_key(request),
            method=request.method,
            region=region,
            bucket=bucket,
            key=key,
            query=request.query,
            headers=request.headers,
            body=request.body,
        )
    except RefusedError as refused:
        body = b"" if request.method == "HEAD" else _document(refused)
        return Response(status=refused.status, headers={"Content-Type": "application/xml"}, body=body)
    headers = {name: value for name, value in response.headers.items() if name.lower() not in _CONNECTION_HEADERS}
    if request.method == "HEAD":
        length = next((value for name, value in response.headers.items() if name.lower() == "content-length"), "0")
        headers["Content-Length"] = length
    return Response(status=response.status, headers=headers, body=response.body)


def _document(refused: RefusedError) -> bytes:
    """Return the XML in which S3 clients read a refusal."""
    inner = f"<Code>{refused.code}</Code><Message>{escape(refused.message)}</Message>"
    return f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}</Error>'.encode()


def access_key(request: Request) -> str:
    """Return the access key that signed the request, in its header or its address; empty where it is not signed."""
    match = _CREDENTIAL.search(request.headers.get("authorization", ""))
    if match:
        return match["key"]
    parameters = parse_qs(request.query)
    presigned = parameters.get("X-Amz-Credential") or parameters.get("AWSAccessKeyId") or [""]
    return presigned[0].partition("/")[0]


def operation(request: Request) -> str:
    """Return a short name for the request log and for faults: method, bucket and key, and the subresource."""
    try:
        _, bucket, key = target(request)
    except RefusedError:
        return f"{request.method} {request.host}{request.path}"
    names = [name for name in parse_qs(request.query, keep_blank_values=True) if not is_signature(name)]
    path = f"/{bucket}" + (f"/{key}" if key else "")
    return f"{request.method} {path}" + (f"?{'&'.join(sorted(names))}" if names else "")
