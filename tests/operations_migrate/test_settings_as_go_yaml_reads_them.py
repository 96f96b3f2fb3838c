"""Settings that a migration writes: every text stays one for the Pulumi CLI."""

from __future__ import annotations

import pytest

import go_yaml
from railyard.shared.settings_text import settings_yaml


@pytest.mark.parametrize(
    "text", ["12345e7", "0o17", "08", "1_000", "2026-1-2", "yes", "~", "a: b", "x/y:1", "1.10", ""]
)
def test_a_text_is_read_back_as_one(text):
    """Numbers and dates that YAML 1.1 does not know have quotes, too."""
    assert go_yaml.load(settings_yaml({"commitSha": text})) == {"commitSha": text}
