"""A bucket, and a service that keeps its files in it. The keys stay secrets on the way."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
files = railway.Bucket(
    "files",
    project_id=project.id,
    environment_id=project.environment_id,
    name="files",
    region="ams",
    # Data: Pulumi refuses to delete it until the protection is lifted.
    opts=pulumi.ResourceOptions(protect=True),
)
api = railway.Service("api", project_id=project.id, environment_id=project.environment_id, name="api")
instance = railway.ServiceInstance(
    "api",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=api.service_id,
    image="ghcr.io/acme/api:1.4.2",
    variables={
        "S3_BUCKET": files.bucket_name,
        "S3_ENDPOINT": files.endpoint,
        "S3_REGION": files.signing_region,
        "AWS_ACCESS_KEY_ID": files.access_key_id,
        "AWS_SECRET_ACCESS_KEY": files.secret_access_key,
    },
    opts=pulumi.ResourceOptions(deleted_with=api),
)
