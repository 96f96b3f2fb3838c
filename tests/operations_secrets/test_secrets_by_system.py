"""Secrets in one file for each system: who opens one cannot read another, and a system moves with its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import sops
from railyard.secrets import secrets_file
from railyard.shared.console import OperationError
from railyard.shared.stack import read_stack
from railyard.stack import file_parts
from stacks import compose
from stacks.secrets import SecretsError
from tests import programs
from tests.conftest import Recorder
from tests.operations_secrets import sops_files
from tests.operations_secrets.conftest import GOOD, RECIPIENT, Place
from tests.sops import encrypting

OTHER = str(encrypting.pyrage.x25519.Identity.from_str(encrypting.OTHER_KEY_FILE.read_text().split()[-1]).to_public())
"""Somebody else's public key."""


@pytest.fixture
def by_system(place: Place) -> Place:
    """Staging's secrets in a folder: Omega's file is ours, Seance's is somebody else's."""
    settings = place.directory / "Pulumi.staging.yaml"
    settings.write_text(settings.read_text().replace("secrets/staging.yaml", "secrets/staging/"))
    (place.directory / "secrets" / "staging").mkdir()
    for system, values in GOOD.items():
        encrypting.write(file_of(place, system), encrypting.encrypted({system: values}))
    seance = file_of(place, "seance")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encrypting, "RECIPIENT", OTHER)
        encrypting.write(seance, encrypting.encrypted({"seance": GOOD["seance"]}))
    return place


def file_of(place: Place, system: str) -> Path:
    """The secrets file of a system of staging."""
    return place.directory / "secrets" / "staging" / f"{system}.yaml"


def test_who_opens_one_systems_file_cannot_read_anothers(by_system: Place) -> None:
    """Omega's key opens Omega's file and none of Seance's values, whatever asks for them."""
    assert sops_files.opened(file_of(by_system, "omega"))["omega"] == GOOD["omega"]
    with pytest.raises(sops.WrongKeyError):
        sops.read(file_of(by_system, "seance")).decrypt()
    for arguments in (("check",), ("set", "seance.BUILDER_KEY"), ("generate", "seance.BUILDER_KEY", "--replace")):
        said = by_system.run(*arguments, given="planted-builder-key-2")
        assert not [value for value in GOOD["seance"].values() if value in said.text]
        assert said.code != 0 or "only names were checked" in said.text


def test_each_file_is_checked_for_its_own_system(by_system: Place) -> None:
    """What is missing is told with its file; of the file that this key does not open, names alone are looked at."""
    encrypting.write(file_of(by_system, "rose"), encrypting.encrypted({"rose": {"GROQ_API_KEY": "planted-groq"}}))

    said = by_system.run("check", "--json")

    assert said.code == 1
    files = {each["file"]: each for each in said.json["files"]}
    assert {each["key"] for each in files["secrets/staging/rose.yaml"]["problems"]} == {
        f"rose.{name}" for name in GOOD["rose"] if name != "GROQ_API_KEY"
    }
    assert [files[f"secrets/staging/{name}.yaml"]["problems"] for name in ("omega", "seance", "netia")] == [[], [], []]
    assert files["secrets/staging/seance.yaml"]["valuesChecked"] is False
    assert files["secrets/staging/omega.yaml"]["valuesChecked"] is True


def test_a_value_is_set_in_its_systems_file(by_system: Place, sops_calls: Path) -> None:
    """And no other file is touched."""
    before = {each: each.read_bytes() for each in file_of(by_system, "omega").parent.glob("*.yaml")}

    assert by_system.run("set", "omega.OPENAI_API_KEY", given="sk-planted-other").code == 0

    changed = [file.name for file, text in before.items() if file.read_bytes() != text]
    assert changed == ["omega.yaml"]
    assert sops_files.opened(file_of(by_system, "omega"))["omega"]["OPENAI_API_KEY"] == "sk-planted-other"
    assert sops_calls.exists()


def test_each_file_has_recipients_of_its_own(by_system: Place) -> None:
    """``secrets init`` makes the file of one system with its own rule; the rules of the others stay."""
    for system in ("omega", "seance"):
        file_of(by_system, system).unlink()

    first = by_system.run("init", "--system", "omega", "--age", RECIPIENT)
    second = by_system.run("init", "--system", "seance", "--age", OTHER)

    assert (first.code, second.code) == (0, 0), first.text + second.text
    rules = (by_system.directory / "secrets" / ".sops.yaml").read_text()
    assert f"path_regex: (^|/)staging/omega\\.yaml$\n    age: {RECIPIENT}" in rules
    assert f"path_regex: (^|/)staging/seance\\.yaml$\n    age: {OTHER}" in rules
    assert "omega:" in file_of(by_system, "omega").with_suffix(".skeleton.yaml").read_text()
    assert "seance:" not in file_of(by_system, "omega").with_suffix(".skeleton.yaml").read_text()


def test_every_file_is_made_also_behind_one_that_lacks_something(by_system: Place) -> None:
    """``secrets init`` lists what Omega's file lacks and makes Rose's; with ``--json`` both are in one document."""
    encrypting.write(file_of(by_system, "omega"), encrypting.encrypted({"omega": {"OPENAI_API_KEY": "sk-planted"}}))
    file_of(by_system, "rose").unlink()

    said = by_system.run("init", "--age", RECIPIENT, "--json")

    assert said.code == 1
    files = {each.get("created") or each["file"]: each for each in said.json["files"]}
    assert [each["key"] for each in files["secrets/staging/omega.yaml"]["problems"]] == ["omega.DISCORD_BOT_TOKEN"]
    assert files["secrets/staging/rose.skeleton.yaml"]["ruleAdded"] is True
    assert len(files) == len(GOOD)


