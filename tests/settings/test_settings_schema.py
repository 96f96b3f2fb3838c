"""The JSON Schema of the settings, for editors."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import indent

import jsonschema
import pytest
import yaml

from stacks import schema
from stacks.settings import StackKeys

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema.FILE.read_text(encoding="utf-8")))


def test_the_committed_schema_is_current() -> None:
    """``docs/settings.schema.json`` is what ``make generate`` writes."""
    assert schema.FILE.read_text() == schema.text()


def test_the_schema_describes_every_key_of_a_service() -> None:
    """An editor can show the meaning of each setting of a service."""
    bot = json.loads(schema.text())["$defs"]["OmegaBot"]

    assert [key for key, value in bot["properties"].items() if "description" not in value] == []


def test_a_default_that_a_system_changes_is_described_nowhere_as_another_one() -> None:
    """Of a text that it inherits, the sentence about the default is left out."""
    definitions = json.loads(schema.text())["$defs"]
    branch, suites = (definitions["OmegaBot"]["properties"][key] for key in ("branch", "checkSuites"))
    dumps = definitions["PostgresSettings"]["properties"]["outside"]

    assert (branch["default"], branch["description"]) == ("main", "Branch that is deployed, and with each push again.")
    assert (suites["default"], suites["description"]) == (True, "True if a push waits for GitHub's checks.")
    assert dumps["description"].endswith("Default: daily, kept 30 days.")
    changed = [
        (model, key, value["default"])
        for model, definition in definitions.items()
        for key, value in definition.get("properties", {}).items()
        if value.get("default") and "Default: n" in value.get("description", "")
    ]
    assert changed == []


def test_pulumi_yaml_declares_what_pulumi_can_know() -> None:
    """Keys of the stack that are texts; of others Pulumi would demand a default, which outweighs what stacks share."""
    declared = yaml.safe_load((schema.FILE.parents[1] / "Pulumi.yaml").read_text())["config"]
    fields = {field.alias or name: field for name, field in StackKeys.model_fields.items()}
    # These take the empty text for nothing.
    texts = {key for key, field in fields.items() if "_unless_empty" in repr(field.metadata)}

    assert {key.removeprefix("railyard:") for key in declared} == texts == {"environment", "promotesFrom", "secrets"}
    assert {each["type"] for each in declared.values()} == {"string"}
    assert {each["default"] for each in declared.values()} == {""}


@pytest.mark.parametrize("name", ["defaults.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml", "page"])
def test_editors_take_a_system_that_is_settings_alone(name):
    """Services of every topology, databases, secrets and null, as the tests and the page write them."""
    if name == "page":
        page = (ROOT / "docs" / "systems-as-data.md").read_text(encoding="utf-8")
        blocks = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
        given = [block if block.startswith("config:") else f"config:\n{indent(block, '  ')}" for block in blocks]
    else:
        # A key of the project's own is a system of its own in another project: its schema is that of the others.
        text = (ROOT / "tests" / "systems" / "as_data" / name).read_text(encoding="utf-8")
        given = [re.sub(r"railyard:(omega|omnistack|netia|rose):", r"railyard:my-\1:", text)]

    messages = [error.message for text in given for error in VALIDATOR.iter_errors(yaml.safe_load(text))]

    assert given
    assert messages == []


@pytest.mark.parametrize(
    "service",
    ["{topology: bott}", "{image: 'a/b:1', secret: [X]}", "{image: 'a/b:1', uses: api}", "{variables: {A-B: x}}"],
)
def test_editors_mark_a_mistake_in_one(service):
    """A topology, a key and a name that are none, and a text in place of a list."""
    text = f"config: {{'railyard:shop': {{services: {{web: {service}}}}}}}"

    assert list(VALIDATOR.iter_errors(yaml.safe_load(text)))
