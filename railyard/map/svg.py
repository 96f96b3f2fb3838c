"""The picture: a topology as SVG, alone or on one page of HTML that needs nothing else: no network, no script.

Owns colours, shapes and signs, and the same content as a table, for whoever cannot see a picture. Each difference that
a colour makes is made by a word and a line as well. Light and dark follow the reader's choice. All texts are escaped;
nothing is fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from typing import Final

from railyard.map.layout import CHARACTER, COLUMN_GAP, LABEL_CHARACTER, LINE, PADDING, Box, Layout, Route, cut, place
from railyard.map.topology import Kind, Node, Reason, System

MARGIN: Final = 24
HEADER: Final = 40
STYLE: Final = """
.map{--ground:#ffffff;--ink:#1b1f24;--soft:#57606a;--line:#6e7781;--box:#f6f8fa;--panel:#fbfcfd;--edge:#c4cbd3;
--new:#1a7f37;--changed:#9a6700;--replaced:#8250df;--deleted:#cf222e;--good:#1a7f37;--bad:#cf222e;--busy:#9a6700}
@media (prefers-color-scheme:dark){.map{--ground:#0d1117;--ink:#e6edf3;--soft:#9aa4af;--line:#8b949e;--box:#161b22;
--panel:#11161d;--edge:#3d444d;--new:#3fb950;--changed:#d29922;--replaced:#bc8cff;--deleted:#ff7b72;--good:#3fb950;
--bad:#ff7b72;--busy:#d29922}}
.map text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas
,"DejaVu Sans Mono",monospace;fill:var(--ink);font-size:12px}
.map .label{font-size:10px;fill:var(--soft)}.map .title{font-size:13px;font-weight:600}
.map .system{font-size:15px;font-weight:700}
.map .ground{fill:var(--ground)}.map .panel{fill:var(--panel);stroke:var(--edge);stroke-dasharray:6 4}
.map .box{fill:var(--box);stroke:var(--line);stroke-width:1.2}.map .outside .box{stroke-dasharray:3 3}
.map .edge{fill:none;stroke:var(--line);stroke-width:1.3}.map .waits{stroke-dasharray:5 4}
.map .stores{stroke-dasharray:1.5 3}
.map .head{fill:var(--line)}.map .mark{font-size:10px;font-weight:700}
.map .new .box{stroke:var(--new);stroke-width:2.5}.map .new .mark{fill:var(--new)}
.map .changed .box{stroke:var(--changed);stroke-width:2.5;stroke-dasharray:8 3}.map .changed .mark{fill:var(--changed)}
.map .replaced .box{stroke:var(--replaced);stroke-width:3;stroke-dasharray:2 2}
.map .replaced .mark{fill:var(--replaced)}
.map .deleted .box{stroke:var(--deleted);stroke-width:2.5;stroke-dasharray:1 4}.map .deleted .mark{fill:var(--deleted)}
.map .deleted .title{text-decoration:line-through}
.map .healthy .mark{fill:var(--good)}.map .healthy .box{stroke:var(--good);stroke-width:2}
.map .deploying .mark{fill:var(--busy)}.map .deploying .box{stroke:var(--busy);stroke-width:2;stroke-dasharray:8 3}
.map .rolled-back .mark{fill:var(--busy)}.map .rolled-back .box{stroke:var(--busy);stroke-width:2;stroke-dasharray:2 2}
.map .unhealthy .mark,.map .missing .mark{fill:var(--bad)}
.map .unhealthy .box,.map .missing .box{stroke:var(--bad);stroke-width:3;stroke-dasharray:2 2}
""".strip().replace("\n", "")


class Mark(StrEnum):
    """A mark of a box: what a plan does to it, or how it is."""

    NEW = "new"
    CHANGED = "changed"
    REPLACED = "replaced"
    DELETED = "deleted"
    HEALTHY = "healthy"
    DEPLOYING = "deploying"
    ROLLED_BACK = "rolled back"
    UNHEALTHY = "unhealthy"
    MISSING = "missing"

    @property
    def words(self) -> str:
        """Return it with its sign, for the picture."""
        signs = {
            Mark.NEW: "+",
            Mark.CHANGED: "~",
            Mark.REPLACED: "±",
            Mark.DELETED: "-",
            Mark.HEALTHY: "✓",
            Mark.DEPLOYING: "…",
            Mark.ROLLED_BACK: "↶",
            Mark.UNHEALTHY: "✗",
            Mark.MISSING: "?",
        }
        return f"{signs[self]} {self.value}"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The picture that is drawn."""

    title: str
    systems: Sequence[System]
    marks: Mapping[tuple[str, str], Mark] = field(default_factory=dict[tuple[str, str], Mark])
    """System and id of a node → what is said of it."""
    lines: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict[tuple[str, str], Sequence[str]])
    """System and id of a node → further lines in it."""
    totals: Mapping[str, str] = field(default_factory=dict[str, str])
    """System → what stands beside its name."""


def svg(picture: Picture) -> str:
    """Return the picture as one SVG document."""
    parts: list[str] = []
    y, width = float(MARGIN), 0.0
    for system in picture.systems:
        more = {node.id: picture.lines.get((system.name, node.id), ()) for node in system.nodes}
        layout = place(system, more)
        marks = {node.id: picture.marks.get((system.name, node.id)) for node in system.nodes}
        parts += _system(system, layout, marks, picture.totals.get(system.name, ""), y)
        head = (len(system.name) + len(system.project) + 40) * CHARACTER
        width = max(width, layout.width + 2 * PADDING, head)
        y += HEADER + layout.height + 2 * PADDING + MARGIN
    marks_text = " · ".join(mark.words for mark in Mark if mark in picture.marks.values())
    legend_width = max(sum(map(_sample_width, _REASONS.values())), len(marks_text) * LABEL_CHARACTER)
    width = max(width, legend_width) + 2 * MARGIN
    height = y + LINE * 2 + MARGIN
    described = ", ".join(system.name for system in picture.systems)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<title>{escape(picture.title)}</title>",
        f"<desc>{escape(f'Topology of {described}: internet, names, services, databases, volumes and buckets')}</desc>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>',
        *parts,
        *_legend(marks_text, y),
        "</svg>",
        "",
    ])  # fmt: skip


