"""The progress of work that Railway does in the background: a commit that it accepted, a backup that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, query

if TYPE_CHECKING:
    from railway_api.answers import WorkflowResult

WORKFLOW_STATUS: Operation[WorkflowResult] = query("workflowStatus", {"workflowId": "String!"}, "{ status error }")

OPERATIONS = (WORKFLOW_STATUS,)
