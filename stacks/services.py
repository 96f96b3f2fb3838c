"""The services of a system, as its settings say.

Owns the rule that makes this readable without running the program: a service has the name of its key in the settings,
on Railway too, and a database the ``name`` that it says. A test holds every system to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.arguments import Arguments
from components.database import DatabaseSettings
from components.domain import DomainSettings
from components.problems import Problem
from components.service_kind import ServiceSettings
from stacks.arguments_tree import walk_arguments

Declared = ServiceSettings | DatabaseSettings


@dataclass(frozen=True, kw_only=True)
class DeclaredService:
    """One service as the settings have it."""

    name: str
    """Its name on Railway."""
    path: tuple[str | int, ...]
    """Its path in the settings of its system."""
    args: Declared

    @property
    def domains(self) -> tuple[DomainSettings, ...]:
        """Return its public domains."""
        return tuple(self.args.domains) if isinstance(self.args, ServiceSettings) else ()

    @property
    def healthcheck_path(self) -> str | None:
        """Return the path that has to answer 200, where there is one."""
        return self.args.healthcheck_path if isinstance(self.args, ServiceSettings) else None

    @property
    def health_answer(self) -> dict[str, str]:
        """Return what the JSON of its health answer has to say, where it says it."""
        return self.args.health_answer if isinstance(self.args, ServiceSettings) else {}

    @property
    def is_store(self) -> bool:
        """Tell whether it is a database or cache, which only the private network reaches."""
        return isinstance(self.args, DatabaseSettings)


def services(settings: Arguments) -> Iterator[DeclaredService]:
    """Return the services of a system with these settings, in the order in which they stand there."""
    for path, part in walk_arguments(settings):
        if isinstance(part, ServiceSettings | DatabaseSettings):
            own = part.name if isinstance(part, DatabaseSettings) else None
            yield DeclaredService(name=own or str(path[-1]), path=path, args=part)


def named_twice(system: str, settings: Arguments) -> Iterator[Problem]:
    """Yield each database that has the name of another service of its system."""
    by_name: dict[str, DeclaredService] = {}
    for service in sorted(services(settings), key=lambda each: getattr(each.args, "name", None) is not None):
        other = by_name.setdefault(service.name, service)
        if other is not service:
            taken = f"a name that no other service of {system} has, and {'.'.join(map(str, other.path))} has this one"
            yield Problem((system, *service.path, "name"), service.name, taken, "give it another name")
