"""Connections of a worker come from known addresses, which a partner lets in. They are there when it first runs."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
worker = railway.Service("worker", project_id=project.id, environment_id=project.environment_id, name="worker")
gateway = railway.EgressGateway(
    "worker",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=worker.service_id,
    region="us-west2",
    opts=pulumi.ResourceOptions(deleted_with=worker),
)
instance = railway.ServiceInstance(
    "worker",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=worker.service_id,
    image="ghcr.io/acme/worker:1.4.2",
    regions={"us-west2": 1},
    opts=pulumi.ResourceOptions(depends_on=[gateway], deleted_with=worker),
)
pulumi.export("addresses", gateway.ipv4_addresses)
