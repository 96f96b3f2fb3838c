"""``railyard state init``: the bucket for Pulumi's own states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from railway_sandbox.addresses import environment
from railway_sandbox.server import Sandbox
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


def test_what_is_printed_for_real_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/state.md shows it."""
    monkeypatch.delenv("SPACES_ENDPOINT_URL", raising=False)
    page = (Path(__file__).parents[2] / "docs" / "state.md").read_text()

    assert f"pulumi login '{login_address(BUCKET, 'sfo3')}'" in page


@pytest.mark.parametrize(
    ("bucket", "region", "code", "said"),
    [
        (BUCKET, "sf3", 2, "there is no region 'sf3': name one of ams3"),
        ("assets", "sfo3", 1, "assets: The requested bucket name is not available"),
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
