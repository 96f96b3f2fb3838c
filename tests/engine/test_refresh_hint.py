"""What ``make`` says after the Pulumi CLI failed to delete what is gone already."""

from __future__ import annotations

import json

import pytest

from railyard.engine.cli_events import read_log
from railyard.engine.cli_operations import refresh_hint


def hint(type_: str, message: str, op: str = "delete") -> str:
    """The advice after an operation whose one failed step ended with ``message``."""
    urn = f"urn:pulumi:staging::railyard::railyard:systems:Seance${type_}::seance-web"
    events = [
        {"diagnosticEvent": {"urn": urn, "message": "deleting", "severity": "info"}},
        {"diagnosticEvent": {"urn": urn, "message": f"{op} {urn}: {message}", "severity": "error"}},
        {"resOpFailedEvent": {"metadata": {"op": op, "urn": urn, "type": type_}}},
    ]
    return refresh_hint(read_log("".join(json.dumps(event) + "\n" for event in events)).finished())


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        (
            "cloudflare:index/dnsRecord:DnsRecord",
            'DELETE "https://api.cloudflare.com/…": 404 Not Found {"errors":[{"code":81044}]}',
        ),
        (
            "digitalocean:index/spacesBucket:SpacesBucket",
            "deleting S3 Bucket (seance-cdn): NoSuchBucket: The specified bucket does not exist",
        ),
        (
            "digitalocean:index/cdn:Cdn",
            "DELETE https://api.digitalocean.com/v2/cdn/endpoints/1: 404 (request …) The resource was not found.",
        ),
    ],
)
def test_the_way_out_is_named_where_a_delete_found_nothing(type_: str, message: str) -> None:
    """A refresh helps, and nothing else does: the same run would fail for ever."""
    assert "./bin/railyard refresh" in hint(type_, message)
    assert "./bin/railyard refresh" in hint(type_, message, op="delete-replaced")


def test_other_failures_get_no_such_advice() -> None:
    """Nor does a delete that failed for another reason."""
    assert hint("digitalocean:index/spacesBucket:SpacesBucket", "the bucket is not empty") == ""
    assert refresh_hint(()) == ""


def test_a_log_that_quotes_a_404_gets_no_such_advice() -> None:
    """A deployment whose health check was answered with 404 is not mended by a refresh, nor is a create."""
    assert hint("railway:index:ServiceInstance", "deployment failed; its log: GET /health 404", op="update") == ""
    assert hint("railway:index:ServiceInstance", "deployment failed; its log: GET /health 404") == ""
    assert hint("cloudflare:index/dnsRecord:DnsRecord", "POST …: 404 Not Found: no such zone", op="create") == ""
