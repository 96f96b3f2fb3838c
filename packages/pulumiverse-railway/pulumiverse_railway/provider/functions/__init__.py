"""The functions of the provider. A new one is a new module here, and nothing else: ``ALL`` finds it."""

from __future__ import annotations

from typing import Any, Final, cast

from pulumi_provider.declaration import Function
from pulumiverse_railway.provider.discovery import classes_in

ALL: Final = classes_in(__name__, __path__, cast("type[Function[Any, Any]]", Function))
"""All functions, sorted by token."""
