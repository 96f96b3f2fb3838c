"""A person's role in a project.

Owns the membership of a person who has a Railway account. Deliberately sends no invitation: Railway's API adds members
by the id of their account, and an invitation by e-mail is only a member once a person has accepted it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pulumi_provider.declaration import Context, Inputs, Property, Resource
from pulumi_provider.errors import InitializationFailed
from railway_api.client import Client
from railway_api.deletion import delete_listed, list_in_project
from railway_api.documents.project import (
    PROJECT_MEMBER_ADD,
    PROJECT_MEMBER_REMOVE,
    PROJECT_MEMBER_UPDATE,
    PROJECT_MEMBERS,
)
from railway_api.errors import Exists, Opaque, OutcomeUnknown
from railway_api.failure import Failure
from railway_api.retries import create_or_find

from .shared.scopes import choice, join, railway, split

if TYPE_CHECKING:
    from railway_api.answers import ProjectMember as AnsweredMember


ID_PARTS: Final = ("project id", "user id")


class ProjectRole(StrEnum):
    """The role of a member (API: ProjectRole): a VIEWER looks, a MEMBER changes, an ADMIN also deletes."""

    ADMIN = "ADMIN"
    MEMBER = "MEMBER"
    VIEWER = "VIEWER"


@dataclass(frozen=True, kw_only=True)
class ProjectMemberInputs(Inputs):
    """Inputs of a membership."""

    project_id: Annotated[str, Property("Railway's id of the project (API: projectId).", replaces=True)]
    user_id: Annotated[
        str,
        Property(
            "Railway's id of the person's account (API: userId). Somebody without one is invited in the dashboard, and "
            "imported here afterwards.",
            replaces=True,
        ),
    ]
    role: Annotated[ProjectRole, Property("Role in the project; changed in place (API: role).")]


@dataclass(frozen=True, kw_only=True)
class ProjectMemberState(ProjectMemberInputs):
    """A membership as it is."""

    email: Annotated[str, Property("E-mail address of the account (API: email).", stable=True)]
    name: Annotated[str | None, Property("Name of the account, if it has one (API: name).", stable=True)]


class ProjectMember(Resource[ProjectMemberInputs, ProjectMemberState]):
    """A person's role in a project. Its id is <project id>/<user id>."""

    token = "railway:index:ProjectMember"
    inputs_type, state_type = ProjectMemberInputs, ProjectMemberState

    async def create(self, context: Context, new: ProjectMemberInputs) -> tuple[str, ProjectMemberState]:
        """Add the person, or take over what an interrupted run added."""
        client = railway(context)
        its_id = join(new.project_id, new.user_id)
        member = await _member(client, new.project_id, new.user_id)
        if member is None:
            member = await _add(context, client, new)
        elif not context.interrupted:
            raise Failure(
                f"{member['email']} is a member of the project already: import it with "
                f"'pulumi import railway:index:ProjectMember <resource name> {its_id}'"
            )
        state = _state(new, member)
        if member["role"] != new.role:
            try:
                await _change(client, new)
            except Failure as failure:
                has = replace(state, role=choice(ProjectRole, member["role"]))
                raise InitializationFailed(its_id, has, [str(failure)]) from failure
        return its_id, state

    async def read(self, context: Context, id: str, old: ProjectMemberState | None) -> ProjectMemberState | None:
        """Return the member's role."""
        project_id, user_id = split(id, *ID_PARTS)
        member = await _member(railway(context), project_id, user_id, old.email if old else None)
        if member is None:
            return None
        return ProjectMemberState(
            project_id=project_id,
            user_id=user_id,
            role=choice(ProjectRole, member["role"]),
            email=member["email"],
            name=member["name"],
        )

    async def update(
        self, context: Context, id: str, old: ProjectMemberState, new: ProjectMemberInputs
    ) -> ProjectMemberState:
        """Give another role."""
        if new.role != old.role:
            await _change(railway(context), new)
        return ProjectMemberState(**asdict(new), email=old.email, name=old.name)

    async def delete(self, context: Context, id: str, old: ProjectMemberState) -> None:
        """Remove the person from the project."""
        client = railway(context)
        project_id, user_id = split(id, *ID_PARTS)

        async def still_there() -> bool:
            return await _member(client, project_id, user_id, old.email, deleting=True) is not None

        inputs = {"projectId": project_id, "userId": user_id}
        await delete_listed(lambda: client.call(PROJECT_MEMBER_REMOVE, input=inputs), still_there)


def _state(new: ProjectMemberInputs, member: AnsweredMember) -> ProjectMemberState:
    return ProjectMemberState(**asdict(new), email=member["email"], name=member["name"])


async def _member(
    client: Client, project_id: str, user_id: str, email: str | None = None, *, deleting: bool = False
) -> AnsweredMember | None:
    """Return the member with this account, one at most; by the address too, where it is known already."""
    listed = await list_in_project(
        client, project_id, lambda: client.call(PROJECT_MEMBERS, projectId=project_id), deleting=deleting
    )
    return next((member for member in listed if member["id"] == user_id or member["email"] == email), None)


def _input(new: ProjectMemberInputs) -> dict[str, str]:
    return {"projectId": new.project_id, "userId": new.user_id, "role": new.role}


async def _add(context: Context, client: Client, new: ProjectMemberInputs) -> AnsweredMember:
    async def make() -> AnsweredMember:
        return await client.call(PROJECT_MEMBER_ADD, input=_input(new))

    async def look() -> AnsweredMember | None:
        # A person is a member once, so the list shows whether this call added it.
        return await _member(client, new.project_id, new.user_id)

    return await create_or_find(context, make, look, on=(OutcomeUnknown, Opaque, Exists))


async def _change(client: Client, new: ProjectMemberInputs) -> None:
    await client.call(PROJECT_MEMBER_UPDATE, input=_input(new))
