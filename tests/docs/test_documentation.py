"""What the pages in ``docs`` say of the code is so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from stacks import SYSTEMS
from stacks.problems import SettingsError
from stacks.settings import parse
from tests.lifecycle.conftest import Checkout

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PROVIDER = Path("packages/pulumiverse-railway/pulumiverse_railway/provider")
PAGES = sorted(DOCS.glob("*.md"))
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|yaml|graphql|json)))`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
MADE_LATER = {"stacks/notes.py", "secrets/staging.yaml"}
"""Files that a reader makes."""
ROW = re.compile(r"^\| `([\w/]+/)` \| (nothing|`.+`) \|$", re.MULTILINE)


def where(path: str) -> Path:
    """The folder or file that the pages mean, some of which name a folder for all that follows."""
    places = (
        ROOT,
        *sorted((ROOT / "packages").iterdir()),
        ROOT / PROVIDER.parent,
        ROOT / PROVIDER,
        ROOT / "packages" / "railway-api" / "railway_api",
        ROOT / "packages" / "railway-sandbox" / "railway_sandbox" / "railway",
    )
    return next((place / path for place in places if (place / path).exists()), ROOT / path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_names_exists(page):
    """A page does not send its reader to a file that has moved."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    named = set(FILE.findall(text)) - MADE_LATER

    assert sorted(path for path in named if not where(path).exists()) == []
    assert sorted(link for link in LINK.findall(text) if not (page.parent / link).exists()) == []


def imported(folder: Path) -> Iterator[Path]:
    """Folders of the project from which the modules of ``folder`` import."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                package = file.parents[node.level - 1].relative_to(ROOT).parts
                names = [".".join((*package, *filter(None, [node.module])))]
            yield from filter(None, map(folder_of, names))


def folder_of(name: str) -> Path | None:
    """``railyard.engine.commands.main`` → ``railyard/engine``; None for what is not of the project."""
    parts = name.split(".")
    if parts[0] == "packages":
        parts = parts[2:]
    base = next((each for each in (ROOT, *(ROOT / "packages").iterdir()) if (each / parts[0]).is_dir()), None)
    if base is None or parts[0] in {"tests", "docs", "benchmarks", "secrets"}:
        return None
    while not (base / Path(*parts)).is_dir():
        parts.pop()
    return (base / Path(*parts)).relative_to(ROOT)


def layer_of(folder: Path) -> Path:
    """The layer that a folder belongs to: the nearest one above it that has a name in the table."""
    layers = {where(layer).relative_to(ROOT) for layer, _ in ROW.findall(ARCHITECTURE)}
    return next((each for each in (folder, *folder.parents) if each in layers), folder)


@pytest.mark.parametrize(("layer", "allowed"), ROW.findall(ARCHITECTURE))
def test_a_layer_imports_what_the_architecture_says(layer, allowed):
    """Nothing more, so that each can be read alone; and nothing less, so that the table stays true."""
    folder = where(layer).relative_to(ROOT)

    found = {layer_of(each) for each in imported(ROOT / folder) if folder not in (each, *each.parents)}

    expected = (
        set() if allowed == "nothing" else {where(each).relative_to(ROOT) for each in re.findall(r"`(.+?)`", allowed)}
    )
    assert found == expected


def test_the_requests_of_one_up_are_those_of_a_real_one(tmp_path):
    """The same operations but for those that wait, and each change exactly as often as the page says."""
    listing = re.search(r"^```text\n( 1  query .*?)^```$", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert listing is not None
    said = [line.split(maxsplit=1)[1] for line in listing[1].splitlines()]
    checkout = Checkout(tmp_path / "railyard")

    checkout.json("up", "--system", "omega")

    elsewhere = [request["operation"] for request in checkout.requests() if request["api"] != "railway"]
    assert [re.sub("[0-9a-f]{32}", "<id>", one) for one in elsewhere] == ["GET /zones/<id>"] * 2
    made = [request["operation"] for request in checkout.requests() if request["api"] == "railway"]
    waits = ("query environmentPatches, ", "query deployment")  # how many, and for what, is a matter of time
    assert {one for one in made if not one.startswith(waits)} == {one for one in said if not one.startswith(waits)}
    assert sorted(one for one in made if one.startswith("mutation")) == sorted(
        one for one in said if one.startswith("mutation")
    )


def test_the_refused_settings_of_the_readme_are_refused_with_these_words():
    """With the lines on which the two mistakes stand in the file as it is."""
    text = (ROOT / "Pulumi.staging.yaml").read_text(encoding="utf-8")
    text = text.replace("commit: a1b2c3d", "commit: 1234567").replace("netia/netia,", "netia/netia, replicas: 2,")

    with pytest.raises(SettingsError) as refused:
        parse(yaml.safe_load(text)["config"], SYSTEMS, file="Pulumi.staging.yaml", text=text)

    assert indent(f"error: {refused.value}", "  ") in (ROOT / "README.md").read_text(encoding="utf-8")
