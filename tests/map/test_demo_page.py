"""The demo's report as a page."""

from __future__ import annotations

import io

from rich.console import Console

from railyard.map.svg import Picture, svg
from railyard.rehearsal.report import Report, page


def test_all_that_the_demo_printed_stands_in_the_page_as_text() -> None:
    """Below the pictures; what a command said is no markup, and nothing is fetched from anywhere."""
    console = Console(file=io.StringIO(), record=True, width=120, highlight=False)
    report = Report(console)
    report.step("A pull request", because="Its comment is made.")
    report.text("<script>alert(1)</script> & more\nrose :warning: [bold]", first=3, last=3)

    made = page(console, [svg(Picture(title="staging", systems=[]))])

    assert made.index("<svg") < made.index("1. A pull request") < made.index("&lt;script&gt;alert(1)&lt;/script&gt;")
    assert "<script" not in made
    assert "rose :warning: [bold]" in made
    assert "default-src 'none'" in made
