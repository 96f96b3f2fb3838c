"""Files: the smallest system with a public name and a bucket. The tests copy it beside ``Pulumi.yaml``.

browser → Cloudflare → web → Spaces bucket → CDN
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.bucket import BucketSettings
from components.topologies import BackendSettings
from stacks.secrets import Secret, SystemSecrets
from stacks.system import System, SystemSettings


class FilesWeb(BackendSettings):
    """The one service."""

    image: str | None = "files/web:1"
    port: int | None = 8080
    healthcheck_path: str | None = "/health"
    healthcheck_timeout: int | None = 20


class FilesSettings(SystemSettings):
    """Files in one stack."""

    web: FilesWeb
    """The one service."""
    bucket: BucketSettings
    """Where it keeps its files."""


class Files(System[FilesSettings]):
    """Files in one stack."""

    NAME = "files"
    TOKEN = "railyard:systems:Files"
    SETTINGS = FilesSettings

    @classmethod
    def secrets(cls, settings: FilesSettings) -> Sequence[Secret]:
        """None: the key of the bucket stands in no file."""
        return ()

    def compose(self, settings: FilesSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """A service and its bucket."""
        bucket = self.bucket("bucket", settings.bucket)
        self.service("web", settings.web, bucket=bucket)
        return {}
