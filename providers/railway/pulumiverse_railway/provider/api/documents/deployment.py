"""Operations on deployments. ``meta`` is large, so it is read once, at the end of a wait."""

from __future__ import annotations

from pulumiverse_railway.provider.api.operation import Document, mutation, query

DEPLOYMENT = query("deployment", {"id": "String!"}, "{ id status createdAt meta }")
DEPLOYMENT_REMOVE = mutation("deploymentRemove", {"id": "String!"}, repeatable=True)
SERVICE_INSTANCE_DEPLOY = mutation(
    "serviceInstanceDeployV2", {"environmentId": "String!", "serviceId": "String!", "commitSha": "String"}
)
LOGS = Document(
    name="deploymentLogTails",
    text="""query deploymentLogTails($deploymentId: String!, $limit: Int) {
  buildLogs(deploymentId: $deploymentId, limit: $limit) { message severity timestamp }
  deploymentLogs(deploymentId: $deploymentId, limit: $limit) { message severity timestamp }
}""",
)

OPERATIONS = (DEPLOYMENT, DEPLOYMENT_REMOVE, SERVICE_INSTANCE_DEPLOY, LOGS)
