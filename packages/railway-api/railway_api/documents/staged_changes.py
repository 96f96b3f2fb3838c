"""Laying changes of an environment aside, and deploying what waits. What they are is asked for in ``environment``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation

if TYPE_CHECKING:
    from railway_api.answers import EnvironmentPatchInEnvironmentStageChanges

STAGE: Operation[EnvironmentPatchInEnvironmentStageChanges] = mutation(
    "environmentStageChanges",
    {"environmentId": "String!", "input": "EnvironmentConfig!", "merge": "Boolean"},
    "{ id }",
    repeatable=True,
)
STAGED_COMMIT: Operation[str] = mutation(
    "environmentPatchCommitStaged",
    {"environmentId": "String!", "commitMessage": "String", "skipDeploys": "Boolean"},
    alone=True,
)

OPERATIONS = (STAGE, STAGED_COMMIT)
