"""Write the page of all commands, ``docs/commands.md``: ``python -m tools.command_reference``.

Owns the layout alone: what a command and its options mean is what ``--help`` says, and the targets of ``make`` are
those that it lists. With ``--check`` nothing is written: the exit code is 1 when the page is out of date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from railyard.application import application
from railyard.shared.files import write_or_check
from tools.schema_tables import as_code

NAME: Final = "docs/commands.md"
_HEAD: Final = """\
<!-- Generated from the commands' own help. Do not edit: change that, and call make generate. -->

# Commands

Two programs work from a fresh clone. [`make`](#make) works in the sandbox and on the project itself,
[`./bin/railyard`](#railyard) in the sandbox or, where the environment points at one, on a real account; the wheels of
the project install it as `railyard`.
"""
_MAKE: Final = """
## make

`make` alone lists the same. `STACK=<name>` chooses a stack (without it: the one from which others promote),
`SYSTEM=<name>` one system of it, `ENGINE=embedded|pulumi` [the engine](engines.md), and `JSON=1` prints one document
for programs.

| target | what it does |
| --- | --- |
"""
_TARGET: Final = re.compile(r"^([a-z-]+):.*?## (.+)$", re.MULTILINE)
_CODE: Final = re.compile(
    r"`[^`]+`"  # what the help text marks itself
    r"|(?<![\w/-])--?[a-z][\w-]*"  # options
    r"|[A-Z]+=\S*[\w>]|\$\{\w+\}|[A-Z]+_[A-Z_]+"  # variables
    r"|\w+\.<\w+>\.\w+"  # files with a part left open
)
_MARKDOWN: Final = re.compile(r"[|<*\[]")
"""Characters of a help text that Markdown would take for its own."""


def page() -> str:
    """Return the text of the page."""
    targets = _TARGET.findall(Path("Makefile").read_text(encoding="utf-8"))
    rows = "".join(f"| `make {name}` | {_prose(text)} |\n" for name, text in targets)
    about = f"\n## railyard\n\n{_prose(application.info.epilog or '')}\n"
    return _HEAD + _MAKE + rows + about + "".join(map(_section, *zip(*walk(get_group(application)), strict=True)))


def walk(group: TyperGroup, path: str = "", parent: Any = None) -> Iterator[tuple[str, TyperCommand, Any]]:
    """Yield each command of a group and of the groups in it: its words, itself, and the context of its help."""
    context = typer.Context(group, info_name=path or "railyard", parent=parent)
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from walk(command, name, context)
        elif isinstance(command, TyperCommand):
            yield f"{path} {name}".strip(), command, typer.Context(command, info_name=name, parent=context)


def _section(path: str, command: TyperCommand, context: Any) -> str:
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    text = "\n\n".join(map(_prose, (command.help or "").split("\n\n")))
    records = [record for parameter in command.params if (record := parameter.get_help_record(context))]
    rows = [f"| {as_code(name)} | {_prose(meaning)} |\n" for name, meaning in records]
    table = "".join(["| argument or option | meaning |\n| --- | --- |\n", *rows])
    return f"\n### {path}\n\n```text\n{usage}\n```\n\n{text}\n\n{table}"


def _prose(text: str) -> str:
    """Return a help text as Markdown on one line."""
    line, pieces, end = " ".join(text.split()), list[str](), 0
    for match in _CODE.finditer(line):
        pieces += [_MARKDOWN.sub(r"\\\g<0>", line[end : match.start()]), as_code(match[0].strip("`"))]
        end = match.end()
    return "".join([*pieces, _MARKDOWN.sub(r"\\\g<0>", line[end:])])


if __name__ == "__main__":
    sys.exit(write_or_check(NAME, page(), sys.argv[1:]))
