"""The state and rules of Spaces: whose a bucket is, in which region it lies, and which key may touch it.

Objects, versions, life cycles and CORS rules are moto's. Moto has one world per process; here each sandbox has its own,
by an account of its own and a name registry that is swapped in for the length of a request. Signatures are not
checked, only which access key signed. Dates of objects are real ones and start again with each server.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import parse_qsl, quote, unquote, urlencode

from moto.core.base_backend import BaseBackend
from moto.core.request import Request as MotoRequest
from moto.moto_api._internal import mock_random
from moto.s3.models import FakeKey, FakeMultipart, S3Backend, s3_backends
from moto.s3.responses import S3Response

from railway_sandbox.http_messages import Response
from railway_sandbox.rest import RefusedError
from railway_sandbox.spaces import cors
from railway_sandbox.spaces.journal import Entry, Journal

Permission = Callable[[str, str], str | None]
"""Permission of an access key on a bucket: ``fullaccess``, ``readwrite``, ``read``, ``none``; ``None``: unknown key."""

TAKEN_NAMES: Final = frozenset({"assets", "backups", "cdn", "images", "media", "static", "uploads"})
"""Bucket names of other accounts: names are shared by all customers of a region."""

NAME_TAKEN: Final = (
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please "
    "select a different name and try again."
)
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_DROPPED_HEADERS = frozenset(
    {"host", "authorization", "connection", "proxy-connection", "accept-encoding", "transfer-encoding", "expect"}
)
_SIGNATURE = frozenset({"awsaccesskeyid", "signature", "expires"})
_ASSUMED = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request"
"""Credentials for moto, after the sandbox has authorized the request; unsigned, moto shows only public objects."""
_FORM = "application/x-www-form-urlencoded"
_STORED: Final = cast("Sequence[Any]", (FakeKey, FakeMultipart))
"""Classes of moto whose objects hold content; each lists all of its objects."""
_accounts = itertools.count(100_000_000_000)
_moto = threading.RLock()
"""Moto's registry and its source of ids are global: one request at a time."""