def _system(system: System, layout: Layout, marks: Mapping[str, Mark | None], total: str, y: float) -> Iterator[str]:
    yield f'<g transform="translate({MARGIN} {y:.1f})">'
    yield f'<text class="system" x="0" y="16">{escape(system.name)}</text>'
    beside = " · ".join(text for text in (f"Railway project {system.project}" if system.project else "", total) if text)
    yield f'<text class="label" x="{(len(system.name) + 2) * 9.4:.0f}" y="16">{escape(beside)}</text>'
    yield f'<g transform="translate({PADDING} {HEADER})">'
    left, right = layout.railway
    if right > left:
        yield (
            f'<rect class="panel" x="{left - PADDING:.1f}" y="{-PADDING}" rx="10" '
            f'width="{right - left + 2 * PADDING:.1f}" height="{layout.height + 2 * PADDING:.1f}"/>'
        )
    yield from (_arrow(route, layout) for route in layout.routes)
    for box in layout.boxes:
        if box.node:
            yield from _drawn(box, marks.get(box.node.id))
    yield "</g></g>"


def _arrow(route: Route, layout: Layout) -> str:
    boxes, reason = route.boxes, route.edge.reason
    start, end = boxes[0], boxes[-1]
    y_start, y_end = _exit(route, layout), _entry(route, layout)
    if start.column >= end.column:  # in one column, or back: round the left side
        bulge = start.x - COLUMN_GAP * 0.45
        path = f"M{start.x:.1f} {y_start:.1f}C{bulge:.1f} {y_start:.1f} {bulge:.1f} {y_end:.1f} {end.x:.1f} {y_end:.1f}"
    else:
        x, y = start.x + start.width, y_start
        path = f"M{x:.1f} {y:.1f}"
        for box in boxes[1:]:
            to = y_end if box is end else box.middle
            bend = (box.x - x) / 2
            path += f"C{x + bend:.1f} {y:.1f} {box.x - bend:.1f} {to:.1f} {box.x:.1f} {to:.1f}"
            x, y = box.x + box.width, to
            path += "" if box is end else f"H{x:.1f}"
    return f'<path class="edge {reason.value}" marker-end="url(#head)" d="{path}"/>'


