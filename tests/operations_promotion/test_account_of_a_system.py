"""A system with a Railway account of its own: its token and plan, in a provider that no other system has."""

from __future__ import annotations

import json

import pytest

from stacks import python_systems
from stacks.problems import SettingsError
from stacks.settings import parse
from tests.operations_promotion.conftest import Place
from tests.operations_promotion.test_stack_split import ids

OWN = "  railyard:omega:\n    railway: {tokenVariable: OMEGA_RAILWAY_TOKEN, plan: pro}\n"


def providers(place: Place) -> dict[str, str]:
    """Name of each resource of Railway → the name of its provider."""
    records = json.loads((place.sandbox / "production.json").read_text())["deployment"]["resources"]
    mine = [each for each in records if ":providers:railway::" in each.get("provider", "")]
    return {each["urn"].rpartition("::")[2]: each["provider"].split("::")[-2] for each in mine}


def test_a_system_that_is_up_gets_its_own_account_without_being_touched(
    level: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is replaced; its resources have the provider with its token, and no other resource has."""
    before, clouds = ids(level, "production"), level.world()
    level.change("production", "  railyard:omega:\n", OWN)

    steps = level.json("preview", "--stack", "production", "--system", "omega").json["steps"]
    assert {each["op"] for each in steps if "pulumi:" not in each["urn"].split("::")[2]} <= {"same"}
    monkeypatch.setenv("OMEGA_RAILWAY_TOKEN", "planted-token-of-omega")
    level.up("production", "omega")

    assert ids(level, "production") == before
    assert level.world() == clouds
    own = {name for name, provider in providers(level).items() if provider == "omega-railway"}
    assert own == {name for name in providers(level) if name.startswith("omega-")}
    assert "planted-token-of-omega" not in (level.sandbox / "production.json").read_text()
    # Without the token a preview leaves it as it is.
    monkeypatch.delenv("OMEGA_RAILWAY_TOKEN")
    again = level.json("preview", "--stack", "production", "--system", "omega")
    assert again.operations() == {}


def test_an_account_says_something_and_its_plan_counts() -> None:
    """A key without a token and a plan is refused, and so is what the system's own plan does not have."""
    omega = {"railyard:omega": {"railway": {}}}
    with pytest.raises(SettingsError, match="tokenVariable, plan, or both"):
        parse(omega, python_systems(), file="Pulumi.dev.yaml")
    small = {"railyard:omega": {"railway": {"plan": "free"}, "bot": {"memoryMb": 4096}}, "railway:plan": "pro"}
    with pytest.raises(SettingsError, match="the free plan allows"):
        parse(small, python_systems(), file="Pulumi.dev.yaml")


def test_the_sandbox_does_not_get_the_token_of_a_real_account(level: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set for real accounts does not keep a system from coming up in the sandbox."""
    level.change("production", "  railyard:omega:\n", f"{OWN}    logLevel: debug\n")
    monkeypatch.setenv("OMEGA_RAILWAY_TOKEN", "planted-token-of-omega")

    done = level.run("up", "--stack", "production", "--system", "omega")

    assert done.code == 0, done.text + done.errors
