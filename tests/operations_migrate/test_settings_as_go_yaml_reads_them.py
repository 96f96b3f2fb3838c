"""Settings that a migration writes: every text stays one for the Pulumi CLI."""

from __future__ import annotations

import pytest
import yaml

import go_yaml
from railyard.migrate import result


@pytest.mark.parametrize(
    "text", ["12345e7", "0o17", "08", "1_000", "2026-1-2", "yes", "~", "a: b", "x/y:1", "1.10", ""]
)
def test_a_text_is_read_back_as_one(text):
    """Numbers and dates that YAML 1.1 does not know have quotes, too."""
    assert go_yaml.load(yaml.dump({"commitSha": text}, Dumper=result.SettingsDumper)) == {"commitSha": text}
