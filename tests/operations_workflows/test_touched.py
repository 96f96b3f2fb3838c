"""Which systems a change can touch, by the files that differ alone: those, or all where nobody can know."""

from __future__ import annotations

from pathlib import Path

import pytest

from railyard.review.touched import touched
from tests.operations_workflows.test_systems_apart import TWO

SETTINGS = "Pulumi.staging.yaml"
SECRETS = "omega:\n  A: ENC[1]\nrose:\n  B: ENC[2]\nsops:\n  version: 1\n"
FILES = {SETTINGS: TWO, "secrets/staging.yaml": SECRETS}
CHANGES: dict[str, tuple[str, str, str, list[str] | None]] = {
    "a setting of a system": (SETTINGS, "logLevel: info", "logLevel: debug", ["omega"]),
    "a comment": (SETTINGS, "    logLevel: info", "    # why\n    logLevel: info", []),
    "a secret of a system": ("secrets/staging.yaml", "ENC[2]", "ENC[3]", ["rose"]),
    "who can open the secrets": ("secrets/staging.yaml", "version: 1", "version: 2", []),
    "what all systems share": (SETTINGS, "plan: hobby", "plan: pro", None),
    "the budget": (SETTINGS, "plan: hobby", "plan: hobby\n  railyard:budget: 50", None),
    "a key that is none": (SETTINGS, "railyard:rose:", "railyard:rise:", ["rise", "rose"]),
    "an import of values": (SETTINGS, "config:", "environment: [shared]\nconfig:", None),
    "settings that are no YAML": (SETTINGS, "config:", "config: [", None),
}


def written(folder: Path, files: dict[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_what_differs_names_the_systems(tmp_path: Path, change: str) -> None:
    """Settings and secrets of a system are its own; what several share, or nobody can read, may touch all."""
    file, old, new, expected = CHANGES[change]
    assert old in FILES[file]
    before = written(tmp_path / "before", FILES)
    after = written(tmp_path / "after", {**FILES, file: FILES[file].replace(old, new)})

    assert touched([file], "staging", before, after) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("docs/map.md", []),
        ("tests/test_new.py", []),
        ("Pulumi.production.yaml", []),
        ("secrets/staging/omega.yaml", []),
        ("stacks/omega.py", None),
        ("packages/railway-api/railway_api/client.py", None),
        ("Pulumi.yaml", None),
        ("requirements.txt", None),
        ("new.py", None),
    ],
)
def test_every_other_file_may_be_code_of_all(tmp_path: Path, file: str, expected: list[str] | None) -> None:
    """But for documentation, tests, and what belongs to other stacks."""
    folder = written(tmp_path, FILES)

    assert touched([file], "staging", folder, folder) == expected


def test_a_system_may_have_a_secrets_file_of_its_own(tmp_path: Path) -> None:
    """Whichever of them differs is that of one system."""
    folder = written(tmp_path, {SETTINGS: TWO.replace("secrets/staging.yaml", "secrets/staging/")})

    assert touched(["secrets/staging/omega.yaml"], "staging", folder, folder) == ["omega"]
    assert touched(["secrets/production/omega.yaml"], "staging", folder, folder) == []


@pytest.mark.parametrize("key", ["budget: 50", "owner: [me]", "prices: {egressGb: 0.1}", "usage: {rose: {web: {}}}"])
def test_what_judges_a_change_runs_nothing(tmp_path: Path, key: str) -> None:
    """A comparison looks at all, since it may be refused; a workflow deploys none."""
    before = written(tmp_path / "before", FILES)
    after = written(tmp_path / "after", {**FILES, SETTINGS: f"{TWO}  railyard:{key}\n"})

    assert touched([SETTINGS], "staging", before, after) is None
    assert touched([SETTINGS], "staging", before, after, judged=False) == []


def test_a_system_needs_no_project_in_its_settings(tmp_path: Path) -> None:
    """Its name follows from the stack: a change of it is that of one system all the same."""
    short = "config:\n  railyard:omega: {logLevel: info}\n  railyard:rose: {}\n"
    before = written(tmp_path / "before", {SETTINGS: short})
    after = written(tmp_path / "after", {SETTINGS: short.replace("info", "debug")})

    assert touched([SETTINGS], "staging", before, after) == ["omega"]
