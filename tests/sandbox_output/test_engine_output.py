"""The reports on real operations of the embedded engine."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from rich.console import Console

from pulumi_embedded import runner
from pulumi_operations.events import Event, Operation
from railyard.output import JsonReport, TextReport
from tests.engine.harness import Shelf, Stack, Thing


def program(size: int, **inputs: Any) -> Callable[[], None]:
    """A component with children, a resource with a secret, and outputs."""

    def declare() -> None:
        shelf = Shelf("shelf", size=size)
        Thing("lamp", key=pulumi.Output.secret(f"never-show-{size}"), **inputs)
        pulumi.export("shelf", {"url": shelf.second.url, "token": shelf.first.token})

    return declare


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """An empty stack with the engine's test provider."""
    return Stack(tmp_path / "project")


def shown(stack: Stack, operation: Operation, declare: Callable[[], None]) -> tuple[str, dict[str, Any]]:
    """One operation as text and as a document."""
    text, document = io.StringIO(), io.StringIO()
    reports = TextReport(Console(file=text, _environ={}), operation, "test"), JsonReport(document)

    def tell(event: Event) -> None:
        for report in reports:
            report.on_event(event)

    result = runner.run(operation, stack.options(declare, on_event=tell))
    for report in reports:
        report.finish(result)
    assert "never-show" not in text.getvalue() + document.getvalue()
    return text.getvalue(), json.loads(document.getvalue())


def test_first_preview_lists_all_and_knows_no_outputs(stack: Stack) -> None:
    """A first preview shows the tree of what will be created; outputs are unknown or secret."""
    text, document = shown(stack, Operation.PREVIEW, program(1))

    assert text.splitlines()[:-1] == [
        "Preview of stack test",
        "+  things:Thing lamp",
        "+  shelf Shelf",
        "  +  things:Thing shelf-first",
        "  +  things:Thing shelf-second",
        "",
        "Outputs",
        "  shelf",
        "    token: [secret]",
        "    url: [unknown]",
        "",
    ]
    assert document["changeSummary"] == {"create": 4}


def test_change_is_shown_with_old_and_new_values(stack: Stack) -> None:
    """A preview after a change shows each changed property, old and new, and hides what stays the same."""
    shown(stack, Operation.UP, program(1, colour="red"))

    text, document = shown(stack, Operation.PREVIEW, program(2, colour="blue"))

    assert '      ~ colour: "red" → "blue"' in text
    assert "      ~ key: [secret] → [secret]" in text
    assert "shelf-second" not in text.replace("shelf-second-1", "")
    assert [step["op"] for step in document["steps"]] == ["update"] * 3


def test_replacement_is_one_line_of_the_tree(stack: Stack) -> None:
    """A replacement, which the engine tells in parts, is one resource in tree and summary."""
    shown(stack, Operation.UP, program(1, kind="old"))

    text, document = shown(stack, Operation.PREVIEW, program(1, kind="new"))

    assert "+- things:Thing lamp [replace]\n" in text
    assert "+- 1 to replace, 3 unchanged in " in text
    assert document["changeSummary"] == {"replace": 1, "same": 3}


def test_failure_ends_with_the_error(stack: Stack) -> None:
    """When a resource fails, its error is the last thing that is read, under its name, once."""
    text, document = shown(stack, Operation.UP, program(1, fail="the lamp is broken"))

    assert text.endswith("\nErrors\n  things:Thing lamp\n    error: the lamp is broken\n")
    assert text.count("the lamp is broken") == 1
    assert document["succeeded"] is False
