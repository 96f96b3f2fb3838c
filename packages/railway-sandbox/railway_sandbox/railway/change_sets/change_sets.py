"""Change sets: changes of named resources, as Railway's infrastructure as code sends them, made into one commit.

Owns previewing, applying and following one. What a change means for the configuration stands in
``resources``, committing and applying in ``config_patch``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.change_sets.form import changes_of
from railway_sandbox.railway.change_sets.resources import Resources
from railway_sandbox.railway.config import view as config_view
from railway_sandbox.railway.environments import config_patch
from railway_sandbox.railway.environments.environments import merge_patches
from railway_sandbox.railway.errors import Refused, not_found
from railway_sandbox.railway.records import Config, Patch

_ORDER: Final = ("group", "volume", "bucket", "database", "service")
"""Order of creation: a service mounts volumes and is in a group, which may be of the same change set."""


def _preview(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    """Return the changes without those that change nothing: a client sees variables and some settings masked."""
    environment = caller.environment(arguments["environmentId"])
    changes = changes_of(arguments["input"])
    resources = Resources(caller, environment, changes)
    patches = [resources.patch_of(change, make=False) for change in changes]
    worth = [
        change
        for change, patch in zip(changes, patches, strict=True)
        if not patch or config_patch.would_change(caller.cloud, environment, patch)
    ]
    effects = [{"path": each.get("path"), "deployEffect": each.get("deployEffect")} for each in worth]
    return {"changeSet": {**arguments["input"], "changes": worth}, "diagnostics": [], "effects": effects}


def _apply(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    environment = caller.environment(arguments["environmentId"])
    base_etag = arguments.get("baseConfigEtag")
    if base_etag is not None and base_etag != config_view.etag(caller.cloud, environment):
        raise Refused("Environment config has changed since the change set was computed")
    changes = changes_of(arguments["input"])
    # All or nothing: a refusal happens in a copy, of which nothing is kept.
    _commit(replace(caller, cloud=caller.cloud.copy()), arguments, changes)
    patch = _commit(caller, arguments, changes)
    if arguments.get("waitForCompletion") is not False:
        patch.applies_at = caller.now
        config_patch.apply_due(caller.cloud)
    return _result(patch)


def _commit(caller: Caller, arguments: Arguments, changes: list[dict[str, Any]]) -> Patch:
    """Make what the changes make, and commit the rest of them."""
    environment = caller.environment(arguments["environmentId"])
    resources = Resources(caller, environment, changes)
    patch: Config = {}
    for change in sorted(changes, key=_rank):
        patch = merge_patches(patch, resources.patch_of(change, make=True))
    record = config_patch.commit(caller.cloud, environment, patch, message=arguments.get("commitMessage"))
    record.change_set = changes
    return record


def _rank(change: dict[str, Any]) -> int:
    noun = str(change.get("address", "")).partition(".")[0]
    return _ORDER.index(noun) if change["kind"] == "resource.create" and noun in _ORDER else len(_ORDER)


def _status(caller: Caller, arguments: Arguments) -> dict[str, Any]:
    environment = caller.environment(arguments["environmentId"])
    for patch in caller.cloud.state.patches.values():
        if patch.environment_id == environment.id and arguments["id"] == patch.workflow_id:
            return _result(patch)
    raise not_found("ChangeSetApply")


def _result(patch: Patch) -> dict[str, Any]:
    status = "failed" if patch.failed_with else "applied" if patch.applied_at is not None else "applying"
    diagnostics = [{"severity": "error", "path": "", "message": patch.failed_with}] if patch.failed_with else []
    changes = [
        {**{name: each.get(name) for name in ("kind", "path", "summary")}, "status": status, "outputs": None}
        for each in patch.change_set or ()
    ]
    return {
        "id": patch.workflow_id,
        "status": status,
        "deploymentId": None,
        "stagedPatchId": None,
        "diagnostics": diagnostics,
        "changes": changes,
    }


QUERIES: Operations = {"environmentChangeSetApply": _status}
MUTATIONS: Operations = {"environmentPreviewChangeSet": _preview, "environmentApplyChangeSet": _apply}