def _exit(route: Route, layout: Layout) -> float:
    box = route.boxes[0]
    back = box.column >= route.boxes[-1].column
    routes = [each for each in layout.routes if each.boxes[0] is box and (box.column >= each.boxes[-1].column) == back]
    routes.sort(key=lambda each: each.boxes[1].middle)
    return _share(box, routes.index(route), len(routes))


def _entry(route: Route, layout: Layout) -> float:
    box = route.boxes[-1]
    routes = [each for each in layout.routes if each.boxes[-1] is box]
    routes.sort(key=lambda each: each.boxes[-2].middle)
    return _share(box, routes.index(route), len(routes))


def _share(box: Box, at: int, count: int) -> float:
    return box.y + box.height * (at + 1) / (count + 1)


def _drawn(box: Box, mark: Mark | None) -> Iterator[str]:
    node = box.node
    assert node is not None
    classes = " ".join(each for each in (_CLASSES[node.kind], mark.value.replace(" ", "-") if mark else "") if each)
    yield f'<g class="{classes}" transform="translate({box.x:.1f} {box.y:.1f})">'
    yield f"<title>{escape(' · '.join([node.title, *node.lines]))}</title>"
    yield _shape(node.kind, box.width, box.height)
    y = float(LINE)
    if node.label:
        yield f'<text class="label" x="{PADDING}" y="{y - 2:.0f}">{escape(node.label)}</text>'
        y += LINE
    if mark:
        yield f'<text class="mark" x="{box.width - PADDING:.1f}" y="{LINE - 2}" text-anchor="end">{mark.words}</text>'
    yield f'<text class="title" x="{PADDING}" y="{y - 2:.0f}">{escape(cut(node.title))}</text>'
    for line in box.lines:
        y += LINE
        yield f'<text x="{PADDING}" y="{y - 2:.0f}">{escape(line)}</text>'
    yield "</g>"


_CLASSES: Final = {kind: "outside" if kind is Kind.OUTSIDE else kind.value for kind in Kind}


def _shape(kind: Kind, width: float, height: float) -> str:
    if kind in (Kind.STORE, Kind.VOLUME):  # a drum
        w, h = f"{width:.1f}", height
        return (
            f'<path class="box" d="M0 6C0 -2 {w} -2 {w} 6V{h - 6:.1f}C{w} {h + 2:.1f} 0 {h + 2:.1f} 0 {h - 6:.1f}Z"/>'
        )
    if kind is Kind.BUCKET:  # wider above than below
        return f'<path class="box" d="M0 0H{width:.1f}L{width - 8:.1f} {height:.1f}H8Z"/>'
    radius = height / 2 if kind in (Kind.INTERNET, Kind.NAME) else 5
    return f'<rect class="box" rx="{min(radius, 16):.1f}" width="{width:.1f}" height="{height:.1f}"/>'


_REASONS: Final = {
    Reason.TRAFFIC: "traffic, or uses by its variables",
    Reason.WAITS: "starts after",
    Reason.STORES: "keeps data in",
}
"""Kinds of arrows that look different → their words in the legend."""


def _sample_width(words: str) -> float:
    """Return the width of a sample arrow with its words, in pixels."""
    return 44 + len(words) * LABEL_CHARACTER + 28


def _legend(marks: str, y: float) -> Iterator[str]:
    """Return the elements that say what arrows mean, and below them ``marks``, the marks in the picture."""
    x = float(MARGIN)
    for reason, words in _REASONS.items():
        yield f'<path class="edge {reason.value}" marker-end="url(#head)" d="M{x:.0f} {y:.0f}h36"/>'
        yield f'<text class="label" x="{x + 44:.0f}" y="{y + 3:.0f}">{words}</text>'
        x += _sample_width(words)
    if marks:
        yield f'<text class="label" x="{MARGIN}" y="{y + LINE + 6:.0f}">{escape(marks)}</text>'


PAGE_STYLE: Final = """
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
        f"<title>{escape(picture.title)}</title><style>{PAGE_STYLE}</style></head>",
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
