"""A throw-away sandbox in which one commit is brought up and another one is previewed, each with its own code.

Owns the processes: each side runs ``python -m railyard.engine`` of its own folder, so that program, components,
provider, settings and the sandbox's secrets are those of that commit. No credential reaches them. Reads no result.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

from railyard.engine.engine import code_of
from railyard.engine.engine_choice import VARIABLE, Engine
from railyard.review.checkout import Checkout
from railyard.shared.console import OperationError
from railyard.shared.project import SANDBOX_VARIABLE
from railyard.shared.stack import names, read_stack
from stacks.choice import CHOSEN_VARIABLE
from stacks.project_folder import is_checkout, requirements_file
from stacks.secrets import STANDINS_VARIABLE

EMBEDDED: Final = {VARIABLE: Engine.EMBEDDED.value}
"""Variable that makes a throwaway sandbox use the embedded engine, whatever is on PATH: two machines show the same
comparison, and it needs no plugin in the version that one of the two commits asks for."""
_CREDENTIALS: Final = ("RAILWAY_", "RAILYARD_", "CLOUDFLARE_", "DIGITALOCEAN_", "SPACES_", "AWS_", "SOPS_", "PULUMI_")
"""Beginnings of the names of variables that a side must not see."""
_TOKENS: Final = ("GITHUB_TOKEN", "GH_TOKEN", "DISCORD_WEBHOOK_URL", "SLACK_WEBHOOK_URL")
_LAST_LINES: Final = 15


class SideError(OperationError):
    """One side could not be run at all; the text is what it said."""


class ThrowAway:
    """Simulated clouds and states in ``directory``, which the caller removes.

    ``own_environment`` gives each side that is not the running project a virtual environment of its own, made by its
    Makefile; otherwise it runs with the packages of this one. ``standins`` lets both sides run with the names of the
    stack's own secrets file and made-up values, which differ where the encrypted ones do. ``systems`` are the only ones
    that both sides make; none: all.
    """

    def __init__(
        self,
        directory: Path,
        *,
        running: Path,
        own_environment: bool,
        standins: bool = False,
        systems: Sequence[str] = (),
    ) -> None:
        self._directory, self._running = directory, running
        self._own, self._standins, self._systems = own_environment, standins, systems

    def up(self, side: Checkout, stack: str) -> dict[str, Any]:
        """Bring a stack up; its document. Raises ``SideError``."""
        return self._run(side, "up", stack)

    def preview(self, side: Checkout, stack: str) -> dict[str, Any]:
        """Preview a stack on what is up; its document, also of a preview that found errors. Raises ``SideError``."""
        return self._run(side, "preview", stack)

    def _run(self, side: Checkout, operation: str, stack: str) -> dict[str, Any]:
        command = [self._python(side), "-m", "railyard.engine", operation, "--stack", stack, "--json"]
        process = subprocess.run(
            command, cwd=side.directory, env=self._environment(side), capture_output=True, text=True, check=False
        )
        try:
            document: Any = json.loads(process.stdout)
        except ValueError:
            document = None
        if not isinstance(document, dict) or "steps" not in document:
            output = (process.stderr.strip() or process.stdout.strip()).splitlines()[-_LAST_LINES:]
            raise SideError(
                "\n".join(output).removeprefix("error: ") or f"it ended with exit code {process.returncode}"
            )
        return cast("dict[str, Any]", document)

    def _python(self, side: Checkout) -> str:
        if not self._own or side.directory == self._running:
            return sys.executable
        for command in _set_up(side.directory):
            process = subprocess.run(
                command, cwd=side.directory, env=clean_environment(), capture_output=True, text=True, check=False
            )
            if process.returncode != 0:
                last = "\n".join((process.stdout + process.stderr).strip().splitlines()[-_LAST_LINES:])
                raise SideError(f"its virtual environment could not be made:\n{last}")
        return str(side.directory / ".venv" / "bin" / "python")

    def _environment(self, side: Checkout) -> Mapping[str, str]:
        variables = {**code_of(side.directory), SANDBOX_VARIABLE: str(self._directory), "NO_COLOR": "1", **EMBEDDED}
        variables |= {STANDINS_VARIABLE: "1"} if self._standins else {}
        variables |= {CHOSEN_VARIABLE: " ".join(self._systems)} if self._systems else {}
        return {**clean_environment(), **variables}


def _set_up(project: Path) -> list[list[str]]:
    """Return the commands that make the virtual environment of a project in its folder."""
    if is_checkout(project):
        return [["make", f"PYTHON={sys.executable}", ".venv/ready"]]
    pip = [".venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [
        [sys.executable, "-m", "venv", ".venv"],
        [*pip, "--require-hashes", "--requirement", requirements_file(project)],
    ]


def clean_environment() -> dict[str, str]:
    """Return the variables of this process without a credential, and without what points at an account."""
    left_out = {*_TOKENS, *_tokens_of_systems(), "PYTHONPATH"}
    return {
        name: value for name, value in os.environ.items() if not name.startswith(_CREDENTIALS) and name not in left_out
    }


def _tokens_of_systems() -> set[str]:
    """Return the variables in which the project's settings say that tokens are; of stacks that can be read."""
    variables: set[str] = set()
    for name in names():
        with suppress(OperationError):
            variables |= read_stack(name).token_variables
    return variables


def errors(document: Mapping[str, Any]) -> list[str]:
    """Return what went wrong, without repetitions."""
    messages = [
        item["message"].strip() for item in document.get("diagnostics") or () if item.get("severity") == "error"
    ]
    return list(dict.fromkeys(messages))
