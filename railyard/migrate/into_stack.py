"""The settings of a migration, written into a stack that runs the system; secrets go into its SOPS file.

Owns what has to be written: only what the system does not say by itself. Values of secrets pass from the ``.env`` file
to the ``sops`` program, and stand nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from components.service_kind import ServiceSettings
from railyard.migrate import env_file
from railyard.migrate.findings import Settings
from railyard.migrate.result import Part, Result
from railyard.migrate.translation import deployed_args, differences
from railyard.promote.settings_file import Edit, edited
from railyard.secrets import secrets_file
from railyard.shared.console import CallError, OperationError, shown
from railyard.shared.stack import Stack, read_stack, settings_in
from stacks.own.expressions import literal
from stacks.own.settings import OwnSettings
from stacks.project_folder import RAILYARD
from stacks.releases import Key
from stacks.services import services
from stacks.system import SystemSettings


@dataclass(frozen=True, kw_only=True)
class Written:
    """The files that were written, or would be."""

    edit: Edit
    stored: list[str] = field(default_factory=list[str])
    """Secrets in the SOPS file, ``rose.GROQ_API_KEY``."""
    strange: list[str] = field(default_factory=list[str])
    """Variables of ``.env`` files that are no secret of the system."""
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    """Keys whose effective values, the system's own defaults included, differ from those of the files: key → (before,
    after)."""
    written: bool

    @property
    def lines(self) -> list[str]:
        """Say it to people."""
        lines = self.edit.lines or [f"{self.edit.file.name}: says all of it already"]
        for key, (before, after) in self.differences.items():
            lines.append(f"{key}: {before} with the files, {after} by the system's own defaults: set it, or leave it")
        verb = "stored" if self.written else "would be stored"
        lines += [f"{name}: {verb} in the SOPS file" for name in self.stored]
        lines += [
            f"{name}: no secret of the system; if it is needed, write it below variables" for name in self.strange
        ]
        return lines

    def document(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "file": self.edit.file.name,
            "difference": self.edit.lines,
            "stored": self.stored,
            "strange": self.strange,
            "differences": {key: list(both) for key, both in self.differences.items()},
            "written": self.written,
        }


def write(stack_name: str, result: Result, folder: Path, *, dry_run: bool) -> Written:
    """Write what the stack does not say yet; raises ``CallError`` where the stack has no such system or service."""
    stack = read_stack(stack_name)
    system = stack.chosen([result.name])[result.name]
    parts = [part for part in result.parts if part.environment == system.project.environment]
    if not parts:
        raise CallError(f"{result.name} of {stack_name} is environment {system.project.environment}: add --environment")
    changes: dict[Key, Any] = {}
    for part in parts:
        path, args = _service(system, result.name, part)
        present = args.model_dump(mode="json", by_alias=True)
        for key, value in _as_written(system, part).items():
            if present.get(key) != value and not (key == "variables" and value.items() <= present["variables"].items()):
                changes[result.name, *path, key] = _with(present.get(key), value)
    edit = edited(stack_name, changes)
    stored, strange = _secrets(stack, result.name, folder, dry_run=dry_run)
    if not dry_run and changes:
        edit.write()
    return Written(
        edit=edit,
        stored=stored,
        strange=strange,
        differences=_differences(edit, result.name, parts),
        written=not dry_run,
    )


def _service(settings: SystemSettings, system: str, part: Part) -> tuple[Key, ServiceSettings]:
    """Return a service of the system, and where it stands in its settings."""
    declared = {
        each.name: (each.path, each.args) for each in services(settings) if isinstance(each.args, ServiceSettings)
    }
    if part.service.name in declared:
        return declared[part.service.name]
    raise CallError(
        f"{system} has no service {part.service.name!r}: its services are {', '.join(declared)}; --service names the "
        "one at the root of the folder"
    )


def _as_written(settings: SystemSettings, part: Part) -> Settings:
    """Return the settings of a part; its variables have no expressions, which systems that are settings alone read."""
    if not (isinstance(settings, OwnSettings) and "variables" in part.settings):
        return part.settings
    return {**part.settings, "variables": {name: literal(value) for name, value in part.settings["variables"].items()}}


def _with(present: Any, value: Any) -> Any:
    if not isinstance(present, dict) or not isinstance(value, dict):
        return value
    return {**cast("Settings", present), **cast("Settings", value)}


def _differences(edit: Edit, system: str, parts: list[Part]) -> dict[str, tuple[Any, Any]]:
    settings = settings_in(edit.file.name, edit.after).systems[system]
    changed: dict[str, tuple[Any, Any]] = {}
    for part in parts:
        _, args = _service(settings, system, part)
        before = part.service.effective(part.environment)
        for key, both in differences(before, deployed_args(args)).items():
            if not key.startswith("variables."):
                changed[f"{part.service.name}.{key}"] = both
    return changed


def _secrets(stack: Stack, system: str, folder: Path, *, dry_run: bool) -> tuple[list[str], list[str]]:
    stack = stack.holding(system)
    values: dict[str, str] = {}
    for path in sorted(folder.glob(".env*")):
        if path.is_file() and env_file.why_not(path) is None:
            values |= env_file.read(path)
    declared = {secret.name: secret for secret in stack.declared[system]}
    stored: list[str] = []
    for name, value in values.items():
        if name not in declared or not value:
            continue
        if reason := declared[name].problem(value):
            raise OperationError(f"{system}.{name} {reason} ({declared[name].meaning}); nothing was written")
        stored.append(f"{system}.{name}")
    if stored and not dry_run:
        if not stack.secrets_file.exists():
            raise OperationError(
                f"{shown(stack.secrets_file)} does not exist, so nothing was written: make it with "
                f"{RAILYARD} secrets init -s {stack.name}"
            )
        for key in stored:
            name = key.partition(".")[2]
            secrets_file.store(stack, system, name, values[name])
    return stored, [name for name in values if name not in declared]
