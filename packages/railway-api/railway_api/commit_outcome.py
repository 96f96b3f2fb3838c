"""Decides from what Railway shows how a commit ended: from its workflow, its patch, and the configuration afterwards.

Railway accepts a commit before it applies it, and says in the workflow whether it could: a size beyond the plan is
refused there, not in the answer to the commit. A workflow may be unknown (to an old token, or after a while), so the
patch and the configuration count as well. Asks Railway nothing, and knows no resource.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from railway_api.errors import RailwayError, Validation, advice_for, classify
from railway_api.json_objects import is_list, is_object
from railway_api.patches import Path, at, leaves
from railway_api.redaction import redact, secrets_in
from railway_api.snapshot import Snapshot

if TYPE_CHECKING:
    from railway_api.answers import EnvironmentPatchInEnvironmentSnapshot, WorkflowResult
    from railway_api.scalars import EnvironmentConfig, Variables

Patches = Sequence["EnvironmentPatchInEnvironmentSnapshot"]

FAILED: Final = "FAILED"
"""A status of a patch that Railway has had since September 2026."""
_MASKED: Final = "registryCredentials"


@dataclass(frozen=True)
class CommitStatus:
    """Hold what one look shows of a commit."""

    own: Patches
    """Its patch; none where Railway does not list it, or lost the message by which it is known."""
    new: Patches
    """All patches that were not there before."""
    workflow: WorkflowResult | None
    """None where it is not known how the workflow is getting on."""
    early: bool
    """True while a staged patch may be one that Railway is about to apply."""
    patch: EnvironmentConfig
    """The committed changes: Railway's reason may quote a secret in them."""

    @property
    def running(self) -> bool:
        """Tell whether Railway says that it is still applying it."""
        return self.workflow is not None and self.workflow["status"] == "Running"

    @property
    def complete(self) -> bool:
        """Tell whether Railway says that all of it is in effect."""
        committed = any(each["status"] == "COMMITTED" for each in self._listed)
        return committed or (self.workflow is not None and self.workflow["status"] == "Complete")

    @property
    def staged_again(self) -> bool:
        """Tell whether the patch is staged again, as it is after some failures."""
        return any(each["status"] == "STAGED" for each in self.own)

    def refusal(self) -> RailwayError | None:
        """Return why Railway did not apply the commit; None while it has not said so."""
        last_error = next((each["lastAppliedError"] for each in self._listed if each["lastAppliedError"]), None)
        status = None if self.workflow is None else self.workflow["status"]
        if self.workflow is not None and status == "Error":
            return self._refused(self.workflow["error"] or last_error)
        if status == "Running":
            return None
        failed = any(each["status"] == FAILED for each in self.own)
        fell_back = self.staged_again and status != "Complete" and not self.early
        return self._refused(last_error) if last_error or failed or fell_back else None

    @property
    def _listed(self) -> Patches:
        """Return the patches that may be the commit's: what others have staged is not."""
        return self.own or [each for each in self.new if each["status"] != "STAGED"]

    def _refused(self, reason: str | None) -> RailwayError:
        note = (
            ". Railway keeps the refused change as a staged one, which deploys only if somebody deploys it: discard it "
            "in the dashboard"
            if self.staged_again
            else ""
        )
        if not reason:
            return Validation(
                f"Railway could not apply the configuration, and does not say why{note}. Look at the environment in "
                "the dashboard, and run the command again"
            )
        reason = redact(reason, secrets_in(self.patch))
        kind = type(classify("", {"message": reason}))
        kind = Validation if kind is RailwayError else kind
        return kind(f"Railway could not apply the configuration: {reason}{advice_for(kind)}{note}", reason=reason)


def unapplied_settings(patch: EnvironmentConfig, before: Snapshot, after: Snapshot, *, proven: bool) -> list[str]:
    """Return what of a patch is not in effect, as far as a read can tell; empty when it is there.

    Railway adapts what it is sent and leaves out what is its default, so a setting counts as missing when it is what
    it was before. Without proof that the commit was applied, an unchanged configuration counts as well.
    """
    paths = _not_as_written(patch, after.config)
    stuck = [path for path, value in leaves(patch) if _is_stuck(path, value, before.config, after.config)]
    paths += [".".join(path[2:]) for path in stuck if ".".join(path[2:4]) not in paths]
    if not paths and not proven and before.etag and before.etag == after.etag:
        paths = [
            ".".join(path[2:])
            for path, value in leaves(patch)
            if value and not is_object(value) and _MASKED not in path and not _same(at(after.config, path), value)
        ]
    return paths


def _is_stuck(path: Path, value: object, before: EnvironmentConfig, after: EnvironmentConfig) -> bool:
    """Tell whether a setting is shown, and is what it was before instead of what was written."""
    if _MASKED in path or path[2:3] == ("variables",) or is_object(value):
        return False
    current = at(after, path)
    unchanged = path[0] == "volumes" or current == at(before, path)  # the size of a new volume was not read before
    return current is not None and unchanged and not _same(current, value)


def _same(current: object, written: object) -> bool:
    """Tell whether two values mean the same: Railway leaves out what is 0, false or empty, and sorts some lists."""
    if is_list(current) and is_list(written):
        return sorted(map(str, current)) == sorted(map(str, written))
    return current == written or (not current and not written)


def _not_as_written(patch: EnvironmentConfig, config: EnvironmentConfig) -> list[str]:
    """Return sources and variables of the patch that the configuration does not show."""
    paths: list[str] = []
    services = config.get("services") or {}
    for service_id, settings in (patch.get("services") or {}).items():
        desired, current = settings or {}, services.get(service_id) or {}
        source, current_source = desired.get("source") or {}, current.get("source") or {}
        if "image" in source and source["image"] != current_source.get("image"):
            paths.append("source.image")
        if "repo" in source and source["repo"] != current_source.get("repo"):
            paths.append("source.repo")
        paths += missing_variables(desired.get("variables") or {}, current.get("variables") or {})
    return paths


def missing_variables(desired: Variables, current: Variables) -> list[str]:
    """Return paths of variables that are not as they were written, as far as that can be seen."""
    names: list[str] = []
    for name, entry in desired.items():
        variable = current.get(name)
        if (variable or {}).get("isSealed") or (entry or {}).get("isSealed"):
            continue  # a sealed value is never shown again
        if (variable or {}).get("value") != (entry or {}).get("value"):
            names.append(f"variables.{name}")
    return names
