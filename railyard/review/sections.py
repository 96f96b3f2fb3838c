"""The part of a pull request's comment that tells of its review environment, beside the comparison.

Owns where it stands, so that neither of the two writers takes away what the other one wrote.
"""

from __future__ import annotations

from typing import Final

from railyard.review.markdown import MARKER

_MARK: Final = "<!-- railyard review: "
_BEGIN: Final = f"{_MARK}begin -->"
_END: Final = f"{_MARK}end -->"
LONGEST_SECTION: Final = 5_000
"""Characters of the part; what a comparison leaves of a comment's limit."""


def with_section(former: str, section: str) -> str:
    """Return the comment ``former`` with ``section`` in the place of its former one, or at its end.

    ``former`` is empty where there is no comment yet.
    """
    body = (former or f"{MARKER}\n").partition(_BEGIN)[0]
    return _together(body, section)


def kept_section(former: str, body: str) -> str:
    """Return the new text of a comment with the section that ``former`` has."""
    section = former.partition(_BEGIN)[2].partition(_END)[0]
    return _together(body, section) if section else _without_marks(body)


def _together(body: str, section: str) -> str:
    inner = _without_marks(section.strip())[:LONGEST_SECTION]
    return f"{_without_marks(body).rstrip()}\n\n{_BEGIN}\n{inner}\n{_END}\n"


def _without_marks(text: str) -> str:
    """Return a text in which a stranger's words begin and end nothing: cut there, they would stand outside of code."""
    return text.replace(_MARK, "<!-- ")
