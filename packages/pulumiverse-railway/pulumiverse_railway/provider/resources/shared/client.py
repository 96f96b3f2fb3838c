"""Gives resources the typed client behind their context."""

from __future__ import annotations

from typing import cast

from pulumi_provider.declaration import Context
from railway_api.client import Client


def railway(context: Context) -> Client:
    """Return the client of Railway's API that the provider was configured with."""
    return cast("Client", context.client)
