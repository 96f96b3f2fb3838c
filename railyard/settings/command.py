"""``railyard settings``: the whole settings of a stack, with the file and the line that decided each value.

Owns the command and its two forms. Reads files alone, and asks nobody.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from railyard.settings.origins import Value, values
from railyard.shared.console import JsonOption, SystemsArgument, reported_errors, write_json
from railyard.shared.options import FIRST
from railyard.shared.settings_yaml import settings_yaml
from railyard.shared.stack import read_stack
from stacks.schema import text_in_one_line as schema_text

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
