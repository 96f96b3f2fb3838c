"""Operations on who may reach a project: its tokens and its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import ProjectMember, ProjectMemberInProjectMemberRemove, ProjectToken
    from railway_api.connections import Page

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

OPERATIONS = (
    PROJECT_TOKENS,
    PROJECT_TOKEN_CREATE,
    PROJECT_TOKEN_DELETE,
    PROJECT_MEMBERS,
    PROJECT_MEMBER_ADD,
    PROJECT_MEMBER_UPDATE,
    PROJECT_MEMBER_REMOVE,
)
