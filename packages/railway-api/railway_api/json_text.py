"""Writes a document for programs as JSON. Loads nothing of the project, so that everything may use it."""

from __future__ import annotations

import json


def json_text(document: object) -> str:
    """Return ``document`` on several lines, all scripts as they are; what a terminal would act upon is escaped."""
    text = json.dumps(document, indent=4, ensure_ascii=False, default=str)
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n"))


def _escaped(line: str) -> str:
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in line)
