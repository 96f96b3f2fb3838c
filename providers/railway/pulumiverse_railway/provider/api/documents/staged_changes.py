"""Operations on the changes of an environment that wait for somebody to deploy them."""

from __future__ import annotations

from pulumiverse_railway.provider.api.operation import mutation, query

STAGED_CHANGES = query("environmentStagedChanges", {"environmentId": "String!"}, "{ id status patch }")
STAGED_COMMIT = mutation(
    "environmentPatchCommitStaged", {"environmentId": "String!", "commitMessage": "String"}, alone=True
)

OPERATIONS = (STAGED_CHANGES, STAGED_COMMIT)
