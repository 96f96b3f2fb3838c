"""``railyard settings``: the whole settings of a stack, with the file and the line that decided each value.

Owns the command, its two forms, and the walk through the settings as the program has them: each value is searched in
the files that may hold it, the stack's own, the one that all stacks share, Pulumi.yaml. What stands in none follows
from the stack's environment, or is a default of Railyard. Reads files alone, and asks nobody.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

import typer

import go_yaml
from pulumi_operations.project import read_text
from railyard.shared.console import JsonOption, SystemsArgument, reported_errors, write_json
from railyard.shared.options import FIRST
from railyard.shared.project import project_directory
from railyard.shared.settings_text import settings_yaml
from railyard.shared.stack import Stack, read_stack
from stacks import class_of
from stacks.defaults_file import defaults_text
from stacks.problems import composed, located
from stacks.schema import text_in_one_line as schema_text
from stacks.settings import PLAN_KEY, with_environment
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name

_WIDEST = 60
"""Columns of a value and its key, after which its origin follows at once."""


def settings(
    stack_name: Annotated[
        str,
        typer.Argument(
            metavar="[STACK]", callback=FIRST, show_default=False, help="Default: the one from which others promote."
        ),
    ] = "",
    systems: SystemsArgument = None,
    *,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema for editors, and nothing else.")
    ] = False,
    whole: Annotated[bool, typer.Option("--all", help="Show also what is set nowhere and has no default.")] = False,
    json: JsonOption = False,
) -> None:
    """Show the whole settings of a stack, and where each value comes from.

    What stands in the stack's file, in defaults.yaml or in Pulumi.yaml is shown with file and line; the rest follows
    from the stack's environment, or is a default. Exit code 1 for settings that are refused.
    """
    with reported_errors(json=json):
        if schema:
            typer.echo(schema_text(), nl=False)
            return
        stack = read_stack(stack_name)
        chosen = list(stack.chosen(systems)) if systems else ()
        shown = [each for each in values(stack, chosen) if whole or not each.is_unset]
        if json:
            write_json({"stack": stack_name, "values": [_document(each) for each in shown]})
        else:
            typer.echo("config:")
            for line in _lines(shown):
                typer.echo(line)


def _document(value: Value) -> dict[str, Any]:
    place = {"file": value.file, "line": value.line} if value.file else {"file": None, "line": None}
    return {"key": list(value.path), "value": value.value, "origin": value.origin, **place}


def _lines(shown: Sequence[Value]) -> Iterator[str]:
    """Yield the settings as YAML, with the origin of each value behind it."""
    above: tuple[str, ...] = ()
    for each in shown:
        *groups, key = each.path
        common = next((i for i, (a, b) in enumerate(zip(above, groups, strict=False)) if a != b), None)
        common = min(len(above), len(groups)) if common is None else common
        for depth in range(common, len(groups)):
            yield f"{'  ' * (depth + 1)}{groups[depth]}:"
        above = tuple(groups)
        written = f"{'  ' * (len(groups) + 1)}{key}: {_yaml(each.value)}"
        yield f"{written:<{_WIDEST}}  # {each.origin}"


def _yaml(value: Any) -> str:
    """Return a value in one line of YAML."""
    if isinstance(value, str):
        return (
            settings_yaml({"v": value}).removeprefix("v: ").strip() if "\n" not in value else json_module.dumps(value)
        )
    return json_module.dumps(value, ensure_ascii=False)


Path = tuple[str, ...]
_PROJECT_FILE: Final = "Pulumi.yaml"
FOLLOWS: Final = f"follows from {NAMESPACE}:environment"
"""Origin of what a system does not say by itself, since the stack stands for an environment."""
DEFAULT: Final = "default"
"""Origin of what no file says."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value of the settings, a list being one."""

    path: Path
    """Keys from the full configuration key on: ``railyard:omega``, ``bot``, ``memoryMb``."""
    value: Any
    file: str = ""
    """The file that says it; empty where none does."""
    line: int | None = None
    follows: bool = False
    """True when the stack's environment decides it."""

    @property
    def origin(self) -> str:
        """Say for people where it comes from."""
        if self.file:
            return f"{self.file}:{self.line}"
        return FOLLOWS if self.follows else DEFAULT

    @property
    def is_unset(self) -> bool:
        """Tell whether it is a default that sets nothing."""
        return not self.file and not self.follows and self.value in (None, [], {}, "")


def values(stack: Stack, systems: Sequence[str] = ()) -> list[Value]:
    """Return the settings of a stack and of all its systems, or of those that are named; in the order of the keys."""
    files = _files(stack.name)
    all_values: list[Value] = []
    if not systems:
        all_values.append(_value(files, (PLAN_KEY,), str(stack.settings.plan)))
        own = stack.settings.stack.model_dump(mode="json", by_alias=True)
        own |= {"environment": stack.environment_name, "secrets": stack.settings.secrets, "systems": stack.systems}
        for key, value in own.items():
            all_values += _walked(files, (f"{NAMESPACE}:{key}",), value, {})
    for name in systems or stack.systems:
        settings = stack.settings.systems[name].model_dump(mode="json", by_alias=True)
        follows = with_environment(class_of(name), {}, stack.environment_name)
        all_values += _walked(files, (f"{NAMESPACE}:{name}",), settings, follows)
    return all_values


Files = Mapping[str, go_yaml.Node | None]


def _files(stack: str) -> Files:
    """Return the files in which a value may stand, the one that wins first."""
    root = project_directory()
    texts = {
        file_name(stack): read_text(root / file_name(stack)),
        DEFAULTS_FILE: defaults_text(root),
        _PROJECT_FILE: read_text(root / _PROJECT_FILE),
    }
    return {file: composed(text) for file, text in texts.items()}


def _walked(files: Files, path: Path, value: Any, follows: Any) -> Iterator[Value]:
    """Yield the values at and below ``path``; ``follows`` is what of it the environment decides, unless a file does."""
    if isinstance(value, Mapping) and value:
        below = cast("Mapping[str, Any]", follows if isinstance(follows, Mapping) else {})
        for key, inner in cast("Mapping[str, Any]", value).items():
            yield from _walked(files, (*path, key), inner, below.get(key))
        return
    yield _value(files, path, value, follows=follows is not None and not isinstance(follows, Mapping))


def _value(files: Files, path: Path, value: Any, *, follows: bool = False) -> Value:
    # What Pulumi.yaml declares with an empty default says nothing.
    for file, document in files.items():
        line, node = located(document, ("config", *path))
        if node is not None and (file != _PROJECT_FILE or go_yaml.find(node, ("default",)) is None):
            return Value(path=path, value=value, file=file, line=line)
    return Value(path=path, value=value, follows=follows)
