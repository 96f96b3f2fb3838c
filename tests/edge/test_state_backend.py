"""``railyard state init``: the bucket for Pulumi's own states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from railway_sandbox.addresses import environment
from railway_sandbox.server import Sandbox
from railyard.accounts.spaces_client import spaces_client
from railyard.application import application
from railyard.operate.state_bucket import login_address

BUCKET = "example-railyard-state"


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path / ".sandbox")
    with sandbox.serve() as address:
        for name, value in environment(address, directory=tmp_path / ".sandbox").items():
            monkeypatch.setenv(name, value)
        yield sandbox


def init(bucket: str = BUCKET, region: str = "sfo3") -> Result:
    return CliRunner().invoke(application, ["state", "init", "--bucket", bucket, "--region", region])


def test_the_bucket_is_made_once_and_keeps_old_states(sandbox: Sandbox) -> None:
    """Private, versioned, old versions for 90 days; a second call changes nothing."""
    first, second = init(), init()

    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert first.output.startswith(f"made bucket {BUCKET} in sfo3")
    assert second.output.startswith(f"found bucket {BUCKET} in sfo3")
    assert f"pulumi login 's3://{BUCKET}?endpoint=" in first.output
    log = sandbox.storage.requests.read_text()
    assert (f"PUT /{BUCKET}?versioning" in log, f"PUT /{BUCKET}?lifecycle" in log) == (True, True)


def test_a_bucket_that_exists_becomes_private_and_keeps_its_own_rules(sandbox: Sandbox) -> None:
    """A bucket that was made by hand may list its files to anyone, and may have rules that are not Railyard's."""
    client = spaces_client("sfo3")
    client.create_bucket(Bucket=BUCKET, ACL="public-read")
    own = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 7}}
    client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [own]})

    results = [init(), init()]

    assert [result.exit_code for result in results] == [0, 0], results[0].output
    readers = [grant["Grantee"].get("URI") for grant in client.get_bucket_acl(Bucket=BUCKET)["Grants"]]
    rules = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert readers == [None]
    assert [rule["ID"] for rule in rules] == ["logs", "old-states"]
    assert rules[0]["Expiration"] == {"Days": 7}


def test_what_is_printed_for_real_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/state.md shows it."""
    monkeypatch.delenv("SPACES_ENDPOINT_URL", raising=False)
    page = (Path(__file__).parents[2] / "docs" / "state.md").read_text()

    assert f"pulumi login '{login_address(BUCKET, 'sfo3')}'" in page


@pytest.mark.parametrize(
    ("bucket", "region", "code", "said"),
    [
        (BUCKET, "sf3", 2, "'sf3' is not one of"),
        ("assets", "sfo3", 1, "the name assets is taken by another account: choose another one"),
    ],
)
def test_what_cannot_be_made_is_explained(sandbox: Sandbox, bucket: str, region: str, code: int, said: str) -> None:
    result = init(bucket, region)

    assert result.exit_code == code
    assert said in result.output
    assert "Traceback" not in result.output


def test_keys_that_are_missing_are_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACES_SECRET_ACCESS_KEY")

    result = init()

    assert result.exit_code == 1
    assert "SPACES_SECRET_ACCESS_KEY not set" in result.output
