"""The check that the functions share: which of two inputs says what is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_provider.declaration import Problem
from pulumi_provider.naming import camel_case


def exactly_one(inputs: Mapping[str, Any], first: str, second: str) -> list[Problem]:
    """Return the problem of inputs that hold neither of two properties (snake_case), or both; else nothing."""
    if (inputs[first] is None) != (inputs[second] is None):
        return []
    return [Problem(path=camel_case(first), reason=f"or {camel_case(second)} must be given, and not both")]
