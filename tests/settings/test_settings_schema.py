"""The JSON Schema of the settings, for editors."""

from __future__ import annotations

import json

from stacks import schema


def test_the_committed_schema_is_current() -> None:
    """``docs/settings.schema.json`` is what ``make generate`` writes."""
    assert schema.FILE.read_text() == schema.text()


def test_the_schema_describes_every_key_of_a_service() -> None:
    """An editor can show the meaning of each setting of a service."""
    bot = json.loads(schema.text())["$defs"]["OmegaBot"]

    assert [key for key, value in bot["properties"].items() if "description" not in value] == []
