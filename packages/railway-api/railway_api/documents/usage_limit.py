"""Operations on the limits of what a workspace may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import WorkspaceInWorkspace

USAGE_LIMIT: Operation[WorkspaceInWorkspace] = query(
    "workspace", {"workspaceId": "String!"}, "{ id customer { id usageLimit { softLimit hardLimit } } }"
)
USAGE_LIMIT_SET: Operation[bool] = mutation("usageLimitSet", {"input": "UsageLimitSetInput!"}, repeatable=True)
USAGE_LIMIT_REMOVE: Operation[bool] = mutation("usageLimitRemove", {"input": "UsageLimitRemoveInput!"}, repeatable=True)

OPERATIONS = (USAGE_LIMIT, USAGE_LIMIT_SET, USAGE_LIMIT_REMOVE)
