"""Credentials that stand in clear in a settings file, which everyone reads who can read the repository.

Owns where they are looked for: in each text by its form, in variables by their name, in the keys of providers. No
finding quotes a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import go_yaml
from components.problems import Problem
from stacks import credentials
from stacks.arguments_tree import Path
from stacks.own.expressions import expressions
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
_PROVIDERS_CREDENTIAL: Final = re.compile(r"^(?!railyard:).*:\w*(token|Token|apiKey|secretKey|SecretKey|password)$")
"""Configuration keys with which a provider logs in."""


def in_settings(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield credentials among the values of the systems, system → its settings."""
    for path, value in _texts(values, ()):
        what = credentials.kind_of(value)
        if not what and path[-2:-1] == ("variables",) and _NAMED.search(str(path[-1])):
            what = "" if _NO_CREDENTIAL.fullmatch(value) or expressions(value) else "one by its name"
        if what:
            system, *_ = path
            own = isinstance(values[str(system)], Mapping) and SERVICES in values[str(system)]
            where = f"in {NAMESPACE}:{system}.secrets" if own else f"in stacks/{system}.py"
            name = path[-1] if path[-2:-1] == ("variables",) and path[-1] != credentials.MASK else "<NAME>"
            yield Problem(
                path,
                None,
                f"no credential in clear, and this is {what}",
                f"take it out, have another one made, and store that as {system}.{name} in the SOPS file "
                f"({RAILYARD} secrets set); what {system} does not read yet is declared {where}",
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


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, str(value)  # a password of digits, without quotes
    elif isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            if path[-1:] == ("variables",) and credentials.kind_of(key):
                yield (*path, credentials.masked(key)), key
            yield from _texts(inner, (*path, key))
    elif isinstance(value, Sequence):
        for index, inner in enumerate(cast("Sequence[Any]", value)):
            yield from _texts(inner, (*path, index))
