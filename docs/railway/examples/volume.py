"""A disk of 5 GB at /data with a backup each day. It exists before the service runs, so no deployment is lost on it."""

import pulumi

import pulumiverse_railway as railway

project = railway.Project("shop", name="shop-staging")
store = railway.Service("store", project_id=project.id, environment_id=project.environment_id, name="store")
disk = railway.Volume(
    "store",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=store.service_id,
    mount_path="/data",
    size_mb=5_000,
    backup_schedules=[railway.BackupSchedule.DAILY],
    # Data: Pulumi refuses to delete it until the protection is lifted.
    opts=pulumi.ResourceOptions(protect=True),
)
instance = railway.ServiceInstance(
    "store",
    project_id=project.id,
    environment_id=project.environment_id,
    service_id=store.service_id,
    image="valkey/valkey:8",
    opts=pulumi.ResourceOptions(depends_on=[disk], deleted_with=store),
)
