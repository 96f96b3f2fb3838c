"""Writing SOPS files with the ``sops`` program: encrypting a new one, setting one value.

Owns the calls. The program writes into a copy, which replaces the file once it is whole: it empties a file before it
writes, so that an interruption or a full disk would take all secrets along. A value goes through standard input, so
that it stands in no list of processes and no history. Nothing that the program says is repeated: its messages can
quote values.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from railyard.shared.console import OperationError, shown
from railyard.shared.stack import Stack


def find(environment: Mapping[str, str]) -> str | None:
    """Return the path of the program, None where it is not installed."""
    return shutil.which("sops", path=environment.get("PATH", ""))


def encrypt_command(program: str, rules: Path, skeleton: Path, target: Path, output: Path) -> list[str]:
    """Return the command that encrypts ``skeleton`` into ``output`` by the rules that ``rules`` has for ``target``.

    ``sops`` looks for its rules from the current directory upwards, so the file has to be named.
    """
    override = ["--filename-override", shown(target), "--output", shown(output)]
    return [program, "--config", shown(rules), "encrypt", *override, shown(skeleton)]


def encrypt(stack: Stack, rules: Path, skeleton: Path) -> None:
    """Encrypt ``skeleton`` into the stack's file; raises ``OperationError``."""
    file = stack.secrets_file
    with _replacing(file) as new:
        command = encrypt_command(path(stack), rules, skeleton, file, new)
        if _run(command, stack.environment).returncode != 0:
            by_hand = shlex.join(encrypt_command("sops", rules, skeleton, file, file))
            raise OperationError(f"the sops program could not encrypt {shown(skeleton)}; this shows why:\n  {by_hand}")


def encrypt_text(stack: Stack, rules: Path, text: str) -> None:
    """Encrypt ``text``, which passes through a pipe alone, into the stack's file; raises ``OperationError``."""
    file = stack.secrets_file
    with _replacing(file) as new:
        command = encrypt_command(path(stack), rules, Path("/dev/stdin"), file, new)
        if _run(command, stack.environment, text).returncode != 0:
            raise OperationError(f"the sops program could not make {shown(file)}; nothing was written")


def remove(stack: Stack, system: str) -> None:
    """Take the group of a system out of the stack's file; raises ``OperationError``."""
    file = shown(stack.secrets_file)
    with _replacing(stack.secrets_file) as new:
        shutil.copy(stack.secrets_file, new)
        process = _run([path(stack), "unset", str(new), f'["{system}"]'], stack.environment)
        _refuse_failure(process, system, file)


def store(stack: Stack, system: str, name: str, value: str) -> None:
    """Set one value in the stack's file; raises ``OperationError``."""
    file = shown(stack.secrets_file)
    with _replacing(stack.secrets_file) as new:
        shutil.copy(stack.secrets_file, new)
        command = [path(stack), "set", "--value-stdin", str(new), f'["{system}"]["{name}"]']
        _refuse_failure(_run(command, stack.environment, json.dumps(value)), f"{system}.{name}", file)


def _refuse_failure(process: subprocess.CompletedProcess[str], key: str, file: str) -> None:
    if "not defined: -value-stdin" in process.stdout + process.stderr:
        raise OperationError(
            "the sops program on PATH is older than 3.11 and takes values only from its command line, which other "
            "people of this machine can see: install a newer one from https://getsops.io"
        )
    if process.returncode != 0:
        raise OperationError(
            f"the sops program could not set {key} in {file} (exit code {process.returncode}); nothing was "
            f"changed. `sops edit {file}` shows why"
        )


def path(stack: Stack) -> str:
    """Return the path of the program; raises ``OperationError`` where it is not installed."""
    program = find(stack.environment)
    if program is None:
        raise OperationError("this needs the sops program, and it is not on PATH: install it from https://getsops.io")
    return program


@contextmanager
def _replacing(file: Path) -> Generator[Path]:
    """Yield a path beside ``file`` that replaces it when all went well and nobody else changed it meanwhile."""
    target = file.resolve()
    before = target.read_bytes() if target.exists() else None
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as folder:
        new = Path(folder) / target.name
        yield new
        if before != (target.read_bytes() if target.exists() else None):
            raise OperationError(f"{shown(file)} was changed meanwhile and was left so: run the command again")
        new.replace(target)


def _run(command: Sequence[str], environment: Mapping[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, env=environment, capture_output=True, text=True, check=False)
