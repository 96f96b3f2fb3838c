"""The log of one deployment from a moment on, and how the deployment is: for people who read or follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from railway_api.operation import Document

if TYPE_CHECKING:
    from railway_api.answers import BuildLogsLines, DeploymentLogsLines

_ARGUMENTS: Final = "deploymentId: $deploymentId, filter: $filter, limit: $limit, startDate: $startDate"


def _log(field: str) -> Document[Any]:
    return Document(
        name=f"{field}Lines",
        text=f"""query {field}Lines($deploymentId: String!, $filter: String, $limit: Int, $startDate: DateTime) {{
  deployment(id: $deploymentId) {{ id status createdAt serviceId environmentId }}
  {field}({_ARGUMENTS}) {{ message severity timestamp }}
}}""",
    )


BUILD_LOG: Document[BuildLogsLines] = _log("buildLogs")
DEPLOYMENT_LOG: Document[DeploymentLogsLines] = _log("deploymentLogs")

OPERATIONS = (BUILD_LOG, DEPLOYMENT_LOG)
