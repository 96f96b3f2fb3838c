"""A system without Python: services that stand in the settings, alone or in the project of another system."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks import class_of, declared_secrets, own_system, python_systems
from stacks.problems import SettingsError
from stacks.services import services
from stacks.settings import parse

PROJECT = {"name": "voice", "environment": "staging"}
UMAMI = {
    "project": PROJECT,
    "services": {
        "umami": {"image": "umami/umami:2", "port": 3000, "secrets": ["APP_SECRET"]},
        "Postgres": {"image": "postgres:16", "secrets": ["POSTGRES_PASSWORD"]},
    },
}
ROSE = {"project": PROJECT, "environment": "development", "allowedOrigins": ["*"], "web": {"repo": "rose/rose"}}

NETIA_APP = {"repo": "netia/netia", "railwayDomain": True}


def read(**systems: Any) -> Any:
    config = {f"railyard:{name}": value for name, value in systems.items()}
    return parse({"railyard:secrets": "secrets/x.yaml", **config}, python_systems(), file="Pulumi.x.yaml")


def test_services_are_a_system_and_may_stand_in_the_project_of_another() -> None:
    """It has services and secrets as every system has, beside the one whose project it is."""
    settings = read(umami=UMAMI, rose=ROSE)

    assert list(settings.systems) == ["rose", "umami"]
    assert [each.name for each in services(settings.systems["umami"])] == ["umami", "Postgres"]
    secrets = declared_secrets(settings)["umami"]
    assert [(each.name, each.also_sets) for each in secrets] == [
        ("UMAMI_APP_SECRET", ("APP_SECRET",)), ("POSTGRES_POSTGRES_PASSWORD", ("POSTGRES_PASSWORD",)),
    ]  # fmt: skip
    assert class_of("umami").TOKEN == "railyard:systems:Umami"
    assert own_system.names_in({"railyard:umami": json.dumps(UMAMI), "railyard:rose": json.dumps(ROSE)}) == ["umami"]


@pytest.mark.parametrize(
    ("systems", "said"),
    [
        ({"rose": ROSE, "rose-extra": UMAMI}, "a name that begins no other, as rose does"),
        ({"umami": UMAMI | {"services": {}}}, "umami.services"),
        ({"umami": UMAMI | {"services": {"a b": {"image": "x:1"}}}}, "a name such as web or Postgres"),
        ({"umami": UMAMI | {"services": {"web": {"image": "x:1", "prot": 1}}}}, "did you mean port?"),
        ({"umami": {"project": PROJECT}}, "no such key in the stack"),
        ({"rose": ROSE, "netia": {"project": PROJECT, "app": NETIA_APP}}, "a project of its own"),
        ({"rose": ROSE, "umami": UMAMI | {"services": {"web": {"image": "x:1"}}}}, "web is one of rose"),
        ({"rose": ROSE, "umami": UMAMI | {"project": PROJECT | {"environment": "x"}}}, "the same as in rose.project"),
    ],
)
def test_what_is_wrong_with_one_is_told_as_of_every_system(systems: dict[str, Any], said: str) -> None:
    """With its place and what to do; and a name that is a beginning of another one would mix up their resources."""
    with pytest.raises(SettingsError) as refused:
        read(**systems)

    assert said in str(refused.value)
