"""The services and deployments of an environment: the read behind commands that people ask for now and then.

Unlike the read of a refresh it asks for what Railway has to look up elsewhere (what deployments run, the DNS status of
domains, how full volumes are), and it leaves the values of variables encrypted: these commands need none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.documents.domain import CUSTOM_DOMAIN_STATUS
from railway_api.documents.environment import whole
from railway_api.operation import Document, Operation, query

if TYPE_CHECKING:
    from railway_api.answers import Environment, EnvironmentAdopted, EnvironmentRunning

_PAGE = "pageInfo { hasNextPage }"
_DEPLOYMENT = "id status createdAt deploymentStopped meta"


def _environment(*, of_service: str = "", of_volume: str = "") -> str:
    """Return the fields of an environment, with these in addition of each service and of each volume."""
    return f"""{{
    id name deletedAt
    config(decryptVariables: false)
    serviceInstances(first: 500) {{ edges {{ node {{
      id serviceId {of_service}deletedAt railwayConfigFile
      latestDeployment {{ {_DEPLOYMENT} }}
      activeDeployments {{ {_DEPLOYMENT} }}
      domains {{
        serviceDomains {{ id domain targetPort deletedAt }}
        customDomains {{ id domain targetPort deletedAt status {CUSTOM_DOMAIN_STATUS} }}
      }}
    }} }} {_PAGE} }}
    volumeInstances(first: 500) {{ edges {{ node {{
      id volumeId serviceId mountPath sizeMB currentSizeMB state isPendingDeletion deletedAt{of_volume}
    }} }} {_PAGE} }}
  }}"""


RUNNING: Document[EnvironmentRunning] = Document(
    name="environmentRunning",
    text=f"""query environmentRunning($projectId: String!, $environmentId: String!) {{
  project(id: $projectId) {{
    id name deletedAt subscriptionType
    environments(first: 200) {{ edges {{ node {{ id name deletedAt }} }} {_PAGE} }}
    services(first: 1000) {{ edges {{ node {{ id name deletedAt }} }} {_PAGE} }}
    volumes(first: 1000) {{ edges {{ node {{ id name }} }} {_PAGE} }}
  }}
  environment(id: $environmentId, projectId: $projectId) {_environment()}
}}""",
)

ADOPTED: Document[EnvironmentAdopted] = Document(
    name="environmentAdopted",
    text=f"""query environmentAdopted($projectId: String!, $environmentId: String!) {{
  {whole(f"railwayConfigFile latestDeployment {{ {_DEPLOYMENT} }} activeDeployments {{ {_DEPLOYMENT} }}")}
}}""",
)
"""All of an environment, values of variables included, and what its deployments run: for an adoption."""

AMONG_OTHERS: Operation[Environment] = query(
    "environment",
    {"id": "String!", "projectId": "String"},
    _environment(of_service="serviceName ", of_volume=" volume { id name }"),
    called="environmentAmongOthers",
)
"""The same of an environment without its project, so that one request serves many."""
