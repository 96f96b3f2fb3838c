"""Problems of a system that is settings alone: names that mean nothing, and what cannot be wired so.

Owns the problems that only several keys together tell, each with the place where it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from components.nearest_name import did_you_mean
from components.problems import Problem
from components.templates import Reference
from components.templates import expressions as references
from stacks.arguments_tree import Path, leaves
from stacks.own.dependencies import circle
from stacks.own.expressions import (
    RESERVED,
    SECRETS,
    SELF,
    Expression,
    expressions,
    is_plain,
    lacking,
    named_by_a_template,
    properties,
    unread,
)
from stacks.own.secrets import key_of, password_name, secret_name, secrets_of
from stacks.own.settings import OwnServiceSettings, OwnSettings


def wrong(settings: OwnSettings) -> Iterator[Problem]:
    """Yield what is wrong, with places that begin below the system's key."""
    yield from _clashes(settings)
    yield from _unread_expressions(settings)
    named = [each for name, args in settings.services.items() for each in _about_service(name, args, settings)]
    yield from named
    # A declared secret that is misspelled where it is used is reported there.
    yield from _about_secrets(settings, None if named else set(_used(settings)))
    if cycle := circle(settings):
        yield Problem(
            ("services", cycle[0], "uses"),
            None,
            f"services that can be started one after the other, and these wait for each other: {' → '.join(cycle)}",
            "remove one of them from uses: who only needs an address, ${name.url} or ${name.host}, need not wait",
        )


def _about_service(name: str, args: OwnServiceSettings, settings: OwnSettings) -> Iterator[Problem]:
    place: Path = ("services", name)
    yield from _about_parts(place, args, settings)
    yield from _about_secrets_of(place, args, settings)
    for variable, value in args.variables.items():
        path: Path = (*place, "variables", variable)
        for each in expressions(value):
            yield from _about_expression(path, each, args, settings)
        yield from _about_references(path, value, settings)


def _about_parts(place: Path, args: OwnServiceSettings, settings: OwnSettings) -> Iterator[Problem]:
    others = [name for name in (*settings.services, *settings.databases) if name != place[-1]]
    for index, name in enumerate(args.uses):
        if name not in others:
            allowed = f"another service or database of the system: {_listed(others)}"
            yield Problem((*place, "uses", index), name, allowed, did_you_mean(name, others, "remove it"))
    if args.bucket is not None and args.bucket not in settings.buckets:
        allowed = f"a bucket of the system: {_listed(settings.buckets)}"
        fix = did_you_mean(args.bucket, settings.buckets, "remove it")
        yield Problem((*place, "bucket"), args.bucket, allowed, fix)


def _about_secrets_of(place: Path, args: OwnServiceSettings, settings: OwnSettings) -> Iterator[Problem]:
    service, registry = str(place[-1]), (*place, "registryPassword")
    places: list[Path] = [*((*place, "secrets", index) for index in range(len(args.secrets))), registry]
    passwords = {password_name(each): each for each in settings.databases}
    for path, name in zip(places, secrets_of(args), strict=False):
        if name in passwords and name not in settings.secrets:
            allowed = f"secrets that are no password of a database, and {name} is that of databases.{passwords[name]}"
            of_a_variable = f'write {name}: "${{{passwords[name]}.password}}" below variables'
            yield Problem(path, name, allowed, "give it another name" if path == registry else of_a_variable)
        elif settings.secrets and key_of(settings, service, name) not in settings.secrets:
            yield _unknown_secret(path, name, name, settings)
    password = args.registry_password
    rules = settings.secrets.get(key_of(settings, service, password)) if password else None
    if rules and not rules.required:
        allowed = f"a secret that each stack has, and {password} is optional"
        yield Problem(registry, password, allowed, "remove its required: false")
    if (args.registry_username is None) != (args.registry_password is None):
        yield Problem(place, None, "registryUsername and registryPassword together", "add the other one, or remove it")


def _about_expression(
    path: Path, expression: Expression, args: OwnServiceSettings, settings: OwnSettings
) -> Iterator[Problem]:
    owner, name = expression.owner, expression.name
    parts = {**settings.buckets, **settings.databases, **settings.services, SELF: args}
    if owner == SECRETS:
        if name not in settings.secrets:
            yield _unknown_secret(path, expression.text, name, settings)
    elif owner not in parts:
        allowed = f"{expression.text} of a part of the system: {', '.join([*parts, SECRETS])}"
        otherwise = f"add {owner} to the system, or write ${expression.text} for that text itself"
        yield Problem(path, expression.text, allowed, did_you_mean(owner, [*parts, SECRETS], otherwise))
    elif name not in properties(parts[owner]):
        known = properties(parts[owner])
        allowed = f"{owner} with one of: {', '.join(known)}"
        yield Problem(path, expression.text, allowed, did_you_mean(name, known, "correct it"))
    elif lacks := lacking(parts[owner], name):
        needs, fix = lacks
        whose = "the service" if owner == SELF else owner
        yield Problem(path, expression.text, f"{name} only where {whose} has {needs}", f"{fix} there")


def _about_references(path: Path, value: str, settings: OwnSettings) -> Iterator[Problem]:
    """Yield references to variables that Railway's templates for databases have, and those of the system have not."""
    servers = {each.name or name: (name, each) for name, each in settings.databases.items()}
    for reference in references(value):
        if not isinstance(reference, Reference) or reference.owner not in servers:
            continue
        name, args = servers[reference.owner]
        known = sorted({*args.variables(), args.SERVER.password_variable})
        meant = named_by_a_template(reference.variable)
        if meant and reference.variable not in known:
            allowed = f"a variable that {reference.owner} has: {', '.join(known)}"
            yield Problem(path, reference.text, allowed, f"write ${{{name}.{meant}}}")


