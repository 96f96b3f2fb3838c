"""A staging environment as a copy of production, with nothing deployed until its own settings are there."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop")
staging = railway.Environment(
    "staging",
    project_id=project.id,
    name="staging",
    source_environment_id=project.environment_id,
    skip_initial_deploys=True,
)
pulumi.export("stagingEnvironmentId", staging.environment_id)
