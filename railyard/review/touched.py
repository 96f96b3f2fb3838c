"""The systems of a stack that a change can touch, by the files that differ, without running anything.

Owns that judgement. Where only settings and secrets of some systems differ, these are looked at; every other file may
be code of all, and then all are.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import go_yaml
from pulumi_operations.project import ProjectError, config_texts
from railyard.shared.console import OperationError
from stacks import system_names
from stacks.defaults_file import defaults_text
from stacks.problems import SettingsError
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name, with_shared

_RUNS_NOTHING: Final = (
    "*.md", "docs/*", "tests/*", "benchmarks/*", "tools/*", ".github/*", "Makefile", ".gitignore", "secrets/*",
    file_name("*"), DEFAULTS_FILE,
)  # fmt: skip
"""Files that decide nothing of what a stack runs, but for its own settings and secrets. ``*`` means folders, too."""
_JUDGES: Final = frozenset(
    f"{NAMESPACE}:{key}"
    for key in ("backups", "budget", "owner", "policies", "prices", "promotesFrom", "reviews", "usage")
)
"""Keys of a stack by which a change is judged or reported; what runs does not depend on them."""
_OF_A_SYSTEM: Final = re.compile(r'"(project|services)":')
_SOPS: Final = "sops"
"""Key of a SOPS file that says who can open it."""


def touched(files: Sequence[str], stack: str, before: Path, after: Path, *, judged: bool = True) -> list[str] | None:
    """Return the systems of ``stack`` that a change of ``files`` between two folders can touch; None: any.

    A name may be one that the settings do not hold any more. Unless ``judged``, keys do not count that change nothing
    of what runs, but what is said or allowed of a change, such as the budget.
    """
    if any(not _matches(file) for file in files):
        return None
    try:
        one, other = _settings(before, stack), _settings(after, stack)
        own = f"{NAMESPACE}:secrets"
        secrets = {each.get(own, f"secrets/{stack}.yaml") for each in (one, other)}
        keys = [key for key in _differing(one, other) if judged or key not in _JUDGES]
        for file in (each for each in secrets if not each.endswith("/")):
            systems = _differing(_groups(before / file), _groups(after / file))
            keys += [f"{NAMESPACE}:{name}" for name in systems if name != _SOPS]
        for file in files:  # secrets/<stack>/<system>.yaml
            folder, _, name = file.rpartition("/")
            if f"{folder}/" in secrets:
                keys.append(f"{NAMESPACE}:{name.removesuffix('.yaml')}")
    except (ProjectError, SettingsError, go_yaml.YamlError, ValueError):
        return None
    systems = {key.partition(":")[2] for key in keys}
    return sorted(systems) if systems <= _systems({**one, **other}) else None


def systems_in(folder: Path, stack: str) -> set[str]:
    """Return the systems that a stack of the project in ``folder`` has settings of; none where they cannot be read."""
    try:
        return _systems(_settings(folder, stack))
    except (ProjectError, SettingsError, go_yaml.YamlError, ValueError):
        return set()


def differing_files(root: Path, base: str, head: str = "") -> list[str]:
    """Return the files that differ between two commits, or between one and the files as they are."""
    listed = subprocess.run(
        ["git", "diff", "--name-only", "--relative", "--no-renames", "-z", base, *([head] if head else []), "--"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        raise OperationError(f"git cannot compare {base[:7]}: {listed.stderr.strip()}")
    more = "" if head else _git_untracked(root)
    return [name for name in (listed.stdout + more).split("\0") if name]


def _git_untracked(root: Path) -> str:
    command = ["git", "ls-files", "--others", "--exclude-standard", "-z"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout


def _matches(file: str) -> bool:
    return any(fnmatch(file, pattern) for pattern in _RUNS_NOTHING)


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    return (key for key in {**one, **other} if one.get(key) != other.get(key))


def _settings(folder: Path, stack: str) -> dict[str, str]:
    """Return the configuration of a stack with what all stacks share, and what else its file says."""
    file = folder / file_name(stack)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    shared = config_texts(DEFAULTS_FILE, defaults_text(folder), NAMESPACE)
    config = with_shared(config_texts(file.name, text, NAMESPACE), shared, system_names())
    return {**config, **{key: str(value) for key, value in _groups(file).items() if key != "config"}}


def _groups(file: Path) -> dict[str, Any]:
    """Return the groups of a YAML file as they are written."""
    document: Any = go_yaml.load(file.read_text(encoding="utf-8")) if file.exists() else {}
    return dict(document or {})


def _systems(config: Mapping[str, str]) -> set[str]:
    """Return the systems of a configuration: those in Python, and groups with a project or services of their own."""
    named = {key.partition(":")[2]: text for key, text in config.items() if key.startswith(f"{NAMESPACE}:")}
    groups = {key for key, text in named.items() if text.startswith("{") and _OF_A_SYSTEM.search(text)}
    return groups | named.keys() & {*system_names()}
