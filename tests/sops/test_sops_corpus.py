"""Files that the real ``sops`` program wrote."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import sops
from tests.sops import real_program
from tests.sops.encrypting import CORPUS, ENVIRONMENT, KEY_FILE

BY_AGE = sorted(
    path for path in CORPUS.glob("*.*") if path.with_suffix(".expected").exists() and path.suffix != ".expected"
    and path.stem != "key-groups"
)  # fmt: skip


@pytest.mark.parametrize("path", BY_AGE, ids=lambda path: path.name)
def test_every_file_decrypts_to_what_the_program_makes_of_it(path: Path) -> None:
    """All types, rules and formats give the values that the real program gives."""
    expected = json.loads(path.with_suffix(".expected").read_text())

    assert expected == sops.read(path, ENVIRONMENT).decrypt()


def test_keys_are_known_without_a_key() -> None:
    """Which keys a file has can be told on a machine that has no key."""
    keys = sops.read(CORPUS / "unencrypted-suffix.yaml", {}).keys()

    assert list(keys)[:3] == ["API_TOKEN", "API_TOKEN_unencrypted", "port_unencrypted"]


def test_key_tree_follows_mappings_and_stops_at_values_and_lists() -> None:
    """The key tree has one level for each mapping; values and lists are its leaves."""
    keys = sops.read(CORPUS / "every-type.yaml", {}).keys()

    assert keys["nested"] == {"deeper": {"deepest": None}, "empty_map": {}, "empty_list": None}
    assert keys["list"] is None


def test_ciphertext_is_told_without_a_key() -> None:
    """A value's ciphertext, and its absence, can be told without a key."""
    document = sops.read(CORPUS / "every-type.yaml", {})

    assert str(document.ciphertext(("nested", "deeper", "deepest"))).startswith("ENC[AES256_GCM,")
    assert document.ciphertext(("nested", "elsewhere")) is None
    assert document.ciphertext(("text", "below")) is None


def test_representation_shows_no_value() -> None:
    """A document that ends up in a log shows its path only."""
    path = CORPUS / "unencrypted-suffix.yaml"

    assert f"Document(path={path!r})" == repr(sops.read(path, ENVIRONMENT))


@pytest.mark.needs("sops")
@pytest.mark.parametrize("path", BY_AGE, ids=lambda path: path.name)
def test_program_still_agrees(path: Path) -> None:
    """The sops program that is installed here reads the files as we do."""
    environment = {**os.environ, "SOPS_AGE_KEY_FILE": str(KEY_FILE)}
    command = [real_program.program(), "decrypt", "--output-type", "json", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, env=environment)

    assert json.loads(done.stdout) == sops.read(path, ENVIRONMENT).decrypt()


@pytest.mark.needs("sops")
def test_key_groups_are_opened_by_the_program() -> None:
    """A file that needs keys of two groups is read by way of the sops program."""
    keys = " ".join((CORPUS / name).read_text().split()[-1] for name in ("test-only.agekey", "test-only-other.agekey"))
    environment = {**os.environ, "PATH": real_program.path(), "SOPS_AGE_KEY": keys}

    assert sops.read(CORPUS / "key-groups.yaml", environment).decrypt() == {"a": "b"}
