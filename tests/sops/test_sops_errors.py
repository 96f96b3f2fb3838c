"""What is said about files that are wrong, and what is never said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sops
from tests.sops.encrypting import CORPUS, ENVIRONMENT, encrypted, write

GOOD = (CORPUS / "unencrypted-suffix.yaml").read_text()
SECRET = "never-show-this"
ARMORED = "-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n"


def changed(path: Path, change: Callable[[str], str]) -> Path:
    """A copy of a good file with one change."""
    path.write_text(change(GOOD))
    assert path.read_text() != GOOD
    return path


def exchanged(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def without(line: str) -> Callable[[str], str]:
    return lambda text: re.sub(rf"(?m)^.*{line}.*\n", "", text, count=1)


def swapped(text: str) -> str:
    first, second = re.findall(r"ENC\[.*?\]", text)[:2]
    return text.replace(first, "?").replace(second, first).replace("?", second)


TAMPERED: dict[str, tuple[Callable[[str], str], type[sops.SopsError], str]] = {
    "one bit of a value": (exchanged("data:", "data:AAAA"), sops.TamperedError, "wrote at API_TOKEN: "),
    "damaged base64": (exchanged(",iv:", ",iv:%"), sops.TamperedError, "wrote at API_TOKEN: "),
    "no nonce": (lambda text: re.sub(",iv:[^,]*", ",iv:AA==", text, count=1), sops.TamperedError, "at API_TOKEN: "),
    "another type": (exchanged("type:str", "type:int"), sops.TamperedError, "wrote at API_TOKEN: "),
    "unknown type": (exchanged("type:str", "type:strange"), sops.TamperedError, "wrote at API_TOKEN: "),
    "two values exchanged": (swapped, sops.TamperedError, "wrote at API_TOKEN: "),
    "key renamed": (exchanged("API_TOKEN:", "API_KEY:"), sops.TamperedError, "wrote at API_KEY: "),
    "clear value changed": (exchanged("shown", SECRET), sops.TamperedError, "does not match its values"),
    "value taken out": (without("secret_name:"), sops.TamperedError, "does not match its values"),
    "value added": (lambda text: f"a_unencrypted: {SECRET}\n{text}", sops.TamperedError, "does not match"),
    "rule changed": (exchanged("unencrypted_suffix: _un", "unencrypted_suffix: _"), sops.NotEncryptedError, "clear"),
    "date changed": (exchanged("lastmodified: \"20", "lastmodified: \"19"), sops.TamperedError, "is invalid"),
    "no code": (without("mac:"), sops.TamperedError, "has no message authentication code"),
    "code damaged": (lambda text: re.sub("(mac: .*data:)", r"\1AAAA", text), sops.TamperedError, "is inv"),
    "secret in clear text": (lambda text: f"PASSWORD: {SECRET}\n{text}", sops.NotEncryptedError, ": PASSWORD; "),
    "number in clear text": (lambda text: f"PIN: 1234\n{text}", sops.NotEncryptedError, ": PIN; "),
    "not YAML": (lambda text: f"{text}\n\t- [{SECRET}", sops.InvalidFileError, "not valid YAML"),
    "key twice": (lambda text: f"{text}API_TOKEN: {SECRET}\n", sops.InvalidFileError, "'API_TOKEN' a second time"),
    "aliases": (lambda text: f"a_unencrypted: &a b\nb_unencrypted: *a\n{text}", sops.InvalidFileError, "aliases"),
    "two documents": (lambda text: f"{text}---\na: {SECRET}\n", sops.InvalidFileError, "2 YAML documents"),
    "tagged value": (lambda text: f"a_unencrypted: !!binary AAAA\n{text}", sops.InvalidFileError, "binary"),
    "number as key": (lambda text: f"1: {SECRET}\n{text}", sops.InvalidFileError, "a key that is not text"),
    "a list": (lambda text: f"- {SECRET}\n", sops.InvalidFileError, "no keys at its top level"),
    "two rules": (lambda text: f"{text}    encrypted_regex: a\n", sops.InvalidFileError, "allows one of them"),
    "rule is no regex": (exchanged("unencrypted_suffix: _", "encrypted_regex: (_"), sops.InvalidFileError, "not a reg"),
    "block of another shape": (exchanged("recipient:", "receiver:"), sops.InvalidFileError, "sops.age.0.recipient"),
    "code in clear": (lambda text: re.sub("(mac: ).*", r"\1ABC", text), sops.TamperedError, "is invalid"),
    "no date": (without("lastmodified:"), sops.TamperedError, "is invalid"),
    "another cipher": (exchanged("AES256_GCM", "AES256_CBC"), sops.TamperedError, "wrote at API_TOKEN: "),
    "value cut off": (lambda text: re.sub(r",type:.*", "", text, count=1), sops.TamperedError, "wrote at API_TOKEN: "),
    "two in clear text": (lambda text: f"A: {SECRET}\nB: 1234\n{text}", sops.NotEncryptedError, ": A, B; "),
    "empty": (lambda text: "\n", sops.InvalidFileError, "is empty"),
    "comments alone": (lambda text: "# hidden\n", sops.InvalidFileError, "no keys at its top level"),
    "cut off before its end": (lambda text: text[: text.index("sops:")], sops.InvalidFileError, "no sops block to "),
    "merge conflict": (lambda text: f"a: b\n<<<<<<< HEAD\n{text}", sops.InvalidFileError, "line 2: holds a merge co"),
    "end of a merge conflict": (lambda text: f"{text}>>>>>>> b\n", sops.InvalidFileError, "holds a merge conflict"),
    "no recipient": (without("recipient:"), sops.InvalidFileError, "sops.age.0.recipient"),
    "empty recipient": (exchanged("recipient: age1", "recipient: '' #"), sops.InvalidFileError, "age.0.recipient"),
    "no data key": (lambda text: re.sub("(?s)enc: .*?recip", "recip", text), sops.InvalidFileError, "sops.age.0.enc"),
    "half a data key": (without("END AGE"), sops.InvalidFileError, "sops.age.0.enc"),
    "nested without end": (lambda text: f"a: {'[' * 500}{']' * 500}\n{text}", sops.InvalidFileError, "nested too deep"),
    "half a character": (lambda text: f'a_unencrypted: "\\ud800"\n{text}', sops.InvalidFileError, "does not exist"),
    "no character": (lambda text: f'a_unencrypted: "\\UFFFFFFFF"\n{text}', sops.InvalidFileError, "does not exist"),
    "endless number": (lambda text: f"a_unencrypted: {'1' * 5000}\n{text}", sops.TamperedError, "does not match"),
    "no version": (without("version:"), sops.InvalidFileError, "sops.version"),
    "version that is none": (exchanged("version: ", "version: x #"), sops.InvalidFileError, "sops.version"),
    "merge of nothing": (lambda text: f"a_unencrypted:\n  <<:\n{text}", sops.InvalidFileError, "a merge (<<) of no gr"),
    "group without keys": (
        lambda text: re.sub(r"(?s)    age:.*?    la", "    key_groups: [{}]\n    la", text),
        sops.InvalidFileError, "no keys",
    ),
    "complement of a class": (
        exchanged("unencrypted_suffix: _", "encrypted_regex: '[[:^upper:]]' #"), sops.InvalidFileError, "not a reg"
    ),
    "no keys named": (lambda text: re.sub(r"(?s)    age:.*?    la", "    la", text), sops.InvalidFileError, "no keys"),
}  # fmt: skip


@pytest.mark.parametrize("case", TAMPERED)
def test_tampering_is_found_and_nothing_is_shown(tmp_path: Path, case: str) -> None:
    """Whatever was changed, the error says where and shows neither values nor ciphertext nor keys."""
    change, kind, said = TAMPERED[case]
    path = changed(tmp_path / "file.yaml", change)

    with pytest.raises(kind, match=re.escape(said)) as caught:
        sops.read(path, ENVIRONMENT).decrypt()

    text = str(caught.value)
    assert path.name in text
    assert not any(hidden in text for hidden in (SECRET, "1234", "ENC[", "AGE-SECRET", "hidden", "shown"))
    assert caught.value.__cause__ is None


NEED_A_KEY = {
    "one bit of a value", "no nonce", "another type", "two values exchanged", "key renamed", "clear value changed",
    "value taken out", "value added", "date changed", "code damaged", "endless number",
}  # fmt: skip


@pytest.mark.parametrize("case", [case for case in TAMPERED if case not in NEED_A_KEY])
def test_damage_that_shows_without_a_key_is_said_without_one(tmp_path: Path, case: str) -> None:
    """A preview and a check on a machine that has no key say it in the same words."""
    change, kind, said = TAMPERED[case]

    with pytest.raises(kind, match=re.escape(said)):
        sops.read(changed(tmp_path / "file.yaml", change), {})


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that does not exist is an error with its path and the command that makes it."""
    with pytest.raises(
        sops.FileMissingError, match=r"absent\.yaml does not exist; create it with `sops --config .* edit"
    ):
        sops.read(tmp_path / "absent.yaml")


