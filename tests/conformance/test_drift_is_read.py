"""``railyard drift`` reads what the Pulumi CLI says of a refresh."""

from __future__ import annotations

from railway_sandbox.server import Sandbox
from railyard.engine import pulumi_cli
from railyard.engine.cli_engine import PulumiCli
from railyard.review.resource_changes import changes_of
from railyard.shared.stack import read_stack
from tests.conformance.conftest import program
from tests.operations_workflows.conftest import SETTINGS


def by_hand(sandbox: Sandbox) -> None:
    """Somebody changes a variable and deletes an address in Railway's dashboard."""
    state = sandbox.railway.state
    (environment,) = (each for each in state.environments.values() if each.deleted_at is None)
    (service,) = environment.config["services"].values()
    service["variables"]["LOG_LEVEL"] = {"value": "error"}
    state.service_domains.clear()
    sandbox.railway.touch()


def test_the_cli_tells_of_changes_and_deletions_and_leaves_the_state(engines, monkeypatch):
    """One update with both values, one deletion; resources that are as they were are no changes."""
    real, _ = engines
    (real.directory / "Pulumi.staging.yaml").write_text(SETTINGS.format(stack="staging", plan="hobby"))
    real.operate("up")
    for name, value in real.variables.items():
        monkeypatch.setenv(name, value)
    cli = PulumiCli(read_stack("staging"), pulumi_cli.PulumiCli(program()))
    before = real.state()

    calm = changes_of(cli.drift()["steps"])
    real.tamper(by_hand)
    changes = changes_of(cli.drift()["steps"])

    assert calm == ()
    assert [(change.kind, change.name) for change in changes] == [
        ("delete", "omega-bot-railway-domain"),
        ("update", "omega-bot-instance"),
    ]
    assert [(each.path, each.old, each.new) for each in changes[1].properties] == [
        ("variables.LOG_LEVEL", '"info"', '"error"')
    ]
    assert real.state() == before
