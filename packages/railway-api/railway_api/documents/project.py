"""Operations on projects, and on the token that reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Document, Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import (
        AccountProjects,
        ApiTokenContext,
        Project,
        ProjectInProjectUpdate,
        ProjectTokenInProjectToken,
    )
    from railway_api.connections import Page

PROJECT_FIELDS = (
    "id name description workspaceId primaryEnvironmentId deletedAt prDeploys botPrEnvironments focusedPrEnvironments "
    "tracingEnabled tracingSampleRate"
)
_WITH_ENVIRONMENTS = f"{{ {PROJECT_FIELDS} environments(first: 200) {{ edges {{ node {{ id name deletedAt }} }} }} }}"

API_TOKEN: Operation[ApiTokenContext] = query("apiToken", {}, "{ workspaces { id name } }")
PROJECT_TOKEN: Operation[ProjectTokenInProjectToken] = query("projectToken", {}, "{ projectId environmentId }")

_LISTED = f"{{ edges {{ node {_WITH_ENVIRONMENTS} }} pageInfo {{ hasNextPage endCursor }} }}"
PROJECTS: Operation[Page[Project]] = query(
    "projects", {"workspaceId": "String", "first": "Int", "after": "String", "includeDeleted": "Boolean"}, _LISTED
)
ACCOUNT: Document[AccountProjects] = Document(
    name="accountProjects",
    text=f"""query accountProjects($first: Int) {{
  apiToken {API_TOKEN.selection}
  projects(first: $first) {_LISTED}
}}""",
)
"""Query for the owner of the token and all projects in its reach: for the first project of a process."""
PROJECT: Operation[Project] = query("project", {"id": "String!"}, _WITH_ENVIRONMENTS)
PROJECT_CREATE: Operation[Project] = mutation("projectCreate", {"input": "ProjectCreateInput!"}, _WITH_ENVIRONMENTS)
PROJECT_UPDATE: Operation[ProjectInProjectUpdate] = mutation(
    "projectUpdate", {"id": "String!", "input": "ProjectUpdateInput!"}, f"{{ {PROJECT_FIELDS} }}", repeatable=True
)
PROJECT_DELETE: Operation[bool] = mutation("projectDelete", {"id": "String!"}, repeatable=True)

OPERATIONS = (
    API_TOKEN,
    PROJECT_TOKEN,
    PROJECTS,
    ACCOUNT,
    PROJECT,
    PROJECT_CREATE,
    PROJECT_UPDATE,
    PROJECT_DELETE,
)
