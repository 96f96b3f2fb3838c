"""Secrets on the real engine: applied with ``--target``, and previewed without the key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.server import Sandbox
from railyard.engine import pulumi_cli
from railyard.engine.cli_engine import PulumiCli
from railyard.secrets import apply as secrets_apply
from railyard.shared.stack import read_stack
from tests.conformance.conftest import RealEngine, program
from tests.operations_secrets import sops_files


class Real(RealEngine):
    """The Pulumi CLI on a copy of the project with two of its systems, and with the copy's own secrets."""

    def __init__(self, directory: Path, running: ExitStack) -> None:
        super().__init__(directory, running)
        self.keep("omnistack", "rose")
        self.secrets, self.key = (directory / "secrets" / name for name in ("sandbox.yaml", "sandbox.agekey"))
        self.variables.update(RAILYARD_SECRETS=str(self.secrets), SOPS_AGE_KEY_FILE=str(self.key))

    def change_secret(self, system: str, name: str, value: str) -> None:
        """Change one secret as ``sops set`` does."""
        sops_files.change(self.secrets, self.key, system, name, value)


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Real]:
    """Staging, up on the real engine, with this process's variables pointing at its clouds and its backend."""
    with ExitStack() as running:
        engine = Real(tmp_path / "railyard", running)
        for name, value in engine.variables.items():
            monkeypatch.setenv(name, value)
        engine.operate("up")
        yield engine


def test_the_real_engine_deploys_changed_secrets_and_nothing_else(real, capfd, monkeypatch):
    """The same services as in the sandbox; a preview without the key shows what changed, and no other change."""
    real.change_secret("rose", "GROQ_API_KEY", "planted-groq-key-2")
    real.change_secret("omnistack", "POSTGRES_PASSWORD", "planted-postgres-pw-2")
    stack = read_stack("staging")
    cli = PulumiCli(stack, pulumi_cli.PulumiCli(program()))
    options: dict[str, Any] = {"preview": False, "yes": True}

    assert secrets_apply.carry_out(cli, stack, **options, json=False)
    shown = capfd.readouterr().out
    assert secrets_apply.carry_out(cli, stack, **options, json=True)

    assert "planted" not in shown
    names = [f"omnistack-{name}-instance" for name in ("api", "postgres", "worker")] + ["rose-web-instance"]
    assert sorted(line[2:].split(":")[0] for line in shown.splitlines() if line.startswith("~ ")) == names
    assert '"instances": []' in capfd.readouterr().out
    assert real.operate("preview")[0] == {}

    real.change_secret("rose", "GROQ_API_KEY", "planted-groq-key-3")
    real.tamper(
        lambda sandbox: sandbox.fail("railway", "environmentPatchCommit", status=200, message="Not Authorized", count=9)
    )
    real.operate("up", fails=True)  # so it is not deployed yet, whatever the program said of its outputs by then
    real.tamper(Sandbox.heal)
    real.key.unlink()
    monkeypatch.setenv("HOME", str(real.directory / "nowhere"))
    assert [urn.rsplit("::", 1)[1] for urn in real.operate("preview")[0]] == ["rose-web-instance"]
