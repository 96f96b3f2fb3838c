"""The ``sops`` program, for files whose keys are not age: PGP, cloud key services, several key groups.

Owns the one call of it. Does not repeat what the program says: its messages can quote values of the file.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sops.errors import KeyMissingError, ProgramError, TamperedError
from sops.loading import Tree

# Exit codes of SOPS, package cmd/sops/codes.
_NO_KEY: Final = 128
_TAMPERED: Final = {
    25: "a value is not what SOPS wrote there: changed by hand, or moved from another key",
    51: "its message authentication code does not match its values",
}


def decrypt(path: Path, needs: str, environment: Mapping[str, str]) -> Tree:
    """Decrypt ``path``; ``needs`` says in an error which keys it takes.

    Raises KeyMissingError where none of them can be used from here, TamperedError or ProgramError.
    """
    program = shutil.which("sops", path=environment.get("PATH", ""))
    if program is None:
        raise KeyMissingError(
            f"{path} {needs}; without an age key that opens it this takes the sops program, which is not on PATH; "
            "install it from https://getsops.io, or have your age recipient added to the file"
        )
    command = [program, "--decrypt", "--output-type", "json", str(path)]
    try:
        process = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ProgramError(f"{program} cannot be started ({type(error).__name__}), and {path} {needs}") from None
    if process.returncode == _NO_KEY:
        raise KeyMissingError(
            f"none of the keys of {path} can be used here: it {needs}; `sops decrypt {path}` shows what was tried"
        )
    if process.returncode in _TAMPERED:
        raise TamperedError(
            f"{path} was changed by something other than SOPS: {_TAMPERED[process.returncode]}; restore the file, then "
            f"change it with `sops edit {path}`"
        )
    if process.returncode != 0:
        raise ProgramError(
            f"the sops program could not decrypt {path} (exit code {process.returncode}); "
            f"`sops decrypt {path}` shows why"
        )
    try:
        return json.loads(process.stdout)
    except ValueError:
        raise ProgramError(f"the sops program answered for {path} with something that is not JSON") from None
