"""Every resource keeps its name: a URN that changes would replace what it names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_urns_are_those_of_the_golden_file(from_nothing, stack):
    """A changed line is a decision: it needs an alias, or means to replace (RENEW_GOLDEN=1 writes the file)."""
    steps = from_nothing(stack).preview.json["steps"]
    urns = "".join(f"{urn}\n" for urn in sorted(step["urn"] for step in steps))
    file = GOLDEN / f"{stack}.txt"
    if os.environ.get("RENEW_GOLDEN"):
        file.write_text(urns)

    assert urns == file.read_text()