def test_plaintext_file_is_refused() -> None:
    """A file without a sops block is refused at once, with the command that encrypts it."""
    with pytest.raises(sops.NotEncryptedError, match="not a SOPS file") as caught:
        sops.read(CORPUS / "plaintext.yaml", {})

    assert SECRET not in str(caught.value)


def test_clear_text_is_found_without_a_key(tmp_path: Path) -> None:
    """A preview on a machine without keys still finds a secret that was committed in clear text."""
    path = changed(tmp_path / "file.yaml", lambda text: f"PASSWORD: {SECRET}\n{text}")

    with pytest.raises(sops.NotEncryptedError):
        sops.read(path, {})


@pytest.mark.parametrize(
    ("rule", "encrypted_key"),
    [("^[[:space:]]x$", " x"), ("^[[:punct:]]x$", "]x"), ("^[[:graph:]]$", "~"), ("^[[:cntrl:]]$", "\x7f")],
)
def test_named_classes_are_those_of_go(tmp_path: Path, rule: str, encrypted_key: str) -> None:
    """A rule with a named class encrypts the keys that it encrypts in Go, and no others."""
    tree = {encrypted_key: SECRET, "plain": "shown"}
    content = encrypted(tree, leave=lambda key: key != encrypted_key, encrypted_regex=rule)

    assert sops.read(write(tmp_path / "file.json", content), ENVIRONMENT).decrypt() == tree


