"""What already runs comes under a stack, and leaves it: nothing is changed anywhere, and a preview proves it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from pulumi_embedded.journal import Journal
from railway_sandbox import addresses
from railway_sandbox.server import Sandbox
from railyard.adopt import take_over
from tests.lifecycle.conftest import ROOT
from tests.operations_adopt.conftest import FORGOTTEN, Elsewhere
from tests.provider.dashboard import click, patch

BEFORE = yaml.safe_load((ROOT / "Pulumi.staging.yaml").read_text())["config"]
ONE_CHANGE = {
    "omega": ("logLevel: debug", "logLevel: warn", {"LOG_LEVEL"}),
    "seance": ("prefix: staging/", "prefix: other/", {"SPACES_PREFIX"}),
    "omnistack": ("omnistack-staging.supabase.co", "other.supabase.co", {"SUPABASE_PROJECT_URL"}),
    "netia": ("postgres: {sizeGb: 1}", "postgres: {sizeGb: 1}\n    llmMaxTokens: 400", {"LLM_MAX_TOKENS"}),
    "rose": ("rateLimitPerMinute: 20", "rateLimitPerMinute: 30", {"RATE_LIMIT_PER_MINUTE"}),
}


@pytest.mark.parametrize("system", ["omega", "seance", "omnistack", "netia", "rose"])
def test_each_system_is_adopted_from_nothing_but_a_token(elsewhere: Elsewhere, system: str) -> None:
    """The preview has no change and no deployment, no request has written, and one change later is only that."""
    said = elsewhere.railyard("adopt", system, "-s", "staging", "--yes", "--json")

    assert said.code == 0, said.text + said.errors
    assert said.json["left"] == []
    assert said.json["deployments"] == 0
    assert said.json["imported"] >= 5
    assert elsewhere.writes() == []
    adopted = elsewhere.of_systems[f"railyard:{system}"]
    assert adopted["project"] == {"name": f"{system}-staging", "environment": "staging"}
    old, new, variables = ONE_CHANGE[system]
    text = elsewhere.settings.read_text()
    assert old in text, text
    elsewhere.settings.write_text(text.replace(old, new))
    elsewhere.up()
    asked = [service for patch in elsewhere.patches() for service in patch["services"].values()]
    assert asked
    assert all({key: set(value) for key, value in each.items()} == {"variables": variables} for each in asked)


def test_the_settings_say_what_was_said_before(elsewhere: Elsewhere) -> None:
    """Rose's come back as somebody wrote them: what the system says by itself does not stand there."""
    elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes")

    wanted = {"project": {"name": "rose-staging", "environment": "staging"}, "environment": "staging"}
    wanted |= BEFORE["railyard:rose"]
    wanted["web"] = {key: value for key, value in wanted["web"].items() if key != "volume"}
    wanted.pop("workers")  # two, as Rose has by itself
    wanted["protected"] = True  # as whatever was adopted
    assert elsewhere.of_systems["railyard:rose"] == wanted
    assert elsewhere.of_systems["railyard:zones"] == [
        {"name": "rose.example", "id": "905e0000000000000000000000000e04"}
    ]
    assert elsewhere.settings.read_text().startswith(FORGOTTEN)


def test_a_dry_run_writes_nothing(elsewhere: Elsewhere) -> None:
    """Neither settings nor state; it shows both all the same."""
    said = elsewhere.railyard("adopt", "omega", "-s", "staging", "--dry-run")

    assert "+    project: {name: omega-staging, environment: staging}" in said.text
    assert "nothing was written" in said.text
    assert elsewhere.settings.read_text() == FORGOTTEN
    assert not (elsewhere.clouds / "staging.json").exists()
    assert elsewhere.writes() == []


def test_a_second_adoption_has_nothing_to_do(elsewhere: Elsewhere) -> None:
    """What the state has is imported no second time, and nothing is replaced by itself."""
    elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes")
    before = elsewhere.settings.read_text()

    said = elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes", "--json")

    assert (said.code, said.json["imported"], said.json["left"]) == (0, 0, [])
    assert elsewhere.settings.read_text() == before
    assert elsewhere.writes() == []


def test_a_volume_that_is_not_listed_yet_is_waited_for(elsewhere: Elsewhere) -> None:
    """Railway's list may lag behind the configuration: the settings would say that there is none."""
    with elsewhere.world() as (cloud, clock):
        for volume in cloud.railway.state.volumes.values():
            volume.listed_at = clock.current_s + 10_000

    said = elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes")

    assert said.code == 1
    assert "web mounts a volume that Railway does not list yet" in said.errors
    assert elsewhere.settings.read_text() == FORGOTTEN


