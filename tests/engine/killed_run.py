"""Runs one up or refresh in a process of its own and kills that process at a given line of the journal.

Arguments: project directory, phase of the program or ``refresh``, number of the line, and whether to die before it,
in the middle of it, or after it. Prints ``finished: <lines>`` when the run needs fewer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import pulumi
from pulumi import Output, ResourceOptions

from pulumi_embedded import runner
from pulumi_embedded.journal import Journal
from pulumi_operations.events import Operation
from tests.engine.harness import Thing


def program(phase: int) -> None:
    """Register resources of which phase 1 creates, updates, deletes and replaces some, in both orders."""
    changed = "b" if phase else "a"
    base = Thing("base", size=phase, password=Output.secret("hunter2"))
    swapped = Thing("swapped", kind=changed)
    Thing("on-swapped", source=swapped.url)
    cleared = Thing("cleared", ResourceOptions(delete_before_replace=True), kind=changed)
    Thing("for-cleared", made_for=cleared.url)
    if phase:
        Thing("added", source=base.url)
    else:
        Thing("dropped-top", source=Thing("dropped").url)
    pulumi.export("phase", phase)


def die_at(number: int, when: str) -> Callable[[], int]:
    """Let the journal be cut off at its ``number``-th line; return what counts its lines."""
    append = Journal._append  # pyright: ignore[reportPrivateUsage]
    count = 0

    def cut(self: Journal, file: TextIO, line: dict[str, Any], *, durable: bool = True) -> None:
        nonlocal count
        count += 1
        if count == number and when != "after":
            if when == "middle":
                file.write(json.dumps(line)[: len(json.dumps(line)) // 2])
                file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        append(self, file, line, durable=durable)
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    Journal._append = cut  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    return lambda: count


def main() -> None:
    """Run the operation that the arguments name, and die at the line that they give."""
    root, what, number, when = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    refreshes = what == "refresh"
    lines = die_at(number, when)
    options = runner.Options(
        root=root,
        stack="test",
        state_file=root / "state" / "test.json",
        config={},
        program=None if refreshes else lambda: program(int(what)),
        environment={"THINGS": str(root / "home")},
    )
    result = runner.run(Operation.REFRESH if refreshes else Operation.UP, options)
    print(f"finished: {lines()}" if result.succeeded else result.diagnostics)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main()
