"""A service that others reach at shop-api.railway.internal. It is empty: a ServiceInstance says what it runs."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
api = railway.Service(
    "api",
    project_id=project.id,
    environment_id=project.environment_id,
    name="shop-api",
)
pulumi.export("privateHost", api.private_domain)
