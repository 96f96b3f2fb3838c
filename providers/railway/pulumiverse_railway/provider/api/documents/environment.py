"""Operations on a whole environment: the one read, the one write, and how a write is getting on.

The read leaves out what Railway has to look up elsewhere for each item (DNS status, deployment meta, metrics): it
serves every refresh.
"""

from __future__ import annotations

from pulumiverse_railway.provider.api.operation import Document, mutation

_PAGE = "pageInfo { hasNextPage }"

SNAPSHOT = Document(
    name="environmentSnapshot",
    text=f"""query environmentSnapshot($projectId: String!, $environmentId: String!) {{
  project(id: $projectId) {{
    id name description workspaceId primaryEnvironmentId deletedAt
    environments(first: 200) {{ edges {{ node {{ id name deletedAt }} }} {_PAGE} }}
    services(first: 1000) {{ edges {{ node {{ id name icon deletedAt }} }} {_PAGE} }}
    volumes(first: 1000) {{ edges {{ node {{ id name }} }} {_PAGE} }}
  }}
  environment(id: $environmentId, projectId: $projectId) {{
    id name deletedAt configEtag
    config(decryptVariables: true)
    serviceInstances(first: 500) {{ edges {{ node {{
      id serviceId deletedAt
      latestDeployment {{ id status }}
      domains {{
        serviceDomains {{ id domain targetPort deletedAt }}
        customDomains {{ id domain targetPort deletedAt }}
      }}
    }} }} {_PAGE} }}
    volumeInstances(first: 500) {{ edges {{ node {{
      id volumeId serviceId mountPath sizeMB state isPendingDeletion deletedAt
    }} }} {_PAGE} }}
    deploymentTriggers(first: 500) {{ edges {{ node {{ id serviceId repository branch checkSuites }} }} {_PAGE} }}
  }}
  environmentPatches(environmentId: $environmentId, first: 5) {{ edges {{ node {{ id status }} }} }}
}}""",
)

PROGRESS = Document(
    name="environmentProgress",
    text="""query environmentProgress($environmentId: String!) {
  environmentPatches(environmentId: $environmentId, first: 5) {
    edges { node { id status lastAppliedError } }
  }
  environment(id: $environmentId) {
    id configEtag
    serviceInstances(first: 500) { edges { node { serviceId latestDeployment { id status } } } }
  }
}""",
)

ENVIRONMENT_RENAME = mutation(
    "environmentRename", {"id": "String!", "input": "EnvironmentRenameInput!"}, "{ id name }", repeatable=True
)
ENVIRONMENT_PATCH_COMMIT = mutation(
    "environmentPatchCommit",
    {"environmentId": "String!", "patch": "EnvironmentConfig", "commitMessage": "String"},
    # A patch is merged into the configuration: the same patch again changes nothing and deploys nothing.
    repeatable=True,
)

OPERATIONS = (SNAPSHOT, PROGRESS, ENVIRONMENT_RENAME, ENVIRONMENT_PATCH_COMMIT)
