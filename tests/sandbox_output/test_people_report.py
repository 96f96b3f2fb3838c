"""What people see, held against committed text files.

After an intended change, ``RENEW_GOLDEN=1 pytest tests/sandbox_output`` writes the files anew; review them as text.
"""

from __future__ import annotations

import io
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pulumi_operations.events import Change, Diagnostic, Event, Operation, Result, Status, StepStarted
from pulumi_operations.values import Secret
from railyard.output import TextReport
from railyard.output.stack_outputs import output_lines
from railyard.output.tree import seconds
from railyard.output.values import Scrubber
from tests.lifecycle.conftest import LONGEST_S
from tests.sandbox_output.scenes import CHANGES, CREATES, HIDDEN, OUTPUTS, drift, failing_update, planned

GOLDEN = Path(__file__).parent / "golden"
WARNING = Diagnostic(severity="warning", message="sandbox only", urn=CREATES[4].urn)
REFUSED = Diagnostic(severity="error", message="a secret is missing:\n  omega.KEY")
SCENES: dict[str, tuple[list[Event], Result]] = {
    "preview-create": planned(CREATES, WARNING, **OUTPUTS),
    "preview-changes": planned(CHANGES),
    "preview-nothing": planned(CHANGES[:5]),
    "preview-refused": planned(
        [], Diagnostic(severity="error", message="a secret is missing:\n  omega.KEY"), succeeded=False
    ),
    "update-failing": failing_update(),
    "refresh": drift(),
}


def told(events: list[Event], result: Result, console: Console, *, show_same: bool = False) -> None:
    """Hand all of an operation to a report."""
    report = TextReport(console, result.operation, "sandbox", show_same=show_same)
    for event in events:
        report.on_event(event)
    report.finish(result)


def text(scene: tuple[list[Event], Result], *, show_same: bool = False, **console: object) -> str:
    """What is written where there is no terminal."""
    stream = io.StringIO()
    told(*scene, Console(file=stream, width=80, _environ={}, **console), show_same=show_same)  # pyright: ignore[reportArgumentType]
    return stream.getvalue()


@pytest.mark.parametrize("name", [*SCENES, "preview-changes-all"])
def test_text_equals_the_committed_one(name: str) -> None:
    """Without a terminal the text is exactly the committed one."""
    shown = text(SCENES[name.removesuffix("-all")], show_same=name.endswith("-all"))
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("RENEW_GOLDEN"):
        golden.write_text(shown)

    assert golden.read_text() == shown


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("terminal", [False, True])
def test_no_secret_is_shown(name: str, terminal: bool) -> None:
    """No secret reaches the output: not as a value, not when it lost its mark, not in a message."""
    shown = text(SCENES[name], show_same=True, force_terminal=terminal)

    assert HIDDEN not in shown
    assert "old-secret" not in shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("name", SCENES)
def test_no_colour_means_no_escape_codes(name: str, environment: dict[str, str]) -> None:
    """With NO_COLOR, or on a dumb terminal, not a single escape code is written, even to a terminal."""
    stream = io.StringIO()
    told(*SCENES[name], Console(file=stream, force_terminal=True, _environ=environment))

    assert "\x1b" not in stream.getvalue()


def test_each_finished_resource_has_one_line_where_nothing_can_be_redrawn() -> None:
    """In a pipe, every finished resource is told at once, on one line."""
    stream = io.StringIO()
    events, result = failing_update()
    report = TextReport(Console(file=stream, _environ={}), Operation.UP, "sandbox")
    for event in events[:9]:
        report.on_event(event)

    assert stream.getvalue().splitlines()[1:] == [
        "~  railway:ServiceInstance seance-backend-instance updated in 61.0 s "
        "(image, preDeployCommand, regions, variables.GONE, variables.KEY, variables.LOST_MARK, variables.URL)"
    ]
    assert result.operation is Operation.UP


