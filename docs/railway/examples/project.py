"""A project for one system, with an environment named like the stack."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project(
    "shop",
    name="shop-staging",
    environment_name="staging",
    # Name and description together let the next run find a project whose creation was cut short.
    description="Managed by Pulumi: shop.",
)
pulumi.export("environmentId", project.environment_id)
