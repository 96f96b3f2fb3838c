"""Documents for programs: no text in them acts upon a terminal that shows them."""

from __future__ import annotations

import json

from railway_api.json_text import json_text


def test_what_a_terminal_would_act_upon_is_escaped_and_reads_back_the_same():
    """C1 controls, characters that turn the direction of writing, and halves of characters."""
    document = {"né → 東京": ["a\x1b[31mb", "\x9b31m", "\u202egnp.exe", "\u2028", "\ud800", "\U000e0041", "x\ny"]}

    text = json_text(document)

    assert all(each.isprintable() or each == "\n" for each in text)
    assert "né → 東京" in text
    assert json.loads(text) == document
