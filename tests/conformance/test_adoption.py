"""What already runs comes in with the real engine, too: by its own imports, its own state, and with the same proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from railyard.engine.engine_choice import States
from tests.conformance.conftest import RealEngine
from tests.conformance.test_plain_commands import run
from tests.operations_adopt.test_adopt import ONE_CHANGE

FORGOTTEN = "config:\n  railway:plan: hobby\n  railyard:secrets: secrets/staging.yaml\n"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealEngine]:
    with ExitStack() as running:
        made = RealEngine(tmp_path / "real", running, "production")
        made.stack = "staging"  # which the commands make, so that its salt stands where they keep it
        yield made


def railyard(real: RealEngine, *arguments: str) -> Any:
    """``railyard …`` as a process, with the Pulumi CLI on the simulated clouds; its document."""
    said = real.railyard(*arguments, "--sandbox", "--json", ENGINE="pulumi")
    document: Any = json.loads(said.text or "{}")
    assert "error" not in document, document["error"]
    assert said.text, said.errors[-3000:]
    return document


def requests(real: RealEngine) -> list[str]:
    lines = (real.sandbox / "requests.jsonl").read_text().splitlines()
    return [str(json.loads(line)["operation"]) for line in lines]


def written(real: RealEngine, since: int) -> list[str]:
    return [each for each in requests(real)[since:] if not each.startswith(("query ", "GET ", "HEAD "))]


def test_a_system_is_adopted_with_the_pulumi_cli(real: RealEngine) -> None:
    """Nothing is written anywhere, the preview is empty, and the state forgets it again without deleting anything.

    Every type of resource, from nothing but a token, one system after the other; a rehearsal with the same engine ends
    alike. Then one change is made of each, and only that is done.
    """
    up = run(real, "up", "-s", "staging", "--engine", "embedded")
    assert up.returncode == 0, up.stdout + up.stderr
    States(directory=real.sandbox, stack="staging").embedded.unlink()
    settings = real.directory / "Pulumi.staging.yaml"
    settings.write_text(FORGOTTEN)
    before = len(requests(real))

    for system in ONE_CHANGE:
        adopted = railyard(real, "adopt", system, "-s", "staging", "--yes")

        assert (adopted["left"], adopted["deployments"]) == ([], 0), system
        assert adopted["imported"] >= 5
        assert written(real, before) == []
    again = railyard(real, "adopt", "omega", "-s", "staging", "--yes")
    assert (again["imported"], again["left"]) == (0, [])

    rehearsed = railyard(real, "adopt", "omega", "-s", "live", "--project", "omega-staging", "--rehearse")
    assert (rehearsed["left"], rehearsed["writes"]) == ([], 0)
    assert rehearsed["imported"] >= 5

    text = settings.read_text()
    for old, new, _ in ONE_CHANGE.values():
        assert old in text, text
        text = text.replace(old, new)
    settings.write_text(text)
    changed = run(real, "up", "-s", "staging")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    lines = map(json.loads, (real.sandbox / "requests.jsonl").read_text().splitlines()[before:])
    patches = [line["variables"]["patch"] for line in lines if line["operation"] == "mutation environmentPatchCommit"]
    asked = [service for patch in patches for service in patch["services"].values()]
    assert all(set(each) == {"variables"} for each in asked)
    sent = {frozenset(each["variables"]) for each in asked}
    assert sent == {frozenset(variables) for *_, variables in ONE_CHANGE.values()}
    assert set(written(real, before)) == {"mutation environmentPatchCommit"}

    before = len(requests(real))
    assert railyard(real, "abandon", "omega", "-s", "staging", "--yes")["forgotten"] > 5
    assert "railyard:omega" not in settings.read_text()
    assert written(real, before) == []
