"""The page on adding a system, followed word by word in a copy of the project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from railyard.engine.engine import code_of
from tests.lifecycle.conftest import Checkout

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-system.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<kind>python|diff|yaml) (?P<file>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
OWN = re.compile(r"^## Without systems\n.*?^```python\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


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


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of the project in which the page was followed."""
    copy = Checkout(tmp_path / "railyard", changes=["stacks"])
    follow(copy)
    return copy


def test_the_new_system_is_previewed_and_comes_up_alone(checkout):
    """One service with its address and variables, deployed once; nothing else is touched, and secrets are made up."""
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
        env=code_of(checkout.directory),
        check=True,
    )

    schema = json.loads((checkout.directory / "docs" / "settings.schema.json").read_text(encoding="utf-8"))
    assert schema["$defs"]["NotesSettings"]["properties"]["pageSize"]["maximum"] == 500


def test_the_components_make_a_program_without_any_system(tmp_path):
    """The page's own program: previewed as it stands, with a volume, a domain and a secret."""
    copy = Checkout(tmp_path / "own")
    program = OWN.search(PAGE)
    assert program is not None
    (copy.directory / "__main__.py").write_text(program["text"], encoding="utf-8")
    settings = copy.directory / "Pulumi.staging.yaml"
    settings.write_text("config:\n  railway:plan: hobby\n  bot:token: planted\n", encoding="utf-8")

    preview = copy.json("preview")

    kinds = {step["urn"].split("$")[-1].split("::")[0] for step in preview.json["steps"]}
    assert {"railway:index:ServiceInstance", "railway:index:Volume", "railway:index:CustomDomainValidation"} <= kinds
    assert preview.json["outputs"]["url"] == "https://bot.rose.example"
