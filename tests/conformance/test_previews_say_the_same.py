"""``make preview`` with either engine: one way to show it, one document for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import EmbeddedEngine, Engine, RealEngine
from tests.conformance.test_drift_is_read import by_hand
from tests.conformance.test_plain_commands import run

Both = tuple[RealEngine, EmbeddedEngine]
OMEGA = ("-s", "staging", "--system", "omega")
ABOUT_THE_CLI = ("using pulumi-", "Diagnostics")
"""What the CLI says of plugins that it finds on PATH, and the heading above it."""


def document(engine: Engine, *options: str) -> dict[str, Any]:
    """What a preview says to programs, without how long it took."""
    text = run(engine, "preview", *options, "--json").stdout if isinstance(engine, RealEngine) else ""
    document = json.loads(text) if text else engine.run("preview", *options, "--json").json
    steps = {
        step["urn"]: (step["op"], step.get("detailedDiff"), (step.get("newState") or {}).get("inputs"))
        for step in document["steps"]
    }
    kept = {name: document.get(name) for name in ("changeSummary", "cost", "money", "outputs", "policies", "succeeded")}
    return {**kept, "steps": steps}


def shown(engine: Engine, *options: str) -> list[str]:
    """The lines of a preview for people, without the duration and what the CLI says of its own plugins."""
    text = run(engine, "preview", *options).stdout if isinstance(engine, RealEngine) else ""
    lines = (text or engine.run("preview", *options).text).splitlines()
    return sorted(line.partition(" in ")[0] for line in lines if line and not any(w in line for w in ABOUT_THE_CLI))


@pytest.fixture(scope="module")
def brought_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[RealEngine, EmbeddedEngine, dict[str, Any]]:
    """Both engines with one system that is up, and the document of the up of the real one."""
    directory = tmp_path_factory.mktemp("brought-up")
    with ExitStack() as running:
        real, embedded = RealEngine(directory / "real", running), EmbeddedEngine(directory / "embedded")
        up = run(real, "up", *OMEGA, "--json")
        assert (up.returncode, embedded.run("up", *OMEGA).code) == (0, 0), up.stderr
        real.simulated.save()
    return real, embedded, json.loads(up.stdout)


@pytest.fixture
def both(brought_up: tuple[RealEngine, EmbeddedEngine, dict[str, Any]], tmp_path: Path) -> Iterator[Both]:
    """Both engines on what was brought up, each test with its own copy."""
    real, embedded, _ = brought_up
    with ExitStack() as running:
        yield (
            RealEngine(tmp_path / "real", running, after=real),
            EmbeddedEngine(tmp_path / "embedded", after=embedded),
        )


def test_both_engines_tell_requests_deployments_money_and_rules(engines: tuple[RealEngine, EmbeddedEngine]) -> None:
    """Of a whole new stack: the same counts, cost, money, broken rules, outputs, and inputs of each resource."""
    real, embedded = engines
    ours, theirs = document(real, "-s", "staging"), document(embedded, "-s", "staging")

    assert theirs["cost"]["deployments"] > 10
    assert theirs["policies"]
    assert ours == theirs
    text = shown(real, "-s", "staging")
    assert text == shown(embedded, "-s", "staging")
    assert any("requests to Railway and start" in line for line in text)


def test_both_engines_show_the_old_and_the_new_value(both: Both) -> None:
    """Of a system that is up: what changes with both values, and nothing of the other systems."""
    real, embedded = both
    for engine in both:
        engine.change("staging", "logLevel: debug", "logLevel: info")

    lines = shown(real, *OMEGA)

    assert '~ variables.LOG_LEVEL: "debug" → "info"' in [line.strip() for line in lines]
    assert lines == shown(embedded, *OMEGA)
    ours, theirs = document(real, *OMEGA), document(embedded, *OMEGA)
    assert (ours["cost"], ours["changeSummary"]) == (theirs["cost"], theirs["changeSummary"])


def test_an_up_with_refresh_brings_back_what_was_changed_by_hand(both: Both) -> None:
    """One resource is updated, with either engine, and programs get the document of the up alone."""
    real, embedded = both
    for engine in both:
        engine.tamper(by_hand)

    mended = [json.loads(run(real, "up", *OMEGA, "--refresh", "--json").stdout)]
    mended += [embedded.run("up", *OMEGA, "--refresh", "--json").json]

    for each in mended:
        told = {step["urn"].rsplit("::")[-1]: step["op"] for step in each["steps"]}
        assert (each["succeeded"], told) == (
            True,
            {"omega-bot-railway-domain": "create", "omega-bot-instance": "update"},
        )


def test_programs_get_the_outcome_of_an_up_and_its_error(brought_up: Any, both: Both) -> None:
    """One document: success, outputs and steps; of a stack with a mistake, the mistake and no success."""
    (real, _), (_, _, up) = both, brought_up
    assert (up["succeeded"], up["changeSummary"]["create"]) == (True, 9)
    assert up["outputs"]["omega"]["projectId"]

    real.change("staging", "railway:plan: hobby", "railway:plan: hoby")
    said = run(real, "preview", *OMEGA, "--json")
    document = json.loads(said.stdout)

    assert (said.returncode, document["succeeded"]) == (1, False)
    (message,) = [each["message"] for each in document["diagnostics"] if each["severity"] == "error"]
    assert message.count("hoby") == 1
