"""A stack of its own for each test of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.harness import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """An empty stack with the test provider."""
    return Stack(tmp_path / "project")
