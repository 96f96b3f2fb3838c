"""The resource types of the provider. A new one is a new module here, and nothing else: ``ALL`` finds it."""

from __future__ import annotations

from typing import Any, Final, cast

from pulumi_provider.declaration import Resource
from pulumiverse_railway.provider.discovery import classes_in

ALL: Final = classes_in(__name__, __path__, cast("type[Resource[Any, Any]]", Resource))
"""All resource types, sorted by token."""
