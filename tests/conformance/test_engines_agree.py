"""The embedded engine does what the Pulumi CLI does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Path → leaf: of two such, pytest shows what differs and nothing else."""
    if not isinstance(value, dict):
        return {path: value}
    return {at: leaf for key, item in value.items() for at, leaf in flat(item, f"{path}/{key}").items()}


def _both(engines, act):
    with ThreadPoolExecutor() as pool:
        return [each.result() for each in [pool.submit(act, engine) for engine in engines]]


def agree(engines, operation, *targets, fails=False):
    """Carry out an operation with both and compare all there is to compare; gives the operations by URN."""

    def act(engine):
        told, inputs = engine.operate(operation, *targets, fails=fails)
        left = {"inputs": inputs} if operation == "preview" else {"state": engine.state(), "clouds": engine.clouds()}
        return {"steps": told, **left}

    real, embedded = _both(engines, act)
    assert flat(embedded) == flat(real), f"the embedded engine (left) and the CLI (right) at {operation}"
    return {urn.rsplit("::", 1)[1]: kind for urn, (kind, _) in real["steps"].items()}


def test_both_engines_tell_one_story(engines):
    """From nothing to nothing: equal steps, differences, inputs, outputs and dependencies, and equal clouds."""
    for engine in engines:
        engine.keep("omega", "seance")
    foreseen = agree(engines, "preview")
    assert agree(engines, "up") == foreseen
    assert agree(engines, "up") == {}
    assert agree(engines, "refresh") == {}

    for engine in engines:
        engine.change("staging", "commit: a1b2c3d", "commit: b2c3d4e")
    changed = agree(engines, "preview")
    assert set(changed) == {f"seance-{name}-instance" for name in ("backend", "beholder", "landing", "litellm")}
    assert set(changed.values()) == {"update"}
    assert agree(engines, "up") == changed

    _both(engines, lambda engine: engine.unprotect())
    assert set(agree(engines, "destroy").values()) == {"delete"}


@pytest.mark.parametrize("stack", ["production"])
def test_production_agrees_and_the_cli_goes_on_with_the_embedded_state(engines):
    """A state file of the embedded engine, imported into the CLI, is the whole truth: a preview finds nothing to do.

    Here all five systems come up with both engines.
    """
    foreseen = agree(engines, "preview")
    assert agree(engines, "up") == foreseen

    real, embedded = engines
    real.pulumi("stack", "import", "--stack", "production", "--file", str(embedded.sandbox / "production.json"))
    assert real.operate("preview") == ({}, {})
    assert flat(embedded.state()) == flat(real.state())
