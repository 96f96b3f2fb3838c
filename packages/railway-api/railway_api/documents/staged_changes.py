"""Deploying the changes of an environment that wait for somebody. What they are is asked for in ``environment``."""

from __future__ import annotations

from railway_api.operation import Operation, mutation

STAGED_COMMIT: Operation[str] = mutation(
    "environmentPatchCommitStaged", {"environmentId": "String!", "commitMessage": "String"}, alone=True
)

OPERATIONS = (STAGED_COMMIT,)
