"""What the pages in ``docs`` say of the code is so."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from stacks import python_systems
from stacks.problems import SettingsError
from stacks.settings import parse
from tests.lifecycle.conftest import Checkout
from tools import decision_index

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PROVIDER = Path("packages/pulumiverse-railway/pulumiverse_railway/provider")
GENERATED = {"commands.md", "components-reference.md", "settings-reference.md"}
OUTSIDE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
PAGES = [
    page for page in sorted([*DOCS.glob("*.md"), *DOCS.glob("guides/*.md"), *OUTSIDE]) if page.name not in GENERATED
]
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|ya?ml|graphql|json|toml|svg|txt)))`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
MADE_LATER = {
    "stacks/notes.py", "secrets/staging.yaml", "secrets/dev.yaml", "compose.yaml", "railway.json", ".env",
    "package.json", "settings.schema.json", "railway.toml", "railway.worker.toml", "docker-compose.yml",
    "requirements-railyard.txt", "nixpacks.toml",
}  # fmt: skip
"""Files that a reader makes, or has in a repository of an application."""


def where(path: str) -> Path:
    """The folder or file that the pages mean, some of which name a folder for all that follows."""
    places = (
        ROOT,
        *sorted((ROOT / "packages").iterdir()),
        ROOT / ".github" / "workflows",
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


def test_every_page_stands_in_the_order_of_the_site():
    """Each page is listed in docs/_toc.yml by its name or by a glob; an unlisted one fails ``make docs``."""
    order = re.findall(r"(?:root|file|glob): (\S+)", (DOCS / "_toc.yml").read_text(encoding="utf-8"))
    pages = [str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md")]

    assert [page for page in pages if not any(fnmatch(page, each) for each in order)] == []


def test_every_anchor_to_which_a_page_beside_the_site_leads_is_a_heading():
    """Sphinx follows those of the site; these pages are read at GitHub alone."""
    for page in OUTSIDE:
        for link, anchor in re.findall(r"\]\(([^)#:]+)#([^)]+)\)", page.read_text(encoding="utf-8")):
            target = FENCE.sub("", (page.parent / link).read_text(encoding="utf-8"))
            headings = re.findall(r"^#+ (.+)$", target, re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings], link


def test_every_decision_stands_in_the_index_with_its_title_and_status():
    """What ``make generate`` would write stands there."""
    assert decision_index.INDEX.read_text(encoding="utf-8") == decision_index.index()


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


def test_the_refused_settings_of_the_page_are_refused_with_these_words():
    """With the lines on which the two mistakes stand in the file as it is."""
    text = (ROOT / "Pulumi.staging.yaml").read_text(encoding="utf-8")
    shared = (ROOT / "defaults.yaml").read_text(encoding="utf-8")
    text = text.replace("commit: a1b2c3d", "commit: 1234567").replace("app: {", "app: {replicas: 2, ")

    with pytest.raises(SettingsError) as refused:
        parse(yaml.safe_load(text)["config"], python_systems(), file="Pulumi.staging.yaml", text=text, defaults=shared)

    assert indent(f"error: {refused.value}", "  ") in (DOCS / "settings.md").read_text(encoding="utf-8")
