"""What is secret stays out of texts that people see, in whatever form it appears there."""

from __future__ import annotations

from railway_api.redaction import redact

KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\nAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n"


def test_each_line_of_a_secret_of_several_lines_is_hidden() -> None:
    """A log is quoted line by line, so no line holds the whole of a private key that an application prints."""
    shown = [redact(f"key: {line}", {"SIGNING_KEY": KEY}) for line in KEY.splitlines()]

    assert shown == ["key: <SIGNING_KEY>"] * 4


def test_short_lines_stay() -> None:
    """A line such as ``{`` or ``end`` of a secret is no secret, and texts stay readable."""
    assert redact("the end", {"CONFIG": "a-long-value\nend"}) == "the end"