def test_an_adoption_that_was_interrupted_is_finished_by_the_next(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the settings written, the resources imported, and the program's own inputs not yet recorded."""
    with monkeypatch.context() as broken:
        broken.setattr(take_over, "settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes").code != 0
    elsewhere.railyard("adopt", "omega", "-s", "staging", "--yes")

    said = elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes", "--json")

    assert (said.code, said.json["left"]) == (0, [])
    assert elsewhere.writes() == []


def test_wherever_an_adoption_is_killed_the_next_finishes_it(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line that the engine writes down is one at which the machine may have died; nothing is lost by it."""
    moments = Moments(elsewhere)
    with monkeypatch.context() as watched:
        watched.setattr(Journal, "_append", moments.watching(Journal._append))  # pyright: ignore[reportPrivateUsage]
        assert elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes").code == 0
    whole = elsewhere.settings.read_text()

    assert len(moments.states) > 10
    for moment in (5, len(moments.states) // 2):
        moments.die_at(moment)
        said = elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes", "--json")

        assert (said.code, said.json["left"]) == (0, []), (moment, said.text)
        assert elsewhere.settings.read_text() == whole
    assert elsewhere.writes() == []


class Moments:
    """What of the state was on the disk after each line of the engine's journal."""

    def __init__(self, place: Elsewhere) -> None:
        self._place = place
        self.states: list[dict[str, bytes]] = []

    def watching(self, append: Callable[..., None]) -> Callable[..., None]:
        def write(*given: Any, **named: Any) -> None:
            append(*given, **named)
            files = self._place.clouds.glob("staging.json*")
            self.states.append({each.name: each.read_bytes() for each in files if "lock" not in each.name})

        return write

    def die_at(self, moment: int) -> None:
        for file in self._place.clouds.glob("staging.json*"):
            file.unlink()
        for name, content in self.states[moment].items():
            (self._place.clouds / name).write_bytes(content)


def test_a_system_that_is_abandoned_goes_on_running(elsewhere: Elsewhere) -> None:
    """State and settings forget it, nothing is deleted, another system stays, and it can be adopted again."""
    elsewhere.railyard("adopt", "omega", "-s", "staging", "--yes")
    kept = elsewhere.settings.read_text()
    elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes")

    said = elsewhere.railyard("abandon", "rose", "-s", "staging", "--yes")

    assert said.code == 0, said.errors
    assert "resources of rose forgotten; all of it goes on running" in said.text
    assert elsewhere.of_systems.keys() - {"railyard:zones"} == yaml.safe_load(kept)["config"].keys()
    state = (elsewhere.clouds / "staging.json").read_text()
    assert ("omega-bot" in state, "rose-web" in state) == (True, False)
    assert elsewhere.writes() == []
    assert elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes", "--json").json["left"] == []
    assert elsewhere.railyard("adopt", "netia", "-s", "staging", "--yes").code == 0
    elsewhere.railyard("abandon", "rose", "-s", "staging", "--yes")
    assert "\n\n\n" not in elsewhere.settings.read_text()  # one blank line between what is left


def test_a_system_is_abandoned_with_what_a_killed_run_took_over(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its resources are in the journal alone; were they left there, the next up would delete what runs."""
    elsewhere.railyard("adopt", "omega", "-s", "staging", "--yes")
    moments = Moments(elsewhere)
    with monkeypatch.context() as watched:
        watched.setattr(Journal, "_append", moments.watching(Journal._append))  # pyright: ignore[reportPrivateUsage]
        elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes")
    killed = [
        at for at, files in enumerate(moments.states) if b"rose-web" not in files.get("staging.json", b"rose-web")
    ]
    moments.die_at(killed[-1])
    assert "rose-web" in (elsewhere.clouds / "staging.json.journal").read_text()

    said = elsewhere.railyard("abandon", "rose", "-s", "staging", "--yes")

    assert said.code == 0, said.errors
    assert "rose-web" not in (elsewhere.clouds / "staging.json").read_text()
    assert elsewhere.up()["changeSummary"].get("delete", 0) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("adopt", "omga", "--yes"), "there is no system 'omga': did you mean omega?"),
        (("adopt", "omega", "-s", "staging"), "nobody can be asked here: give --yes, or --dry-run"),
        (("adopt", "omega", "--project", "omega", "--yes"), "the token reaches no project called 'omega'"),
        (("adopt", "omega", "-s", "staging", "--environment", "x", "--yes"), "has the environments staging: give"),
        (("adopt", "omega", "-s", "staging", "--service", "bt=bot", "--yes"), "omega has no service 'bt': name one of"),
        (("adopt", "omega", "-s", "staging", "--service", "bot=x", "--yes"), "omega-staging has no service 'x': name"),
        (("adopt", "--yes"), "give --project with the id or name of Railway's project, or the system that it becomes"),
        (("adopt", "omega", "--service", "bot", "--yes"), "--service bot: give the service's name in the settings"),
        (("abandon", "omega", "-s", "staging", "--yes"), "at least one system"),
    ],
)
def test_what_cannot_be_adopted_is_said_in_one_sentence(
    elsewhere: Elsewhere, call: tuple[str, ...], message: str
) -> None:
    """Never a traceback, and nothing is written."""
    said = elsewhere.railyard(*call)

    assert said.code in (1, 2)
    assert message in " ".join(said.errors.split())
    assert elsewhere.settings.read_text() == FORGOTTEN


def test_a_project_is_found_by_the_environment_of_the_stack(elsewhere: Elsewhere) -> None:
    """The stack's settings may say that it is for another environment than its name says."""
    text = f"{FORGOTTEN}  railyard:environment: staging\n"
    (elsewhere.directory / "Pulumi.europe.yaml").write_text(text)

    said = elsewhere.railyard("adopt", "rose", "-s", "europe", "--yes", "--json")

    assert (said.code, said.json.get("project"), said.json.get("left")) == (0, "rose-staging", []), said.text


def test_a_system_is_written_into_the_group_of_the_settings(elsewhere: Elsewhere) -> None:
    """Also where another group, of Pulumi's own, is behind it, and with the indentation that is there."""
    others = "# shared\nenvironment:\n  - shared\n"
    elsewhere.settings.write_text(FORGOTTEN.replace("\n  ", "\n    ") + others)

    said = elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes", "--json")

    assert (said.code, said.json.get("left")) == (0, []), said.text + said.errors
    assert elsewhere.settings.read_text().endswith(f"protected: true\n\n{others}")
    assert "\n    railyard:rose:\n" in elsewhere.settings.read_text()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"  # \xe4\n", "Pulumi.staging.yaml is not valid UTF-8"),
        (b"  omega: {logLevel: warn}\n", "Pulumi.staging.yaml: the key omega has no namespace: write railyard:omega"),
    ],
)
def test_a_file_that_cannot_be_written_by_its_keys_is_named(elsewhere: Elsewhere, line: bytes, message: str) -> None:
    """A key without its namespace would stand twice afterwards, and the first one would be ignored."""
    elsewhere.settings.write_bytes(FORGOTTEN.encode() + line)

    said = elsewhere.railyard("adopt", "omega", "-s", "staging", "--yes")

    assert (said.code, message in said.errors) == (1, True), said.errors


