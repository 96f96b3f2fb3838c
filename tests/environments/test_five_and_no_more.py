"""Environments come up until there are enough, and all of them are gone when their time is over."""

from __future__ import annotations

from datetime import UTC, datetime

from railyard.environments.record import Record, SandboxRecords
from tests.environments.conftest import SHOP, Project, said
from tests.operations.conftest import World


def test_five_come_up_the_sixth_is_refused_and_a_sweep_leaves_nothing(project: Project) -> None:
    """Time passes, a sweep: nothing is left in any simulated cloud, no state, no settings, no record."""
    up = [said(project, "up", str(number), "--json").json for number in range(1, 6)]
    keys = {_key(project, number) for number in range(1, 6)}
    before = project.left()
    sixth = said(project, "up", "6", code=1)
    refused = project.left()
    early = said(project, "sweep")
    project.later(73)
    listed = said(project, "list")
    said(project, "sweep")

    assert [each["state"] for each in up] == ["up"] * 5
    assert [each["addresses"][0]["url"] for each in up] == [f"https://pr-{n}-web.rose.example" for n in range(1, 6)]
    assert len(keys) == 5
    assert "there are 5 review environments, and railyard:reviews.most allows 5: pr-1 until " in sixth.errors
    assert "end one with ./bin/railyard review down 1" in sixth.errors
    assert refused == before
    assert "nothing to remove" in early.text
    assert listed.text.count("expired") == 5
    assert project.left() == {}
    assert project.written() == []


def test_what_would_cost_too_much_is_refused_before_anything_is_made(project: Project) -> None:
    """Services and volumes of all environments count; the refusal has the figures."""
    project.settings(SHOP, reviews="{budget: 0.5}")

    refused = said(project, "up", "1", code=1)

    assert "with pr-1, about $" in refused.errors
    assert "railyard:reviews.budget is $0.50" in refused.errors
    assert project.written() == []


def test_a_stack_that_says_nothing_of_reviews_has_none(project: Project) -> None:
    """What to write there is said."""
    file = project.root / "Pulumi.staging.yaml"
    file.write_text(file.read_text().replace("  railyard:reviews: {hours: 72, most: 5}\n", ""))

    assert "add 'railyard:reviews: {}'" in said(project, "list", code=2).errors


def test_an_environment_belongs_to_the_stack_from_which_it_is_made(project: Project) -> None:
    """Another stack neither takes its number nor counts it nor sweeps it, however old it is."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    other = Record(number=1, stack="other", begun=long_ago, first=long_ago, expires=long_ago, ended=True, cost=900)
    SandboxRecords(project.directory).write(other)
    project.settings(SHOP, reviews="{most: 1, budget: 100}")

    taken = said(project, "up", "1", code=2)
    swept = said(project, "sweep")

    assert "pr-1 is made from other: end it there, or give --stack other" in taken.errors
    assert "nothing to remove" in swept.text
    assert SandboxRecords(project.directory).all() == {1: other}


def _key(project: Project, number: int) -> str:
    """The made-up secret of an environment, as its service has it."""
    world = World(project.directory)
    found = next(each for each in world.railway.state.projects.values() if each.name == f"shop-pr-{number}")
    (config,) = world.railway.environments_of(found.id)[0].config["services"].values()
    return config["variables"]["API_KEY"]["value"]
