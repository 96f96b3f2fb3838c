"""Somebody who may look at the project and change nothing."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop")
railway.ProjectMember(
    "auditor",
    project_id=project.id,
    user_id="44444444-4444-4444-8444-444444444444",
    role=railway.ProjectRole.VIEWER,
    opts=pulumi.ResourceOptions(deleted_with=project),
)
