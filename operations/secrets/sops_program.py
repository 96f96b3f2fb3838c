"""Writing SOPS files with the ``sops`` program: encrypting a new one, setting one value.

Owns the calls. A value goes through standard input, so that it stands in no list of processes and no history. Nothing
that the program says is repeated: its messages can quote values.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from operations.console import OperationError, shown
from operations.stack import Stack


def find(environment: Mapping[str, str]) -> str | None:
    """The path of the program, None where it is not installed."""
    return shutil.which("sops", path=environment.get("PATH", ""))


def encrypt_command(program: str, rules: Path, skeleton: Path, target: Path) -> list[str]:
    """The command that encrypts ``skeleton`` into ``target`` by the rules of ``rules``.

    ``sops`` looks for its rules from the current directory upwards, so the file has to be named.
    """
    override = ["--filename-override", shown(target), "--output", shown(target)]
    return [program, "--config", shown(rules), "encrypt", *override, shown(skeleton)]


def encrypt(stack: Stack, rules: Path, skeleton: Path) -> None:
    """Encrypt ``skeleton`` into the stack's file; raises ``OperationError``."""
    command = encrypt_command(_program(stack), rules, skeleton, stack.secrets_file)
    if _run(command, stack.environment).returncode != 0:
        raise OperationError(
            f"the sops program could not encrypt {shown(skeleton)}; run this to see why:\n"
            f"  {' '.join(['sops', *command[1:]])}"
        )


def store(stack: Stack, system: str, name: str, value: str) -> None:
    """Set one value in the stack's file; raises ``OperationError``."""
    file = shown(stack.secrets_file)
    command = [_program(stack), "set", "--value-stdin", file, f'["{system}"]["{name}"]']
    done = _run(command, stack.environment, json.dumps(value))
    if "not defined: -value-stdin" in done.stdout + done.stderr:
        raise OperationError(
            "the sops program on PATH is older than 3.11 and takes values only from its command line, which other "
            "people of this machine can see: install a newer one from https://getsops.io"
        )
    if done.returncode != 0:
        raise OperationError(
            f"the sops program could not set {system}.{name} in {file} (exit code {done.returncode}); nothing was "
            f"changed. `sops edit {file}` shows why"
        )


def _program(stack: Stack) -> str:
    program = find(stack.environment)
    if program is None:
        raise OperationError("this needs the sops program, and it is not on PATH: install it from https://getsops.io")
    return program


def _run(command: Sequence[str], environment: Mapping[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, env=environment, capture_output=True, text=True, check=False)
