"""Credentials that stand in clear in a settings file, which everyone reads who can read the repository.

Owns where they are looked for: in each text by its form, in variables by their name, in the keys of providers. No
finding quotes a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import go_yaml
from components import credentials
from components.problems import Problem
from stacks.arguments_tree import Path, leaves
from stacks.own.expressions import expressions
from stacks.own.secrets import secret_name
from stacks.project_folder import RAILYARD
from stacks.shared_settings import NAMESPACE, SERVICES

_NAMED: Final = re.compile(
    r"(?i)((^|_)pwd|password|passwd|passphrase|secret|token|credentials?|(api|access|secret|private|master|auth)_?key"
    r"|secret_key_base)(_?[0-9]+)?$"
)
"""Names of variables that hold a credential."""
_NO_CREDENTIAL: Final = re.compile(
    r"\s*|\$\{.*\}|(/[\w.-]+){2,}/?|(?i:true|false|yes|no|on|off|none|null|include|omit|same-origin)|\d{1,5}", re.DOTALL
)
"""Values of such variables that are none: a reference, the path of a file, a flag, a small number."""
_STANDIN: Final = re.compile("encrypted-[0-9a-f]{8}")
"""Form of the text that stands for an encrypted value (``pulumi_operations.project``)."""
_PROVIDERS_CREDENTIAL: Final = re.compile(r"^(?!railyard:).*:\w*(token|Token|apiKey|secretKey|SecretKey|password)$")
"""Configuration keys with which a provider logs in."""


def in_settings(values: Mapping[str, Any], *, of_review: bool = False) -> Iterator[Problem]:
    """Yield credentials among the values of the systems, system → its settings.

    A review environment (``of_review``) has made-up texts where its stack has encrypted values: they are none.
    """
    for path, value in _texts(values):
        if of_review and _STANDIN.fullmatch(value):
            continue
        what = credentials.kind_of(value)
        if not what and path[-2:-1] == ("variables",) and _NAMED.search(str(path[-1])):
            what = "" if _NO_CREDENTIAL.fullmatch(value) or expressions(value) else "one by its name"
        if what:
            yield Problem(path, None, f"no credential in clear, and this is {what}", _way_out(values, path))


def _way_out(values: Mapping[str, Any], path: Path) -> str:
    """Return what to do with a credential in clear at ``path``, system first, of ``values``."""
    system = str(path[0])
    own = isinstance(values[system], Mapping) and SERVICES in values[system]
    name = str(path[-1]) if path[-2:-1] == ("variables",) and path[-1] != credentials.MASK else "<NAME>"
    where = f"in {NAMESPACE}:{system}.secrets" if own else "by its class"
    declared = f"what {system} does not read yet is declared {where}"
    if own and path[1] == SERVICES and name != "<NAME>":
        service = str(path[2])
        if values[system].get("secrets"):
            declared += f", and named in secrets of {service}"
        else:
            declared = f"and name {name} in secrets of {service}"
            name = secret_name(service, name)
    return (
        f"take it out, have another one made, and store that as {system}.{name} in the SOPS file "
        f"({RAILYARD} secrets set); {declared}"
    )


def in_configuration(nodes: Mapping[str, go_yaml.Node]) -> Iterator[Problem]:
    """Yield tokens of providers that stand in clear in a settings file, full key → its value."""
    for key, node in nodes.items():
        value = go_yaml.resolved(node)
        if _PROVIDERS_CREDENTIAL.search(key) and isinstance(value, go_yaml.ScalarNode) and value.text:
            yield Problem(
                (key,),
                None,
                "no credential in clear",
                f"take it out, have another one made, and give that with `pulumi config set --secret {key}`",
                absolute=True,
            )


def _texts(values: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield texts and numbers, which may be a password of digits; and names of variables that are a credential."""
    for path, value in leaves(values):
        key = str(path[-1])
        if path[-2:-1] == ("variables",) and credentials.kind_of(key):
            yield (*path[:-1], credentials.masked(key)), key
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield path, str(value)
