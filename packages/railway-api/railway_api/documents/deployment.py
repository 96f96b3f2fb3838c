"""Operations on deployments. ``meta`` is large, so it is read once, at the end of a wait."""

from __future__ import annotations

from railway_api.operation import Document, mutation, query

DEPLOYMENT = query("deployment", {"id": "String!"}, "{ id status createdAt meta }")
DEPLOYMENTS = query(
    "deployments",
    {"input": "DeploymentListInput!", "first": "Int"},
    "{ edges { node { id status createdAt statusUpdatedAt canRollback deploymentStopped meta } } }",
)
DEPLOYMENT_REMOVE = mutation("deploymentRemove", {"id": "String!"}, repeatable=True)
DEPLOYMENT_CANCEL = mutation("deploymentCancel", {"id": "String!"})
DEPLOYMENT_ROLLBACK = mutation("deploymentRollback", {"id": "String!"})
SERVICE_INSTANCE_DEPLOY = mutation(
    "serviceInstanceDeployV2", {"environmentId": "String!", "serviceId": "String!", "commitSha": "String"}
)
LOGS = Document(
    name="deploymentLogTails",
    text="""query deploymentLogTails($deploymentId: String!, $limit: Int) {
  buildLogs(deploymentId: $deploymentId, limit: $limit) { message severity timestamp }
  deploymentLogs(deploymentId: $deploymentId, limit: $limit) { message severity timestamp }
  deploymentEvents(id: $deploymentId, last: 20) { edges { node { step payload { error } } } }
}""",
)

OPERATIONS = (
    DEPLOYMENT,
    DEPLOYMENTS,
    DEPLOYMENT_REMOVE,
    DEPLOYMENT_CANCEL,
    DEPLOYMENT_ROLLBACK,
    SERVICE_INSTANCE_DEPLOY,
    LOGS,
)
