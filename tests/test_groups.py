"""Tests that share what is made once for a session run in one worker."""

from __future__ import annotations

import pytest


def test_what_is_shared_is_made_once(request: pytest.FixtureRequest) -> None:
    """pytest-xdist has taken over every group: otherwise each worker would make it for itself, and nobody would see."""
    session = request.session
    grouped = [item.nodeid for item in session.items if item.get_closest_marker("xdist_group")]

    if getattr(session.config.option, "loadgroup", False):
        assert grouped
        assert [nodeid for nodeid in grouped if "@" not in nodeid] == []
