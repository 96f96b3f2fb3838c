"""The files of a project that ``railyard init`` makes: their texts, and putting them into its folder.

Owns what each holds, and the comparison with what is there: all that are new are written, and no file of the user is
replaced. The next run finishes one that was killed: what is written already is the same, and left as it is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, Final

from railyard.init.proposal import Proposal
from railyard.migrate.findings import Settings
from railyard.shared.console import CallError
from railyard.shared.files import write_whole
from railyard.shared.settings_text import settings_yaml
from railyard.workflows.command import expected_files, is_generated
from stacks.project_folder import PROJECT_VARIABLE
from stacks.schema import text_in_one_line
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name

_KEPT = ("README.md",)
"""Files that an application has of its own, and that the project does without."""
_MERGED = (".gitignore",)
"""Files of which the project adds the lines that are missing."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Files to be written into the folder."""

    folder: Path
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Path → text, of those that are not there as they should be."""
    users_files: Sequence[str] = ()
    """Files of the user that stay as they are."""


def _present(file: Path, *, merged: bool) -> str:
    """Return the text of a file; raises ``CallError`` for one to which lines are added and that is not UTF-8."""
    try:
        return file.read_bytes().decode("utf-8", errors="strict" if merged else "replace")
    except UnicodeDecodeError as error:
        raise CallError(
            f"{file} is not UTF-8 text (byte {error.start}), and lines are added to it: save it as UTF-8"
        ) from None


def plan(folder: Path, generated: Mapping[str, str], *, force: bool) -> Plan:
    """Return what is to be written; raises ``CallError`` for files that would be overwritten, unless ``force``."""
    files: dict[str, str] = {}
    users_files: list[str] = []
    foreign: list[str] = []
    for name, text in generated.items():
        file = folder / name
        present = _present(file, merged=name in _MERGED) if file.is_file() else None
        if present is None:
            files[name] = text
        elif name in _MERGED:
            if lines := [line for line in text.splitlines() if line not in present.splitlines()]:
                files[name] = present.rstrip("\n") + "\n" * bool(present) + "".join(f"{line}\n" for line in lines)
        elif present == text:
            continue
        elif name in _KEPT and not force:
            users_files.append(name)
        elif force or is_generated(file):
            files[name] = text
        else:
            foreign.append(name)
    if foreign:
        names = ", ".join(foreign)
        raise CallError(
            f"there already, and not as they would be: {names}; nothing was written. Move them away, or overwrite "
            "them with --force"
        )
    return Plan(folder=folder, files=files, users_files=users_files)


def write(plan: Plan) -> None:
    """Write the files, each in one piece."""
    for name, text in plan.files.items():
        (plan.folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(plan.folder / name, text)


def with_generated(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a project with those at GitHub that follow from its stacks.

    Raises ``OperationError`` for settings that are refused: the project is made in a temporary folder first.
    """
    with (
        tempfile.TemporaryDirectory(prefix="railyard-init-") as directory,
        _working_on(Path(directory).resolve()) as copy,
    ):
        write(Plan(folder=copy, files=files))
        return {**files, **expected_files(copy)}


@contextmanager
def _working_on(project: Path) -> Generator[Path]:
    before = os.environ.get(PROJECT_VARIABLE)
    os.environ[PROJECT_VARIABLE] = str(project)
    try:
        yield project
    finally:
        if before is None:
            del os.environ[PROJECT_VARIABLE]
        else:
            os.environ[PROJECT_VARIABLE] = before


SCHEMA_FILE: Final = "settings.schema.json"
GITIGNORE: Final = (".venv/", ".sandbox/", "__pycache__/", "Pulumi.pr-*.yaml", "*.skeleton.yaml", ".new-*/", ".*.part")
"""Lines that keep what commands leave on a machine out of the repository."""
_FOR_EDITORS: Final = f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n"
_PROGRAM: Final = (
    '"""The Pulumi program: the systems that the settings of the stack name."""\n\nfrom stacks import main\n\nmain()\n'
)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Choices that the user made for the new project."""

    name: str
    """Of the project and of its system."""
    stacks: Sequence[str]
    """Each promotes from the one before it."""
    plan: str
    commit: str | None = None
    """The commit that runs where a stack may not follow a branch; None where none is known."""


def project_files(choices: Choices, proposal: Proposal, requirements: str) -> dict[str, str]:
    """Return the files that nothing else generates, path → text. ``requirements`` is the name of that file."""
    return {
        "Pulumi.yaml": _project(choices.name),
        "__main__.py": _PROGRAM,
        **_settings(choices, proposal),
        SCHEMA_FILE: text_in_one_line(),
        "secrets/.sops.yaml": _template("sops.yaml"),
        ".gitignore": "".join(f"{line}\n" for line in GITIGNORE),
        "README.md": _readme(choices, requirements),
    }


def _project(name: str) -> str:
    document = {
        "name": name,
        "description": f"{name} on Railway",
        "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}},
    }
    return settings_yaml(document)


def _settings(choices: Choices, proposal: Proposal) -> dict[str, str]:
    """Return the settings of each stack; what several share is said once, and the versions in each of them."""
    key = f"{NAMESPACE}:{choices.name}"
    if len(choices.stacks) == 1:
        config = {"railway:plan": choices.plan, key: proposal.whole()}
        return {file_name(choices.stacks[0]): _FOR_EDITORS + _yaml({"config": config})}
    files = {DEFAULTS_FILE: _FOR_EDITORS + _yaml({"config": {key: proposal.shared()}})}
    before: str | None = None
    for stack in choices.stacks:
        config: Settings = {"railway:plan": choices.plan}
        config |= {f"{NAMESPACE}:promotesFrom": before} if before else {}
        config |= {key: _of_stack(choices, proposal, promoted=before is not None)}
        files[file_name(stack)] = _FOR_EDITORS + _yaml({"config": config})
        before = stack
    return files


def _of_stack(choices: Choices, proposal: Proposal, *, promoted: bool) -> Settings:
    """Return what one of several stacks says of the system: the versions that it runs."""
    releases: dict[str, Settings] = dict(proposal.releases().get("services", {}))
    built = [name for name, each in proposal.services.items() if "repo" in each]
    if promoted and choices.commit:
        releases |= {name: {"commitSha": choices.commit} for name in built}
    follows = {"followsBranch": True} if promoted and built and not choices.commit else {}
    return {**follows, **({"services": releases} if releases else {})}


def _yaml(document: Mapping[str, Any]) -> str:
    return settings_yaml(document, short_in_one_line=True)


def _readme(choices: Choices, requirements: str) -> str:
    shared = f", what the stacks share in `{DEFAULTS_FILE}`" if len(choices.stacks) > 1 else ""
    values = {"name": choices.name, "stack": choices.stacks[0], "requirements": requirements, "shared": shared}
    return Template(_template("README.md")).substitute(values)


def _template(name: str) -> str:
    return (resources.files("railyard.init") / "templates" / name).read_text(encoding="utf-8")