def test_a_token_that_cannot_be_one_is_named(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the network is at fault where a token has letters that no header can have."""
    sandbox = Sandbox(elsewhere.clouds)
    with sandbox.serve() as address:
        for name, value in (addresses.environment(address) | {"CLOUDFLARE_API_TOKEN": "t\u00f6ken"}).items():
            monkeypatch.setenv(name, value)
        said = elsewhere.railyard("adopt", "rose", "-s", "staging", "--dry-run")

    assert (
        said.code,
        "CLOUDFLARE_API_TOKEN holds spaces, line breaks or characters that no token has" in said.errors,
    ) == (1, True)


def test_a_stack_that_is_new_is_made(elsewhere: Elsewhere) -> None:
    """An environment becomes a stack of its own: its file is there afterwards, and says where its secrets are."""
    said = elsewhere.railyard("adopt", "netia", "-s", "fresh", "--project", "netia-staging", "--yes", "--json")

    assert (said.code, said.json["left"]) == (0, []), said.errors
    made = yaml.safe_load((elsewhere.directory / "Pulumi.fresh.yaml").read_text())["config"]
    assert made["railyard:secrets"] == "secrets/fresh.yaml"
    assert made["railyard:netia"]["project"] == {"name": "netia-staging", "environment": "staging"}
    assert elsewhere.settings.read_text() == FORGOTTEN
    assert elsewhere.writes() == []


def test_each_environment_of_a_project_goes_into_a_stack_of_its_own(elsewhere: Elsewhere) -> None:
    """Both stacks have the project, each with its own environment, and a change of one leaves the other alone."""
    with elsewhere.world() as (cloud, clock):
        project = next(each for each in cloud.railway.state.projects.values() if each.name == "netia-staging")
        first = next(each for each in cloud.railway.state.environments.values() if each.project_id == project.id)
        given = {"projectId": project.id, "name": "live", "sourceEnvironmentId": first.id}
        second = click(cloud.railway, "environmentCreate", input=given)["id"]
        clock.advance(120)
        app = next(each.id for each in cloud.railway.state.services.values() if each.name == "app")
        where = {"environmentId": second, "serviceId": app, "targetPort": 4000}
        domain = click(cloud.railway, "serviceDomainCreate", input=where, selection="{ domain }")["domain"]
        address = {name: {"value": f"https://{domain}"} for name in ("BACKEND_URL", "REACT_APP_URL")}
        patch(cloud.railway, second, services={app: {"variables": address}})
    options = ("netia", "--project", "netia-staging", "--yes", "--json")

    one = elsewhere.railyard("adopt", *options, "--environment", "staging", "-s", "staging")
    two = elsewhere.railyard("adopt", *options, "--environment", "live", "-s", "live")

    assert (one.json["left"], one.json["environment"]) == ([], "staging"), one.text
    assert "the project has other environments, live" in " ".join(one.json["notes"])
    assert two.code == 0, two.text + two.errors
    assert (two.json["environment"], elsewhere.writes()) == ("live", [])
    state = json.loads((elsewhere.clouds / "live.json").read_text())["deployment"]["resources"]
    kept = next(each for each in state if each["type"] == "railway:index:Project")
    assert (kept["outputs"]["environmentName"], kept["outputs"]["environmentId"]) == ("live", second)
    assert two.json["left"] == [], two.text


def test_a_system_that_is_abandoned_leaves_the_list_of_systems_too(elsewhere: Elsewhere) -> None:
    """A stack that names its systems would make it anew at the next up."""
    elsewhere.settings.write_text(f"{FORGOTTEN}  railyard:systems: [omega]\n")
    elsewhere.railyard("adopt", "omega", "-s", "staging", "--yes")
    elsewhere.railyard("adopt", "rose", "-s", "staging", "--yes")
    assert elsewhere.of_systems["railyard:systems"] == ["omega", "rose"]

    said = elsewhere.railyard("abandon", "rose", "-s", "staging", "--yes")

    assert said.code == 0, said.errors
    assert elsewhere.of_systems["railyard:systems"] == ["omega"]
    assert elsewhere.up()["changeSummary"].get("create", 0) == 0


def test_a_system_is_abandoned_where_lines_end_as_on_windows(elsewhere: Elsewhere) -> None:
    """The settings forget it as the state does, and the other lines keep their ends."""
    for system in ("omega", "rose"):
        elsewhere.railyard("adopt", system, "-s", "staging", "--yes")
    elsewhere.settings.write_bytes(elsewhere.settings.read_bytes().replace(b"\n", b"\r\n"))

    said = elsewhere.railyard("abandon", "rose", "-s", "staging", "--yes")

    assert said.code == 0, said.errors
    left = elsewhere.settings.read_bytes()
    assert (b"railyard:omega:\r\n" in left, b"railyard:rose" in left) == (True, False)
    assert left.count(b"\n") == left.count(b"\r\n")


def test_a_system_that_all_stacks_run_is_not_abandoned(elsewhere: Elsewhere) -> None:
    """State and settings keep it, since the next up would make it anew."""
    for system in ("omega", "rose"):
        elsewhere.railyard("adopt", system, "-s", "staging", "--yes")
    state, text = (elsewhere.clouds / "staging.json").read_text(), elsewhere.settings.read_text()
    defaults = elsewhere.directory / "defaults.yaml"
    defaults.write_text(defaults.read_text() + "  railyard:systems: [omega, rose]\n")

    said = elsewhere.railyard("abandon", "omega", "-s", "staging", "--yes")

    assert said.code == 1
    assert "defaults.yaml lets every stack run omega: take it out of railyard:systems there" in said.errors
    assert elsewhere.settings.read_text() == text
    assert (elsewhere.clouds / "staging.json").read_text() == state
