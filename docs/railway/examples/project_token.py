"""A token with which CI may deploy to one environment; the secret goes where CI keeps its own."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop")
ci = railway.ProjectToken(
    "ci",
    project_id=project.id,
    environment_id=project.environment_id,
    name="ci",
    opts=pulumi.ResourceOptions(deleted_with=project),
)
pulumi.export("railwayToken", ci.token)
