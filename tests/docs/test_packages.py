"""The parts in ``packages``: what each says of itself, and what it takes to be installed alone."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pulumiverse_railway.provider.assembly import VERSION
from tests.docs.trees import parsed
from tools import versions

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
OWN = {package.name for package in PACKAGES}
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PINNED = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE))
NAMED = re.compile(r'import_module\("(\w+)[\w.]*"\)')
"""An import by a name in a text."""
IMPORTED_BY_OTHERS = {"sniffio"}
"""What httpcore imports where it is installed."""


def project(directory: Path) -> dict[str, Any]:
    """The section ``project`` of a part's ``pyproject.toml``."""
    return tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def imported(directory: Path) -> set[str]:
    """Distributions that the modules of a folder import."""
    names: set[str] = set()
    for file in directory.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(parsed(text)):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).partition(".")[0])
        names.update(NAMED.findall(text))
    known = packages_distributions()
    names -= sys.stdlib_module_names
    return {"protobuf" if name == "google" else canonicalize_name(known.get(name, [name])[0]) for name in names}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_part_says_what_it_is_and_what_it_needs(package):
    """A name, one version, a licence with its text, a README, types; it asks for what it imports, no more, no less."""
    said = project(package)
    (modules,) = (path.parent for path in package.glob("*/__init__.py"))

    assert (said["name"], said["version"]) == (package.name, versions.version())
    assert (said["license"], said["license-files"]) == ("Apache-2.0", ["LICENSE"])
    assert "Apache License" in (package / "LICENSE").read_text(encoding="utf-8")
    assert (package / said["readme"]).read_text(encoding="utf-8").startswith(f"# {package.name}\n")
    assert (modules / "py.typed").exists()
    asked = {canonicalize_name(Requirement(each).name) for each in said["dependencies"]}
    assert asked - IMPORTED_BY_OTHERS == imported(modules) - {package.name}


def test_the_project_asks_for_what_its_programs_and_commands_import():
    """Tests and checks have a group of their own."""
    asked = {canonicalize_name(Requirement(each).name) for each in project(ROOT)["dependencies"]}
    needed = set[str]().union(*(imported(ROOT / folder) for folder in ("railyard", "stacks", "components")))

    assert asked == needed - {"railyard", "stacks", "components"}


def test_there_is_one_version():
    """The root's ``pyproject.toml`` says it; the provider and its schema say the same."""
    schema = json.loads((ROOT / "packages" / "pulumiverse-railway" / "schema.json").read_text(encoding="utf-8"))

    assert versions.outdated() == {}
    assert (VERSION, schema["version"]) == (versions.version(), versions.version())


def test_the_lock_pins_all_that_the_parts_ask_for_with_hashes_and_names_no_index():
    """``make lock`` wrote it: a version that fits each request, at least one hash each, no address of a registry."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    asked = [*groups["dev"], *(each for part in (ROOT, *PACKAGES) for each in project(part)["dependencies"])]
    outside = [request for request in map(Requirement, asked) if canonicalize_name(request.name) not in OWN]

    assert [
        str(request)
        for request in outside
        if not request.specifier.contains(PINNED.get(canonicalize_name(request.name), "0"), prereleases=True)
    ] == []
    for entry in re.split(r"\n(?=\S)", LOCK.strip()):
        assert re.fullmatch(r"[\w.-]+==\S+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry
    assert "://" not in LOCK
