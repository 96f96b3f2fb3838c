"""``railyard stack split``: a system gets a stack of its own, and nothing of it is touched."""

from __future__ import annotations

import json
import shutil
from itertools import islice
from typing import Any

import pytest

from railyard.engine.embedded_engine import Embedded
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import read_stack
from railyard.stack import commands as splits
from railyard.stack.state_parts import divided
from tests.lifecycle.conftest import ROOT
from tests.operations_promotion.conftest import Place
from tests.operations_secrets import sops_files
from tests.operations_secrets.conftest import sops_calls
from tests.sops import encrypting

__all__ = ["sops_calls"]
SPLIT = ("stack", "split", "production", "--systems", "omega", "--to", "omega-production", "--sandbox", "--yes")


def ids(place: Place, stack: str) -> dict[str, str]:
    """Name of each resource of a stack → its id; without providers and the stack itself."""
    file = place.sandbox / f"{stack}.json"
    records = json.loads(file.read_text())["deployment"]["resources"] if file.exists() else []
    return {each["urn"].rpartition("::")[2]: each["id"] for each in records if each.get("id") and not _own(each)}


def _own(record: dict[str, Any]) -> bool:
    return record["type"].startswith("pulumi:")


def stacks_of(place: Place) -> tuple[Any, ...]:
    """What both states and both settings files say, secrets and moments aside."""
    names = ("production", "omega-production")
    files = [place.directory / f"Pulumi.{name}.yaml" for name in names]
    return (*(ids(place, name) for name in names), *(each.read_text() if each.exists() else "" for each in files))


def test_a_system_moves_into_a_stack_of_its_own(level: Place) -> None:
    """With its state and its settings: not a request is sent, both previews are empty, and each stack goes on alone."""
    before, asked, clouds = ids(level, "production"), len(level.requests()), level.world()
    omega = {name: id_ for name, id_ in before.items() if name.startswith("omega-")}

    said = level.railyard(*SPLIT, "--json")

    assert said.code == 0, said.errors
    assert said.json["left"] == {"production": [], "omega-production": []}
    assert (len(level.requests()), level.world()) == (asked, clouds)
    assert ids(level, "omega-production") == omega
    assert ids(level, "production") == {name: id_ for name, id_ in before.items() if name not in omega}
    assert "railyard:omega" not in level.file()
    assert read_stack("omega-production").systems == ["omega"]
    assert read_stack("omega-production").promotes_from == "staging"
    level.up("omega-production", "omega")
    level.up("production")
    assert ids(level, "omega-production") == omega
    assert level.world() == clouds
    outputs = json.loads((level.sandbox / "omega-production.json").read_text())["deployment"]["resources"][0]["outputs"]
    assert sorted(outputs) == ["omega", "secretFingerprints"]


def test_a_stack_is_split_where_lines_end_as_on_windows(level: Place) -> None:
    """Its file keeps its line ends; once the state had moved, it was taken for one that was changed meanwhile."""
    file = level.directory / "Pulumi.production.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    said = level.railyard(*SPLIT, "--json")

    assert said.code == 0, said.errors
    assert read_stack("omega-production").systems == ["omega"]
    left = file.read_bytes()
    assert (b"railyard:omega:" in left, left.count(b"\n")) == (False, left.count(b"\r\n"))
    assert b"\r" not in (level.directory / "Pulumi.omega-production.yaml").read_bytes()


def test_a_split_says_that_the_workflows_follow(level: Place) -> None:
    """The new stack has no jobs before they are written, where the project has workflows at all."""
    (level.directory / ".github" / "workflows").mkdir(parents=True)

    said = level.railyard(*SPLIT)

    assert "railyard workflows, which writes the jobs of omega-production" in said.text


def test_a_split_that_was_killed_is_finished_by_running_it_again(level: Place) -> None:
    """Whichever step was the last: the outcome is that of an undisturbed run, and nothing is lost on the way."""
    whole = ids(level, "production")
    outcomes: list[tuple[Any, ...]] = []
    for done in range(7):
        place = level.copied(level.directory.with_name(f"killed-{done}"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RAILYARD_PROJECT", str(place.directory))
            patch.setenv("RAILYARD_SANDBOX", str(place.sandbox))
            for some in (done, None):
                source = read_stack("production")
                plan = splits.prepared(source, "omega-production", ["omega"])
                for step in islice(splits.steps(plan, Embedded(source)), some):
                    step.do()
                assert {**ids(place, "production"), **ids(place, "omega-production")} == whole
            outcomes.append(stacks_of(place))
    assert [each == outcomes[0] for each in outcomes] == [True] * len(outcomes)


def test_a_dry_run_writes_nothing(level: Place) -> None:
    """It shows both files as they would be."""
    before = stacks_of(level)

    said = level.railyard(*SPLIT, "--dry-run")

    assert "+  railyard:environment: production" in said.text
    assert "-  railyard:omega:" in said.text
    assert "nothing was written" in said.text
    assert stacks_of(level) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--systems", "omga", "--to", "x"), "production has no system 'omga'"),
        (("--systems", "omega", "--to", "staging"), "there is a stack staging, and it is not what this split makes"),
        (("--systems", "omega", "--to", "production"), "--to is production itself"),
        (("--systems", "omega,seance,omnistack,netia,rose", "--to", "x"), "pulumi stack rename x"),
        (("--systems", "omega", "--to", "no/where"), "--to no/where: a stack's name has letters, digits"),
        (("--systems", "omega", "--to", "pr-7"), "is not that of a review environment"),
    ],
)
def test_what_cannot_be_split_is_refused(level: Place, arguments: tuple[str, ...], said: str) -> None:
    """With the way out, before anything is written."""
    done = level.railyard("stack", "split", "production", *arguments, "--sandbox", "--yes")

    assert done.code == 2
    assert said in done.errors


