"""The demo as one page: the pictures of what runs at its end, and below them all that it printed.

Owns the page, which needs neither network nor script. The pictures are those of ``railyard map --status``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console

from railyard.map.page import STYLE
from railyard.rehearsal.project_copy import STACKS, ProjectCopy

_TRANSCRIPT: Final = '<pre style="overflow-x:auto;font-size:13px">{code}</pre>'


def pictures(project: ProjectCopy) -> list[str]:
    """Return the pictures of the copy's stacks as they are, as SVG; none of a stack that cannot be drawn."""
    texts: list[str] = []
    for stack in STACKS:
        file = project.directory / ".sandbox" / f"{stack}.svg"
        project.run("./bin/railyard", "map", "-s", stack, "--status", "--out", str(file))
        texts += [file.read_text(encoding="utf-8")] if file.exists() else []
    return texts


def page(console: Console, drawn: Sequence[str]) -> str:
    """Return the page with all that ``console``, which records, has printed."""
    return "\n".join([
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>The whole road, rehearsed</title><style>{STYLE}</style></head><body>",
        "<h1>The whole road, rehearsed</h1>",
        *(f"<figure>{picture}</figure>" for picture in drawn),
        console.export_html(inline_styles=True, clear=False, code_format=_TRANSCRIPT),
        "</body></html>",
        "",
    ])  # fmt: skip
