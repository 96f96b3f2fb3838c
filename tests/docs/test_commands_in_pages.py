"""What the pages say of commands is so: all of them stand there, and each command line that is shown can be called."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_group

from railyard.application import application
from tools import command_reference, component_reference, settings_reference

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
GROUP = get_group(application)
COMMANDS = {words: (command, context) for words, command, context in command_reference.walk(GROUP)}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"\$\(([A-Z]+)\)", MAKEFILE))
BASE = re.compile(r"Keys and defaults are those of \[(\w+)\]")
BLOCK = re.compile(r"^ *```(?:console|sh)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PROGRAM = r"(?:\./bin/|\.venv/bin/)?railyard"
CODE = re.compile(rf"(?<!`)`({PROGRAM} [a-z][^`\n]*|make [a-z][^`\n]*)`(?!`)")


def lines(page: Path) -> list[str]:
    """Commands of this project on a page: in its blocks behind a prompt, and in its text as code."""
    text = page.read_text(encoding="utf-8")
    shown = [line.strip().removeprefix("$ ") for block in BLOCK.findall(text) for line in block.splitlines()]
    calls = [line for line in shown if re.match(rf"(\w+=\S+ )*({PROGRAM}|make) [a-z]", line)]
    prose = BLOCK.sub("", text)
    return [*calls, *(code for code in CODE.findall(prose) if "…" not in code)]


def wrong(line: str) -> str:
    """What cannot be called about a command line; nothing where all is well."""
    words = [word for word in shlex.split(line, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    if words[0] == "make":
        unknown = {part for word in words[1:] for part in word.split("|")} - TARGETS
        unknown |= {each for each in re.findall(r"\b([A-Z]+)=", line.partition("make")[2]) if each not in VARIABLES}
        return ", ".join(sorted(unknown))
    group, at = GROUP, 1
    while at < len(words) and isinstance(group, TyperGroup):
        group, at = group.commands.get(words[at]), at + 1
    name = " ".join(words[1:at])
    if isinstance(group, TyperGroup):  # a family of commands: `railyard review`
        return ""
    if group is None:
        return f"no command {name}"
    command, _ = COMMANDS[name]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = [word for word in words[at : words.index("--") if "--" in words else None] if word.startswith("-")]
    return ", ".join(word for word in given if word.partition("=")[0] not in options and word != "--help")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_of_a_page_can_be_called(page: Path) -> None:
    """Commands, options and targets are those of today."""
    assert {line: found for line in lines(page) if (found := wrong(line))} == {}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("./bin/railyard deploy omega -s production --plan plan.json", ""),
        ("./bin/railyard deploy omega --plam plan.json", "--plam"),
        ("railyard review upp 123", "no command review upp"),
        ("make preview STACK=production", ""),
        ("make preveiw", "preveiw"),
        ("make preview STAK=production", "STAK"),
    ],
)
def test_a_command_line_that_cannot_be_called_is_found(line: str, found: str) -> None:
    """The check tells today's commands from others."""
    assert wrong(line) == found


def test_every_command_and_option_stands_in_the_reference() -> None:
    """In the section of its command, by each of its names."""
    page = (ROOT / command_reference.NAME).read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in page.split("\n### ")[1:]}
    missing = {
        f"{words} {option}"
        for words, (command, _) in COMMANDS.items()
        for parameter in command.params
        if parameter.param_type_name == "option"
        for option in (*parameter.opts, *parameter.secondary_opts)
        if not re.search(rf"\| `[^`]*{option}\b", sections[words])
    }

    assert len(COMMANDS) > 50
    assert missing == set()
    assert [target for target in TARGETS if f"| `make {target}` |" not in page] == []


REFERENCES = (command_reference, component_reference, settings_reference)


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.NAME)
def test_a_reference_is_what_the_declarations_say(reference: Any) -> None:
    """What ``make generate`` would write stands there."""
    assert (ROOT / reference.NAME).read_text(encoding="utf-8") == reference.page()


def test_every_setting_stands_in_the_reference_with_its_default() -> None:
    """In the section of its group, or of the one that this section names; what a system says by itself stands there."""
    page = settings_reference.page()
    sections = {part.partition("\n")[0]: part for part in page.split("\n### ")[1:]}
    missing = {
        f"{group}.{key}"
        for group, part in settings_reference.TABLES.groups.items()
        for key in part["properties"]
        if f"`{key}` |" not in sections[group] + "".join(sections[base] for base in BASE.findall(sections[group]))
    }

    assert missing == set()
    assert "| `memoryMb` | integer from 100 to 2,400,000 | `512` |" in sections["OmegaBot"]
    assert "| `memoryMb` | integer from 100 to 2,400,000 | the plan's |" in sections["OwnServiceSettings"]


def test_every_command_stands_on_the_first_page_of_the_site_and_the_two_first_ones_in_the_readme() -> None:
    """By its name, with the page that says more."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")

    assert [name for name in GROUP.commands if f"`{name}`" not in index] == []
    assert [line for line in lines(README) if line.startswith("make")][:2] == ["make preview", "make test"]
