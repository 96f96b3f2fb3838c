"""DigitalOcean Spaces for a command: an S3 client of one region, and what a missing key means.

Owns where Spaces is and with which credentials; the same variables as Pulumi's plugin. Does not know any bucket.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Final

from operations.console import OperationError

KEY_VARIABLES: Final = ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
_ENDPOINT: Final = "https://{{.Region}}.digitaloceanspaces.com"


def spaces_client(region: str) -> Any:
    """The S3 client of a region; raises ``OperationError`` when the environment holds no key."""
    # Slow to import, and most commands need none of it. Without types of its own.
    boto3: Any = import_module("boto3")
    config: Any = import_module("botocore.config")
    key, secret = (os.environ.get(name) for name in KEY_VARIABLES)
    if not key or not secret:
        raise OperationError(
            f"no Spaces key is set: make one at https://cloud.digitalocean.com/spaces/access_keys and set "
            f"{' and '.join(KEY_VARIABLES)}"
        )
    return boto3.client(
        "s3",
        region_name=region,
        endpoint_url=(os.environ.get("SPACES_ENDPOINT_URL") or _ENDPOINT).replace("{{.Region}}", region),
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
