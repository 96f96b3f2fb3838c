"""A Railway project with its environment.

One project holds one system in one stack: Railway creates a service of an ordinary environment in every ordinary
environment of its project, so two stacks that shared a project would write into each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Self

import pulumi
from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

import pulumiverse_railway as railway
from components.arguments import Decides, Name, Variables
from components.checking import checked, clear, resource_inputs
from components.inputs import ProjectInputs
from components.references import ProjectReferences
from components.service_settings import RailwayProjectSettings
from components.wiring import wired
from pulumiverse_railway import conflicts

DESCRIPTION: Final = "Managed by Pulumi: {program}, {name}."
"""Beginning of the description of each project that a program makes; review environments are found again by it."""


class ProjectSettings(RailwayProjectSettings):
    """Settings of a Railway project."""

    name: Name
    """Name of the project on Railway, ``shop-production``."""
    environment: Name
    """Name of its default environment."""
    workspace_id: str | None = None
    """Railway workspace that owns the project. Default: the workspace of the token."""
    shared_variables: Annotated[Variables, Decides("whether there are shared variables", inside=False)] = Field(
        default_factory=dict
    )
    """Variables in clear that each service may refer to, as ``${{shared.NAME}}`` in its own variables."""

    @model_validator(mode="after")
    def _pull_requests(self) -> Self:
        for name, reason in conflicts.of_pull_requests(resource_inputs(self, RailwayProjectSettings)):
            raise ValueError(f"{to_camel(name)} {reason.replace('needs', 'only with')}")
        return self


@dataclass(frozen=True, kw_only=True)
class ProjectArgs(ProjectInputs):
    """Arguments of a project."""


class Project(pulumi.ComponentResource):
    """A Railway project and its default environment."""

    project_id: pulumi.Output[str]
    """Railway's id of the project."""
    environment_id: pulumi.Output[str]
    """Railway's id of the environment."""
    shared_variables: railway.SharedVariables | None
    """Its shared variables, which are there before any service refers to them; None without any."""
    references: ProjectReferences
    """References of the variables of its services."""

    def __init__(self, name: str, args: ProjectArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checked_args = checked(name, wired(name, args, ProjectArgs), ProjectSettings)
        args = checked_args.args
        super().__init__("railyard:components:Project", name, None, opts)
        description = DESCRIPTION.format(program=pulumi.get_project(), name=name)
        project = railway.Project(
            f"{name}-project",
            name=args.name,
            description=f"{description} Changes made by hand show as drift.",
            workspace_id=args.workspace_id,
            environment_name=args.environment,
            **resource_inputs(args, RailwayProjectSettings),
            opts=pulumi.ResourceOptions(parent=self, depends_on=checked_args.depends_on),
        )
        self.project_id = project.id
        self.environment_id = project.environment_id
        self.shared_variables = self._shared(name, args.shared_variables) if args.shared_variables else None
        label = args.name if isinstance(args.name, str) else name
        self.references = ProjectReferences(label, clear(args.shared_variables))
        self.register_outputs({"projectId": self.project_id, "environmentId": self.environment_id})

    def _shared(self, name: str, variables: Mapping[str, pulumi.Input[str]]) -> railway.SharedVariables:
        return railway.SharedVariables(
            f"{name}-shared-variables",
            project_id=self.project_id,
            environment_id=self.environment_id,
            variables=variables,
            opts=pulumi.ResourceOptions(parent=self),
        )
