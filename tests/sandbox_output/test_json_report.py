"""The document for programs."""

from __future__ import annotations

import io
import json
from typing import Any

from pulumi_operations.events import Event, Result
from railyard.output import JsonReport
from tests.sandbox_output.scenes import CHANGES, CREATES, HIDDEN, OUTPUTS, drift, failing_update, planned

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def document(scene: tuple[list[Event], Result], *, show_same: bool = False) -> dict[str, Any]:
    """What is written of an operation; nothing hidden may be in it."""
    stream = io.StringIO()
    report = JsonReport(stream, show_same=show_same)
    events, result = scene
    for event in events:
        report.on_event(event)
    report.finish(result)
    assert HIDDEN not in stream.getvalue()
    return json.loads(stream.getvalue())


def test_create_has_a_new_state_only() -> None:
    """A create shows its inputs, with secrets and unknown values in Pulumi's spelling."""
    step = document(planned(CREATES))["steps"][6]

    assert step == {
        "op": "create",
        "urn": CREATES[6].urn,
        "newState": {
            "urn": CREATES[6].urn,
            "custom": True,
            "type": "railway:index:ServiceInstance",
            "inputs": {"variables": {"STRIPE_SECRET_KEY": "[secret]", "PORT": "8765"}, "serviceId": UNKNOWN},
            "parent": CREATES[6].parent,
        },
        "detailedDiff": None,
    }


def test_unchanged_resources_are_counted_and_left_out() -> None:
    """As in Pulumi's document, what stays the same is in the summary but no step."""
    made = document(planned(CHANGES))

    assert [step["op"] for step in made["steps"]] == ["update", "replace", "delete"]
    assert made["changeSummary"] == {"delete": 1, "replace": 1, "same": 6, "update": 1}
    assert made["duration"] == 4_210_000_000


def test_unchanged_resources_can_be_asked_for() -> None:
    """With show_same every resource is a step."""
    assert len(document(planned(CHANGES), show_same=True)["steps"]) == len(CHANGES)


def test_change_has_both_states_and_a_detailed_diff() -> None:
    """A replacement shows what it was, what it will be and which property replaces."""
    step = document(planned(CHANGES))["steps"][1]

    assert step["oldState"]["inputs"] == {"domain": "old.seance.dev"}
    assert step["newState"]["inputs"] == {"domain": "backend.seance.dev"}
    assert step["detailedDiff"] == {"domain": {"kind": "update-replace", "inputDiff": True}}


def test_secret_that_lost_its_mark_stays_masked() -> None:
    """A value that was secret before is masked in the new state too."""
    assert document(planned(CHANGES))["steps"][0]["newState"]["inputs"]["variables"]["LOST_MARK"] == "[secret]"


def test_delete_has_an_old_state_only() -> None:
    """Of what goes, there is no new state."""
    assert "newState" not in document(drift())["steps"][-1]


def test_outputs_are_whole_and_masked() -> None:
    """Stack outputs are given per system, secrets masked at any depth."""
    assert document(planned(CREATES, **OUTPUTS))["outputs"] == {
        "seance": {
            "projectId": "4f1c",
            "environmentId": UNKNOWN,
            "addresses": {"backend": "https://backend.seance.dev"},
            "keys": "[secret]",
            "regions": ["us-west2", "europe-west4"],
        },
        "netia": {"projectId": "77aa", "databaseUrl": "[secret]", "replicas": 2},
    }


def test_failure_is_told_with_its_step() -> None:
    """A failed operation says so; the step that failed carries its error, cleaned and without secrets."""
    made = document(failing_update())
    failed = [step for step in made["steps"] if "error" in step]

    assert made["succeeded"] is False
    assert [step["urn"].rsplit("::")[-1] for step in failed] == ["netia-app-instance"]
    assert "last line of its log with [secret]" in failed[0]["error"]
    assert [said["severity"] for said in made["diagnostics"]] == ["warning", "error", "info", "warning", "error"]
