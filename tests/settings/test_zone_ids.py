"""The ids of zones, as an ``up`` asks Cloudflare about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
import pulumi
import pytest

from pulumi_embedded.monitor import MonitorError
from stacks import python_systems
from stacks.settings import StackSettings, parse
from stacks.zone_ids import confirm
from tests.programs import run

IDS = {"seance.dev": "a" * 32, "rose.example": "b" * 32, "faß.example": "c" * 32}


class Cloudflare(pulumi.runtime.Mocks):
    """Answers for its zones, unless it is out of order, in a stack with the outputs of an ``up`` before."""

    def __init__(
        self,
        *,
        works: bool = True,
        before: Mapping[str, str] | None = None,
        readable: bool = True,
        name: str | None = "its own",
    ) -> None:
        self.works, self.before, self.readable, self.name = works, before, readable, name
        self.asked: list[str] = []
        self.read = 0

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise AssertionError(args.name)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token == "pulumi:pulumi:readStackOutputs":
            self.read += 1
            if not self.readable:
                raise MonitorError(grpc.StatusCode.UNKNOWN, "no stack named 'staging' found")
            return {"outputs": {} if self.before is None else {"confirmedZones": self.before}}, []
        self.asked.append(args.args["zoneId"])
        if not self.works:
            raise MonitorError(grpc.StatusCode.UNKNOWN, "Cloudflare is out of order")
        own = next(name for name in IDS if IDS[name] == args.args["zoneId"])
        return {"name": own if self.name == "its own" else self.name}, []


def settings(zone: str, id: str, hostname: str) -> StackSettings:
    web = {"repo": "rose/rose", "domains": [{"hostname": hostname}] if hostname else []}
    zones = [{"name": "rose.example", "id": IDS["rose.example"]}] if zone != "rose.example" else []
    config = {
        "railyard:secrets": "secrets/staging.yaml",
        "railyard:zones": [*zones, {"name": zone, "id": id}],
        "railyard:rose": {"project": {"name": "rose", "environment": "staging"}, "environment": "staging", "web": web},
    }
    if not hostname:
        config["railyard:rose"]["allowedOrigins"] = ["https://shop.example"]
    return parse(config, python_systems(), file="Pulumi.staging.yaml")


Asked = tuple[dict[str, str], list[str]]
"""The ids that count as confirmed, and what is wrong with others."""


def ask(cloudflare: Cloudflare, zone: str, id: str, hostname: str, *, preview: bool = False) -> Asked:
    found: list[Asked] = []

    def program() -> None:
        confirmed, problems = confirm(settings(zone, id, hostname))
        found.append((dict(confirmed), [problem.allowed for problem in problems]))

    run(cloudflare, program, preview=preview)
    return found[0]


@pytest.mark.parametrize(
    ("zone", "id", "hostname"),
    [("seance.dev", "a" * 32, "rose.seance.dev"), ("xn--fa-hia.example", "c" * 32, "rose.xn--fa-hia.example")],
)
def test_cloudflare_confirms_an_id(zone: str, id: str, hostname: str) -> None:
    """Only zones that hold a name are asked about."""
    cloudflare = Cloudflare()

    assert ask(cloudflare, zone, id, hostname) == ({zone: id}, [])
    assert cloudflare.asked == [id]


def test_the_id_of_another_zone_is_refused() -> None:
    """With the name of the zone whose it is."""
    refused = ["the id of seance.dev, and this one is that of xn--fa-hia.example"]

    assert ask(Cloudflare(), "seance.dev", "c" * 32, "rose.seance.dev") == ({}, refused)


def test_a_preview_asks_nobody() -> None:
    """It works without credentials."""
    cloudflare = Cloudflare()

    assert ask(cloudflare, "seance.dev", "c" * 32, "rose.seance.dev", preview=True) == ({"seance.dev": "c" * 32}, [])
    assert cloudflare.asked == []


@pytest.mark.parametrize("preview", [False, True])
def test_without_names_nothing_is_read(preview: bool) -> None:
    """A bot without an address costs neither a request nor a look into the state."""
    cloudflare = Cloudflare()

    assert ask(cloudflare, "seance.dev", "a" * 32, "", preview=preview) == ({}, [])
    assert (cloudflare.read, cloudflare.asked) == (0, [])


def test_what_is_confirmed_stays_so() -> None:
    """An id never changes hands: a deployment needs no answer of Cloudflare's API that one before has had."""
    cloudflare = Cloudflare(works=False, before={"seance.dev": "a" * 32})

    assert ask(cloudflare, "seance.dev", "a" * 32, "rose.seance.dev") == ({"seance.dev": "a" * 32}, [])
    assert cloudflare.asked == []


def test_a_state_that_cannot_be_read_costs_a_request() -> None:
    """While an up writes the file of a file backend, there is none for a moment."""
    cloudflare = Cloudflare(before={"seance.dev": "a" * 32}, readable=False)

    assert ask(cloudflare, "seance.dev", "a" * 32, "rose.seance.dev") == ({"seance.dev": "a" * 32}, [])
    assert cloudflare.asked == ["a" * 32]


def test_a_changed_id_is_asked_about_again() -> None:
    """What was confirmed was another one."""
    cloudflare = Cloudflare(before={"seance.dev": "a" * 32})

    assert ask(cloudflare, "seance.dev", "c" * 32, "rose.seance.dev")[0] == {}
    assert cloudflare.asked == ["c" * 32]


def test_what_cloudflare_does_not_tell_keeps_nobody_from_an_up() -> None:
    """A deployment must be possible on a day on which Cloudflare's API is not; the next one asks again."""
    cloudflare = Cloudflare(works=False)

    assert ask(cloudflare, "seance.dev", "c" * 32, "rose.seance.dev") == ({}, [])
    assert cloudflare.asked == ["c" * 32]


@pytest.mark.parametrize("name", [None, "", "☃ .."])
def test_an_answer_that_names_no_zone_is_none(name: str | None) -> None:
    """The real provider hands on whatever is not in Cloudflare's answer as None."""
    cloudflare = Cloudflare(name=name)

    assert ask(cloudflare, "seance.dev", "a" * 32, "rose.seance.dev") == ({}, [])
    assert cloudflare.asked == ["a" * 32]
