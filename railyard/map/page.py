"""The picture as one page of HTML that needs nothing else: no network, no script.

Owns the page around the picture, and the same content as a table, for whoever cannot see a picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from railyard.map.svg import Picture, svg
from railyard.map.topology import Node, System

STYLE: Final = """
:root{color-scheme:light dark}
body{margin:1.5rem;font:15px/1.5 system-ui,sans-serif;background:#fff;color:#1b1f24}
figure{margin:0;overflow-x:auto}
table{border-collapse:collapse;margin:1rem 0}
th,td{border:1px solid #c4cbd3;padding:.25rem .6rem;text-align:left;vertical-align:top}
@media (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,td{border-color:#3d444d}}
""".strip()
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(picture: Picture, below: Sequence[str] = ()) -> str:
    """Return the page; ``below`` are lines of text that stand under the picture."""
    return "\n".join([
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(picture.title)}</title><style>{STYLE}</style></head>",
        f"<body><h1>{escape(picture.title)}</h1>",
        f"<figure>{svg(picture)}</figure>",
        *(f"<p>{escape(line)}</p>" for line in below),
        *(part for system in picture.systems for part in _table(system, picture)),
        "</body></html>",
        "",
    ])  # fmt: skip


def _table(system: System, picture: Picture) -> Iterator[str]:
    yield f"<h2>{escape(system.name)}</h2>"
    yield "<table><tr><th>what</th><th>name</th><th>details</th><th>leads to</th></tr>"
    names = {node.id: node.title for node in system.nodes}
    for node in system.nodes:
        leads = ", ".join(names[edge.target] for edge in system.edges if edge.source == node.id)
        cells = (node.label or node.kind.value, node.title, _details(system, node, picture), leads)
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</table>"


def _details(system: System, node: Node, picture: Picture) -> str:
    key = (system.name, node.id)
    mark = picture.marks.get(key)
    return ", ".join([*([mark.value] if mark else []), *node.lines, *picture.lines.get(key, ())])
