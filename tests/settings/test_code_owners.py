"""CODEOWNERS follows from the settings' owners."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from railyard.shared.console import OperationError
from railyard.shared.stack import read_stacks
from railyard.workflows.command import OWNERS_FILE, owners_text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with owners of everything, of a stack, of a system with its own secrets, of a stack of one system."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "omega.py").touch()
    (tmp_path / "defaults.yaml").write_text('config:\n  railyard:owner: ["@shop/everybody"]\n')
    (tmp_path / "Pulumi.staging.yaml").write_text(
        "config:\n  railyard:omega: {}\n  railyard:netia: {app: {repo: a/b, railwayDomain: true}}\n"
    )
    production = (
        'config:\n  railyard:owner: ["@shop/operators"]\n  railyard:secrets: secrets/production/\n'
        '  railyard:omega: {owner: ["@shop/omega", "ada@example.com"]}\n'
        "  railyard:netia: {app: {repo: a/b, railwayDomain: true}}\n"
    )
    (tmp_path / "Pulumi.production.yaml").write_text(production)
    (tmp_path / "Pulumi.omega-eu.yaml").write_text('config:\n  railyard:omega: {owner: ["@ada"]}\n')
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path))
    return tmp_path


def test_owners_of_stacks_and_systems_are_asked_about_their_files(project: Path) -> None:
    """The last line that matches decides at GitHub, so what is somebody's own stands behind what is everybody's."""
    rules = [line for line in owners_text(read_stacks(), project).splitlines() if not line.startswith("#")]

    assert rules[0] == "* @shop/everybody @shop/operators"
    assert "/stacks/omega.py @ada @shop/omega ada@example.com" in rules
    assert "/Pulumi.production.yaml @shop/operators" in rules
    assert "/Pulumi.omega-eu.yaml @shop/everybody @ada" in rules
    assert "/secrets/omega-eu.yaml @shop/everybody @ada" in rules
    folder, own = rules.index("/secrets/production/ @shop/operators"), "/secrets/production/omega.yaml"
    assert rules.index(f"{own} @shop/omega ada@example.com") > folder
    assert not [line for line in rules if "production/netia" in line]


def test_an_owner_is_written_as_github_writes_it(project: Path) -> None:
    """A name without its sign would be taken for a path, and nobody would be asked."""
    (project / "Pulumi.omega-eu.yaml").write_text("config:\n  railyard:omega: {owner: [ada]}\n")

    with pytest.raises(OperationError, match=r"omega\.owner\[0\].*\n.*@user, @organization/team, or an e-mail"):
        read_stacks()


def test_the_file_of_the_repository_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what ``railyard workflows`` writes, and names nobody whom the settings do not name."""
    monkeypatch.setenv("RAILYARD_PROJECT", str(ROOT))

    assert (ROOT / OWNERS_FILE).read_text() == owners_text(read_stacks(), ROOT)
    owners = [line for line in (ROOT / OWNERS_FILE).read_text().splitlines() if line and not line.startswith("#")]
    assert bool(owners) == any(stack.settings.stack.owner for stack in read_stacks())
