"""The files of a project that ``railyard init`` makes, as texts.

Owns what stands in each, and nothing of where it goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import Any, Final

from railyard.init.proposal import Proposal
from railyard.migrate.findings import Settings
from railyard.shared.settings_yaml import settings_yaml
from stacks.schema import text_in_one_line
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name

SCHEMA_FILE: Final = "settings.schema.json"
GITIGNORE: Final = (".venv/", ".sandbox/", "__pycache__/", "Pulumi.pr-*.yaml", "*.skeleton.yaml", ".new-*/", ".*.part")
"""Lines that keep what commands leave on a machine out of the repository."""
_FOR_EDITORS: Final = f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n"
_PROGRAM: Final = (
    '"""The Pulumi program: the systems that the settings of the stack name."""\n\nfrom stacks import main\n\nmain()\n'
)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Choices that somebody made for the new project."""

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
    """Return the settings of each stack; what several share stands once, and the versions in each of them."""
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
