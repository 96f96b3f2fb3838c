"""Operations on volumes, their backups, and buckets. Size, mount, backup schedules, and which environment has a bucket,
travel in the environment's configuration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import (
        Bucket,
        BucketInstanceDetails,
        BucketS3CompatibleCredentials,
        Volume,
        VolumeInstanceBackup,
        VolumeInstanceBackupSchedule,
        VolumeOfProject,
        WorkflowId,
    )


# The instances are read from the answer itself, because lists may not show a new volume for a minute and a half.
VOLUME_CREATE: Operation[Volume] = mutation(
    "volumeCreate",
    {"input": "VolumeCreateInput!"},
    "{ id name volumeInstances(first: 10) { edges { node { id environmentId serviceId mountPath sizeMB } } } }",
    alone=True,
)
VOLUME_UPDATE: Operation[VolumeOfProject] = mutation(
    "volumeUpdate", {"volumeId": "String!", "input": "VolumeUpdateInput!"}, "{ id name }", repeatable=True
)
VOLUME_INSTANCE_UPDATE: Operation[bool] = mutation(
    "volumeInstanceUpdate",
    {"volumeId": "String!", "environmentId": "String", "input": "VolumeInstanceUpdateInput!"},
    repeatable=True,
)
VOLUME_DELETE: Operation[bool] = mutation("volumeDelete", {"volumeId": "String!"}, repeatable=True)


# All that change a backup answer with a workflow, which goes on by itself.
_INSTANCE = {"volumeInstanceId": "String!"}
_BACKUP = {**_INSTANCE, "volumeInstanceBackupId": "String!"}
_WORKFLOW = "{ workflowId }"

BACKUPS: Operation[list[VolumeInstanceBackup]] = query(
    "volumeInstanceBackupList",
    _INSTANCE,
    "{ id name createdAt expiresAt scheduleId usedMB volumeInstanceSizeMB }",
)
BACKUP_SCHEDULES: Operation[list[VolumeInstanceBackupSchedule]] = query(
    "volumeInstanceBackupScheduleList", _INSTANCE, "{ id kind retentionSeconds }"
)
BACKUP_CREATE: Operation[WorkflowId] = mutation(
    "volumeInstanceBackupCreate", {**_INSTANCE, "name": "String"}, _WORKFLOW
)
BACKUP_DELETE: Operation[WorkflowId] = mutation("volumeInstanceBackupDelete", _BACKUP, _WORKFLOW)
BACKUP_RESTORE: Operation[WorkflowId] = mutation("volumeInstanceBackupRestore", _BACKUP, _WORKFLOW)


_WHERE = {"bucketId": "String!", "environmentId": "String!"}

BUCKET_CREATE: Operation[Bucket] = mutation("bucketCreate", {"input": "BucketCreateInput!"}, "{ id name }")
BUCKET_UPDATE: Operation[Bucket] = mutation(
    "bucketUpdate", {"id": "String!", "input": "BucketUpdateInput!"}, "{ id name }", repeatable=True
)
BUCKET_CREDENTIALS: Operation[list[BucketS3CompatibleCredentials]] = query(
    "bucketS3Credentials",
    {**_WHERE, "projectId": "String!"},
    "{ accessKeyId secretAccessKey bucketName endpoint region urlStyle createdAt }",
)
BUCKET_DETAILS: Operation[BucketInstanceDetails | None] = query(
    "bucketInstanceDetails", _WHERE, "{ objectCount }", nullable=True
)
