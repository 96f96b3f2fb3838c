"""A whole stack with Pulumi's own plugins alone: no stand-in, no embedded engine, only the clouds are simulated."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from railway_sandbox.cloudflare.zones import ZONE_IDS
from tests.conformance.conftest import EmbeddedEngine, RealEngine
from tests.conformance.test_engines_agree import flat

pytestmark = pytest.mark.needs("cloudflare", "digitalocean")


@pytest.fixture
def alone(tmp_path):
    """The Pulumi CLI with the real plugins, and nothing deployed."""
    with ExitStack() as running:
        yield RealEngine(tmp_path / "real", running, standins=False)


def test_staging_comes_and_goes_with_the_real_plugins(alone, tmp_path):
    """The clouds are as the embedded engine leaves them, a second run and a refresh find nothing, nothing stays."""
    embedded = EmbeddedEngine(tmp_path / "embedded")

    made, expected = alone.operate("up")[0], embedded.operate("up")[0]
    assert {urn: kind for urn, (kind, _) in made.items()} == {urn: kind for urn, (kind, _) in expected.items()}
    assert flat(embedded.clouds()) == flat(alone.clouds())

    assert alone.operate("up") == ({}, {})
    assert alone.operate("refresh") == ({}, {})
    assert alone.operate("preview") == ({}, {})

    for engine in (alone, embedded):
        engine.unprotect()
        engine.operate("destroy")
    assert flat(embedded.clouds()) == flat(alone.clouds())


def test_the_id_of_another_zone_is_refused_before_anything_is_made(alone):
    """The real plugin looks the zone up, and the program ends with what to do."""
    alone.change("staging", ZONE_IDS["seance.dev"], ZONE_IDS["omnistack.example"])

    said = alone.pulumi("up", "--yes", "--skip-preview", "--stack", "staging", fails=True)

    assert "allowed: the id of seance.dev, and this one is that of omnistack.example" in said
    asked = [line["operation"] for line in alone.requests()]
    assert asked == [f"GET /zones/{id_}" for id_ in (ZONE_IDS["omnistack.example"], ZONE_IDS["rose.example"])]
