"""Looks up an environment of a project, by its id or its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pulumi_provider.declaration import Context, Function, Inputs, Problem, Property
from pulumiverse_railway.provider.functions.choices import exactly_one
from pulumiverse_railway.provider.functions.get_project import environments_of, project_of
from pulumiverse_railway.provider.resources.shared.scopes import railway
from railway_api.failure import Failure


@dataclass(frozen=True, kw_only=True)
class GetEnvironmentInputs(Inputs):
    """The environment that is meant."""

    project_id: Annotated[str, Property("Railway's id of the project.")]
    environment_id: Annotated[str | None, Property("Railway's id of the environment. Exclusive with name.")] = None
    name: Annotated[str | None, Property("Name of the environment. Exclusive with environmentId.")] = None


@dataclass(frozen=True, kw_only=True)
class GetEnvironmentResult(Inputs):
    """An environment as it is."""

    project_id: Annotated[str, Property("Railway's id of its project (API: Project.id).")]
    project_name: Annotated[str, Property("Name of its project (API: Project.name).")]
    environment_id: Annotated[str, Property("Railway's id of the environment (API: Environment.id).")]
    name: Annotated[str, Property("Its name (API: Environment.name).")]


class GetEnvironment(Function[GetEnvironmentInputs, GetEnvironmentResult]):
    """Look up an environment of a project by its id or its name."""

    token = "railway:index:getEnvironment"
    inputs_type, result_type = GetEnvironmentInputs, GetEnvironmentResult

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Demand exactly one of id and name."""
        return exactly_one(inputs, "environment_id", "name")

    async def call(self, context: Context, inputs: GetEnvironmentInputs) -> GetEnvironmentResult:
        """Return the one environment that is meant."""
        project = await project_of(railway(context), inputs.project_id)
        every = environments_of(project)
        for name, environment_id in every.items():
            if name == inputs.name or environment_id == inputs.environment_id:
                return GetEnvironmentResult(
                    project_id=project["id"],
                    project_name=project["name"],
                    environment_id=environment_id,
                    name=name,
                )
        description = f"named {inputs.name!r}" if inputs.name is not None else inputs.environment_id
        existing = ", ".join(f"{name} ({environment_id})" for name, environment_id in every.items())
        raise Failure(f"project {project['name']} has no environment {description}; it has {existing}")
