"""What an environment left is found in every Railway account in which the stack's systems are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from components.project import DESCRIPTION
from railway_api.client import Client
from railyard.accounts.railway_client import Railway
from railyard.environments.leftovers import SearchScope, existing, remove
from railyard.shared.console import OperationError

PLACES = SearchScope(
    program="railyard", zones={}, systems=frozenset({"omega", "seance"}), buckets=frozenset(), regions=frozenset()
)


class Account:
    """An account with one project, as far as a sweep asks."""

    def __init__(self, system: str) -> None:
        described = DESCRIPTION.format(program="railyard", name=system)
        self.projects = [{"id": f"id-{system}", "name": f"{system}-pr-7", "description": described, "deletedAt": None}]

    async def list_all(self, _document: object, **_variables: object) -> list[dict[str, Any]]:
        """Return all projects."""
        return self.projects

    async def call(self, _document: object, *, id: str) -> None:
        """Delete a project of this account; raises ``ValueError`` for one of another."""
        self.projects.remove(next((each for each in self.projects if each["id"] == id), {}))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """What runs the requests."""
    with asyncio.Runner() as made:
        yield made


def test_what_is_left_in_the_account_of_a_system_is_removed_with_its_token(runner: asyncio.Runner) -> None:
    """Each account is asked, and each project is deleted where it is."""
    seance, omega = Account("seance"), Account("omega")
    railway = Railway(cast("Client", seance), real=True, runner=runner, own={"omega": cast("Client", omega)})

    leftovers = existing(railway, PLACES)
    problems = remove(leftovers, lambda _: None)

    assert [each.name for each in leftovers] == ["omega-pr-7", "seance-pr-7"]
    assert (problems, seance.projects, omega.projects) == ([], [], [])


def test_a_project_that_two_tokens_see_is_one(runner: asyncio.Runner) -> None:
    """Tokens of one account may differ."""
    one, other = Account("seance"), Account("seance")
    railway = Railway(cast("Client", one), real=True, runner=runner, own={"omega": cast("Client", other)})

    assert [each.name for each in existing(railway, PLACES)] == ["seance-pr-7"]


def test_an_account_that_cannot_be_asked_is_told(runner: asyncio.Runner) -> None:
    """What may be there costs money: it is not taken for nothing."""
    railway = Railway(cast("Client", Account("seance")), True, runner, missing={"omega": "OMEGA_RAILWAY_TOKEN"})

    with pytest.raises(OperationError, match="OMEGA_RAILWAY_TOKEN is not set: it holds the Railway token of omega"):
        existing(railway, PLACES)
