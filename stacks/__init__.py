"""The stacks: their settings, and the systems composed from them.

Pulumi.<stack>.yaml, defaults.yaml, secrets/<stack>.yaml → settings, secrets → systems → stack outputs
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components.from_settings import inputs_of
from components.problems import Problem
from components.project import Project
from components.usage_limit import UsageLimit, UsageLimitArgs
from stacks import adopted, review_secrets, secrets, zone_ids
from stacks.budget import WHOLE_PREVIEW, over_budget
from stacks.choice import chosen
from stacks.defaults_file import defaults_text
from stacks.previous_outputs import previous_output
from stacks.problems import SettingsError
from stacks.python_systems import class_of, python_systems, system_names
from stacks.secret_rules import Secret
from stacks.settings import StackSettings, parse
from stacks.shared_settings import NAMESPACE, file_name
from stacks.system import SystemSettings

__all__ = ["class_of", "compose", "declared_secrets", "load", "main", "python_systems", "system_names"]

_TURNS: Final = 25
"""Turns of the event loop in which the SDK sends the registration of a resource whose parent is registered."""
_TOLD: Final = 32
"""Exit code by which Pulumi's language host knows that the user has read what is wrong."""


def main() -> None:
    """Run the Pulumi program: read the stack's settings, confirm its zones, compose its systems."""
    gc.freeze()  # what the imports made lives until the end: neither a collection nor the exit has to go through it
    pulumi.run(_program)


async def _program() -> None:
    with _refusals():
        settings = load()
        _confirm_zones(settings)
        await compose(settings)


@contextmanager
def _refusals() -> Generator[None]:
    """End the program with one error when settings or secrets are refused.

    Of a program that raises ``pulumi.RunError`` the CLI says what is wrong, and then that an unhandled error occurred.
    """
    try:
        yield
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        raise SystemExit(_TOLD) from error


def load() -> StackSettings:
    """Return the settings of the current stack; raises ``SettingsError`` with all that is wrong with them."""
    file, text = _settings_file()
    config, shared = {**get_config_env(), **CONFIG.get()}, defaults_text(Path())
    return parse(config, python_systems(), file=file, text=text, defaults=shared)


def _confirm_zones(settings: StackSettings) -> None:
    """Let Cloudflare confirm the ids of zones that no ``up`` has asked about, and export them for the next one.

    Raises ``SettingsError`` when one is that of another zone.
    """
    confirmed, problems = zone_ids.confirm(settings)
    if problems:
        raise _refused(problems)
    if confirmed:
        pulumi.export(zone_ids.CONFIRMED, confirmed)


def _refused(problems: Sequence[Problem]) -> SettingsError:
    file, text = _settings_file()
    return SettingsError(file, problems, prefix=f"{NAMESPACE}:", text=text, defaults=defaults_text(Path()))


def _settings_file() -> tuple[str, str]:
    file = Path(file_name(pulumi.get_stack()))
    return file.name, file.read_text(encoding="utf-8") if file.is_file() else ""


async def compose(settings: StackSettings) -> None:
    """Make every system that the settings name, and export what it reports.

    Raises ``SettingsError`` when all of it costs more than the budget: first of all, or in a preview at the end, so
    that it lists everything. With RAILYARD_WHOLE_PREVIEW set it logs that instead: of a program that fails, Pulumi does
    not tell what would be deleted. Whoever sets it takes a preview with an error for one that failed.
    """
    excess = over_budget(settings)
    if excess and not pulumi.runtime.is_dry_run():
        raise _refused(excess)
    adopted.take_over()
    if settings.stack.usage_limit:
        UsageLimit("workspace", UsageLimitArgs(**inputs_of(settings.stack.usage_limit)))
    systems = _systems_to_make(settings)
    stack_secrets = _read_secrets(settings, systems)
    fingerprints = _kept_outputs([name for name in settings.systems if name not in systems])
    instances = secrets.instances_from_now_on()
    await _make_systems(settings, systems, stack_secrets)
    pulumi.export(secrets.FINGERPRINTS, secrets.deployed({**fingerprints, **stack_secrets.fingerprints}, instances))
    if excess and not os.environ.get(WHOLE_PREVIEW):
        raise _refused(excess)
    if excess:
        pulumi.log.error(str(_refused(excess)))


def _read_secrets(settings: StackSettings, systems: Mapping[str, SystemSettings]) -> secrets.StackSecrets:
    declared = {name: class_of(name).declared(each) for name, each in systems.items()}
    files, preview = {name: settings.secrets_of(name) for name in systems}, pulumi.runtime.is_dry_run()
    if settings.stack.review:
        return review_secrets.read(settings.stack.review, files, declared, preview=preview)
    return secrets.read_all(files, declared, preview=preview, known=[*system_names(), *settings.systems])


async def _make_systems(
    settings: StackSettings, systems: Mapping[str, SystemSettings], stack_secrets: secrets.StackSecrets
) -> None:
    """Make the systems and export their outputs; those of one Railway project share its resource."""
    projects: dict[str, Project] = {}
    names = [each.project.name for each in systems.values()]
    for number, (name, each) in enumerate(systems.items(), start=1):
        project, encrypted = projects.get(each.project.name), settings.encrypted_variables(name)
        values = stack_secrets.systems[name]
        system = class_of(name)(each, values, settings.stack.zones, project, encrypted=encrypted)
        projects[each.project.name] = system.project
        pulumi.export(name, system.outputs)
        # A service looks up what it refers to when registrations begin: all services of its project are made by then.
        if projects.keys().isdisjoint(names[number:]):
            await _begin_registrations(system.project)


async def _begin_registrations(project: Project) -> None:
    """Let the SDK register the project, for which the engine starts its plugins while the next system is composed."""
    await project.urn.future()
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _systems_to_make(settings: StackSettings) -> dict[str, SystemSettings]:
    """Return the systems to make: those that the run is about, and all others of their projects."""
    projects = {settings.systems[name].project.name for name in chosen(settings.systems)}
    return {name: each for name, each in settings.systems.items() if each.project.name in projects}


def _kept_outputs(others: Sequence[str]) -> secrets.Fingerprints:
    """Export again what systems that are not made now have exported, and return the fingerprints of their secrets.

    The Pulumi CLI takes the outputs of a run with ``--target`` for all that the stack has.
    """
    for name in others:
        if (outputs := previous_output(name)) is not None:
            pulumi.export(name, outputs)
    before: secrets.Fingerprints = (previous_output(secrets.FINGERPRINTS) or {}) if others else {}
    return {name: each for name, each in before.items() if name in others}


def declared_secrets(settings: StackSettings) -> dict[str, Sequence[Secret]]:
    """Return the secrets that each system of the stack needs with its settings."""
    return {name: class_of(name).declared(each) for name, each in settings.systems.items()}
