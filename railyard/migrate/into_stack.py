"""The settings of a migration, written into a stack that runs the system; secrets go into its SOPS file.

Owns what has to be written: only what the system does not say by itself. Values of secrets pass from the ``.env`` file
to the ``sops`` program, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from components.service_kind import ServiceSettings
from railway_api.patches import at
from railyard.migrate import env_file
from railyard.migrate.findings import Settings
from railyard.migrate.result import Part, Result
from railyard.migrate.translation import deployed_args, differences
from railyard.promote.settings_file import Edit, edited
from railyard.secrets import secrets_file
from railyard.shared.console import CallError, OperationError, shown
from railyard.shared.stack import Stack, read_stack, settings_in
from stacks.own.expressions import literal
from stacks.own.secrets import secret_name
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
    skipped: list[str] = field(default_factory=list[str])
    """``.env`` files of other environments, which were not read."""
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    """Keys whose effective values, the system's own defaults included, differ from those of the files: key → (before,
    after)."""
    written: bool

    @property
    def lines(self) -> list[str]:
        """Say it to people."""
        lines = self.edit.lines or [f"{self.edit.file.name}: says all of it already"]
        for key, (before, after) in self.differences.items():
            lines.append(f"{key}: {before} with the files, {after} with the settings of the stack: set it, or leave it")
        verb = "stored" if self.written else "would be stored"
        lines += [f"{name}: {verb} in the SOPS file" for name in self.stored]
        lines += [
            f"{name}: not a secret of the system: declare it as one, or write it below variables if it is none"
            for name in self.strange
        ]
        lines += [f"{name}: not read, since it is of another environment" for name in self.skipped]
        return lines

    def document(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "file": self.edit.file.name,
            "difference": self.edit.lines,
            "stored": self.stored,
            "strange": self.strange,
            "skipped": self.skipped,
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
        for key, value in _single_values(_as_written(system, part)).items():
            if at(present, key) != value:
                changes[result.name, *path, *key] = value
    edit = edited(stack_name, changes)
    values, skipped = _environment_variables(folder, system.project.environment)
    of_services = {name: part.service.name for part in parts for name in part.service.secrets}
    stored, strange = _secrets(stack, result.name, values, of_services, dry_run=dry_run)
    if not dry_run and changes:
        edit.write()
    return Written(
        edit=edit,
        stored=stored,
        strange=strange,
        skipped=skipped,
        differences=_differences(edit, result.name, parts),
        written=not dry_run,
    )


def _service(settings: SystemSettings, system: str, part: Part) -> tuple[Key, ServiceSettings]:
    """Return a service of the system, and its path in the settings of that."""
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


def _single_values(settings: Settings) -> dict[tuple[str, ...], Any]:
    """Return settings by their paths: a group key by key, so that the stack's file says only what differs.

    Regions stay whole: the instances that run are those of all of them together.
    """
    values: dict[tuple[str, ...], Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and name != "regions":
            values |= {(name, key): each for key, each in cast("Settings", value).items()}
        else:
            values[name,] = value
    return values


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


def _environment_variables(folder: Path, environment: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return the variables of the ``.env`` files of an environment, file → name → value, and the files of others."""
    files = [path for path in sorted(folder.glob(".env*")) if path.is_file() and env_file.why_not(path) is None]
    own = [path for path in files if path.name in {".env", f".env.{environment}"}]
    return {path.name: env_file.read(path) for path in own}, [path.name for path in files if path not in own]


def _secrets(
    stack: Stack, system: str, files: Mapping[str, Mapping[str, str]], services: Mapping[str, str], *, dry_run: bool
) -> tuple[list[str], list[str]]:
    """Store the secrets of a system; return their names, and those of the variables that are none.

    ``services`` are the names of variables → the service that has it: a system that is settings alone calls its secret
    after both.
    """
    stack = stack.holding(system)
    declared = {secret.name: secret for secret in stack.declared[system]}
    values: dict[str, str] = {}
    strange: dict[str, None] = {}
    for variables in files.values():
        for variable, value in variables.items():
            names = (variable, secret_name(services.get(variable, ""), variable))
            name = next((each for each in names if each in declared), None)
            if name is None:
                strange[variable] = None
            elif value and values.setdefault(name, value) != value:
                raise OperationError(
                    f"{' and '.join(files)} give {variable} different values, so nothing was written: "
                    "remove the wrong one"
                )
    for name, value in values.items():
        if reason := declared[name].problem(value):
            raise OperationError(f"{system}.{name} {reason} ({declared[name].meaning}); nothing was written")
    if values and not dry_run:
        if not stack.secrets_file.exists():
            raise OperationError(
                f"{shown(stack.secrets_file)} does not exist, so nothing was written: make it with "
                f"{RAILYARD} secrets init -s {stack.name}"
            )
        for name, value in values.items():
            secrets_file.store(stack, system, name, value)
    return [f"{system}.{name}" for name in values], list(strange)
