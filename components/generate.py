"""Writes ``service_settings.py``, the settings of services and projects, from the provider's declarations; then
``inputs.py``, which follows from these and from the components' own settings.

Started as ``python -m components.generate``, by ``make generate``. Owns which inputs of a resource are no settings,
and which defaults are sent even when unset. No other module here reads the provider's declarations.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from pulumiverse_railway import rules
from pulumiverse_railway.provider.resources.project import ProjectInputs
from pulumiverse_railway.provider.resources.service import ServiceInputs
from pulumiverse_railway.provider.resources.service_cdn import ServiceCdnInputs
from pulumiverse_railway.provider.resources.shared.instance_inputs import ServiceInstanceInputs
from pulumiverse_railway.provider.resources.usage_limit import UsageLimitInputs

FILE: Final = Path(__file__).parent / "service_settings.py"
WIDTH: Final = 120


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group:
    """The settings that are inputs of one resource."""

    name: str
    """Name of the class."""
    doc: str
    """Docstring of the generated class."""
    inputs: type
    excluded: frozenset[str]
    """Inputs that the component derives itself, or that settings spell differently."""


WHERE: Final = ("project_id", "environment_id", "service_id")
GROUPS: Final = (
    Group(
        name="InstanceSettings",
        doc="Settings of a service.",
        inputs=ServiceInstanceInputs,
        excluded=frozenset(
            {
                *(*WHERE, "wait_for_deployment"),
                *("variables", "sealed", "registry_credentials", "regions", "num_replicas"),
            }
        ),
    ),
    Group(
        name="IdentitySettings",
        doc="Settings of a service that are not part of what it runs: a change of them deploys nothing.",
        inputs=ServiceInputs,
        excluded=frozenset({*WHERE, "name", "icon"}),
    ),
    Group(
        name="CdnSettings",
        doc="Settings of Railway's CDN before a service.",
        inputs=ServiceCdnInputs,
        excluded=frozenset(WHERE),
    ),
    Group(
        name="RailwayProjectSettings",
        doc="Settings of a project.",
        inputs=ProjectInputs,
        excluded=frozenset({"name", "description", "workspace_id", "environment_name"}),
    ),
    Group(
        name="RailwayUsageLimitSettings",
        doc="The limit of what the workspace may use in a billing period.",
        inputs=UsageLimitInputs,
        excluded=frozenset({"workspace_id"}),
    ),
)

EXPLICIT_DEFAULTS: Final[dict[str, object]] = {
    "check_suites": False,
    "watch_patterns": (),
    "auto_update_windows": (),
    "restart_policy_type": "ON_FAILURE",
    "restart_policy_max_retries": 10,
    "sleep_application": False,
    "on_failure": "keep",
}
"""Railway's own defaults, sent even when unset, so that a change by hand shows as drift."""


def text() -> str:
    """Return the module, as the formatter leaves it."""
    types = [_type(hint) for group in GROUPS for _, hint in _settings(group)]
    enums: set[type[StrEnum]] = {each for each in types if isinstance(each, type) and issubclass(each, StrEnum)}
    head = [
        '# Generated from the declarations of the provider. Do not edit: change those, and run "make generate".',
        '"""The settings of services and projects that are inputs of resources as they stand, with their rules."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Annotated, Literal",
        "",
        "from components.arguments import Arguments, Many, Obeys",
        "from pulumiverse_railway import rules",
        "",
    ]
    aliases = [
        line for enum in sorted(enums, key=str) for line in (_alias(enum), documented(enum.__doc__ or "", 0), "")
    ]
    classes = [line for group in GROUPS for line in _class(group)]
    return "\n".join([*head, *aliases, "", *classes[:-1]])


def _settings(group: Group) -> list[tuple[dataclasses.Field[Any], Any]]:
    """Return the inputs that are settings, each with its type."""
    hints = get_type_hints(group.inputs, include_extras=True)
    every = [field for field in dataclasses.fields(group.inputs) if field.name not in group.excluded]
    return [(field, hints[field.name]) for field in every]


def _class(group: Group) -> Iterator[str]:
    yield from (f"class {group.name}(Arguments):", f'    """{group.doc}"""', "")
    for field, hint in _settings(group):
        yield from _field(field, hint)
    yield from ("", "")


def _alias(enum: type[StrEnum]) -> str:
    return f"{enum.__name__} = Literal[{', '.join(_quoted(member.value) for member in enum)}]"


def _field(field: dataclasses.Field[Any], hint: Any) -> Iterator[str]:
    (mark,), name = hint.__metadata__, field.name
    inner = _type(hint)
    written = "Many[str]" if get_origin(inner) is list else inner.__name__
    if mark.check is not None:
        written = f"Annotated[{written}, Obeys(rules.{_rule_name(name, mark.check)})]"
    default = EXPLICIT_DEFAULTS.get(name, field.default)
    default_text = (
        " | None = None" if default is None else "" if default is dataclasses.MISSING else f" = {_quoted(default)}"
    )
    yield f"    {name}: {written}{default_text}"
    yield documented(re.sub(r"\s*\(API: [^)]*\)", "", mark.doc), 4)


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
    return f'"{value!s}"' if isinstance(value, str) else repr(value)


def documented(doc: str, indent: int) -> str:
    """Return a docstring, ``indent`` characters to the right, broken where a line would be too long."""
    margin = " " * indent
    short = f'{margin}"""{doc}"""'
    if len(short) <= WIDTH:
        return short
    wrapped = textwrap.fill(f'"""{doc}', WIDTH, initial_indent=margin, subsequent_indent=margin)
    return f'{wrapped}\n{margin}"""'


def main() -> None:
    """Write the settings, then components/inputs.py and the plugin schema."""
    FILE.write_text(text(), encoding="utf-8")
    inputs = importlib.import_module("components.generate_inputs")
    inputs.FILE.write_text(inputs.text(), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", inputs.FILE], check=True)
    # In a process of its own, which reads the inputs as they are now.
    subprocess.run([sys.executable, "-m", "components.plugin.schema"], check=True)
    sys.stdout.write(f"{FILE.name}, {inputs.FILE.name} and the schema written\n")


if __name__ == "__main__":
    main()
