"""``.env`` files: names and values of variables, as dotenv writes them.

Owns the form of such a file. Values are never part of an error or of ``repr``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_ENTRY: Final = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*
    (?: '(?P<single>[^']*)' | "(?P<double>(?:\\.|[^"\\])*)" | (?P<plain>[^\n]*) )[^\n]*$""",
    re.MULTILINE | re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
TEMPLATES: Final = (".example", ".sample", ".template", ".dist")
"""Ends of names of files that show which variables there are, with made-up values."""
_ON_THIS_MACHINE: Final = (".envrc", ".local", ".development", ".dev", ".test")
_ENCRYPTED: Final = (".encrypted", ".vault", ".keys")


def read(path: Path) -> dict[str, str]:
    """Return the variables of a file. A value in double quotes may have escapes and span lines; no name is expanded."""
    variables: dict[str, str] = {}
    for match in _ENTRY.finditer(_text(path)):
        if match["single"] is not None:
            value = match["single"]
        elif match["double"] is not None:
            value = re.sub(r"\\(.)", lambda part: _ESCAPES.get(part[1], part[1]), match["double"])
        else:
            value = re.split(r"\s#", match["plain"], maxsplit=1)[0].strip()
        variables[match["name"]] = value
    return variables


def unread(path: Path) -> dict[int, str]:
    """Return the lines that set nothing, by their number, with the reason; what they hold may be a secret."""
    text = _text(path)
    reasons: dict[int, str] = {}
    last: dict[str, int] = {}
    for match in _ENTRY.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match["name"] in last:
            reasons[last[match["name"]]] = f"{match['name']} is there again in line {line}, and the last one counts"
        last[match["name"]] = line
    left = _ENTRY.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(left.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            reasons[number] = "it is not NAME=value, so that it sets no variable: correct it, or remove it"
    return dict(sorted(reasons.items()))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")


def why_not(path: Path) -> str | None:
    """Return why the variables of a file are not those of a service that runs; None when they are."""
    if path.name.endswith(TEMPLATES):
        return "a template: it says that there is such a variable, not its value"
    if path.name.endswith(_ON_THIS_MACHINE):
        return "for development and tests on this machine"
    if path.name.endswith(_ENCRYPTED):
        return "encrypted by another tool: decrypt it there first"
    return None
