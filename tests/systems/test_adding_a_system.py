"""The page on adding a system, followed word by word in a copy of the project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import sops
from tests.lifecycle.conftest import Checkout
from tests.sops import encrypting

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-system.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<kind>python|diff|yaml) (?P<file>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SOPS_SET = re.compile(r"""sops set (\S+) '\["(\w+)"\]\["(\w+)"\]' '"([^"]+)"'""")


def follow(checkout: Checkout) -> None:
    """Write the files of the page: whole modules, changes of a file, and what is added at the end of one."""
    for block in BLOCK.finditer(PAGE):
        file = checkout.directory / block["file"]
        match block["kind"]:
            case "python":
                assert not file.exists()
                file.write_text(block["text"], encoding="utf-8")
            case "yaml":
                file.write_text(file.read_text(encoding="utf-8") + "\n" + block["text"], encoding="utf-8")
            case _:
                lines = block["text"].splitlines()
                old, new = ("\n".join(line[1:] for line in lines if line[0] != sign) for sign in "+-")
                text = file.read_text(encoding="utf-8")
                assert text.count(old) == 1, f"{block['file']} has changed: the page must follow"
                file.write_text(text.replace(old, new), encoding="utf-8")


def add_secret(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the page's ``sops set`` does, without the program."""
    command = SOPS_SET.search(PAGE)
    assert command is not None
    file, key_file = checkout.directory / command[1], checkout.directory / "secrets" / "sandbox.agekey"
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(key_file))
    tree = dict(sops.read(file).decrypt())
    monkeypatch.setattr(encrypting, "KEY", key_file.read_text().split()[-1])
    encrypting.write(file, encrypting.encrypted({**tree, command[2]: {command[3]: command[4]}}))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of the project in which the page was followed up to its section on secrets."""
    copy = Checkout(tmp_path / "railyard")
    follow(copy)
    return copy


def test_without_its_secret_the_error_is_the_command_of_the_page(checkout):
    """What the page says about a missing secret is what a person reads."""
    refused = checkout.run("preview")

    text = refused.text + refused.errors
    assert refused.code == 1
    assert "Missing required secret: notes.SESSION_KEY (key that signs the sessions)" in text
    assert """secrets/sandbox.yaml '["notes"]["SESSION_KEY"]'""" in text
    assert "Traceback" not in text


def test_the_new_system_is_previewed_and_comes_up_alone(checkout, monkeypatch):
    """One service with its address and variables, deployed once; nothing of another system is touched."""
    add_secret(checkout, monkeypatch)

    preview = checkout.json("preview", "--system", "notes")
    checkout.json("up", "--system", "notes")

    names = sorted(step["urn"].rsplit("::", 1)[1] for step in preview.json["steps"] if "railway:index" in step["urn"])
    assert names == ["notes-project", "notes-web-instance", "notes-web-railway-domain", "notes-web-service"]
    assert checkout.world()["deployments"] == {"notes-staging/web": 1}
    assert checkout.json("refresh", "--system", "notes").operations() == Counter()


def test_editors_learn_the_new_settings(checkout):
    """``make generate`` writes them into the schema."""
    (checkout.directory / "docs").mkdir()

    subprocess.run(
        [sys.executable, "-m", "stacks.schema"],
        cwd=checkout.directory,
        env={"PYTHONPATH": str(checkout.directory / "providers" / "railway")},
        check=True,
    )

    schema = json.loads((checkout.directory / "docs" / "settings.schema.json").read_text(encoding="utf-8"))
    assert schema["$defs"]["NotesSettings"]["properties"]["pageSize"]["maximum"] == 500
