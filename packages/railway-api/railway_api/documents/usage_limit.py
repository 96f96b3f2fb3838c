"""Operations on the limits of what a workspace may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Document, Operation, mutation

if TYPE_CHECKING:
    from railway_api.answers import UsageLimitOfWorkspace

USAGE_LIMIT: Document[UsageLimitOfWorkspace] = Document(
    name="usageLimitOfWorkspace",
    text="""query usageLimitOfWorkspace($workspaceId: String!) {
  workspace(workspaceId: $workspaceId) { id customer { id usageLimit { softLimit hardLimit } } }
}""",
)
USAGE_LIMIT_SET: Operation[bool] = mutation("usageLimitSet", {"input": "UsageLimitSetInput!"}, repeatable=True)
USAGE_LIMIT_REMOVE: Operation[bool] = mutation("usageLimitRemove", {"input": "UsageLimitRemoveInput!"}, repeatable=True)

OPERATIONS = (USAGE_LIMIT, USAGE_LIMIT_SET, USAGE_LIMIT_REMOVE)
