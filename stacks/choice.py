"""The systems of a stack that a run is about, as the commands name them to the program that they start.

Owns the variable. Light, since commands read it that load no component.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Final

CHOSEN_VARIABLE: Final = "RAILYARD_CHOSEN_SYSTEMS"
"""Environment variable that names the only systems to make, between blanks; empty: all.

Only for runs whose ``--target`` are these systems, which the commands see to: any other run would delete the rest.
"""


def chosen(every: Collection[str]) -> list[str]:
    """Return those of ``every`` that this run is about: also those whose resources its targets match by their names."""
    named = os.environ.get(CHOSEN_VARIABLE, "").split()
    return [name for name in every if not named or any(name == each or name.startswith(f"{each}-") for each in named)]
