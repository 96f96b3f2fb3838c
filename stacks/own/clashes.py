"""Names that two parts of a system of settings alone would share: their own, and those of secrets and variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from components.problems import Problem
from stacks.arguments_tree import Path
from stacks.own.expressions import RESERVED
from stacks.own.secrets import key_of, password_name
from stacks.own.settings import OwnServiceSettings, OwnSettings


def clashes(settings: OwnSettings) -> Iterator[Problem]:
    """Yield names that mean two things, with places that begin below the system's key."""
    yield from _of_parts(settings)
    yield from _of_secrets(settings)
    for name, args in settings.services.items():
        yield from _of_variables(("services", name), args, settings)


def _of_parts(settings: OwnSettings) -> Iterator[Problem]:
    groups = (("services", settings.services), ("databases", settings.databases), ("buckets", settings.buckets))
    every = Counter(name for _, group in groups for name in group)
    for key, group in groups:
        for name in group:
            # Without a name of its own, a database is told as one that another service's name has.
            has_own_name = key == "buckets" or (key == "databases" and settings.databases[name].name)
            if name in RESERVED:
                allowed = f"a name, and {name} has a meaning of its own in variables"
                yield Problem((key, name), None, allowed, "give it another name")
            elif every[name] > 1 and has_own_name:
                allowed = "names that services, databases and buckets do not share"
                yield Problem((key, name), None, allowed, "give one of them another name")


def _of_secrets(settings: OwnSettings) -> Iterator[Problem]:
    """Yield databases and services whose own secrets have one name in the SOPS file: ``a-b`` and ``a.b``."""
    first: dict[str, Path] = {}
    keys_by_path: list[tuple[Path, str]] = [(("databases", name), password_name(name)) for name in settings.databases]
    for name, args in settings.services.items():
        keys = {variable: key_of(settings, name, variable) for variable in args.secrets}
        keys_by_path += [(("services", name), key) for key in keys.values() if key not in settings.secrets]
    for path, key in keys_by_path:
        if (other := first.setdefault(key, path)) != path:
            allowed = f"a secret of its own, and {key} is one of {'.'.join(map(str, other))} already"
            yield Problem(path, None, allowed, "give one of them another name")


def _of_variables(place: Path, args: OwnServiceSettings, settings: OwnSettings) -> Iterator[Problem]:
    """Yield variables that a service has of its secrets, too."""
    for secret in args.secrets:
        rules = settings.secrets.get(key_of(settings, str(place[-1]), secret))
        for variable in {secret: None, **(rules.also_sets if rules else {})}:
            if variable in args.variables:
                allowed = f"each variable once, and {variable} comes with the secret {secret} of this service"
                fix = f"remove it, or take {secret} out of the secrets of the service"
                yield Problem((*place, "variables", variable), None, allowed, fix)
