"""Operations on volumes. Size, mount and backups travel in the environment's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation

if TYPE_CHECKING:
    from railway_api.answers import Volume, VolumeOfProject

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

OPERATIONS = (VOLUME_CREATE, VOLUME_UPDATE, VOLUME_INSTANCE_UPDATE, VOLUME_DELETE)
