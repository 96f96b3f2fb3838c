"""Operations on projects, on the token that reaches them, and on who else may: project tokens and members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Document, Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import (
        AccountProjects,
        ApiTokenContext,
        Project,
        ProjectInProjectUpdate,
        ProjectMember,
        ProjectMemberInProjectMemberRemove,
        ProjectToken,
        ProjectTokenInProjectToken,
    )
    from railway_api.relay import Page


PROJECT_FIELDS = (
    "id name description workspaceId primaryEnvironmentId deletedAt prDeploys botPrEnvironments focusedPrEnvironments "
    "tracingEnabled tracingSampleRate"
)
_WITH_ENVIRONMENTS = (
    f"{{ {PROJECT_FIELDS} environments(first: 200) {{ edges {{ node {{ id name deletedAt }} }} "
    "pageInfo { hasNextPage } } }"
)

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


_MEMBER = "{ id email name role }"

PROJECT_TOKENS: Operation[Page[ProjectToken]] = query(
    "projectTokens",
    {"projectId": "String!", "first": "Int", "after": "String"},
    "{ edges { node { id name environmentId displayToken createdAt } } pageInfo { hasNextPage endCursor } }",
)
PROJECT_TOKEN_CREATE: Operation[str] = mutation("projectTokenCreate", {"input": "ProjectTokenCreateInput!"})
PROJECT_TOKEN_DELETE: Operation[bool] = mutation("projectTokenDelete", {"id": "String!"}, repeatable=True)

PROJECT_MEMBERS: Operation[list[ProjectMember]] = query("projectMembers", {"projectId": "String!"}, _MEMBER)
PROJECT_MEMBER_ADD: Operation[ProjectMember] = mutation(
    "projectMemberAdd", {"input": "ProjectMemberAddInput!"}, _MEMBER
)
PROJECT_MEMBER_UPDATE: Operation[ProjectMember] = mutation(
    "projectMemberUpdate", {"input": "ProjectMemberUpdateInput!"}, _MEMBER, repeatable=True
)
PROJECT_MEMBER_REMOVE: Operation[list[ProjectMemberInProjectMemberRemove]] = mutation(
    "projectMemberRemove", {"input": "ProjectMemberRemoveInput!"}, "{ id }", repeatable=True
)