def test_terminal_shows_what_is_under_way() -> None:
    """On a terminal, the resources under way are shown with what their provider waits for, and vanish at the end."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, _environ={"TERM": "xterm"})
    events, result = failing_update()
    report = TextReport(console, Operation.UP, "sandbox")
    for event in events[:8]:
        report.on_event(event)
    report.on_event(Status(urn=CHANGES[5].urn, text=f"BUILDING {HIDDEN}"))
    console.print(report._progress())  # pyright: ignore[reportPrivateUsage]
    report.close()
    shown = stream.getvalue()

    assert "updating" in shown
    assert "BUILDING [secret]" in shown
    assert "netia-app-instance" in shown
    for event in events[8:]:
        report.on_event(event)
    report.finish(result)
    assert "[replace]" in stream.getvalue()


def test_many_at_once_are_counted() -> None:
    """When more is under way than fits, the rest is a number."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, _environ={"TERM": "xterm"})
    report = TextReport(console, Operation.UP, "sandbox")
    for number in range(15):
        report.on_event(StepStarted(step=replace(CREATES[4], urn=f"{CREATES[4].urn}{number}")))
    console.print(report._progress())  # pyright: ignore[reportPrivateUsage]
    report.close()

    assert "and 3 more" in stream.getvalue()


def test_events_of_many_threads_end() -> None:
    """Events that come from threads while the terminal is redrawn neither block nor get lost."""
    stream = io.StringIO()
    report = TextReport(Console(file=stream, force_terminal=True, _environ={"TERM": "xterm"}), Operation.UP, "sandbox")
    events, result = failing_update()
    threads = [threading.Thread(target=lambda: [report.on_event(event) for event in events]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LONGEST_S)
    report.finish(result)

    assert not any(thread.is_alive() for thread in threads)
    assert "1 failed" in stream.getvalue()


@pytest.mark.parametrize(("duration", "shown"), [(0.04, "0.0 s"), (99.9, "99.9 s"), (125, "2 min 5 s")])
def test_durations_are_short(duration: float, shown: str) -> None:
    """Durations are given in seconds, long ones in minutes and seconds."""
    assert seconds(duration) == shown


def outputs(operation: Operation, **changes: Change) -> list[str]:
    """Lines of the outputs of two systems and of what the program keeps for itself, when only ``omega`` is meant."""
    there = {"omega": {"projectId": "1"}, "rose": {"projectId": "2"}, "secretFingerprints": {"omega": {"KEY": "3"}}}
    return [line.plain.strip() for line in output_lines(operation, there, changes, system="omega")]


def test_outputs_are_those_of_the_system_that_is_meant() -> None:
    """Others were not worked on, and fingerprints are for the program's next run."""
    assert outputs(Operation.UP) == ["Outputs", "omega", "projectId: 1"]
    assert outputs(Operation.PREVIEW, omega=Change.ADD) == ["Outputs", "omega", "projectId: 1"]


def test_no_heading_stands_alone() -> None:
    """Where nothing of interest differs, nothing is said."""
    assert outputs(Operation.PREVIEW) == []
    assert outputs(Operation.PREVIEW, rose=Change.ADD, secretFingerprints=Change.UPDATE) == []


@pytest.mark.parametrize("operation", [Operation.PREVIEW, Operation.UP, Operation.REFRESH])
def test_an_output_that_goes_is_shown(operation: Operation) -> None:
    """What a person has bookmarked is not left out without a word: one key, a list's item, or all of a system."""
    there = {"omega": {"urls": ["a"], "web": "b"}}
    changes = {"omega.old": Change.DELETE, "omega.urls[1]": Change.DELETE, "rose": Change.DELETE}
    lines = [line.plain.strip() for line in output_lines(operation, there, changes)]

    assert {"- old: removed", '~ urls: ["a"]', "- rose: removed"} <= set(lines)
    assert [line.plain.strip() for line in output_lines(operation, there, {"secretFingerprints": Change.DELETE})] == (
        ["Outputs", "omega", 'urls: ["a"]', "web: b"] if operation is Operation.UP else []
    )


def test_a_destroy_lists_no_outputs() -> None:
    """All of them go, which is no news."""
    assert output_lines(Operation.DESTROY, {}, {"omega": Change.DELETE}) == []


def test_a_secret_is_masked_in_each_form_in_which_a_message_repeats_it() -> None:
    """Lines of a key that a log shows one by one, a document's escapes, and the password of an address."""
    scrub = Scrubber()
    scrub.learn(
        {"key": Secret("-----BEGIN-----\nplanted-line-1\n-----END-----"), "url": Secret("mysql://u:hunter22@h/d")}
    )

    said = scrub('refused: {"key": "-----BEGIN-----\\nplanted-line-1\\n-----END-----"}, | planted-line-1, and hunter22')

    assert said == 'refused: {"key": "[secret]"}, | [secret], and [secret]'
