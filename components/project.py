"""A Railway project with its environment.

One project holds one system in one stack: Railway creates a service of an ordinary environment in every ordinary
environment of its project, so two stacks that shared a project would write into each other.
"""

from __future__ import annotations

import pulumi

import pulumiverse_railway as railway
from components.arguments import Arguments, Name


class ProjectArgs(Arguments):
    """What a Railway project needs."""

    name: Name
    """Name of the project on Railway, ``seance-production``."""
    environment: Name
    """Name of its default environment."""
    workspace_id: str | None = None
    """Railway workspace that owns the project. Default: the workspace of the token."""


class Project(pulumi.ComponentResource):
    """A Railway project and its default environment."""

    project_id: pulumi.Output[str]
    """Railway's id of the project."""
    environment_id: pulumi.Output[str]
    """Railway's id of the environment."""

    def __init__(self, name: str, args: ProjectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("railyard:components:Project", name, None, opts)
        project = railway.Project(
            f"{name}-project",
            name=args.name,
            description=f"Managed by Pulumi: {pulumi.get_project()}, {name}. Changes made by hand show as drift.",
            workspace_id=args.workspace_id,
            environment_name=args.environment,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.project_id = project.id
        self.environment_id = project.environment_id
        self.register_outputs({"projectId": self.project_id, "environmentId": self.environment_id})
