"""Lets an ``up`` take over what exists, in place of making it: for ``railyard adopt``, and for nothing else.

Owns the one transformation that gives resources the ids of what exists. Its list is written by the command; without
one nothing happens. Both engines then read each resource, keep it as it is, and record it as the program's own.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import pulumi

VARIABLE: Final = "RAILYARD_ADOPT"
"""Names a file that maps ``<type>::<name>`` of resources to the ids of what exists."""


def take_over() -> None:
    """Let every resource of the list be imported as it is, whatever its inputs say; the next preview compares them."""
    file = os.environ.get(VARIABLE)
    if not file:
        return
    ids: dict[str, str] = json.loads(Path(file).read_text(encoding="utf-8"))

    def with_id(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        id_ = ids.get(f"{args.type_}::{args.name}")
        if id_ is None:
            return None
        taken = pulumi.ResourceOptions(import_=id_, ignore_changes=["*"])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, taken))

    pulumi.runtime.register_stack_transformation(with_id)
