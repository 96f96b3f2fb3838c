"""The events of an embedded engine's operation: the steps that it plans and runs, diagnostics, and the result.

Owns the types between the engine and the code that shows or checks its work. Does not print.
Values are plain Python; a secret is a ``Secret``, a value that is not known yet is ``UNKNOWN`` (see ``values``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Operation(StrEnum):
    """Name an operation of the engine."""

    PREVIEW = "preview"
    UP = "up"
    REFRESH = "refresh"
    DESTROY = "destroy"


class StepKind(StrEnum):
    """Name what happens to one resource, in the words of Pulumi's ``--json``.

    A replacement is three steps: ``REPLACE`` stands for the whole, and has no work of its own, ``CREATE_REPLACEMENT``
    and ``DELETE_REPLACED`` are its halves. A refresh begins as ``REFRESH`` and ends as what it found: ``SAME``,
    ``UPDATE`` (the state follows) or ``DELETE`` (gone).
    """

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    DELETE = "delete"
    REFRESH = "refresh"
    IMPORT = "import"
    IMPORT_REPLACEMENT = "import-replacement"


class Change(StrEnum):
    """The difference of one property, as in Pulumi's detailed diff."""

    ADD = "add"
    ADD_REPLACE = "add-replace"
    DELETE = "delete"
    DELETE_REPLACE = "delete-replace"
    UPDATE = "update"
    UPDATE_REPLACE = "update-replace"

    @property
    def replaces(self) -> bool:
        """Tell whether this difference alone replaces the resource."""
        return self.value.endswith("-replace")

    def replacing(self) -> Change:
        """Return the same difference as a reason to replace."""
        return self if self.replaces else Change(f"{self.value}-replace")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation on one resource, done or planned."""

    kind: StepKind
    urn: str
    type: str
    name: str
    parent: str = ""
    """URN of the parent, empty for the stack."""
    custom: bool = True
    """False for components and the stack."""
    id: str = ""
    old_inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    new_inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    old_outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    new_outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    changes: Mapping[str, Change] = field(default_factory=dict[str, "Change"])
    """Property path → how it differs; for a refresh, what differs between the state and the cloud."""
    protect: bool = False
    dependencies: frozenset[str] = frozenset()
    """URNs of the resources that it depends on, or depended on."""


@dataclass(frozen=True, kw_only=True)
class StepStarted:
    """Work on a resource begins (not sent in a preview)."""

    step: Step


@dataclass(frozen=True, kw_only=True)
class StepFinished:
    """A step is planned (preview) or done (all other operations). ``error`` is empty when it went well."""

    step: Step
    duration_s: float = 0.0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Status:
    """Hold what a provider is waiting for, for the row of one resource; it replaces the status before."""

    urn: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """A message that stays: its severity is ``info``, ``warning`` or ``error``."""

    severity: str
    message: str
    urn: str = ""


Event = StepStarted | StepFinished | Status | Diagnostic


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of an operation."""

    operation: Operation
    succeeded: bool
    steps: tuple[Step, ...]
    """Every step but those of providers and the stack, in the order in which they ended."""
    outputs: Mapping[str, Any]
    """Stack outputs; secrets are ``Secret``."""
    output_changes: Mapping[str, Change] = field(default_factory=dict[str, "Change"])
    """Path of a stack output → how it differs from what the state said before."""
    diagnostics: tuple[Diagnostic, ...]
    duration_s: float
    complete: bool = True
    """True when a preview was completed, so that it lists deletions, too."""
