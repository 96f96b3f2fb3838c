"""A run may be killed at any moment: the next one knows what was done and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pulumi import Output, ResourceOptions

from pulumi_embedded import runner
from pulumi_operations.events import StepKind
from railyard.engine.engine import code_of
from tests.engine.harness import Stack, Thing, errors, kinds, things, warnings
from tests.engine.killed_run import program
from tests.lifecycle.conftest import LONGEST_S

REPOSITORY = Path(__file__).parents[2]
LINES = 26
"""Lines of the journal in the second phase of the program."""
REFRESH_LINES = 3
EVERY = bool(os.environ.get("RAILYARD_EVERY_KILL"))
"""True to try every point, which takes minutes."""


def every_point(lines: int) -> list[tuple[int, str]]:
    return [(number, when) for number in range(1, lines + 1) for when in ("before", "middle", "after")]


POINTS = every_point(LINES) if EVERY else [
    (1, "before"), (5, "middle"), (10, "after"), (14, "before"), (19, "middle"), (26, "after"),
]  # fmt: skip
REFRESH_POINTS = every_point(REFRESH_LINES) if EVERY else [(1, "after"), (2, "middle")]


def run_killed(stack: Stack, phase: int | str, number: int, when: str) -> None:
    """Run a phase of the program in a process that is killed at a line of its journal, and wait for its plugins."""
    killed = run_apart(stack, phase, number, when)
    assert killed.returncode == -signal.SIGKILL, killed
    no_plugin_is_left(stack)


def run_apart(stack: Stack, phase: int | str, number: int, when: str) -> subprocess.CompletedProcess[str]:
    """Run a phase of the program in a process that dies at a line of its journal, where it has so many."""
    script = Path(__file__).with_name("killed_run.py")
    return subprocess.run(
        [sys.executable, str(script), str(stack.root), str(phase), str(number), when],
        env={**os.environ, **code_of(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )


def change_by_hand(stack: Stack) -> None:
    """Delete one thing and change another one at the provider."""
    (gone,) = stack.home.glob("dropped-[0-9]*.thing")
    gone.unlink()
    (base,) = stack.home.glob("base-*.thing")
    thing = json.loads(base.read_text())
    base.write_text(json.dumps({**thing, "inputs": {**thing["inputs"], "size": 7}}))


def no_plugin_is_left(stack: Stack) -> None:
    """Wait until the killed run's plugins have ended: they are on a leash."""
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        # What forks the tests' processes has the variables of whoever needed it first, and stays.
        commands = (path for path in Path("/proc").glob("[0-9]*/cmdline") if b"fork_server.serve" not in _read(path))
        if not any(str(stack.home).encode() in _read(path.with_name("environ")) for path in commands):
            return
        time.sleep(0.01)
    raise AssertionError("a plugin outlived its engine")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(("number", "when"), POINTS)
def test_killed_run_is_completed_by_the_next(stack: Stack, number: int, when: str) -> None:
    """Wherever the first run died: the second ends with exactly the things of the program, each known, none twice."""
    stack.up(lambda: program(0))

    run_killed(stack, 1, number, when)
    assert "hunter2" not in "".join(path.read_text() for path in stack.state_file.parent.iterdir())
    result = stack.up(lambda: program(1))

    assert result.succeeded, errors(result)
    assert warnings(result) == []
    wanted = {"base", "swapped", "on-swapped", "cleared", "for-cleared", "added"}
    assert sorted(wanted) == sorted(each.rpartition("-")[0] for each in stack.existing())
    assert stack.existing() == {record["id"] for record in stack.records().values()}
    assert {StepKind.SAME} == {step.kind for step in stack.up(lambda: program(1)).steps}
    assert "pending_operations" not in stack.deployment()
    assert not stack.journal.exists()


