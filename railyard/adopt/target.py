"""The target of an adoption: which system the project becomes, and which of its services are which.

Owns the choice where nobody made one: the system that fits best by its services, its variables and its name, or a
system of one's own for services that no system has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from components.database import DatabaseSettings, kind_of
from components.nearest_name import did_you_mean
from components.service_kind import ServiceSettings
from railyard.adopt.live import LiveProject
from railyard.adopt.system_settings import OTHER_NAMES, keep, model_of, optional
from railyard.shared.console import CallError
from stacks import class_of, python_systems, system_names
from stacks.own.settings import OwnSettings
from stacks.own_system import system_of
from stacks.services import services
from stacks.settings import StackSettings
from stacks.system import System, SystemSettings

_LABEL: Final = re.compile(r"[^a-z0-9]+")
_ENOUGH: Final = 3
"""Variables of a system that a project must have to be taken for it, where its name does not say so."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The system and the stack that a project becomes."""

    name: str
    system: type[System[Any]]
    own: bool = False
    """True for a system of one's own, whose services stand in the settings."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name of a service in the settings → its name on Railway, where that is another."""
    reasons: Sequence[str] = ()
    """Why it was proposed."""


def named(name: str) -> type[System[Any]]:
    """Return the system of this name; raises ``CallError`` with the nearest one."""
    systems = {each.NAME: each for each in python_systems()}
    if name in systems:
        return systems[name]
    hint = did_you_mean(name, systems, f"name one of {', '.join(systems)}")
    raise CallError(f"there is no system {name!r}: {hint}; --own makes one of the project's services")


def target(
    name: str | None, live: LiveProject, names: Mapping[str, str], stack: StackSettings | None, *, own: bool
) -> Target:
    """Return what the project becomes: the system ``name``, or the one that fits best."""
    if own or (name and stack and name in stack.systems and name not in system_names()):
        own_name = name or _own_name(live, stack)
        return Target(name=own_name, system=class_of(own_name), own=True)
    if name:
        system = named(name)
        _refuse_names(system, live, names)
        return Target(name=name, system=system, names={**_other_names(system, live), **names})
    systems, taken = python_systems(), set(stack.systems) if stack else set[str]()
    fits = {each.NAME: list(_reasons(each, live, {**_other_names(each, live), **names})) for each in systems}
    best = max((each for each in systems if each.NAME not in taken), key=lambda one: len(fits[one.NAME]), default=None)
    if best is None or len(fits[best.NAME]) < _ENOUGH:
        own_name = _own_name(live, stack)
        reason = f"no system has {_ENOUGH} of its variables or services: its services become one of their own"
        return Target(name=own_name, system=system_of(own_name), own=True, reasons=[reason])
    return Target(name=best.NAME, system=best, names={**_other_names(best, live), **names}, reasons=fits[best.NAME])


def _refuse_names(system: type[System[Any]], live: LiveProject, names: Mapping[str, str]) -> None:
    """Raise ``CallError`` for a service that the system, or the project, does not have."""
    for own, other in names.items():
        for name, known, whose in (
            (own, list(_services(system)), system.NAME),
            (other, list(live.services()), str(live.snapshot.project["name"])),
        ):
            if name not in known:
                raise CallError(f"{whose} has no service {name!r}: name one of {', '.join(known)}")


def _services(system: type[System[Any]]) -> dict[str, type[BaseModel]]:
    """Return the services that a system may have: name in the settings → their arguments."""
    models = {name: model_of(info) for name, info in system.SETTINGS.model_fields.items()}
    return {
        name: each for name, each in models.items() if each and issubclass(each, ServiceSettings | DatabaseSettings)
    }


def strangers(live: LiveProject, chosen: Target, stack: StackSettings | None) -> list[str]:
    """Return the services of the project that no system of the stack has, ``chosen`` included."""
    taken: set[str] = set()
    if not chosen.own:
        taken |= {chosen.names.get(name, name) for name in chosen.system.SETTINGS.model_fields}
    if stack:
        project = live.snapshot.project["name"]
        for name, settings in stack.systems.items():
            if settings.project.name == project and name != chosen.name:
                names = {each.name for each in services(settings)}
                # Until the next up renames it, a service may have the name that somebody gave it by hand.
                taken |= names | (
                    set() if isinstance(settings, OwnSettings) else set(_other_names(class_of(name), live).values())
                )
    return sorted(name for name in live.services() if name not in taken)


def _own_name(live: LiveProject, stack: StackSettings | None) -> str:
    """Return the project's name without that of its environment, as a system's name.

    Raises ``CallError`` where the stack has a system of this name in another project.
    """
    project = str(live.snapshot.project["name"])
    name = _LABEL.sub("-", project.lower()).strip("-")
    name = name.removesuffix(f"-{live.snapshot.environment['name']}") or "own"
    name = f"{name}-services" if name in system_names() else name
    present = stack.systems.get(name) if stack else None
    if present and present.project.name != project:
        raise CallError(
            f"the stack has a system {name} in the project {present.project.name}: name the system that {project} "
            "becomes"
        )
    return name


def _reasons(system: type[System[Any]], live: LiveProject, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what of the project speaks for a system; its name counts as much as all that is needed."""
    if system.NAME in _LABEL.split(str(live.snapshot.project["name"]).lower()):
        yield from [f"the project is called {live.snapshot.project['name']}"] * _ENOUGH
    variables = {name for key in live.services().values() for name in live.variables(key)}
    yield from sorted(variables & variables_of(system, live, names))


def variables_of(system: type[System[Any]], live: LiveProject, names: Mapping[str, str]) -> set[str]:
    """Return the variables that only this system sets, as far as its settings tell without running it."""
    variables = set(_settings_variables(system.SETTINGS.model_fields.items()))
    try:
        settings = system.SETTINGS.model_validate(keep(system, live, names).settings, strict=False)
    except ValidationError:
        return variables
    return variables | {each.name for each in system.secrets(settings)}


def _settings_variables(fields: Iterable[tuple[str, FieldInfo]], path: str = "") -> Iterator[str]:
    for name, info in fields:
        if not path and name in SystemSettings.model_fields:
            continue
        model = model_of(info)
        if model is None and name != "environment":
            yield OTHER_NAMES.get(f"{path}{info.alias or name}", name.upper())
        elif model and not issubclass(model, ServiceSettings | DatabaseSettings):
            yield from _settings_variables(model.model_fields.items(), f"{info.alias or name}.")


def _other_names(system: type[System[Any]], live: LiveProject) -> dict[str, str]:
    """Return which service of the project is which of the system's, where it has another name and no rival."""
    services = live.services()
    expected_services = _services(system)
    open_ = [
        name for name in expected_services if name not in services and not optional(system.SETTINGS.model_fields[name])
    ]
    free = [name for name in services if name not in expected_services]
    names: dict[str, str] = {}
    for name in open_:
        if issubclass(expected := expected_services[name], DatabaseSettings):
            rivals = [each for each in free if _server(live, services[each]) == expected.SERVER.title]
        else:
            applications = [each for each in free if _server(live, services[each]) is None]
            own_variables = set(_settings_variables(system.SETTINGS.model_fields.items()))
            rivals = [
                each for each in applications if len(own_variables & set(live.variables(services[each]))) >= _ENOUGH
            ]
        if len(rivals) == 1 and rivals[0] not in names.values():
            names[name] = rivals[0]
    return names


def _server(live: LiveProject, service_id: str) -> str | None:
    """Return the title of the kind of server that a service runs; None where its image is not that of a database."""
    return kind_of(str(live.snapshot.source(service_id).get("image") or ""))
