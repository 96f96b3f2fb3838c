"""Refusals of a preview, each once: which resource, why, and what to do, without the URNs of an engine.

Owns the words. An engine says it of URNs; whoever reads a comparison knows the names of settings and systems.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from railyard.review.resource_changes import Change, Kind
from railyard.shared.urns import name_of
from stacks.project_folder import RAILYARD

_URN: Final = re.compile(r"urn:pulumi:[^\s']+")
_UNPROTECT: Final = f"lift its protection first ({RAILYARD} unprotect, or pulumi state unprotect)"


def refusals(document: Mapping[str, Any], changes: Sequence[Change]) -> list[str]:
    """Return what a preview's document says was refused, a text for each; of a known change with its difference."""
    by_urn = {change.urn: change for change in changes}
    texts: list[str] = []
    for diagnostic in document.get("diagnostics") or ():
        if diagnostic.get("severity") == "error":
            message = _URN.sub(lambda match: name_of(match[0]), str(diagnostic.get("message") or "").strip())
            texts.append(_protected(by_urn.get(str(diagnostic.get("urn") or ""))) or message)
    return list(dict.fromkeys(texts))


def _protected(change: Change | None) -> str | None:
    if change is None or not change.protected or not change.kind.grave:
        return None
    what = f"{change.type} {change.name} is protected, and"
    if change.kind is Kind.DELETE:
        return f"{what} would be deleted: keep it in the settings, or {_UNPROTECT}"
    causes = [f"{each.path}: {each.old} → {each.new}" for each in change.properties if each.replaces]
    cause = ", ".join(causes) or "this change"
    return f"{what} {cause} would make it a new one: keep the value from before, or {_UNPROTECT}"