def test_the_sandboxs_key_opens_no_systems_file(by_system: Place) -> None:
    """It is committed, so everyone who reads the repository would open the file."""
    file_of(by_system, "omega").unlink()
    committed = (by_system.directory / "secrets" / "sandbox.agekey").read_text()
    (public,) = re.findall(r"age1\w+", committed)

    said = by_system.run("init", "--system", "omega", "--age", public)

    assert (said.code, "that is the sandbox's key" in said.text) == (2, True)


def test_secrets_are_compared_with_those_files_of_another_stack_that_open(by_system: Place) -> None:
    """Production's Omega has staging's secret, which is reported although Seance's file there is somebody else's."""
    production = by_system.directory / "Pulumi.production.yaml"
    production.write_text(production.read_text().replace("secrets/production.yaml", "secrets/production/"))
    shutil.copytree(file_of(by_system, "omega").parent, by_system.directory / "secrets" / "production")

    said = by_system.run("check", "--json")

    shared = {each["key"] for file in said.json["files"] for each in file["problems"] if each["kind"] == "shared"}
    assert "omega.DISCORD_BOT_TOKEN" in shared


def test_recipients_may_be_a_list(by_system: Place) -> None:
    """A rule of SOPS names its age keys in one text with commas, or as a list."""
    rules = by_system.directory / "secrets" / ".sops.yaml"
    rules.write_text(f"creation_rules:\n- path_regex: omega\n  age: [{RECIPIENT}, {OTHER}]\n")

    assert secrets_file.recipients(read_stack("staging").holding("omega")) == [RECIPIENT, OTHER]


def test_a_system_moves_with_its_secrets(place: Place, sops_calls: Path) -> None:
    """Its group stands in the new file, for other recipients if they are named, and in the old one no more."""
    place.hold(GOOD)
    text = "config:\n  railway:plan: hobby\n  railyard:environment: staging\n  railyard:omega: {}\n"
    (place.directory / "Pulumi.omega-staging.yaml").write_text(text)
    staging, omega = read_stack("staging"), read_stack("omega-staging")
    kept = place.file.read_text()

    assert file_parts.copied(staging, omega, ["omega"], [RECIPIENT]) == "secrets/omega-staging.yaml"
    assert file_parts.copied(staging, omega, ["omega"], [RECIPIENT]) == ""
    assert file_parts.removed(staging, omega, ["omega"]) == "omega in secrets/staging.yaml"
    assert file_parts.removed(staging, omega, ["omega"]) == ""

    made = place.directory / "secrets" / "omega-staging.yaml"
    assert sops_files.opened(made) == {"omega": GOOD["omega"]}
    assert place.values() == {system: values for system, values in GOOD.items() if system != "omega"}
    # What stays keeps its ciphertext, so that no preview takes it for changed.
    assert all(line in kept for line in place.file.read_text().splitlines() if "ENC[" in line and "mac" not in line)
    assert "planted" not in sops_calls.read_text()
    everything = [each.read_text() for each in place.directory.rglob("*") if each.is_file()]
    assert not [text for text in everything if GOOD["omega"]["DISCORD_BOT_TOKEN"] in text]


def test_a_file_that_is_there_is_not_taken_for_the_copy(place: Place) -> None:
    """Of another system's secrets, say; nothing is taken away then."""
    place.hold(GOOD)
    (place.directory / "Pulumi.omega-staging.yaml").write_text("config:\n  railyard:omega: {}\n")
    encrypting.write(place.directory / "secrets" / "omega-staging.yaml", encrypting.encrypted({"rose": GOOD["rose"]}))

    with pytest.raises(OperationError, match="does not hold omega: move it away"):
        file_parts.copied(read_stack("staging"), read_stack("omega-staging"), ["omega"], [RECIPIENT])
    assert place.values() == GOOD


class FirstRun(Recorder):
    """A stack that was never up: what its program reads of earlier outputs is empty."""

    def call(self, args: Any) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return ({"outputs": {}}, []) if args.token == "pulumi:pulumi:readStackOutputs" else super().call(args)


def test_an_up_of_one_system_needs_its_own_key_and_token_alone(
    by_system: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Omega's job has Omega's key and token, none of Seance's, and its program makes Omega with its secrets."""
    settings = by_system.directory / "Pulumi.staging.yaml"
    for system in ("omega", "seance"):
        key = f"  railyard:{system}:\n"
        account = f"{key}    railway: {{tokenVariable: {system.upper()}_RAILWAY_TOKEN}}\n"
        settings.write_text(settings.read_text().replace(key, account))
    staging = read_stack("staging").settings
    monkeypatch.setenv("OMEGA_RAILWAY_TOKEN", "planted-token-of-omega")
    monkeypatch.delenv("SEANCE_RAILWAY_TOKEN", raising=False)
    monkeypatch.setenv("RAILYARD_CHOSEN_SYSTEMS", "omega")
    made = FirstRun()

    programs.run(made, lambda: compose(staging))

    instances = [each for (kind, _), each in made.seen.items() if kind == "railway:index:ServiceInstance"]
    assert [each["variables"]["DISCORD_BOT_TOKEN"] for each in instances] == [GOOD["omega"]["DISCORD_BOT_TOKEN"]]
    accounts = {name: each["token"] for (kind, name), each in made.seen.items() if kind == "pulumi:providers:railway"}
    assert accounts == {"omega-railway": "planted-token-of-omega"}
    for chosen in ("omega seance", "seance"):
        monkeypatch.setenv("RAILYARD_CHOSEN_SYSTEMS", chosen)
        with pytest.raises(SecretsError, match=r"seance\.yaml is encrypted for"):
            programs.run(FirstRun(), lambda: compose(staging))