def _about_secrets(settings: OwnSettings, used: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong with the group of secrets; ``used`` are those that services have, where that is known."""
    passwords = {password_name(name): name for name in settings.databases}
    for name, args in settings.secrets.items():
        if name in passwords:
            allowed = f"secrets that nothing else declares, and this is the password of databases.{passwords[name]}"
            yield Problem(("secrets", name), None, allowed, "remove it")
        elif used is not None and name not in used:
            allowed = "secrets that a service has: by its key secrets, or in a variable as ${secrets.NAME}"
            yield Problem(("secrets", name), None, allowed, f"add {name} to the secrets of a service, or remove it")
        for variable, value in args.also_sets.items():
            if not is_plain(value):
                allowed = "a text alone: what names other parts stands below variables of the services"
                yield Problem(("secrets", name, "alsoSets", variable), value, allowed, "move it there")
        place, other = ("secrets", name, "togetherWith"), args.together_with
        if other == name:
            yield Problem(place, other, f"another secret than {name} itself", "name the other one, or remove the key")
        elif other and other not in settings.secrets:
            yield _unknown_secret(place, other, other, settings)


def _used(settings: OwnSettings) -> Iterator[str]:
    for service, args in settings.services.items():
        for name in secrets_of(args):
            yield from (name, secret_name(service, name))
        for value in args.variables.values():
            yield from (each.name for each in expressions(value) if each.owner == SECRETS)


def _unknown_secret(path: Path, shown: str, name: str, settings: OwnSettings) -> Problem:
    allowed = f"a secret of the system's group secrets: {_listed(settings.secrets)}"
    fix = did_you_mean(name, settings.secrets, f"declare {name} in the group secrets")
    return Problem(path, shown, allowed, fix)


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) or "there is none"


def _clashes(settings: OwnSettings) -> Iterator[Problem]:
    """Yield names that mean two things, with places that begin below the system's key."""
    yield from _shared_names(settings)
    yield from _shared_keys(settings)
    for name, args in settings.services.items():
        yield from _shared_variables(("services", name), args, settings)


def _shared_names(settings: OwnSettings) -> Iterator[Problem]:
    groups = (("services", settings.services), ("databases", settings.databases), ("buckets", settings.buckets))
    every = Counter(name for _, group in groups for name in group)
    for key, group in groups:
        for name in group:
            # A database without a name of its own is reported as one with the name of another service.
            has_own_name = key == "buckets" or (key == "databases" and settings.databases[name].name)
            if name in RESERVED:
                allowed = f"a name, and {name} has a meaning of its own in variables"
                yield Problem((key, name), None, allowed, "give it another name")
            elif every[name] > 1 and has_own_name:
                allowed = "names that services, databases and buckets do not share"
                yield Problem((key, name), None, allowed, "give one of them another name")


def _shared_keys(settings: OwnSettings) -> Iterator[Problem]:
    """Yield databases and services whose own secrets have one name in the SOPS file: ``a-b`` and ``a.b``."""
    first: dict[str, Path] = {}
    keys: list[tuple[Path, str]] = [(("databases", name), password_name(name)) for name in settings.databases]
    for name, args in settings.services.items():
        keys += [(("services", name), key_of(settings, name, variable)) for variable in secrets_of(args)]
    for path, key in keys:
        if key in settings.secrets:
            continue
        if (other := first.setdefault(key, path)) != path:
            allowed = f"a secret of its own, and {key} is one of {'.'.join(map(str, other))} already"
            yield Problem(path, None, allowed, "give one of them another name")


def _shared_variables(place: Path, args: OwnServiceSettings, settings: OwnSettings) -> Iterator[Problem]:
    """Yield variables that a service has of its secrets, too."""
    for secret in args.secrets:
        rules = settings.secrets.get(key_of(settings, str(place[-1]), secret))
        for variable in {secret: None, **(rules.also_sets if rules else {})}:
            if variable in args.variables:
                allowed = f"each variable once, and {variable} comes with the secret {secret} of this service"
                fix = f"remove it, or take {secret} out of the secrets of the service"
                yield Problem((*place, "variables", variable), None, allowed, fix)


def _unread_expressions(settings: OwnSettings) -> Iterator[Problem]:
    """Yield expressions about parts of the system that Railway would get as texts, since nothing reads them there."""
    owners = {*settings.services, *settings.databases, *settings.buckets, SELF, SECRETS}
    for path, text in leaves(settings.model_dump(by_alias=True, exclude_unset=True)):
        if not isinstance(text, str):
            continue
        if path[:1] == ("services",) and path[2:3] == ("variables",):
            for each in unread(text, owners):
                allowed = "an expression with a name, a dot and a property alone, such as ${postgres.url}"
                yield Problem(path, text, allowed, f"correct {each}, or write ${each} for that text itself")
            continue
        texts = [] if path[:1] == ("secrets",) else [each.text for each in expressions(text) if each.owner in owners]
        if texts:
            allowed = f"a value without {texts[0]}, which is filled in in the variables of services alone"
            yield Problem(path, text, allowed, "let a variable of a service hold it, and read that variable")
