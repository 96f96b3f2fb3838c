"""Starts the Railway provider as a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_provider.main import main

if TYPE_CHECKING:
    from pulumi_provider.declaration import Provider


def _load() -> Provider:
    from .assembly import build_provider  # noqa: PLC0415 the port is reported before that is loaded

    return build_provider()


def run() -> None:
    """Serve until the engine stops the process."""
    main(_load)