class SpacesCloud:
    """All Spaces of one DigitalOcean team."""

    def __init__(self, permission: Permission, journal: Journal) -> None:
        self._permission = permission
        self._journal = journal
        self._account = str(next(_accounts))
        self._names: dict[str, tuple[str, str]] = {}
        self._regions: dict[str, str] = {}
        self._unread: deque[Entry] = deque()
        """Entries of the journal that are not applied yet: most processes that load them never ask for an object."""
        self.taken: set[str] = set(TAKEN_NAMES)

    # Persistence

    def load(self) -> None:
        """Load the journal; its buckets are made at the first request."""
        self.forget()
        self._unread.extend(self._journal.entries())

    def reset(self) -> None:
        """Remove every bucket, in memory and in the journal."""
        self.forget()
        self._journal.clear()

    def forget(self) -> None:
        """Free the memory; the journal stays."""
        with self._world() as backend:
            # Not S3Backend.reset, which closes the objects of every sandbox in this process.
            for kind in _STORED:
                for each in [each for each in kind.instances_tracked if each.account_id == self._account]:
                    each.dispose()
                    kind.instances_tracked.remove(each)
            BaseBackend.reset(backend)
        self._names.clear()
        self._regions.clear()
        self._unread.clear()

    # Requests

    def perform(
        self, *, access_key: str, method: str, region: str, bucket: str, key: str, query: str,
        headers: Mapping[str, str], body: bytes,
    ) -> Response:  # fmt: skip
        """Perform one S3 request. ``key`` is percent-encoded; without a bucket it is about all buckets.

        Raises ``RefusedError`` for what Spaces refuses before it looks at objects.
        """
        self._read_up()
        self._authorize(access_key, method, bucket, key)
        if copied := headers.get("x-amz-copy-source", "").partition("?")[0]:
            source, _, source_key = unquote(copied).removeprefix("/").partition("/")
            self._authorize(access_key, "GET", source, quote(source_key))
        entry = Entry(
            sequence=self._journal.last_sequence + 1,
            method=method,
            region=region,
            bucket=bucket,
            key=key,
            query=_without_signature(query),
            headers={name: value for name, value in headers.items() if name not in _DROPPED_HEADERS},
            body=body,
        )
        self._check_bucket(entry)
        if method == "OPTIONS":
            return cors.preflight(self._cors_rules(bucket), headers)
        response = self._perform(entry)
        if response.status < 300 and method not in READING:
            try:
                self._remember(entry)
            except OSError:
                self.load()  # what was not written down must not be found, either
                raise
        response_headers = cors.of_answer(response.headers, self._cors_rules(bucket), method, headers.get("origin", ""))
        return replace(response, headers=response_headers)

    def owns(self, bucket: str) -> bool:
        """Tell whether the team has a bucket of this name."""
        self._read_up()
        return bucket in self._regions

    def _read_up(self) -> None:
        with _moto:
            while self._unread:
                self._perform(self._unread.popleft())

    def _authorize(self, access_key: str, method: str, bucket: str, key: str) -> None:
        if method == "OPTIONS":
            return
        permission = self._permission(access_key, bucket) if access_key else "none"
        if permission is None:
            raise RefusedError(403, "InvalidAccessKeyId", "The access key id does not exist in our records.")
        reads = method in READING
        granted = permission == "fullaccess" or (reads and permission in ("read", "readwrite"))
        writes = permission == "readwrite" and (key or method == "POST")
        if not (granted or writes or (reads and key and self._is_public(bucket, unquote(key)))):
            raise _denied()

    def _is_public(self, bucket: str, key: str) -> bool:
        with self._world() as backend:
            if bucket not in self._regions:
                return False
            stored: Any = backend.get_object(bucket, key)
            return stored is not None and stored.acl is not None and bool(stored.acl.public_read)

    def _cors_rules(self, bucket: str) -> Sequence[cors.Rule]:
        with self._world() as backend:
            stored: Any = backend.get_bucket(bucket) if bucket in self._regions else None
        return stored.cors if stored else ()

    def _check_bucket(self, entry: Entry) -> None:
        """Raise ``RefusedError`` unless the bucket exists, here and for us, as far as the request needs it."""
        if not entry.bucket:
            return
        creates = entry.method == "PUT" and not entry.key and not entry.query
        if entry.bucket in self.taken and entry.bucket not in self._regions:
            raise RefusedError(409, "BucketAlreadyExists", NAME_TAKEN) if creates else _denied()
        if creates and entry.bucket in self._regions:
            raise RefusedError(409, "BucketAlreadyOwnedByYou", "The bucket exists already and belongs to you.")
        if not creates and self._regions.get(entry.bucket) != entry.region:
            raise RefusedError(404, "NoSuchBucket", "The specified bucket does not exist.")

    def _perform(self, entry: Entry) -> Response:
        creates = entry.method == "PUT" and not entry.key and not entry.query
        # A location of Spaces is none of AWS's, and moto would refuse it.
        body = b"" if creates else entry.body
        request_headers = {
            **entry.headers,
            "authorization": _ASSUMED,
            "x-moto-account-id": self._account,
            "content-length": str(len(body)),
        }
        if request_headers.get("content-type", "").startswith(_FORM):
            request_headers["content-type"] = "binary/octet-stream"  # as a form, moto would swallow the body
        path = f"/{entry.bucket}" + (f"/{entry.key}" if entry.key else "")
        address = f"http://s3.amazonaws.com{path}" + (f"?{entry.query}" if entry.query else "")
        with self._world():
            if entry.method not in READING:
                mock_random.seed(entry.sequence)
            request = MotoRequest.from_primitives(entry.method, address, request_headers, body)
            handle = S3Response.key_dispatch if entry.key else S3Response.bucket_dispatch
            status, response_headers, content = handle(request, request.raw_url, dict(request.headers))
        if status < 300 and not entry.key and not entry.query:
            self._note_bucket(entry)
        raw = content.encode() if isinstance(content, str) else bytes(content)
        return Response(
            status=int(status), headers={str(k): str(v) for k, v in dict(response_headers).items()}, body=raw
        )

    def _note_bucket(self, entry: Entry) -> None:
        if entry.method == "PUT":
            self._regions[entry.bucket] = entry.region
        elif entry.method == "DELETE":
            self._regions.pop(entry.bucket, None)

    def _remember(self, entry: Entry) -> None:
        """Write the request down; a finished multipart upload as the one object that it made."""
        parameters = dict(parse_qsl(entry.query, keep_blank_values=True))
        if not self._regions:
            self._journal.clear()
        elif entry.method == "POST" and "uploadId" in parameters:
            self._journal.append(self._assembled(entry))
        elif "uploads" not in parameters and "uploadId" not in parameters:
            self._journal.append(entry)

    def _assembled(self, entry: Entry) -> Entry:
        with self._world() as backend:
            object_: Any = backend.get_object(entry.bucket, unquote(entry.key))
            headers = {str(name).lower(): str(value) for name, value in dict(object_.metadata).items()}
            if object_.acl is not None and object_.acl.public_read:
                headers["x-amz-acl"] = "public-read"
            value = bytes(object_.value)
        return Entry(
            sequence=entry.sequence, method="PUT", region=entry.region, bucket=entry.bucket, key=entry.key, query="",
            headers=headers, body=value,
        )  # fmt: skip

    @contextmanager
    def _world(self) -> Generator[S3Backend]:
        """Yield moto's backend with this sandbox's buckets in it."""
        with _moto:
            before = s3_backends.bucket_accounts
            s3_backends.bucket_accounts = self._names
            try:
                yield s3_backends[self._account]["aws"]
            finally:
                s3_backends.bucket_accounts = before


def _denied() -> RefusedError:
    return RefusedError(403, "AccessDenied", "Access Denied.")


def is_signature(parameter: str) -> bool:
    """Tell whether a query parameter belongs to the signature of a presigned address."""
    name = parameter.lower()
    return name.startswith("x-amz-") or name in _SIGNATURE


def _without_signature(query: str) -> str:
    """Return the query without a signature: it is checked nowhere, and must not be kept."""
    pairs = parse_qsl(query, keep_blank_values=True)
    remaining = [(name, value) for name, value in pairs if not is_signature(name)]
    return query if len(remaining) == len(pairs) else urlencode(remaining)
