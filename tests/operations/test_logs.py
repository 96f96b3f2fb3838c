"""``railyard logs``: the right log of the right service, and no secret in it."""

from __future__ import annotations

from typing import Any

import pytest

import sops
from railyard.operate import logs
from railyard.operate.log_lines import Selection, level_of
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


def test_the_sandbox_of_a_project_without_a_secrets_file_shows_its_logs(railyard: Railyard, pointed, tmp_path) -> None:
    """Its values are made up, so that no value has to be hidden."""
    pointed(RAILYARD_SECRETS=str(tmp_path / "sandbox.yaml"))

    said = railyard.run("logs", "landing")

    assert (said.code, "Starting Container" in said.text) == (0, True), said.errors


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


def line(at: str, text: str, severity: str | None = "info") -> logs.Line:
    """A line as Railway gives it."""
    return {"timestamp": at, "message": text, "severity": severity}


def test_following_prints_no_older_line_after_a_later_one(railyard: Railyard) -> None:
    """What --lines leaves out at the beginning does not come at the end, of the last moment neither."""
    with railyard.world() as world:
        world.railway.fail("fractalhuman1/seance-landing:bad", "crash")
        world.deploy("seance/landing", image="fractalhuman1/seance-landing:bad")
    whole = railyard.run("logs", "landing", "--deploy").text.splitlines()

    said = railyard.run("logs", "landing", "--deploy", "--follow", "-n", "2")

    assert said.text.splitlines() == whole[-2:]
    last = railyard.run("logs", "landing", "--deploy", "--follow", "-n", "1")
    assert last.text.splitlines() == whole[-1:]


def test_lines_are_found_by_level_as_they_are_printed(railyard: Railyard) -> None:
    """--filter error finds a line that is printed as "error: …"; --level takes the level itself, and what is worse."""
    with railyard.world() as world:
        world.railway.fail("fractalhuman1/seance-landing:bad", "crash")
        world.deploy("seance/landing", image="fractalhuman1/seance-landing:bad")
    whole = railyard.run("logs", "landing", "--deploy").text.splitlines()
    errors = [each for each in whole if "  error: " in each]
    warnings = [each for each in whole if "  warn: " in each]
    assert errors
    assert warnings

    assert railyard.run("logs", "landing", "--deploy", "--filter", "Error: ").text.splitlines() == errors
    assert railyard.run("logs", "landing", "--deploy", "--level", "error").text.splitlines() == errors
    narrowed = railyard.run("logs", "landing", "--deploy", "--level", "warn").text.splitlines()
    assert narrowed == [each for each in whole if each in errors + warnings]
    assert railyard.run("logs", "landing", "--deploy", "--level", "warn", "-n", "1").text.splitlines() == whole[-1:]
    document = railyard.run("logs", "landing", "--deploy", "--level", "error", "--json").json
    assert {each["level"] for each in document["lines"]} == {"error"}


def test_lines_from_a_moment_on(railyard: Railyard) -> None:
    """A duration or a time; anything else is a wrong call that asks nobody."""
    with railyard.world() as world:
        world.railway.fail("fractalhuman1/seance-landing:bad", "crash")
        world.deploy("seance/landing", image="fractalhuman1/seance-landing:bad")
    lines = railyard.run("logs", "landing", "--deploy", "--json").json["lines"]
    third, last = lines[-3]["timestamp"], lines[-1]["timestamp"]

    def since(text: str) -> list[str]:
        said = railyard.run("logs", "landing", "--deploy", "--json", "--since", text)
        return [each["timestamp"] for each in said.json["lines"]]

    assert since(third) == [each["timestamp"] for each in lines if each["timestamp"] >= third]
    assert since("1s") == [each["timestamp"] for each in lines if each["timestamp"] == last]
    assert since("1d") == [each["timestamp"] for each in lines]
    before = railyard.requests()
    for text in ("yesterday", "999999d"):
        wrong = railyard.run("logs", "landing", "--since", text)
        assert wrong.code == 2
        assert "write 30s, 10m, 2h or 1d, or a time in UTC" in wrong.errors
    assert railyard.requests() == before


@pytest.mark.parametrize(
    ("message", "severity", "level"),
    [
        ("error: no such table", None, "error"),
        ("error: no such table", "info", "error"),
        ("[WARN] slow", "", "warn"),
        ("2026-11-29 12:00:00,123 ERROR worker: gone", "info", "error"),
        ("2026-11-29T12:00:00Z warning: late", "info", "warn"),
        ('{"level":"fatal","msg":"x"}', "info", "error"),
        ("ts=1 level=debug msg=x", "info", "debug"),
        ("ValueError: bad", "info", "error"),
        ("0 errors, 3 warnings", "info", "info"),
        ("errors.log was opened", None, "info"),
        ("information desk", "info", "info"),
        ("listening on 8080", "error", "error"),
        ("info: started", "error", "error"),
        ("started", None, "info"),
    ],
)
def test_the_level_of_a_line(message: str, severity: str | None, level: str) -> None:
    """Railway's, unless that is none or info and the line says more."""
    assert level_of(line("1", message, severity)) == level


def test_lines_come_in_the_order_in_which_they_happened() -> None:
    """Whatever number of digits their times have."""
    lines = [line(f"2026-01-01T00:00:01{part}Z", part) for part in (".5", "", ".25")]

    assert [each["message"] for each in Selection().of(lines)] == ["", ".25", ".5"]


def test_lines_of_the_same_moment_are_told_apart() -> None:
    """Asking again from the last moment on brings its lines once more."""
    seen = [line("1", "a"), line("2", "b")]

    new = list(logs.fresh([line("2", "b"), line("2", "c"), line("2", "b"), line("3", "d")], seen))

    assert [each["message"] for each in new] == ["c", "b", "d"]
    assert list(logs.fresh([line("3", "d")], seen)) == []
