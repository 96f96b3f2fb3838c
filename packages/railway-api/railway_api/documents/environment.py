"""Operations on environments: the one read of everything in one, the one write, and how a write is getting on; staged
changes; and what makes, lists and deletes environments.

The read leaves out what Railway has to look up elsewhere for each item (DNS status, deployment meta, metrics), unless
a caller asks for it: it serves every refresh.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from railway_api.documents.domain import CUSTOM_DOMAIN_STATUS, DOMAINS
from railway_api.documents.project import PROJECT_FIELDS
from railway_api.documents.service import SERVICE_FIELDS
from railway_api.operation import Document, Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import (
        EnvironmentInEnvironment,
        EnvironmentInEnvironmentRename,
        EnvironmentInEnvironments,
        EnvironmentPatch,
        EnvironmentPatchInEnvironmentStageChanges,
        EnvironmentProgress,
        EnvironmentSnapshot,
        WorkflowResult,
    )
    from railway_api.relay import Page


WORKFLOW_STATUS: Operation[WorkflowResult] = query("workflowStatus", {"workflowId": "String!"}, "{ status error }")
"""The progress of work that Railway does in the background: a commit that it accepted, a backup that it makes."""


_PAGE = "pageInfo { hasNextPage }"
_LATEST = "latestDeployment { id status createdAt }"

_PROJECT = f"""project(id: $projectId) {{
    {PROJECT_FIELDS}
    environments(first: 200) {{ edges {{ node {{ id name deletedAt }} }} {_PAGE} }}
    services(first: 1000) {{ edges {{ node {{ {SERVICE_FIELDS} }} }} {_PAGE} }}
    volumes(first: 1000) {{ edges {{ node {{ id name }} }} {_PAGE} }}
    buckets(first: 1000) {{ edges {{ node {{ id name }} }} {_PAGE} }}
  }}"""
_ENVIRONMENT = f"""environment(id: $environmentId, projectId: $projectId) {{
    id name deletedAt configEtag unmergedChangesCount
    config(decryptVariables: true)
    serviceInstances(first: 500) {{ edges {{ node {{
      id serviceId deletedAt
      {_LATEST}
      domains {{
        serviceDomains {{ id domain targetPort deletedAt }}
        customDomains {{ id domain targetPort deletedAt STATUS }}
      }}
    }} }} {_PAGE} }}
    volumeInstances(first: 500) {{ edges {{ node {{
      id volumeId serviceId mountPath sizeMB state isPendingDeletion deletedAt
    }} }} {_PAGE} }}
    deploymentTriggers(first: 500) {{ edges {{ node {{ id serviceId repository branch checkSuites }} }} {_PAGE} }}
  }}"""
_PATCHES = """environmentPatches(environmentId: $environmentId, first: 5) {
    edges { node { id status message createdAt lastAppliedError } }
  }"""
_INSTANCES = f"""environment(id: $environmentId, projectId: $projectId) {{
    id configEtag
    serviceInstances(first: 500) {{ edges {{ node {{ serviceId {_LATEST} }} }} }}
  }}"""
_SCOPE = "$projectId: String!, $environmentId: String!"


def whole(deployments: str) -> str:
    """Return the fields of everything in an environment, with these of the deployments of each service."""
    environment = _ENVIRONMENT.replace(_LATEST, deployments).replace("STATUS", f"status {CUSTOM_DOMAIN_STATUS}")
    return "\n  ".join([_PROJECT, environment, _PATCHES])


SNAPSHOT: Document[EnvironmentSnapshot] = Document(
    name="environmentSnapshot",
    text=f"""query environmentSnapshot({_SCOPE}, $domainStatus: Boolean!) {{
  {_PROJECT}
  {_ENVIRONMENT.replace("STATUS", f"status @include(if: $domainStatus) {CUSTOM_DOMAIN_STATUS}")}
  {_PATCHES}
}}""",
)


@cache
def progress(
    *, snapshot: bool, domains: int, deployments: int, workflow: bool = False
) -> Document[EnvironmentProgress]:
    """Return the document of one poll: patches and newest deployments, or the whole environment.

    ``domains`` services have the DNS status of their domains read under ``domains_0``, …; ``deployments`` deployments
    have their meta read under ``deployment_0``, …; ``workflow`` reads how a commit is getting on.
    """
    declared = [_SCOPE]
    declared += [f"$service_{index}: String!" for index in range(domains)]
    declared += [f"$deployment_{index}: String!" for index in range(deployments)]
    declared += ["$workflow: String!"] if workflow else []
    ids = "projectId: $projectId, environmentId: $environmentId"
    fields = [_PATCHES]
    fields += [_PROJECT, _ENVIRONMENT.replace("STATUS", "")] if snapshot else [_INSTANCES]
    fields += [
        f"domains_{index}: domains({ids}, serviceId: $service_{index}) {DOMAINS.selection}" for index in range(domains)
    ]
    fields += [f"deployment_{index}: deployment(id: $deployment_{index}) {{ id meta }}" for index in range(deployments)]
    fields += [f"workflow: workflowStatus(workflowId: $workflow) {WORKFLOW_STATUS.selection}"] if workflow else []
    head = f"query environmentProgress({', '.join(declared)}) {{\n  "
    return Document(name="environmentProgress", text=head + "\n  ".join(fields) + "\n}")


PROGRESS: Document[EnvironmentProgress] = progress(snapshot=False, domains=0, deployments=0)
"""The shortest look: patches and newest deployments."""

ENVIRONMENT_RENAME: Operation[EnvironmentInEnvironmentRename] = mutation(
    "environmentRename", {"id": "String!", "input": "EnvironmentRenameInput!"}, "{ id name }", repeatable=True
)
ENVIRONMENT_PATCH_COMMIT: Operation[str] = mutation(
    "environmentPatchCommit",
    {"environmentId": "String!", "patch": "EnvironmentConfig", "commitMessage": "String"},
    # A patch is merged into the configuration: the same patch again changes nothing and deploys nothing.
    repeatable=True,
)

_PATCH = "{ message patch(decryptVariables: false) }"
# Without values: only the names of what would change are reported.

ENVIRONMENT_STAGED_CHANGES: Operation[EnvironmentPatch] = query(
    "environmentStagedChanges",
    {"environmentId": "String!"},
    _PATCH,
)

ENVIRONMENT_PATCH: Operation[EnvironmentPatch] = query("environmentPatch", {"id": "String!"}, _PATCH)


STAGE: Operation[EnvironmentPatchInEnvironmentStageChanges] = mutation(
    "environmentStageChanges",
    {"environmentId": "String!", "input": "EnvironmentConfig!", "merge": "Boolean"},
    "{ id }",
    repeatable=True,
)
STAGED_COMMIT: Operation[str] = mutation(
    "environmentPatchCommitStaged",
    {"environmentId": "String!", "commitMessage": "String", "skipDeploys": "Boolean"},
    alone=True,
)


_FIELDS = "id name isEphemeral deletedAt sourceEnvironment { id }"

ENVIRONMENTS: Operation[Page[EnvironmentInEnvironments]] = query(
    "environments",
    {"projectId": "String!", "first": "Int", "after": "String"},
    f"{{ edges {{ node {{ {_FIELDS} }} }} pageInfo {{ hasNextPage endCursor }} }}",
)
ENVIRONMENT_CREATE: Operation[EnvironmentInEnvironments] = mutation(
    "environmentCreate",
    {"input": "EnvironmentCreateInput!"},
    f"{{ {_FIELDS} }}",
    # Railway counts how many come within half a minute.
    alone=True,
)
ENVIRONMENT_DELETE: Operation[bool] = mutation("environmentDelete", {"id": "String!"}, repeatable=True)
ENVIRONMENT_VARIABLES: Operation[EnvironmentInEnvironment] = query(
    "environment",
    {"id": "String!", "projectId": "String"},
    # Of a shared variable Railway cannot give the object "service", only its (absent) id.
    "{ variables(first: 1000) { edges { node { name serviceId isSealed } } pageInfo { hasNextPage } } }",
)
