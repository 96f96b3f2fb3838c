"""A project that the token reaches, found by what a person calls it."""

from __future__ import annotations

from railway_api.answers import Project
from railway_api.client import Client
from railway_api.documents.project import PROJECT, PROJECT_TOKEN, PROJECTS
from railyard.shared.console import CallError


async def find_project(client: Client, called: str, *, give: str = "the id") -> Project:
    """Return the project with this id or name; ``give`` says what to give in its place.

    Raises ``CallError`` when the token reaches none of it, or several.
    """
    if client.transport.token.kind == "project":
        token = await client.call(PROJECT_TOKEN)
        every = [await client.call(PROJECT, id=token["projectId"])]
    else:
        every = [each for each in await client.list_all(PROJECTS, workspaceId=None) if not each["deletedAt"]]
    matching = [each for each in every if called in (each["id"], each["name"])]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(sorted(each["name"] for each in every)) or "none"
    how_many = "several projects" if matching else "no project"
    raise CallError(f"the token reaches {how_many} called {called!r}: give {give}, or one of {names}")
