"""Files for other keys than age, made and opened by the real ``sops`` program: AWS KMS, Vault, and several together."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sops
from tests.sops import key_services, real_program
from tests.sops.encrypting import KEY, OTHER_KEY_FILE, RECIPIENT
from tests.sops.key_services import KeyServices

pytestmark = pytest.mark.needs("sops")
VALUES = {"seance": {"BUILDER_KEY": "never-show-this ✓", "PORT": 8080, "ON": True}, "place_unencrypted": "here"}
OTHER_KEY = OTHER_KEY_FILE.read_text().split()[-1]


@pytest.fixture
def services() -> Iterator[KeyServices]:
    with key_services.running() as running:
        yield running


def made(folder: Path, services: KeyServices, **rule: Any) -> Path:
    """A file that the real program encrypts by ``rule``."""
    path, rules = folder / "file.yaml", folder / "rules.yaml"
    path.write_text(json.dumps(VALUES))
    rules.write_text(json.dumps({"creation_rules": [rule]}))
    command = [real_program.program(), "--config", str(rules), "encrypt", "--in-place", str(path)]
    subprocess.run(command, check=True, env=environment(services))
    return path


def environment(services: KeyServices, **more: str) -> dict[str, str]:
    """A place with access to the services and without an age key."""
    return {"PATH": real_program.path(), "HOME": "/nowhere", **services.environment, **more}


@pytest.mark.parametrize("kind", ["kms", "hc_vault_transit_uri"])
def test_a_key_service_opens_the_file_for_who_has_access(tmp_path: Path, services: KeyServices, kind: str) -> None:
    """The same values as were encrypted; without access the names are known, and that no key can be used."""
    path = made(tmp_path, services, **{kind: services.rule[kind]})

    assert sops.read(path, environment(services)).decrypt() == VALUES

    services.lost |= {"kms", "vault"}
    document = sops.read(path, environment(services))
    assert document.keys()["seance"] == {"BUILDER_KEY": None, "PORT": None, "ON": None}
    with pytest.raises(sops.KeyMissingError, match=r"none of the keys .* keys of (AWS KMS|HashiCorp Vault)"):
        document.decrypt()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (r"(BUILDER_KEY: ENC\[AES256_GCM,data:)....", r"\1AAAA", "a value is not what SOPS wrote there"),
        ("(place_unencrypted:) here", r"\1 never-show-this", "does not match its values"),
    ],
)
def test_a_changed_file_is_told_from_one_without_access(
    tmp_path: Path, services: KeyServices, old: str, new: str, said: str
) -> None:
    """The program finds it, and it is said as for a file that is read in process."""
    path = made(tmp_path, services, kms=services.arn)
    path.write_text(re.sub(old, new, path.read_text()))

    with pytest.raises(sops.TamperedError, match=said) as caught:
        sops.read(path, environment(services)).decrypt()

    assert "never-show-this" not in str(caught.value)


def test_either_key_of_a_mixed_file_opens_it(tmp_path: Path, services: KeyServices) -> None:
    """By age without the program; by KMS whether no age key is there or one of somebody else."""
    path = made(tmp_path, services, age=RECIPIENT, kms=services.arn)

    assert sops.read(path, {"SOPS_AGE_KEY": KEY}).decrypt() == VALUES
    for key in ({}, {"SOPS_AGE_KEY": OTHER_KEY}):
        assert sops.read(path, environment(services, **key)).decrypt() == VALUES
    services.lost.add("kms")
    with pytest.raises(sops.KeyMissingError, match=f"is encrypted for {RECIPIENT} or keys of AWS KMS"):
        sops.read(path, environment(services)).decrypt()


def test_as_many_key_groups_as_the_threshold_says_open_the_file(tmp_path: Path, services: KeyServices) -> None:
    """Two of three, whichever they are; with one the file stays closed."""
    groups = [{"age": [RECIPIENT]}, {"kms": [{"arn": services.arn}]}, {"hc_vault": [services.vault]}]
    path = made(tmp_path, services, key_groups=groups, shamir_threshold=2)

    assert sops.read(path, environment(services)).decrypt() == VALUES
    services.lost.add("vault")
    assert sops.read(path, environment(services, SOPS_AGE_KEY=KEY)).decrypt() == VALUES
    with pytest.raises(sops.KeyMissingError, match="several of its 3 key groups"):
        sops.read(path, environment(services)).decrypt()
