"""Operations on who may reach a project: its tokens and its members."""

from __future__ import annotations

from railway_api.operation import mutation, query

_MEMBER = "{ id email name role }"

PROJECT_TOKENS = query(
    "projectTokens",
    {"projectId": "String!", "first": "Int", "after": "String"},
    "{ edges { node { id name environmentId displayToken createdAt } } pageInfo { hasNextPage endCursor } }",
)
PROJECT_TOKEN_CREATE = mutation("projectTokenCreate", {"input": "ProjectTokenCreateInput!"})
PROJECT_TOKEN_DELETE = mutation("projectTokenDelete", {"id": "String!"}, repeatable=True)

PROJECT_MEMBERS = query("projectMembers", {"projectId": "String!"}, _MEMBER)
PROJECT_MEMBER_ADD = mutation("projectMemberAdd", {"input": "ProjectMemberAddInput!"}, _MEMBER)
PROJECT_MEMBER_UPDATE = mutation(
    "projectMemberUpdate", {"input": "ProjectMemberUpdateInput!"}, _MEMBER, repeatable=True
)
PROJECT_MEMBER_REMOVE = mutation(
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
