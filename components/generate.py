"""Writes ``service_settings.py``, the settings of a service, from the provider's declaration of a ServiceInstance.

Started as ``python -m components.generate``, by ``make generate``. Owns which inputs of the resource are no settings,
and which defaults are told to Railway. No other module here reads the provider's declarations.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import textwrap
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from pulumiverse_railway import rules
from pulumiverse_railway.provider.resources.parts.instance_inputs import ServiceInstanceInputs

FILE: Final = Path(__file__).parent / "service_settings.py"
WIDTH: Final = 120

DECIDED_BY_SERVICE: Final = frozenset(
    {
        *("project_id", "environment_id", "service_id", "wait_for_deployment"),
        *("variables", "sealed", "registry_credentials", "regions", "num_replicas"),
    }
)
"""Inputs that ``Service`` makes of what it is wired to, or that its settings have in another form."""

TOLD: Final[dict[str, object]] = {
    "check_suites": False,
    "watch_patterns": (),
    "auto_update_windows": (),
    "restart_policy_type": "ON_FAILURE",
    "restart_policy_max_retries": 10,
    "sleep_application": False,
    "on_failure": "keep",
}
"""Railway's own defaults that are settings all the same: told to Railway, so that a change by hand shows as drift."""


def text(inputs: type = ServiceInstanceInputs) -> str:
    """Return the module, as the formatter leaves it."""
    hints = get_type_hints(inputs, include_extras=True)
    settings = [field for field in dataclasses.fields(inputs) if field.name not in DECIDED_BY_SERVICE]
    types: list[Any] = [_type(hints[field.name]) for field in settings]
    enums: set[type[StrEnum]] = {each for each in types if isinstance(each, type) and issubclass(each, StrEnum)}
    head = [
        '# Generated from the declaration of a ServiceInstance. Do not edit: change that, and run "make generate".',
        '"""The settings of a service that are inputs of a ServiceInstance as they stand, with their rules."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Annotated, Any, Literal",
        "",
        "from components.arguments import Arguments, Many, Obeys",
        "from pulumiverse_railway import rules",
        "",
    ]
    aliases = [
        line for enum in sorted(enums, key=str) for line in (_alias(enum), _documented(enum.__doc__ or "", 0), "")
    ]
    lines = [line for field in settings for line in _field(field.name, hints[field.name])]
    return "\n".join([*head, *aliases, "", _CLASS, *lines, "", _METHOD, ""])


_CLASS: Final = '''class ServiceSettings(Arguments):
    """Settings of a service."""
'''

_METHOD: Final = '''    def inputs(self) -> dict[str, Any]:
        """Return them as inputs of a ServiceInstance; None stands for what is not set."""
        values: dict[str, Any] = {name: getattr(self, name) for name in ServiceSettings.model_fields}
        return {name: None if value == () else value for name, value in values.items()}'''


def _alias(enum: type[StrEnum]) -> str:
    return f"{enum.__name__} = Literal[{', '.join(_quoted(member.value) for member in enum)}]"


def _field(name: str, hint: Any) -> Iterator[str]:
    (mark,) = hint.__metadata__
    inner = _type(hint)
    written = "Many[str]" if get_origin(inner) is list else inner.__name__
    if mark.check is not None:
        written = f"Annotated[{written}, Obeys(rules.{_rule_name(name, mark.check)})]"
    default = TOLD.get(name)
    yield f"    {name}: {written}" + (" | None = None" if default is None else f" = {_quoted(default)}")
    yield _documented(re.sub(r"\s*\(API: [^)]*\)", "", mark.doc), 4)


def _type(hint: Any) -> Any:
    """Return the type of a property without ``None`` and marks."""
    annotated = get_args(hint)[0]
    return (
        next((each for each in get_args(annotated) if each is not NoneType), annotated)
        if _optional(annotated)
        else annotated
    )


def _optional(hint: Any) -> bool:
    return NoneType in get_args(hint)


def _rule_name(setting: str, check: object) -> str:
    """Return the rule's name in ``rules``. Raises TypeError for a check that settings could not apply."""
    for name, rule in vars(rules).items():
        if rule is check:
            return name
    raise TypeError(f"the check of {setting} must be a rule with a name in pulumiverse_railway/rules.py")


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _documented(doc: str, indent: int) -> str:
    margin = " " * indent
    short = f'{margin}"""{doc}"""'
    if len(short) <= WIDTH:
        return short
    wrapped = textwrap.fill(f'"""{doc}', WIDTH, initial_indent=margin, subsequent_indent=margin)
    return f'{wrapped}\n{margin}"""'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} written\n")
