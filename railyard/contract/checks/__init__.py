"""Every point that is tried, one module per section of docs/doubtful-points.md. A new module is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Final

from railyard.contract.doubtful_point import DoubtfulPoint


def _points() -> list[DoubtfulPoint]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    points: list[DoubtfulPoint] = []
    for name in names:
        declared: Sequence[DoubtfulPoint] = importlib.import_module(f"{__name__}.{name}").POINTS
        points += declared
    return sorted(points, key=lambda each: (each.last, each.number))


POINTS: Final = tuple(_points())
"""In the order in which they are tried."""
