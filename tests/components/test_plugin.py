"""Components for other languages: the schema says what there is, and the provider makes it."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from typing import Any

import pulumi
import pytest
from pulumi.errors import InputPropertiesError

import components
from components.database import Database
from components.plugin import schema
from components.plugin.parts import PARTS, token_of
from components.plugin.provider import Components
from tools import versions

WHERE = {"projectId": "p", "environmentId": "e"}
ZONE = {"zoneId": "0" * 32}
SERVICE = {**WHERE, "image": "shop/web:1"}
MINIMAL: dict[str, dict[str, Any]] = {
    "Project": {"name": "shop-test", "environment": "test"},
    "Service": SERVICE,
    "Worker": SERVICE,
    "CronJob": {**SERVICE, "cronSchedule": "0 3 * * *"},
    "StaticSite": {**WHERE, "repo": "shop/site", "buildOutput": "dist", "railwayDomain": True},
    "Backend": SERVICE,
    "Bot": SERVICE,
    **{name: {**SERVICE, "port": 80.0, "railwayDomain": True} for name in ("Proxy", "Gateway")},
    "Volume": {**WHERE, "serviceId": "s", "mountPath": "/data", "sizeGb": 2.0},
    "Domain": {**WHERE, **ZONE, "serviceId": "s", "hostname": "shop.example.com", "port": 80.0},
    "Zone": {**ZONE, "name": "example.com", "proxied": True},
    **{name: {**WHERE, "password": "p@ss", "sizeGb": 1.0} for name in ("Postgres", "Mysql", "Mongodb", "Redis")},
    "Bucket": {"name": "shop-files", "region": "sfo3", "lifecycle": [{"prefix": "tmp/", "expirationDays": 7.0}]},
    "RailwayBucket": {**WHERE, "region": "ams"},
    "Redirects": {**ZONE, "redirects": [{"hostname": "www.example.com", "to": "example.com"}]},
    "Alerts": {**WHERE, "webhook": "https://example.com/hook"},
    "UsageLimit": {"softLimitDollars": 20.0},
}
"""Component → the least with which it can be made, as the protocol hands it over: every number is a float."""


def test_the_committed_schema_is_that_of_the_declarations() -> None:
    """As ``make generate`` writes it, with the version of the project."""
    assert json.loads(schema.FILE.read_text(encoding="utf-8")) == schema.schema(versions.version())


def test_every_component_is_in_the_package_under_the_token_that_it_has_in_python() -> None:
    """None is left out; the kinds of services are resources of their own."""
    modules = [
        importlib.import_module(f"components.{each.name}") for each in pkgutil.iter_modules(components.__path__)
        if each.name != "__main__"
    ]  # fmt: skip
    classes = {
        name
        for module in modules
        for name, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, pulumi.ComponentResource) and each not in (pulumi.ComponentResource, Database)
    }

    assert classes <= PARTS.keys()
    declared = json.loads(schema.FILE.read_text(encoding="utf-8"))["resources"]
    assert declared.keys() == {token_of(name) for name in PARTS}
    assert all(each["isComponent"] for each in declared.values())


@pytest.mark.parametrize("name", PARTS)
def test_the_provider_makes_each_component(deploy: Any, name: str) -> None:
    """Of what the protocol hands over; it tells the outputs that the schema says are always there."""
    told: dict[str, Any] = {}

    def program() -> None:
        result = Components().construct("shop", token_of(name), MINIMAL[name], pulumi.ResourceOptions())
        told.update(result.state)

    seen = deploy(program)

    assert (token_of(name), "shop") in seen
    declared = json.loads(schema.FILE.read_text(encoding="utf-8"))["resources"][token_of(name)]
    assert set(declared["required"]) <= told.keys() <= set(declared["properties"])


def test_groups_lists_and_outputs_reach_the_resources(deploy: Any) -> None:
    """Names and numbers are those of Python by then; a map of variables may be one Output."""

    def given() -> dict[str, Any]:
        return {
            **SERVICE,
            "port": pulumi.Output.from_input(8080.0),
            "memoryMb": 512.0,
            "zones": [{"name": "example.com", "zoneId": pulumi.Output.from_input("0" * 32)}],
            "domains": [{"hostname": "shop.example.com", "port": 9000.0}],
            "volume": {"mountPath": "/data", "sizeGb": pulumi.Output.from_input(1.0), "backups": ["daily"]},
            "variables": pulumi.Output.secret({"URL": "redis://"}),
        }

    seen = deploy(lambda: Components().construct("web", token_of("Service"), given(), pulumi.ResourceOptions()))

    instance = seen["railway:index:ServiceInstance", "web-instance"]
    assert instance["variables"] == {"URL": "redis://", "PORT": "8080"}
    assert seen["railway:index:Volume", "web-volume-disk"]["sizeMb"] == 1000
    assert seen["railway:index:CustomDomain", "web-shop.example.com-domain"]["targetPort"] == 9000
    assert seen["cloudflare:index/dnsRecord:DnsRecord", "web-shop.example.com-cname"]["zoneId"] == "0" * 32


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image": "x:1"}, "web has 2 problems:\n  environmentId\n    allowed: a value is required"),
        ({**SERVICE, "memory": 1}, "  memory\n    allowed: no such key in its arguments; its keys are: projectId"),
        ({**SERVICE, "memoryMb": 1.0}, "web has 1 problem:\n  memoryMb = 1\n"),
        ({**SERVICE, "volume": {"sizeGb": 1.0}}, "  volume.mountPath\n    allowed: a value is required"),
        ({**SERVICE, "volume": {"mountPath": "/data", "outside": {}}}, "  volume.outside\n    allowed: no such key"),
        ({**SERVICE, "domains": ["shop.example.com"]}, '  domains[0] = "shop.example.com"\n    allowed: a group'),
        ({**SERVICE, "zones": ["example.com"]}, "  zones\n    allowed: a list of groups: name, zoneId"),
        ({**SERVICE, "zones": [{"name": "example.com"}]}, "  zones[0].zoneId\n    allowed: a value is required"),
        ({**SERVICE, "registryPassword": 5.0}, "  registry_password\n    allowed: str or None, and not int"),
    ],
)
def test_what_is_wrong_is_told_without_a_traceback(deploy: Any, given: dict[str, Any], said: str) -> None:
    """In the words of a settings file, as an error about inputs."""
    with pytest.raises(InputPropertiesError) as refused:
        deploy(lambda: Components().construct("web", token_of("Service"), given, pulumi.ResourceOptions()))

    assert said in str(refused.value)


def test_the_name_of_a_zone_that_is_known_too_late_is_refused(deploy: Any) -> None:
    """Which zone holds a domain decides which records there are."""

    def program() -> None:
        zones = [{"name": pulumi.Output.from_input("example.com"), "zoneId": "0" * 32}]
        Components().construct("web", token_of("Service"), {**SERVICE, "zones": zones}, pulumi.ResourceOptions())

    with pytest.raises(InputPropertiesError) as refused:
        deploy(program)

    assert "zones[0].name\n    allowed: a plain string" in str(refused.value)
