"""What stacks cost a month, at the usage that the five documents name."""

from __future__ import annotations

from typing import Any

import pytest

from railway_api.plans import Plan
from railway_api.prices import USD_PER_UNIT
from stacks import python_systems
from stacks.budget import called, lines_of_stack, over_budget
from stacks.monthly_cost import Calculation, Kind, Load, total
from stacks.prices import Prices
from stacks.problems import SettingsError
from stacks.settings import StackSettings, parse

SECRETS = {"railyard:secrets": "secrets/shop.yaml"}
OMEGA = {"project": {"name": "omega", "environment": "production"}}
SEANCE: dict[str, Any] = {
    "project": {"name": "seance", "environment": "production"},
    "commit": "a1b2c3d",
    **{name: {"railwayDomain": True} for name in ("landing", "backend", "signaling", "beholder", "litellm")},
    "bucket": {"name": "seance-cdn", "region": "sfo3"},
}
NETIA = {
    "project": {"name": "netia", "environment": "production"},
    "app": {"repo": "netia/netia", "railwayDomain": True},
    "postgres": {"sizeGb": 1},
}
ROSE = {
    "project": {"name": "rose", "environment": "production"},
    "environment": "production",
    "workers": 4,
    "web": {"repo": "rose/rose", "memoryMb": 4096, "port": 8000, "volume": {"sizeGb": 5}},
    "rateLimitPerMinute": 10,
    "enableApiDocs": False,
    "sessionRetentionDays": 7,
    "allowedOrigins": ["https://rose.example"],
}


def settings(plan: str = "hobby", **keys: Any) -> StackSettings:
    config = {**SECRETS, "railway:plan": plan, **{f"railyard:{name}": value for name, value in keys.items()}}
    return parse(config, python_systems(), file="Pulumi.shop.yaml")


def cost(found: StackSettings, case: str, *kinds: Kind) -> float:
    lines = [line for line in lines_of_stack(found) if not kinds or line.kind in kinds]
    return getattr(total(lines), case)


def test_omega_costs_what_its_document_says_at_its_usage() -> None:
    """512 MB around the clock are $5 to $10 at Railway, and with $10 to $20 at OpenAI $15 to $30 in all."""
    usage = {"omega": {"bot": {"memoryMb": 512}}}
    openai = {"system": "omega", "name": "OpenAI GPT-4.1-mini", "least": 10, "most": 20}
    forecast = settings(omega=OMEGA, usage=usage, prices={"elsewhere": [openai]})

    at_railway = cost(forecast, "as_used", Kind.SERVICE, Kind.VOLUME, Kind.SUBSCRIPTION)
    assert 5 <= at_railway <= 10
    assert at_railway + 10 >= 15
    assert at_railway + 20 <= 30


def test_the_document_of_omega_takes_a_price_by_the_minute_for_one_by_the_hour() -> None:
    """$0.000231 is what a GB costs in a minute: by the hour it is 60 times that, and its 360 GB-hours are $5."""
    assert round(USD_PER_UNIT["MEMORY_USAGE_GB"], 6) == 0.000231
    assert round(360 * 60 * USD_PER_UNIT["MEMORY_USAGE_GB"], 2) == 5.0


def test_seance_costs_what_its_document_says() -> None:
    """About $20 of compute and $5 of Spaces, $5 to $10 of compute at low traffic, $50 and more with much traffic."""
    forecast = settings(seance=SEANCE)

    assert cost(forecast, "as_used") == pytest.approx(25, rel=0.05)
    assert cost(forecast, "as_used", Kind.SERVICE, Kind.VOLUME) == pytest.approx(20, rel=0.05)
    assert cost(forecast, "as_used", Kind.BUCKET) == 5.0
    assert 5 <= cost(forecast, "at_rest", Kind.SERVICE, Kind.VOLUME) <= 10

    busy = {
        name: {"memoryMb": 512, "vcpus": 0.25} for name in ("landing", "backend", "signaling", "beholder", "litellm")
    }
    assert cost(settings(seance=SEANCE, usage={"seance": busy}), "as_used", Kind.SERVICE) > 50


@pytest.mark.parametrize(("plan", "price"), [("hobby", 5.0), ("pro", 20.0)])
def test_a_plan_is_a_minimum_that_usage_is_counted_against(plan: str, price: float) -> None:
    """Netia's document has Hobby at $5 and Pro at $20: that is what it costs where it uses less, and no more."""
    asleep = {"netia": {name: {"running": 0, "egressGb": 0, "storedGb": 0} for name in ("app", "postgres")}}
    assert cost(settings(plan, netia=NETIA, usage=asleep), "as_used") == price

    busy = {"netia": {"app": {"memoryMb": 4000}, "postgres": {"running": 0, "egressGb": 0, "storedGb": 0}}}
    forecast = settings(plan, netia=NETIA, usage=busy)
    assert cost(forecast, "as_used") == cost(forecast, "as_used", Kind.SERVICE) > 40


