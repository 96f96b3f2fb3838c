"""Write the index of decisions, ``docs/decisions/README.md``, from the pages beside it.

Started as ``python -m tools.decision_index``. With ``--check`` nothing is written: the exit code is 1 when it is out
of date. A page that no longer holds says so in a line of its own, ``**Replaced by:** …``, which becomes its status.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from railyard.shared.files import write_or_check

FOLDER: Final = Path(__file__).parents[1] / "docs" / "decisions"
INDEX: Final = FOLDER / "README.md"
_HEAD: Final = """\
# Decisions

Each page says what was decided, why, what was not taken, and the price. A decision that no longer holds stays here, and
its status names the one that replaces it. `make generate` writes this page.

| number | decision | status |
| --- | --- | --- |
"""
_FOOT: Final = """
No page with the number 30 to 33, 35, 37 or 38 was ever committed; these numbers stay unused.
The next free number is the one after the last.
"""


def index() -> str:
    """Return the text of the index."""
    return _HEAD + "".join(map(_row, sorted(FOLDER.glob("[0-9]*.md")))) + _FOOT


def _row(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    number, title = text.partition("\n")[0].removeprefix("# ").split(". ", 1)
    replaced = re.search(r"^\*\*Replaced by:\*\* (.+)$", text, re.MULTILINE)
    return f"| {number} | [{title}]({page.name}) | {f'replaced by {replaced[1]}' if replaced else 'holds'} |\n"


if __name__ == "__main__":
    sys.exit(write_or_check("docs/decisions/README.md", index(), sys.argv[1:]))
