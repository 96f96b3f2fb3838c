"""``railyard logs``: the right log of the right service, and no secret in it."""

from __future__ import annotations

from typing import Any

import pytest

import sops
from railyard.operate import logs
from tests.lifecycle.conftest import ROOT
from tests.operations.conftest import Railyard


def secret(system: str, name: str) -> Any:
    """A value of the sandbox's own secrets file."""
    document = sops.read("secrets/sandbox.yaml", {"SOPS_AGE_KEY_FILE": str(ROOT / "secrets" / "sandbox.agekey")})
    values: Any = document.decrypt()
    return values[system][name]


def test_the_log_of_the_newest_deployment(railyard: Railyard) -> None:
    """The lines alone on standard output, so that they can be piped."""
    said = railyard.run("logs", "landing")

    assert said.code == 0
    assert [line.split("  ", 1)[1] for line in said.text.splitlines()] == [
        "Starting Container",
        "Healthcheck succeeded on /",
    ]
    assert "deployment log of seance/landing" in said.errors


def test_build_log_last_lines_and_filter(railyard: Railyard) -> None:
    """Each option narrows what comes."""
    built = railyard.run("logs", "seance/landing", "--build").text
    last = railyard.run("logs", "seance/landing", "--build", "-n", "1").text
    filtered = railyard.run("logs", "seance/landing", "--build", "--filter", "PULLING").text

    assert len(built.splitlines()) == 2
    assert last == built.splitlines()[1] + "\n"
    assert filtered == built.splitlines()[0] + "\n"


def test_why_it_never_ran_stands_in_the_log_of_its_build(railyard: Railyard) -> None:
    """A deployment without a log of its own: nobody has to know that there is another one."""
    with railyard.world() as world:
        world.railway.fail("fractalhuman1/seance-landing:gone", "unpullable")
        world.deploy("seance/landing", image="fractalhuman1/seance-landing:gone")

    said = railyard.run("logs", "landing", "--json")

    assert said.json["log"] == "build"
    assert "manifest unknown" in said.json["lines"][-1]["message"]


def test_an_older_deployment_by_its_id(railyard: Railyard) -> None:
    """Only of the service that is named."""
    with railyard.world() as world:
        older = world.newest("seance/landing").id
        other = world.newest("seance/backend").id
        world.deploy("seance/landing")

    assert railyard.run("logs", "landing", older, "--json").json["deployment"] == older
    wrong = railyard.run("logs", "landing", other)
    assert wrong.code == 2
    assert "is not one of seance/landing" in wrong.errors


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("postgres", "postgres is in several systems: name one of omnistack/postgres, netia/postgres"),
        ("nothing", "staging has no service 'nothing'"),
        ("rose/backend", "staging has no service 'rose/backend'"),
    ],
)
def test_a_service_that_nobody_can_mean(railyard: Railyard, service: str, says: str) -> None:
    """A wrong call, answered before anybody is asked."""
    said = railyard.run("logs", service)

    assert said.code == 2
    assert says in said.errors
    assert railyard.requests() == []


def test_a_service_without_deployment(railyard: Railyard) -> None:
    """Omega was never brought up."""
    said = railyard.run("logs", "bot")

    assert said.code == 1
    assert "omega/bot has no deployment" in said.errors


def test_secrets_are_masked_wherever_they_stand(railyard: Railyard) -> None:
    """In text and in JSON, also when the application prints them inside an address."""
    value = secret("seance", "BUILDER_KEY")
    with railyard.world() as world:
        world.newest("seance/landing").meta["image"] = f"registry.example/{value}:1"

    text = railyard.run("logs", "landing", "--build").text
    document = railyard.run("logs", "landing", "--build", "--json").text

    assert value not in text + document
    assert "registry.example/<seance.BUILDER_KEY>:1" in text
    assert value in railyard.run("logs", "landing", "--build", "--unmasked").text


def test_without_the_key_nothing_is_shown_unmasked(railyard: Railyard, pointed, tmp_path) -> None:
    """What cannot be hidden is not printed, unless somebody says so."""
    (tmp_path / "no-such-key").write_text("")
    pointed(SOPS_AGE_KEY_FILE=str(tmp_path / "no-such-key"))

    said = railyard.run("logs", "landing")

    assert said.code == 1
    assert said.text == ""
    assert "secrets cannot be masked" in said.errors
    assert "--unmasked" in said.errors


def test_a_log_cannot_write_elsewhere_on_the_terminal(railyard: Railyard) -> None:
    """Control characters of the application are left out."""
    with railyard.world() as world:
        world.newest("seance/landing").meta["image"] = "bad\x1b[2J\x07image\r:1"

    assert "badimage:1" in railyard.run("logs", "landing", "--build").text


def test_following_ends_with_the_deployment(railyard: Railyard) -> None:
    """Each line once, as it comes, and at the end how the deployment is."""
    with railyard.world() as world:
        world.railway.fail("fractalhuman1/seance-landing:bad", "crash-later")
        world.deploy("seance/landing", after_s=9, image="fractalhuman1/seance-landing:bad")

    said = railyard.run("logs", "landing", "--deploy", "--follow")

    assert said.code == 0
    messages = [line.split("  ", 1)[1] for line in said.text.splitlines()]
    assert messages[0] == "Starting Container"
    assert messages[-1] == "error: Error: process exited with code 1"
    assert len(messages) == len(set(messages))
    assert "is CRASHED" in said.errors


def test_lines_of_the_same_moment_are_told_apart() -> None:
    """Asking again from the last moment on brings its lines once more."""

    def line(at: str, text: str) -> logs.Line:
        return {"timestamp": at, "message": text, "severity": "info"}

    seen = [line("1", "a"), line("2", "b")]

    new = list(logs.fresh([line("2", "b"), line("2", "c"), line("2", "b"), line("3", "d")], seen))

    assert [each["message"] for each in new] == ["c", "b", "d"]
    assert list(logs.fresh([line("3", "d")], seen)) == []
