"""``railyard changed``: the systems of a stack that differ from what was last deployed, for a workflow's matrix.

Owns that question. What was last deployed is known from GitHub, where ``deploy`` keeps with which commit each system
went well; which systems a change can touch is ``railyard/review/touched.py``'s to say.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from railyard.accounts.github import GitHub
from railyard.review import checkout
from railyard.review.touched import differing_files, systems_in, touched
from railyard.shared.console import CallError, JsonOption, reported_errors, write_json
from railyard.shared.options import StackOption
from railyard.shared.project import project_directory
from railyard.shared.stack import Stack, read_stack

SinceOption = Annotated[
    str,
    typer.Option("--since", metavar="COMMIT", help="Compare with this commit, in place of what GitHub knows."),
]


def changed(stack: StackOption = "", since: SinceOption = "", *, json: JsonOption = False) -> None:
    """Name the systems that differ from what was last deployed, in one line.

    A system that was deployed and has left the settings is reported, and not named: only an up of the whole stack
    takes it down. A system of a stack that promotes from another waits there first: while that one is not deployed as
    the settings say, it is not named. Reads GITHUB_TOKEN and GITHUB_REPOSITORY, unless --since is given. In a workflow
    the list is left as the output `systems`, for a matrix.
    """
    with reported_errors(json=json):
        changed_systems = find(read_stack(stack), since)
        if output := os.environ.get("GITHUB_OUTPUT"):
            with Path(output).open("a", encoding="utf-8") as file:
                file.write(f"systems={_list(changed_systems.systems)}\n")
        if json:
            write_json(changed_systems.document())
            return
        if changed_systems.systems:
            typer.echo(" ".join(changed_systems.systems))
        for system, source in changed_systems.waiting.items():
            typer.echo(f"note: {system} waits until {source} runs what is to be released", err=True)
        for system in changed_systems.left:
            typer.echo(f"{_warning()}{_has_left(system, changed_systems.stack)}", err=True)


def _has_left(system: str, stack: str) -> str:
    return (
        f"{system} was deployed to {stack} and has left its settings: unless it was abandoned it still runs, and "
        f"`railyard deploy -s {stack}` takes down what of it is not protected. This ends with the environment "
        f"{stack}/{system} of the repository at GitHub: delete that then"
    )


def _warning() -> str:
    """Return how a warning begins: in a workflow as GitHub marks it, which then is on top of the run."""
    return "::warning::" if os.environ.get("GITHUB_ACTIONS") == "true" else "warning: "


def _list(names: Sequence[str]) -> str:
    return json.dumps(list(names))


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The systems of a stack that are not deployed as its settings say."""

    stack: str
    systems: Sequence[str]
    waiting: Mapping[str, str] = field(default_factory=dict[str, str])
    """System → the stack that it waits for."""
    left: Sequence[str] = ()
    """Systems that were deployed, and that the settings do not hold any more."""

    def document(self) -> dict[str, Any]:
        """Return it for programs."""
        waiting, left = dict(self.waiting), list(self.left)
        return {"stack": self.stack, "systems": list(self.systems), "waiting": waiting, "left": left}


def find(stack: Stack, since: str = "") -> Changed:
    """Return what is not deployed; raises ``OperationError``."""
    if since:
        base = checkout.commit(project_directory(), since)
        left = sorted(_systems_at(base, stack.name) - {*stack.systems})
        return Changed(stack=stack.name, systems=_differing(stack, dict.fromkeys(stack.systems, base)), left=left)
    github = GitHub()
    names, left = _differing(stack, _deployed(github, stack.name, stack.systems)), _left(github, stack)
    source = read_stack(stack.promotes_from) if stack.promotes_from else None
    if source is None:
        return Changed(stack=stack.name, systems=names, left=left)
    shared = [name for name in names if name in source.systems]
    behind = _differing(source, _deployed(github, source.name, shared))
    return Changed(
        stack=stack.name,
        systems=[name for name in names if name not in behind],
        waiting=dict.fromkeys((name for name in names if name in behind), source.name),
        left=left,
    )


def _left(github: GitHub, stack: Stack) -> list[str]:
    """Return the systems that were deployed and are in the settings no more, unless the last deployment ended them."""
    prefix = f"{stack.name}/"
    names = [name.removeprefix(prefix) for name in github.environments() if name.startswith(prefix)]
    commits = _deployed(github, stack.name, [name for name in names if name not in stack.systems])
    return sorted(name for name, commit in commits.items() if commit and name in _systems_at(commit, stack.name))


def _systems_at(commit: str, stack: str) -> set[str]:
    """Return the systems of a stack as a commit has them; none where the history does not have it any more."""
    root = project_directory()
    with tempfile.TemporaryDirectory(prefix="railyard-changed-") as folder:
        try:
            checkout.commit(root, commit)
            return systems_in(checkout.unpack(root, commit, Path(folder) / "then").directory, stack)
        except CallError:
            return set()


def _deployed(github: GitHub, stack: str, systems: Sequence[str]) -> dict[str, str | None]:
    """Return the commit with which each system went well last; None where none is known."""
    return {name: github.last_deployed(f"{stack}/{name}") for name in systems}


def _differing(stack: Stack, deployed: Mapping[str, str | None]) -> list[str]:
    """Return those of the systems whose settings or code are not those of their commit."""
    root = project_directory()
    can_differ: dict[str, list[str] | None] = {}
    for commit in dict.fromkeys(each for each in deployed.values() if each):
        try:
            checkout.commit(root, commit)
        except CallError:  # of a history that was written anew
            can_differ[commit] = None
            continue
        with tempfile.TemporaryDirectory(prefix="railyard-changed-") as folder:
            before = checkout.unpack(root, commit, Path(folder) / "before")
            files = differing_files(root, commit)
            can_differ[commit] = touched(files, stack.name, before.directory, root, judged=False)
    return [name for name, commit in deployed.items() if commit is None or _is_in(name, can_differ[commit])]


def _is_in(name: str, systems: Sequence[str] | None) -> bool:
    return systems is None or name in systems
