"""The workspace that a resource belongs to, named by the program or that of the token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_provider.declaration import UNKNOWN


def replaced_by_workspace(old: str | None, new: Mapping[str, Any]) -> Sequence[str]:
    """Return ``workspace_id`` when another workspace is named; to name it first, or no longer, replaces nothing."""
    workspace_id = new.get("workspace_id")
    moves = workspace_id is not None and old is not None and workspace_id != old
    return ("workspace_id",) if moves or workspace_id is UNKNOWN else ()