def test_a_program_that_cannot_start_is_named(tmp_path: Path) -> None:
    """A ``sops`` for another machine is an error with its path, no traceback."""
    (tmp_path / "sops").write_bytes(b"\x7fELF of another machine")
    (tmp_path / "sops").chmod(0o700)
    content = encrypted({"a": "b"}, age=[], pgp=[{"fp": "00", "enc": "x"}])

    with pytest.raises(sops.ProgramError, match=r"sops cannot be started .* keys of PGP"):
        sops.read(write(tmp_path / "file.yaml", content), {"PATH": str(tmp_path)}).decrypt()


@pytest.mark.parametrize("name", ["file.toml", "file"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    """Only the formats that are read here are accepted."""
    path = tmp_path / name
    path.write_text(GOOD)

    with pytest.raises(sops.InvalidFileError, match=r"only \.yaml, \.yml, \.json"):
        sops.read(path, {})


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00\x01"])
def test_binary_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is not text is an error for people, not a traceback."""
    path = tmp_path / "file.yaml"
    path.write_bytes(content)

    with pytest.raises(sops.InvalidFileError):
        sops.read(path, {})


@pytest.mark.parametrize("text", ["{", '{"a": 1, "a": 2}', '{"a": NaN}', "[]", "1"])
def test_damaged_json_is_refused(tmp_path: Path, text: str) -> None:
    """JSON that SOPS would not write is refused."""
    path = tmp_path / "file.json"
    path.write_text(text)

    with pytest.raises((sops.InvalidFileError, sops.NotEncryptedError)):
        sops.read(path, {})


def test_damaged_data_key_is_not_taken_for_a_wrong_value(tmp_path: Path) -> None:
    """Who holds the right key is not told that it is somebody else's."""
    content = encrypted({"a": "b"})
    content["sops"]["age"][0]["enc"] = content["sops"]["age"][0]["enc"].replace("YWdl", "ZZdl")

    with pytest.raises(sops.TamperedError, match=r"the data key for age1.* is damaged"):
        sops.read(write(tmp_path / "file.yaml", content), ENVIRONMENT).decrypt()


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"pgp": [{"fp": "00", "enc": "x"}]}, "keys of PGP"),
        ({"kms": [{"arn": "x", "enc": "x"}], "hc_vault": [{"enc": "x"}]}, "keys of AWS KMS or keys of HashiCorp Vault"),
        ({"age": [{"recipient": "ssh-ed25519 AAAA", "enc": ARMORED}]}, r"keys of age \(SSH, plugin or post-quantum\)"),
        ({"key_groups": [{"age": 2 * [{"recipient": "age1x", "enc": ARMORED}]}] * 2}, "several of its 2 key groups"),
    ],
)
def test_other_keys_need_the_program(tmp_path: Path, block: dict[str, Any], said: str) -> None:
    """Keys that are not plain age keys need the sops program, and the error says which and where to get it."""
    content = encrypted({"a": "b"})
    content["sops"].pop("age")
    content["sops"] |= block

    with pytest.raises(sops.KeyMissingError, match=f"{said}.*not on PATH; install it"):
        sops.read(write(tmp_path / "file.yaml", content), {"PATH": ""}).decrypt()


@pytest.mark.parametrize(
    ("program", "kind", "said"),
    [
        (f"echo {SECRET} >&2; exit 128", sops.KeyMissingError, "none of the keys of"),
        (f"echo {SECRET} >&2; exit 25", sops.TamperedError, "not what SOPS wrote there"),
        (f"echo {SECRET} >&2; exit 51", sops.TamperedError, "does not match its values"),
        ("exit 7", sops.ProgramError, "exit code 7"),
        (f"echo {SECRET}", sops.ProgramError, "answered"),
    ],
)
def test_failing_program_is_not_quoted(tmp_path: Path, program: str, kind: type[sops.SopsError], said: str) -> None:
    """What the sops program prints may quote values: its outcome is told in our own words."""
    (tmp_path / "sops").write_text(f"#!/bin/sh\n{program}\n")
    (tmp_path / "sops").chmod(0o700)
    content = encrypted({"a": "b"}, age=[], pgp=[{"fp": "00", "enc": "x"}])

    with pytest.raises(kind, match=said) as caught:
        sops.read(write(tmp_path / "file.yaml", content), {"PATH": str(tmp_path)}).decrypt()

    assert SECRET not in str(caught.value)
