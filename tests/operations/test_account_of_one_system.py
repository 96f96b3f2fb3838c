"""A system with a Railway account of its own: whoever reads it has its token, and whoever reads others has not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from railyard.accounts.railway_client import connected
from railyard.shared.console import OperationError
from railyard.shared.stack import read_stack
from tests.operations.conftest import Railyard
from tests.operations.test_doctor import other_settings

ROSE = "  railyard:rose:\n"
OWN = f"{ROSE}    railway: {{tokenVariable: ROSE_RAILWAY_TOKEN}}\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings in which Rose has an account of its own."""
    other_settings(tmp_path / "settings", monkeypatch, ROSE, OWN)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    "command", [("status", "rose"), ("logs", "rose/web", "--unmasked"), ("backup", "create", "rose")]
)
def test_a_system_is_read_with_its_own_token(
    railyard: Railyard, pointed: Callable[..., None], command: tuple[str, ...]
) -> None:
    """The stack's token, which is dead here, is not used for it, and is used for all others."""
    with railyard.world() as world:
        alive = world.railway.account_token
    pointed(RAILWAY_API_TOKEN="planted-dead-token", ROSE_RAILWAY_TOKEN=alive)

    mine = railyard.run(*command, "-s", "staging")
    others = railyard.run("status", "seance", "-s", "staging")

    assert mine.code == 0, mine.text + mine.errors
    assert (others.code, "Not Authorized" in others.text + others.errors) == (1, True)
    assert "planted-dead-token" not in mine.text + others.text + others.errors


@pytest.mark.usefixtures("own")
def test_systems_of_two_accounts_are_read_together(
    railyard: Railyard, pointed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The projects of both are asked for, and what is there is shown as of one account."""
    with railyard.world() as world:
        alive = world.railway.account_token
    pointed()
    before = railyard.run("status", "seance", "rose", "-s", "staging", "--json").json
    asked = railyard.requests().count("railway query projects")
    monkeypatch.setenv("ROSE_RAILWAY_TOKEN", alive)

    document = railyard.run("status", "seance", "rose", "-s", "staging", "--json").json

    assert document["systems"] == before["systems"]
    assert document["requests"] == before["requests"] + 1
    assert railyard.requests().count("railway query projects") == asked + 2


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("options", [(), ("--sandbox",)])
def test_the_sandbox_does_not_get_the_token_of_a_real_account(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """The variable may be set for other commands; the sandbox has an account of its own."""
    monkeypatch.setenv("ROSE_RAILWAY_TOKEN", "planted")

    said = railyard.run("status", "rose", "-s", "staging", *options)

    assert said.code == 0, said.text + said.errors


@pytest.mark.usefixtures("own", "railyard")
def test_a_token_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real account; what is about other systems goes on without it."""
    here = read_stack("staging")
    monkeypatch.setenv("RAILWAY_API_URL", "https://railway.invalid/graphql")
    monkeypatch.setenv("RAILWAY_API_TOKEN", "planted")

    with pytest.raises(OperationError, match="ROSE_RAILWAY_TOKEN is not set"), connected(here, about="rose/web"):
        pass
    with connected(here, about="seance") as railway:
        assert railway.of("seance") is railway.client
        with pytest.raises(OperationError, match="ROSE_RAILWAY_TOKEN is not set: it holds the Railway token of rose"):
            railway.of("rose")
    monkeypatch.delenv("RAILWAY_API_TOKEN")
    monkeypatch.setenv("ROSE_RAILWAY_TOKEN", "planted")
    with connected(here) as railway, pytest.raises(OperationError, match="RAILWAY_API_TOKEN is not set"):
        railway.of("seance")