def test_what_belongs_together_stays_together() -> None:
    """A system in the project of another one cannot go without it; an unfinished run is finished first."""
    stack = "urn:pulumi:a::railyard::"
    project, service = f"{stack}x$Project::omega-project", f"{stack}y$Service::umami-web"
    records: list[dict[str, Any]] = [
        {"urn": f"{stack}railyard:systems:Omega::omega", "type": "railyard:systems:Omega"},
        {"urn": f"{stack}railyard:systems:Umami::umami", "type": "railyard:systems:Umami"},
        {"urn": project, "type": "x", "parent": f"{stack}railyard:systems:Omega::omega"},
        {
            "urn": service,
            "type": "y",
            "parent": f"{stack}railyard:systems:Umami::umami",
            "propertyDependencies": {"projectId": [project]},
        },
    ]

    with pytest.raises(OperationError, match=r"umami-web belongs to omega-project.*move both systems"):
        divided({"deployment": {"resources": records}}, "a", "b", ["umami"], [])
    both = divided({"deployment": {"resources": records}}, "a", "b", ["umami", "omega"], [])
    assert both.moved["deployment"]["resources"][3]["propertyDependencies"] == {
        "projectId": [project.replace("pulumi:a", "pulumi:b")]
    }
    with pytest.raises(OperationError, match="finish it first"):
        divided({"deployment": {"resources": records, "pending_operations": [{}]}}, "a", "b", ["omega"], [])


def test_a_split_is_not_begun_twice_in_two_ways(level: Place) -> None:
    """What moved already is not asked for beside something else."""
    source = read_stack("production")
    for step in splits.steps(splits.prepared(source, "x", ["omega"]), Embedded(source)):
        step.do()

    with pytest.raises(CallError, match="omega moved already"):
        splits.prepared(read_stack("production"), "x", ["omega", "rose"])


def test_a_system_that_is_named_twice_moves_once(level: Place) -> None:
    """However often, in whichever order and with whichever spaces the systems are named."""
    arguments = ("--systems", "rose, omega ,rose", "--systems", "omega", "--to", "both", "--sandbox", "--dry-run")

    said = level.railyard("stack", "split", "production", *arguments, "--json")

    assert said.code == 0, said.text + said.errors
    assert said.json["systems"] == ["rose", "omega"]


def test_a_new_secrets_file_in_clear_text_is_refused(level: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do, and the state of the first stack still has the system."""
    before = ids(level, "production")
    secrets = level.directory / "secrets"
    (secrets / "omega-production.yaml").write_text("omega: {DISCORD_BOT_TOKEN: in-clear}\n")
    encrypting.write(secrets / "production.yaml", encrypting.encrypted({"omega": {"DISCORD_BOT_TOKEN": "x"}}))
    monkeypatch.delenv("RAILYARD_SECRETS", raising=False)

    said = level.railyard(*SPLIT)

    assert said.code == 1
    assert "omega-production.yaml is not a SOPS file" in said.errors
    assert "in-clear" not in said.text + said.errors
    assert ids(level, "production") == before


def test_secrets_move_into_the_new_file_in_the_sandbox_too(
    level: Place, sops_calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox's file of made-up secrets is not taken for the new one, after which the first one would lose them."""
    real = {"omega": {"DISCORD_BOT_TOKEN": "planted"}, "seance": {"BUILDER_KEY": "planted-2"}}
    secrets = level.directory / "secrets"
    encrypting.write(secrets / "production.yaml", encrypting.encrypted(real))
    shutil.copy(ROOT / "secrets" / "sandbox.yaml", secrets)
    monkeypatch.setenv("SOPS_AGE_KEY", encrypting.KEY)
    monkeypatch.delenv("RAILYARD_SECRETS", raising=False)
    monkeypatch.chdir(level.directory)

    said = level.railyard(*SPLIT, "--age", encrypting.RECIPIENT)

    assert said.code == 0, said.text + said.errors
    assert sops_files.opened(secrets / "omega-production.yaml") == {"omega": real["omega"]}
    assert sops_files.opened(secrets / "production.yaml") == {"seance": real["seance"]}
    assert (secrets / "sandbox.yaml").read_bytes() == (ROOT / "secrets" / "sandbox.yaml").read_bytes()
