"""Where age keys are looked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import sops
from railyard.engine.engine import code_of
from tests.sops.encrypting import CORPUS, KEY, KEY_FILE, OTHER_KEY_FILE

FILE = CORPUS / "encrypted-comment.yaml"
ROOT = Path(__file__).parents[2]
OTHER_KEY = OTHER_KEY_FILE.read_text().split()[-1]


def configuration(folder: Path, key_file: Path) -> Path:
    """A configuration folder that holds ``key_file``."""
    (folder / "sops/age").mkdir(parents=True)
    (folder / "sops/age/keys.txt").write_text(key_file.read_text())
    return folder


@pytest.mark.parametrize(
    "environment",
    [
        {"SOPS_AGE_KEY": KEY},
        {"SOPS_AGE_KEY": f"# a comment\n{OTHER_KEY} {KEY}\n"},
        {"SOPS_AGE_KEY": f"# a comment\r\n{OTHER_KEY}\r\n\r\n{KEY}\r\n"},
        {"SOPS_AGE_KEY_FILE": str(KEY_FILE)},
        {"SOPS_AGE_KEY_CMD": f"cat '{KEY_FILE}'", "PATH": "/usr/bin:/bin"},
        {"SOPS_AGE_KEY": OTHER_KEY, "SOPS_AGE_KEY_FILE": str(KEY_FILE)},
        {"SOPS_AGE_KEY": "damaged", "SOPS_AGE_KEY_FILE": str(KEY_FILE)},
        {"SOPS_AGE_KEY_FILE": "/absent", "SOPS_AGE_KEY_CMD": f"cat '{KEY_FILE}'", "PATH": "/usr/bin:/bin"},
    ],
)
def test_key_is_found_in_each_place(environment: dict[str, str]) -> None:
    """A key in any of the places opens the file, whatever the others hold."""
    assert sops.read(FILE, environment).decrypt() == {"hidden": "secret", "shown": "not secret"}


@pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "HOME"])
def test_key_is_found_in_the_configuration_folder(
    tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any variable, the key of the user's configuration folder is used."""
    monkeypatch.setattr("sys.platform", "linux")
    configuration(tmp_path / ".config" if variable == "HOME" else tmp_path, KEY_FILE)

    assert sops.read(FILE, {variable: str(tmp_path)}).decrypt()


def test_command_is_told_the_recipient() -> None:
    """SOPS_AGE_KEY_CMD learns which recipient the key is wanted for."""
    command = f"""sh -c '[ "${{SOPS_AGE_RECIPIENT#age1}}" != "$SOPS_AGE_RECIPIENT" ] && cat {KEY_FILE}'"""

    assert sops.read(FILE, {"SOPS_AGE_KEY_CMD": command, "PATH": "/usr/bin:/bin"}).decrypt()


def test_command_does_not_take_what_we_are_given(tmp_path: Path) -> None:
    """A value for ``secrets set`` comes on standard input, and a command for the key reads none of it."""
    program = "import sops, sys; sops.read(sys.argv[1]).decrypt(); print(sys.stdin.read())"
    command = f"sh -c 'cat {KEY_FILE}; cat >/dev/null'"
    environment = {"PATH": "/usr/bin:/bin", "SOPS_AGE_KEY_CMD": command, **code_of(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(FILE)],
        input="given",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "given\n"


def test_no_key_lists_the_places(tmp_path: Path) -> None:
    """When there is no key, the error lists each place with what is wrong there."""
    environment = {
        "SOPS_AGE_KEY": "",
        "SOPS_AGE_KEY_FILE": str(tmp_path / "absent"),
        "SOPS_AGE_KEY_CMD": "false",
        "PATH": "/usr/bin:/bin",
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    with pytest.raises(sops.KeyMissingError) as caught:
        sops.read(FILE, environment).decrypt()

    text = str(caught.value)
    assert "SOPS_AGE_KEY (holds no age key); " in text
    assert f"SOPS_AGE_KEY_FILE = {tmp_path}/absent (no such file); " in text
    assert "SOPS_AGE_KEY_CMD (the command failed with exit code 1); " in text
    assert "keys.txt (no such file)" in text


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (KEY[:-4], "SOPS_AGE_KEY (holds a damaged age key)"),
        (f"{KEY}x", "SOPS_AGE_KEY (holds a damaged age key)"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n", "SOPS_AGE_KEY (holds a key under a passphrase: set SOPS_AGE_"),
        ("\ufffd\ufffd", "SOPS_AGE_KEY (holds something that is not a native age key"),
        ("AGE-PLUGIN-NEVER-SHOW-THIS", "SOPS_AGE_KEY (holds something that is not a native age key"),
    ],
)
def test_unusable_key_is_not_shown(held: str, said: str) -> None:
    """A key that cannot be used is described, never quoted."""
    with pytest.raises(sops.KeyMissingError) as caught:
        sops.read(FILE, {"SOPS_AGE_KEY": held}).decrypt()

    assert said in str(caught.value)
    assert held not in str(caught.value)


def test_command_that_prints_no_text_holds_no_key() -> None:
    """Bytes that are not UTF-8 are something that is not a key; the command did start."""
    with pytest.raises(sops.KeyMissingError, match=r"SOPS_AGE_KEY_CMD \(holds something that is not a native age key"):
        sops.read(FILE, {"SOPS_AGE_KEY_CMD": r"printf '\377'", "PATH": "/usr/bin:/bin"}).decrypt()


@pytest.mark.parametrize("command", ["/absent/program", "'unfinished", ""])
def test_command_that_cannot_start_is_said(command: str) -> None:
    """A command that does not exist or cannot be parsed is one more place without a key."""
    with pytest.raises(sops.KeyMissingError, match=r"SOPS_AGE_KEY_CMD \(the command cannot be started\)"):
        sops.read(FILE, {"SOPS_AGE_KEY_CMD": command}).decrypt()


def test_wrong_key_names_both_sides() -> None:
    """A key of somebody else: the error names the recipients of the file and of the key, and the remedy."""
    with pytest.raises(
        sops.WrongKeyError, match=r"age keys found are those of age1.*sops --config .*sops\.yaml updatekeys"
    ) as caught:
        sops.read(FILE, {"SOPS_AGE_KEY": OTHER_KEY}).decrypt()

    assert OTHER_KEY not in str(caught.value)


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
def test_each_recipient_opens_the_file(key: str) -> None:
    """A file for two recipients is opened by either."""
    assert sops.read(CORPUS / "two-recipients.yaml", {"SOPS_AGE_KEY": key}).decrypt() == {"a": "b"}