@pytest.mark.parametrize(("number", "when"), REFRESH_POINTS)
def test_killed_refresh_is_completed_by_the_next(stack: Stack, number: int, when: str) -> None:
    """Whatever it had taken over: the second knows what is gone and what changed, and an up then puts all right."""
    stack.up(lambda: program(0))
    change_by_hand(stack)

    run_killed(stack, "refresh", number, when)
    assert stack.refresh().succeeded

    records = stack.records()
    assert "dropped" not in records
    assert records["base"]["inputs"]["size"] == 7
    assert stack.up(lambda: program(0)).succeeded
    assert stack.existing() == {record["id"] for record in stack.records().values()}
    assert {StepKind.SAME} == {step.kind for step in stack.up(lambda: program(0)).steps}
    assert not stack.journal.exists()


@pytest.mark.parametrize(("phase", "lines"), [(1, LINES), ("refresh", REFRESH_LINES)])
def test_points_are_all_that_a_run_can_be_killed_at(stack: Stack, phase: int | str, lines: int) -> None:
    """The runs that are killed above write as many lines as there are points."""
    stack.up(lambda: program(0))
    change_by_hand(stack)

    assert run_apart(stack, phase, 1_000, "after").stdout == f"finished: {lines}\n"


def test_killed_first_run_is_completed_by_the_next(stack: Stack) -> None:
    """Also when there was no state at all: right after the first create was called."""
    for number in range(3, 6):
        run_killed(stack, 0, number, "after")

    assert stack.up(lambda: program(0)).succeeded
    assert 7 == len(stack.existing()) == len(stack.records())


def test_journal_of_a_killed_run_is_part_of_the_state(stack: Stack) -> None:
    """A preview after the kill sees what was done, and leaves the journal alone; a destroy deletes it all."""
    stack.up(lambda: program(0))
    run_killed(stack, 1, 14, "after")
    journal = stack.journal.read_text()

    stack.preview(lambda: program(1))
    assert journal == stack.journal.read_text()

    pending = [json.loads(line)["create"]["urn"] for line in journal.splitlines() if '"create":{' in line]
    settled = [json.loads(line)["settle"]["urn"] for line in journal.splitlines() if '"settle":{' in line]
    lost = {urn.split("::")[3] for urn in pending if urn not in settled}
    stack.destroy()
    assert {each.rpartition("-")[0] for each in stack.existing()} <= lost


def test_state_file_changed_beside_a_journal_is_refused(stack: Stack) -> None:
    """Neither is thrown away silently."""
    stack.up(lambda: program(0))
    run_killed(stack, 1, 10, "after")
    stack.state_file.write_text(stack.state_file.read_text() + "\n")

    with pytest.raises(runner.EngineError, match=r"unfinished steps of an earlier test\.json"):
        stack.up(lambda: program(1))


def test_replaced_resource_is_never_taken_for_what_was_left(stack: Stack) -> None:
    """A provider that looks by name finds the old one: that is to be replaced, so the new one is made after all."""
    stack.up(things("lamp", kind="a", finds_by_name=True))
    stack.up(lambda: Thing("lamp", kind="b", finds_by_name=True, die=True))
    (stack.home / "lamp-2.thing").unlink()

    result = stack.up(things("lamp", kind="b", finds_by_name=True))

    assert result.succeeded
    assert {"lamp-3"} == stack.existing()


def test_interrupted_create_survives_a_destroy(stack: Stack) -> None:
    """What may exist is still remembered when all else is gone, and found when it is declared again."""
    stack.up(things("lamp", die=True))

    assert "things:index:Thing 'lamp'" in warnings(stack.destroy())[0]
    stack.up(things("lamp", die=True))
    assert {"lamp-1"} == stack.existing()
    assert warnings(stack.destroy()) == []
    assert set() == stack.existing()


def test_secrets_of_an_interrupted_create_are_encrypted(stack: Stack) -> None:
    """Intents are records too: nothing of them is in clear on disk."""
    stack.up(lambda: Thing("lamp", ResourceOptions(), die=True, password=Output.secret("hunter2")))

    text = stack.state_file.read_text()
    assert "pending_operations" in text
    assert "hunter2" not in text


def test_failed_run_leaves_no_journal(stack: Stack) -> None:
    """Failing is not being killed: the state file has it all."""
    stack.up(lambda: (Thing("good"), Thing("bad", fail="no")))

    assert not stack.journal.exists()
    assert kinds(stack.up(things("good"))) == [(StepKind.SAME, "good")]
