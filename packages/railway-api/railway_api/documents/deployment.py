"""Operations on deployments and their logs. ``meta`` is large, so it is read once, at the end of a wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from railway_api.operation import Document, Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import (
        BuildLogsLines,
        Deployment,
        DeploymentInDeployment,
        DeploymentLogsLines,
        DeploymentLogTails,
    )
    from railway_api.relay import Connection


DEPLOYMENT: Operation[DeploymentInDeployment] = query("deployment", {"id": "String!"}, "{ id status createdAt meta }")
DEPLOYMENTS: Operation[Connection[Deployment]] = query(
    "deployments",
    {"input": "DeploymentListInput!", "first": "Int"},
    "{ edges { node { id status createdAt statusUpdatedAt canRollback deploymentStopped meta } } }",
)
DEPLOYMENT_REMOVE: Operation[bool] = mutation("deploymentRemove", {"id": "String!"}, repeatable=True)
DEPLOYMENT_CANCEL: Operation[bool] = mutation("deploymentCancel", {"id": "String!"})
DEPLOYMENT_RESTART: Operation[bool] = mutation("deploymentRestart", {"id": "String!"}, repeatable=True)
DEPLOYMENT_ROLLBACK: Operation[bool] = mutation("deploymentRollback", {"id": "String!"})
SERVICE_INSTANCE_DEPLOY: Operation[str] = mutation(
    "serviceInstanceDeployV2", {"environmentId": "String!", "serviceId": "String!", "commitSha": "String"}
)
LOGS: Document[DeploymentLogTails] = Document(
    name="deploymentLogTails",
    text="""query deploymentLogTails($deploymentId: String!, $limit: Int) {
  buildLogs(deploymentId: $deploymentId, limit: $limit) { message severity timestamp }
  deploymentLogs(deploymentId: $deploymentId, limit: $limit) { message severity timestamp }
  deploymentEvents(id: $deploymentId, last: 20) { edges { node { step payload { error } } } }
}""",
)


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
