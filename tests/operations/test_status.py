"""``railyard status``: what runs is told as it is, and what is wrong is said and ends with 1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from railway_api.plans import PLANS, Plan
from railyard.operate import status
from railyard.shared.stack import read_stack
from stacks.services import services
from tests.operations.conftest import Railyard

GOLDEN = Path(__file__).parents[1] / "lifecycle" / "golden"
SYSTEMS = ("seance", "rose")


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_the_settings_name_the_services_that_the_program_makes(stack: str) -> None:
    """What stands in the settings is enough to know every service: the rule that ``stacks.services`` relies on."""
    settings = read_stack(stack).settings.systems
    named = {f"{system}-{service.name}-service" for system, each in settings.items() for service in services(each)}

    urns = (GOLDEN / f"{stack}.txt").read_text().splitlines()

    assert named == {urn.rpartition("::")[2] for urn in urns if urn.rpartition("::")[0].endswith(":Service")
                     and "$railway:index:Service::" in urn}  # fmt: skip


def test_a_healthy_stack(railyard: Railyard) -> None:
    """Each service with what it runs, proven; one request for all projects and one for each system."""
    said = railyard.run("status", *SYSTEMS, "--json")

    assert said.code == 0
    document = said.json
    assert document["requests"] == 1 + len(SYSTEMS)
    found = {
        f"{system}/{name}": service
        for system, each in document["systems"].items()
        for name, service in each["services"].items()
    }
    assert {service["health"] for service in found.values()} == {"healthy"}
    assert all(service["proven"] for service in found.values())
    backend, web = found["seance/backend"], found["rose/web"]
    assert backend["serving"]["image"] == "fractalhuman1/seance-backend:a1b2c3d"
    assert backend["serving"]["digest"].startswith("sha256:")
    assert backend["replicas"] == {"us-west2": 1}
    assert backend["domains"] == [
        {
            "name": "backend-staging.seance.dev",
            "verified": True,
            "certificate": "VALIDATING_OWNERSHIP",
            "proxied": True,
        }
    ]
    assert len(web["serving"]["commit"]) == 40
    assert web["domains"][0]["certificate"] == "VALID"
    assert web["volumes"] == [{"name": "web-volume", "mountPath": "/app/data", "sizeMb": 1000, "usedMb": 100.0}]


def test_it_never_asks_for_values_of_variables(railyard: Railyard) -> None:
    """The answer is printed on screens and in logs of pipelines; nothing secret even arrives."""
    document = railyard.run("status", "seance", "--json")
    assert "sandbox-" not in document.text
    assert all("decryptVariables: true" not in request for request in railyard.requests())


def test_one_screen_of_eighty_columns(railyard: Railyard) -> None:
    """A line for each service and each domain, none of them broken or too long."""
    said = railyard.run("status", *SYSTEMS, width=80)

    assert said.code == 0
    assert max(len(line.rstrip()) for line in said.text.splitlines()) <= 80
    (backend,) = said.lines_with(" backend ")
    assert "healthy" in backend
    assert "seance-backend:a1b2c3d" in backend
    lines = [line.strip() for line in said.text.splitlines()]
    web = next(number for number, line in enumerate(lines) if line.startswith("web "))
    assert "backend-staging.seance.dev proxy" in lines
    assert lines[web + 1 : web + 3] == ["staging.rose.example valid", "volume 10% of 1 GB"]
    assert "7 healthy" in said.text


def test_a_narrow_terminal_hides_nothing(railyard: Railyard) -> None:
    """What is too long is folded, never cut."""
    wide, narrow = (railyard.run("status", *SYSTEMS, width=width).text for width in (140, 60))

    assert "…" not in narrow
    assert max(len(line.rstrip()) for line in narrow.splitlines()[:-1]) <= 60
    assert sorted(narrow.replace("\n", "").split("staging in")[0].replace(" ", "")) == sorted(
        wide.replace("\n", "").split("staging in")[0].replace(" ", "")
    )


def test_a_crashed_deployment_with_an_older_one_that_serves(railyard: Railyard) -> None:
    """Unhealthy and not proven, and the reader learns that visitors still get the old one."""
    with railyard.world() as world:
        before = world.newest("seance/landing").id
        world.railway.fail("fractalhuman1/seance-landing:bad", "unhealthy")
        made = world.deploy("seance/landing", image="fractalhuman1/seance-landing:bad")

    said = railyard.run("status", "seance", "--json")
    text = railyard.run("status", "seance").text

    landing = said.json["systems"]["seance"]["services"]["landing"]
    assert said.code == 1
    assert (landing["health"], landing["proven"]) == ("unhealthy", False)
    assert (landing["latest"]["id"], landing["serving"]["id"]) == (made.id, before)
    assert f"deployment {made.id[:8]} is FAILED" in text
    assert f"deployment {before[:8]} still serves" in text


def test_a_crash_that_leaves_nothing_serving(railyard: Railyard) -> None:
    """The next step is its log."""
    with railyard.world() as world:
        world.railway.fail("fractalhuman1/seance-landing:bad", "crash-later")
        world.deploy("seance/landing", image="fractalhuman1/seance-landing:bad")

    said = railyard.run("status", "seance")

    assert said.code == 1
    assert "CRASHED" in said.text
    assert "next: ./bin/railyard logs seance/landing -s staging" in said.text


def test_what_runs_differs_from_what_was_asked_for(railyard: Railyard) -> None:
    """Somebody deployed another image by hand: Railway calls that a success."""
    with railyard.world() as world:
        world.deploy("seance/landing", image="fractalhuman1/seance-landing:other")

    said = railyard.run("status", "seance")

    assert said.code == 1
    assert "runs image fractalhuman1/seance-landing:other, not fractalhuman1/seance-landing:a1b2c3d" in said.flat


def test_a_deployment_under_way_is_not_yet_a_failure(railyard: Railyard) -> None:
    """Neither healthy nor unhealthy: exit code 0."""
    with railyard.world() as world:
        made = world.deploy("rose/web", after_s=5)
        del made.timeline[1:]  # it stays queued, however long the test takes

    said = railyard.run("status", "rose", "--json")

    assert said.json["systems"]["rose"]["services"]["web"]["health"] == "deploying"
    assert said.code == 0


def test_an_unverified_domain(railyard: Railyard) -> None:
    """Its TXT record is gone."""
    with railyard.world() as world:
        world.remove_record("TXT", "_railway-verify.staging.rose.example")

    said = railyard.run("status", "rose")

    assert said.code == 1
    assert "rose/web: staging.rose.example is not verified" in said.text


def test_a_volume_that_is_nearly_full(railyard: Railyard) -> None:
    """Before the service stops for it."""
    with railyard.world() as world:
        environment, service = world.find("rose/web")
        for disk in world.railway.state.volume_instances.values():
            if (disk.environment_id, disk.service_id) == (environment.id, service.id):
                disk.size_mb = 105

    said = railyard.run("status", "rose")

    assert said.code == 1
    assert "rose/web: volume web-volume is 95% full" in said.text


def test_systems_that_are_not_there(railyard: Railyard) -> None:
    """Omega was never brought up; a system that no settings have is a wrong call."""
    said = railyard.run("status", "omega")
    wrong = railyard.run("status", "omegga")

    assert said.code == 1
    assert "the token reaches no project omega-staging" in said.text
    assert wrong.code == 2
    assert "name one of omega, seance" in wrong.errors


def test_a_project_without_the_environment_of_the_settings(railyard: Railyard) -> None:
    """The token reaches the project: what is missing is the environment."""
    with railyard.world() as world:
        world.find("rose/web")[0].name = "other"

    text = railyard.run("status", "rose").text
    verified = railyard.run("verify", "rose", "--json")

    assert "rose: the project rose-staging does not have the environment of the settings; next: bring it up" in text
    found = "the project rose-staging does not have the environment of the settings"
    assert [check["found"] for check in verified.json["checks"]] == [found]


def test_a_dead_token(railyard: Railyard, pointed) -> None:
    """One sentence, no traceback, not the token."""
    pointed(RAILWAY_API_TOKEN="planted-dead-token")

    said = railyard.run("status")

    assert said.code == 1
    assert "Not Authorized" in said.errors
    assert "planted-dead-token" not in said.errors + said.text


def test_a_project_token_sees_its_own_system(railyard: Railyard, pointed) -> None:
    """It cannot list projects, so it is asked what it reaches."""
    with railyard.world() as world:
        environment, _ = world.find("rose/web")
        where = {"project_id": environment.project_id, "environment_id": environment.id}
        secret = world.railway.add_token("project", "tests", **where)
    pointed(RAILWAY_API_TOKEN=None, RAILWAY_TOKEN=secret)

    said = railyard.run("status", "rose")

    assert said.code == 0, said.errors


def interrupted_look(monkeypatch: pytest.MonkeyPatch, number: int) -> list[int]:
    """Let there be a terminal, and a Ctrl-C in the look of this number; return the numbers of looks, as they come."""
    real, looks = status.running_systems, list[int]()

    async def look(*arguments):
        looks.append(len(looks) + 1)
        if len(looks) == number:
            raise KeyboardInterrupt
        return await real(*arguments)

    monkeypatch.setattr(status, "running_systems", look)
    monkeypatch.setenv("FORCE_COLOR", "1")
    return looks


def test_watching_looks_again_until_it_is_interrupted(railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as the request budget bears, and the last look decides the exit code."""
    looks = interrupted_look(monkeypatch, 3)

    said = railyard.run("status", "rose", "--watch")

    assert (said.code, len(looks)) == (0, 3)
    assert "Ctrl-C ends" in said.text


