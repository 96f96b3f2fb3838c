"""The secrets of a system that is settings alone: which there are, under which names, and what is made of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stacks.own.expressions import SECRETS, WITH_PASSWORD, Expression, expressions
from stacks.own.settings import KINDS, OwnServiceSettings, OwnSettings
from stacks.secret_rules import Secret, SecretRules


def declared(settings: OwnSettings) -> Sequence[Secret]:
    """Return all secrets of the system: of its group, the passwords of its databases, and of single services."""
    rules: dict[str, SecretRules] = {**settings.secrets}
    for name, args in settings.databases.items():
        rules[password_name(name)] = KINDS[args.kind].password.model_copy(update={"meaning": f"password of {name}"})
    for service, args in settings.services.items():
        for variable in secrets_of(args):
            key = key_of(settings, service, variable)
            rules.setdefault(key, SecretRules(meaning=f"{variable} of {service}"))
    return [
        Secret(
            **{name: getattr(each, name) for name in SecretRules.model_fields},
            name=key,
            also_sets=tuple(dict.fromkeys(name for name in _set_by(settings, key) if name != key)),
        )
        for key, each in rules.items()
    ]


def password_name(database: str) -> str:
    """Return the key of a database's password in the SOPS file."""
    return f"{_upper(database)}_PASSWORD"


def secret_name(service: str, variable: str) -> str:
    """Return the key in the SOPS file of a secret that is one service's own."""
    return f"{_upper(service)}_{variable}"


def secrets_of(args: OwnServiceSettings) -> tuple[str, ...]:
    """Return the secrets that a service names: those of its variables, then the password of its registry."""
    return (*args.secrets, args.registry_password) if args.registry_password else args.secrets


def key_of(settings: OwnSettings, service: str, variable: str) -> str:
    """Return the key in the SOPS file of a secret that a service names."""
    return variable if variable in settings.secrets else secret_name(service, variable)


def needed_by(settings: OwnSettings, expression: Expression) -> str | None:
    """Return the secret that an expression holds; None for one that holds no secret of the SOPS file."""
    if expression.owner == SECRETS:
        return expression.name
    if expression.owner in settings.databases and expression.name in WITH_PASSWORD:
        return password_name(expression.owner)
    return None


def _set_by(settings: OwnSettings, key: str) -> Iterator[str]:
    """Yield the variables that follow from a secret, in all services and databases."""
    for name, args in settings.databases.items():
        if password_name(name) == key:
            yield args.SERVER.password_variable
    for service, args in settings.services.items():
        for variable in args.secrets:
            if key_of(settings, service, variable) == key:
                yield variable
                yield from settings.secrets[key].also_sets if key in settings.secrets else ()
        for variable, value in args.variables.items():
            if key in (needed_by(settings, each) for each in expressions(value)):
                yield variable


def _upper(name: str) -> str:
    return "".join(each if each.isalnum() else "_" for each in name).upper()