def test_a_system_costs_what_its_own_plan_makes_of_it() -> None:
    """A volume without a size is as large as its plan makes it, and a service may use what its plan allows."""
    kinds = (Kind.SERVICE, Kind.VOLUME)
    own = settings("pro", omega=OMEGA | {"railway": {"plan": "hobby"}})

    for case in ("at_rest", "as_used", "at_limits"):
        assert cost(own, case, *kinds) == cost(settings("hobby", omega=OMEGA), case, *kinds)
        assert cost(own, case, *kinds) < cost(settings("pro", omega=OMEGA), case, *kinds)


def test_rose_pays_for_traffic_from_the_first_gb() -> None:
    """Its document has 100 GB included and $0.10 for each more; Railway's price is $0.05 for each: $2.50 for 50 GB."""
    quiet, busy = (settings(rose=ROSE, usage={"rose": {"web": {"egressGb": egress}}}) for egress in (0, 50))
    assert round(cost(busy, "as_used") - cost(quiet, "as_used"), 2) == 2.5


def test_a_cost_at_rest_is_the_least_and_one_at_its_limits_the_most() -> None:
    """For every part of every system; a service with both limits has none that is open."""
    lines = lines_of_stack(settings("pro", omega=OMEGA, seance=SEANCE, netia=NETIA, rose=ROSE))
    for line in lines:
        if line.kind is Kind.SUBSCRIPTION:  # less, the more is used
            continue
        assert line.cost.at_rest <= line.cost.as_used <= line.cost.at_limits, line
    limited = Calculation(Plan.PRO).service("shop", "web", Load(replicas=2, memory_mb=1_000, vcpus=0.5))
    assert not limited.unlimited
    assert limited.cost.at_limits == 2 * 10 + 2 * 0.5 * 20


def test_what_sleeps_costs_nothing_at_rest() -> None:
    """A service that may sleep uses nothing while nobody comes."""
    assert Calculation(Plan.PRO).service("shop", "web", Load(sleeps=True)).cost.at_rest == 0.0


def test_all_buckets_share_one_subscription() -> None:
    """DigitalOcean bills Spaces by account, not by bucket."""
    lines = Calculation(Plan.PRO).buckets([("shop", "one"), ("shop", "two"), ("news", "three")])
    assert round(total(lines).as_used, 6) == 5.0


def test_prices_are_the_users_to_change() -> None:
    """``railyard:prices`` names those that differ; the others stay list prices."""
    discounted = settings("pro", omega=OMEGA, prices={"railway": {"memoryGb": 5, "subscription": 0}})
    assert cost(discounted, "at_limits", Kind.SERVICE) < cost(settings("pro", omega=OMEGA), "at_limits", Kind.SERVICE)
    assert discounted.stack.prices.railway.vcpu == Prices().railway.vcpu


def test_a_stack_over_its_budget_is_told_with_the_largest_contributors() -> None:
    """What is too much is the cost as used; the message names the most expensive parts, and what to do."""
    assert over_budget(settings(seance=SEANCE, budget=30)) == []
    (problem,) = over_budget(settings(seance=SEANCE, budget=20.5))
    assert problem.value == 20.5
    largest = max(lines_of_stack(settings(seance=SEANCE)), key=lambda line: line.cost.as_used)
    assert f"{called(largest)} $5.00" in problem.allowed
    assert "railyard:usage" in problem.fix


@pytest.mark.parametrize("budget", ["lots", "-5", "0", "nan", "inf"])
def test_a_budget_that_is_no_amount_is_refused(budget: str) -> None:
    """Pulumi hands a plain value over as a text: one that is an amount is taken, any other refused by its key."""
    assert settings(omega=OMEGA, budget="20").stack.budget == 20.0
    with pytest.raises(SettingsError, match=r"railyard:budget = "):
        settings(omega=OMEGA, budget=budget)


@pytest.mark.parametrize("plan", Plan)
def test_every_plan_has_its_prices(plan: Plan) -> None:
    """Whatever plan the settings name, a volume without a size and the subscription cost something that is known."""
    calculation = Calculation(plan)

    volume = calculation.volume("shop", "web", None, [])

    assert volume.cost.at_limits > 0.0
    assert calculation.subscription([volume]).cost.at_rest >= 0.0
