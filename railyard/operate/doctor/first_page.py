"""The page of the first steps: ``python -m railyard.operate.doctor.first_page`` writes the list in it.

Owns the part between the marks; the rest of the page is written by hand.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import Final

from railyard.operate.doctor.first_steps import STEPS, Step

FILE: Final = Path(__file__).parents[3] / "docs" / "first-steps.md"
WIDTH: Final = 150
_MARKED: Final = re.compile(r"(<!-- steps: begin -->\n).*?(<!-- steps: end -->)", re.DOTALL)


def text() -> str:
    """Return the page with the steps as they are declared."""
    parts = "\n".join(_section(number, step) for number, step in enumerate(STEPS, 1))
    return _MARKED.sub(lambda match: f"{match[1]}\n{parts}\n{match[2]}", FILE.read_text(encoding="utf-8"))


def _section(number: int, step: Step) -> str:
    shown = f"<{step.link}>" if "://" in step.link else f"[{step.link}]({step.link})"
    sentence = step.how if step.link in step.how else f"{step.how} More: {shown}."
    how = textwrap.fill(sentence, WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"## {number}. {step.title}\n\n*For {step.who}.*\n\n{how}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} written\n")