@pytest.mark.parametrize(("more", "requests"), [((), 2), (("--usage",), 3)])
def test_watching_keeps_to_its_share_of_requests(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], requests: int
) -> None:
    """A look with ``--usage`` sends more requests, so the next one comes later: a quarter of the hour's are used."""
    interrupted_look(monkeypatch, 2)
    interval_s = requests * 3_600 / (PLANS[Plan.HOBBY].requests.per_hour * 0.25)

    said = railyard.run("status", "rose", "--watch", *more)

    assert f"looking again every {interval_s:.0f} s" in said.flat


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_watching_is_refused_where_nobody_could_see_it(railyard: Railyard, more: tuple[str, ...]) -> None:
    """Into a pipe nothing would be written before Ctrl-C, and a reader who has gone would be noticed late."""
    said = railyard.run("status", "rose", "--watch", *more)

    assert said.code == 2
    assert "--watch is for a terminal" in said.text + said.errors


def test_cpu_and_memory_stand_beside_it_on_request(railyard: Railyard) -> None:
    """Of all replicas together, with what they may use; without the option nobody asks Railway for it."""
    plain = railyard.run("status", "rose")
    asked = railyard.run("status", "rose", "--usage")
    load = railyard.run("status", "rose", "--usage", "--json").json["systems"]["rose"]["services"]["web"]["load"]

    assert "CPU" not in plain.text
    assert re.search(r"CPU 0\.1 of 1 vCPUs, memory 0\.\d+ of [\d.]+ GB", asked.text)
    assert load["memory_gb"] == pytest.approx(load["memory_limit_gb"] / 2)
    assert railyard.requests().count("railway query metrics") == 2


def test_a_status_is_a_page_too(railyard: Railyard, tmp_path: Path) -> None:
    """``--html`` writes the picture with each service as it is, and below it what is wrong."""
    with railyard.world() as world:
        world.railway.fail_image("fractalhuman1/seance-landing:broken", "unhealthy")
        world.deploy("seance/landing", image="fractalhuman1/seance-landing:broken")
    page = tmp_path / "status.html"

    said = railyard.run("status", "seance", "--sandbox", "--html", str(page))

    assert said.code == 1
    text = page.read_text(encoding="utf-8")
    assert text.count(">✗ unhealthy<") == 1
    assert text.count(">✓ healthy<") == 5
    assert "seance/landing" in text
