"""What ``make`` says after the Pulumi CLI failed to delete what is gone already."""

from __future__ import annotations

import json

import pytest

from railyard.engine.cli_operations import refresh_hint


def event(message: str, severity: str = "error") -> str:
    return json.dumps({"sequence": 3, "diagnosticEvent": {"message": message, "severity": severity}}) + "\n"


@pytest.mark.parametrize(
    "message",
    [
        'DELETE "https://api.cloudflare.com/…": 404 Not Found {"errors":[{"code":81044}]}',
        "deleting S3 Bucket (seance-cdn): NoSuchBucket: The specified bucket does not exist",
        "DELETE https://api.digitalocean.com/v2/cdn/endpoints/1: 404 (request …) The resource was not found.",
    ],
)
def test_the_way_out_is_named_where_a_delete_found_nothing(message: str) -> None:
    """A refresh helps, and nothing else does: the same run would fail for ever."""
    assert "./bin/railyard refresh" in refresh_hint(event("deleting", "info") + event(message))


def test_other_failures_get_no_such_advice() -> None:
    """Nor does a text that is no error."""
    assert refresh_hint(event("the bucket is not empty") + event("HTTP 404", "info")) == ""
    assert refresh_hint("") == ""
