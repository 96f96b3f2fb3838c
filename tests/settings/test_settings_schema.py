"""The JSON Schema of the settings, for editors."""

from __future__ import annotations

import json

import yaml

from stacks import schema
from stacks.settings import StackKeys


def test_the_committed_schema_is_current() -> None:
    """``docs/settings.schema.json`` is what ``make generate`` writes."""
    assert schema.FILE.read_text() == schema.text()


def test_the_schema_describes_every_key_of_a_service() -> None:
    """An editor can show the meaning of each setting of a service."""
    bot = json.loads(schema.text())["$defs"]["OmegaBot"]

    assert [key for key, value in bot["properties"].items() if "description" not in value] == []


def test_pulumi_yaml_declares_what_pulumi_can_know() -> None:
    """Keys of the stack that are texts; of others Pulumi would demand a default, which outweighs what stacks share."""
    declared = yaml.safe_load((schema.FILE.parents[1] / "Pulumi.yaml").read_text())["config"]
    fields = {field.alias or name: field for name, field in StackKeys.model_fields.items()}
    # These take the empty text for nothing.
    texts = {key for key, field in fields.items() if "_unless_empty" in repr(field.metadata)}

    assert {key.removeprefix("railyard:") for key in declared} == texts == {"environment", "promotesFrom", "secrets"}
    assert {each["type"] for each in declared.values()} == {"string"}
    assert {each["default"] for each in declared.values()} == {""}
