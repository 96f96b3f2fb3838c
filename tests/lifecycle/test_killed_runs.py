"""A run that is killed loses nothing: the next one ends where an undisturbed one does."""

from __future__ import annotations

import os
from collections import Counter

import pytest


def requests_so_far(checkout) -> int:
    file = checkout.sandbox / "requests.jsonl"
    return file.read_bytes().count(b"\n") if file.exists() else 0


# Every one of these takes five commands: all eight with RAILYARD_EVERY_KILL=1.
POINTS = (1, 4, 9, 15, 22, 30, 40, 55) if os.environ.get("RAILYARD_EVERY_KILL") else (4, 15, 30, 55)


@pytest.mark.parametrize("after", POINTS)
def test_killing_up_and_running_it_again_ends_in_the_same_place(checkout, from_nothing, after):
    """Killed after any number of requests: nothing doubled, nothing orphaned, nothing left to change."""
    checkout.killed(lambda: requests_so_far(checkout) >= after, "up", "-s", "staging")

    checkout.json("up", "-s", "staging")

    assert checkout.world() == from_nothing("staging").checkout.world()
    assert checkout.json("refresh", "-s", "staging").operations() == Counter()
    assert checkout.json("preview", "-s", "staging").operations() == Counter()
