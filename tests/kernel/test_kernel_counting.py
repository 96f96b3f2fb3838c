"""A number of things, as people write it."""

from __future__ import annotations

import pytest

from railway_api.counting import count


@pytest.mark.parametrize(("number", "text"), [(0, "0 checks"), (1, "1 check"), (2, "2 checks"), (1000, "1,000 checks")])
def test_one_thing_is_no_plural(number, text):
    assert count(number, "check") == text
