"""Reads what the stack's last ``up`` left for the next run, in its outputs."""

from __future__ import annotations

from typing import Any

import pulumi


def previous_output(name: str) -> Any:
    """Return a stack output as the state has it; None where no ``up`` has left it yet."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer: dict[str, Any] = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value
    outputs: dict[str, Any] = answer["outputs"] or {}
    return outputs.get(name)
