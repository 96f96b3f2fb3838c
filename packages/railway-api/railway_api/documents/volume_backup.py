"""Operations on backups of volumes. All that change something answer with a workflow, which goes on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import VolumeInstanceBackup, VolumeInstanceBackupSchedule, WorkflowId

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

OPERATIONS = (BACKUPS, BACKUP_SCHEDULES, BACKUP_CREATE, BACKUP_DELETE, BACKUP_RESTORE)
