"""A system that is settings alone, with either engine: addresses that two services tell each other, and passwords."""

from __future__ import annotations

import re

from tests.conformance.conftest import EmbeddedEngine, Engine, RealEngine
from tests.conformance.test_engines_agree import agree

SETTINGS = """\
config:
  railway:plan: hobby
  railyard:shop:
    services:
      web:
        image: acme/web:1
        port: 80
        railwayDomain: true
        variables: {API: "http://${api.host}:8000", SELF: "${self.url}/me"}
      api:
        topology: backend
        image: acme/api:1
        variables: {WEB: "${web.url}", DATABASE_URL: "${postgres.url}?sslmode=require"}
    databases: {postgres: {sizeGb: 1}}
"""


def settings(engine: Engine, text: str) -> None:
    """Let these be the settings of the stack."""
    file = engine.directory / "Pulumi.staging.yaml"
    salt = re.findall(r"^encryptionsalt: .*\n", file.read_text(), re.MULTILINE)
    file.write_text(text + "".join(salt))


def test_a_system_that_is_settings_alone_is_the_same_with_both(engines: tuple[RealEngine, EmbeddedEngine]) -> None:
    """Steps, inputs, state with its dependencies and clouds; a second up and another image find what changes alone."""
    for engine in engines:
        settings(engine, SETTINGS)
    foreseen = agree(engines, "preview")

    assert agree(engines, "up") == foreseen
    assert agree(engines, "up") == {}
    for engine in engines:
        engine.change("staging", "acme/web:1", "acme/web:2")
    assert agree(engines, "preview") == {"shop-web-instance": "update"}
