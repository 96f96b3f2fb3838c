"""DigitalOcean Spaces for a command: an S3 client of one region, and what a missing key means.

Owns where Spaces is and with which credentials; the same variables as Pulumi's plugin. Does not know any bucket.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from railway_api.loopback import host_of
from railyard.shared.console import OperationError
from stacks.project_folder import RAILYARD

KEY_VARIABLES: Final = ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
# DigitalOcean's page on S3 SDKs asks for us-east-1 where a bucket is made, and for the bucket's own region elsewhere.
# DigitalOcean's own provider signs everything for us-east-1: the endpoint says which region is meant.
SIGNING_REGION: Final = "us-east-1"
"""The region in the signature of each request, whatever the region of the bucket."""
MISSING, FORBIDDEN = "404", "403"
"""Codes of a refused HEAD request, whose answer has no text: no such bucket, and one that the key may not use."""
_ENDPOINT: Final = "https://{{.Region}}.digitaloceanspaces.com"


def spaces_endpoint(region: str) -> str:
    """Return where a region of Spaces is, as a URL; raises ``OperationError`` where its variable holds none."""
    endpoint = (os.environ.get("SPACES_ENDPOINT_URL") or _ENDPOINT).replace("{{.Region}}", region)
    if host_of(endpoint) is None:
        raise _invalid_endpoint(endpoint)
    return endpoint


def spaces_client(region: str) -> Any:
    """Return the S3 client of a region; raises ``OperationError`` without a key, or for an invalid endpoint."""
    if missing := [name for name in KEY_VARIABLES if not os.environ.get(name)]:
        raise OperationError(
            f"{' and '.join(missing)} not set: make a Spaces key at https://cloud.digitalocean.com/spaces/access_keys "
            "and export both halves"
        )
    key, secret = (os.environ[name] for name in KEY_VARIABLES)
    # Slow to import, and most commands need none of it. Without types of its own.
    boto3: Any = import_module("boto3")
    config: Any = import_module("botocore.config")
    endpoint = spaces_endpoint(region)
    try:
        return boto3.client(
            "s3",
            region_name=SIGNING_REGION,
            endpoint_url=endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            # Newer checksums are not understood by all of Spaces.
            config=config.Config(
                connect_timeout=15,
                read_timeout=30,
                retries={"max_attempts": 3},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
    except ValueError:  # a name of a host that boto3 does not take, such as one with an underscore
        raise _invalid_endpoint(endpoint) from None


def _invalid_endpoint(endpoint: str) -> OperationError:
    return OperationError(f"SPACES_ENDPOINT_URL is not a valid address: {endpoint}; write it with https://")


def spaces_errors() -> tuple[type[Exception], ...]:
    """Return what a call of the client raises: ``BotoCoreError`` without an answer, ``ClientError`` for a refusal."""
    exceptions: Any = import_module("botocore.exceptions")
    return exceptions.BotoCoreError, exceptions.ClientError


def refusal_code(failure: Exception) -> str:
    """Return the code of a refusal, such as ``NoSuchBucket``, or the HTTP status where Spaces names none, ``404``.

    It is empty when there was no answer.
    """
    return str(getattr(failure, "response", {}).get("Error", {}).get("Code", ""))


@contextmanager
def spaces_refusals() -> Generator[None]:
    """Raise ``OperationError`` for what Spaces refuses within the block, or for a connection that fails."""
    try:
        yield
    except spaces_errors() as failure:
        raise OperationError(
            f"Spaces did not do what was asked: {failure}\n"
            f"next: run the command again; if it stays so, check the Spaces key with {RAILYARD} doctor"
        ) from None
