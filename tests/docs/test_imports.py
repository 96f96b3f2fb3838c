"""Who may import whom: the contracts of import-linter cover the whole project, and are seen to fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tools import import_table

ROOT = Path(__file__).parents[2]
PACKAGES = import_table.settings()["root_packages"]
OUTSIDE = {"docs", "secrets", "tools"}
"""Folders whose modules nobody can import, and the scripts that see to the project."""


@pytest.fixture(scope="module")
def graph(tmp_path_factory) -> grimp.ImportGraph:
    """What imports what in the project."""
    return grimp.build_graph(*PACKAGES, cache_dir=str(tmp_path_factory.mktemp("graph")))


def modules_of_the_project() -> set[str]:
    """All modules that git holds or would hold, but those of no package."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: set[str] = set()
    for path in map(Path, listed.stdout.splitlines()):
        parts = path.parts[2:] if path.parts[0] == "packages" else path.parts
        if len(parts) > 1 and parts[0] not in OUTSIDE and (ROOT / path).exists():
            found.add(".".join(parts).removesuffix(".py").removesuffix(".__init__"))
    return found


def test_contracts_cover_every_module(graph):
    """A folder that nobody named is found, and so is one that import-linter cannot see."""
    assert modules_of_the_project() - set(graph.modules) == set()
    protected = [
        module
        for contract in import_table.settings()["contracts"]
        if contract["type"] == "protected"
        for module in contract["protected_modules"]
    ]
    assert sorted(protected) == sorted(PACKAGES)


def test_the_table_of_the_architecture_is_that_of_the_contracts():
    """What ``make generate`` would write stands there."""
    assert import_table.table() in import_table.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("package", [each for each in PACKAGES if each not in import_table.UNTOLD])
def test_a_layer_imports_what_the_architecture_says(graph, package):
    """Nothing more, so that each can be read alone; and nothing less, so that the table stays true."""
    imported = {
        other.partition(".")[0]
        for module in (package, *graph.find_descendants(package))
        for other in graph.find_modules_directly_imported_by(module)
    }

    assert imported - {package} == import_table.allowed_imports()[package].keys()


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """Every module of the project, and nothing else of it."""
    directory = tmp_path_factory.mktemp("copy")
    for name in (*(each for each in PACKAGES if (ROOT / each).is_dir()), "packages"):
        shutil.copytree(ROOT / name, directory / name, ignore=lambda folder, names: _other_files(Path(folder), names))
    shutil.copy(ROOT / "pyproject.toml", directory)
    return directory


def _other_files(folder: Path, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".py") and not (folder / name).is_dir()]


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a copy, as ``make check`` runs it on the project."""
    path = os.pathsep.join(map(str, sorted((directory / "packages").iterdir())))
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--cache-dir", ".cache"], cwd=directory,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_project_keeps_its_contracts(copy):
    """Circles of files and folders are among what they forbid."""
    done = lint(copy)

    assert (done.returncode, " 0 broken" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        pytest.param(
            "packages/pulumiverse-railway/pulumiverse_railway/provider", "railyard.operate.status", id="a command"
        ),
        pytest.param("railyard/deliver", "tests.programs", id="tests"),
        pytest.param("packages/railway-api/railway_api", "railway_sandbox.server", id="the simulator"),
        pytest.param("packages/railway-sandbox/railway_sandbox/railway", "railway_api.failure", id="the client"),
        pytest.param("packages/sops-python/sops", "pulumi", id="Pulumi"),
        pytest.param(
            "packages/railway-sandbox/railway_sandbox/spaces", "railway_sandbox.cloudflare", id="another cloud"
        ),
    ],
)
def test_an_import_that_is_not_allowed_is_named(copy, importer, imported):
    """A command in the provider, tests in a command, the simulator in the client, the client in the simulator."""
    offence = copy / importer / "offence.py"
    offence.write_text(f"import {imported}\n")
    module = ".".join(offence.relative_to(copy).with_suffix("").parts[2 if importer.startswith("packages/") else 0 :])

    done = lint(copy)
    offence.unlink()

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{module} -> {imported} (l.1)" in done.stdout


def test_a_circle_of_files_is_named(copy):
    """The name of the folder that they stand in, and an import that closes the circle."""
    first, second = (copy / "stacks" / f"{name}.py" for name in ("first", "second"))
    first.write_text("import stacks.second\n")
    second.write_text("import stacks.first\n")

    done = lint(copy)
    first.unlink()
    second.unlink()

    assert done.returncode == 1, done.stdout + done.stderr
    assert "No cycles are allowed in stacks." in done.stdout
