"""Operations on backups of volumes. All that change something answer with a workflow, which goes on by itself."""

from __future__ import annotations

from railway_api.operation import mutation, query

_INSTANCE = {"volumeInstanceId": "String!"}
_BACKUP = {**_INSTANCE, "volumeInstanceBackupId": "String!"}
_WORKFLOW = "{ workflowId }"

BACKUPS = query(
    "volumeInstanceBackupList",
    _INSTANCE,
    "{ id name createdAt expiresAt scheduleId usedMB volumeInstanceSizeMB }",
)
BACKUP_SCHEDULES = query("volumeInstanceBackupScheduleList", _INSTANCE, "{ id kind retentionSeconds }")
BACKUP_CREATE = mutation("volumeInstanceBackupCreate", {**_INSTANCE, "name": "String"}, _WORKFLOW)
BACKUP_DELETE = mutation("volumeInstanceBackupDelete", _BACKUP, _WORKFLOW)
BACKUP_RESTORE = mutation("volumeInstanceBackupRestore", _BACKUP, _WORKFLOW)
WORKFLOW_STATUS = query("workflowStatus", {"workflowId": "String!"}, "{ status error }")

OPERATIONS = (BACKUPS, BACKUP_SCHEDULES, BACKUP_CREATE, BACKUP_DELETE, BACKUP_RESTORE, WORKFLOW_STATUS)
