"""Configuration of Sphinx, which makes a site of the pages in this folder: ``make docs``.

The pages are Markdown as GitHub shows it; their order stands in ``_toc.yml``. Nothing is loaded from elsewhere, neither
by the build nor by the reader's browser: fonts are those of the reader's system, and the search runs in the browser.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

project = "Railyard"
with (Path(__file__).parents[1] / "pyproject.toml").open("rb") as file:
    html_title = f"Railyard {tomllib.load(file)['project']['version']}"
extensions = ["myst_parser", "sphinx_external_toc"]
exclude_patterns = ["railway/examples"]

myst_heading_anchors = 4
"""Headings get the anchors that GitHub gives them, down to this level."""

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sphinx = False
