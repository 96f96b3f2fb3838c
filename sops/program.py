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

from sops.errors import ProgramError
from sops.loading import Tree

# Exit codes of SOPS, package cmd/sops/codes.
_MEANINGS: Final = {
    25: "a value cannot be decrypted",
    51: "the message authentication code does not match",
    128: "none of the file's keys could be used",
}


def decrypt(path: Path, needs: str, environment: Mapping[str, str]) -> Tree:
    """Decrypt ``path``; ``needs`` says in an error why the program is wanted."""
    program = shutil.which("sops", path=environment.get("PATH", ""))
    if program is None:
        raise ProgramError(
            f"{path} {needs}, which only the sops program can use, and it is not on PATH; "
            "install it from https://getsops.io or add an age recipient to the file"
        )
    command = [program, "--decrypt", "--output-type", "json", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        meaning = _MEANINGS.get(done.returncode, f"exit code {done.returncode}")
        raise ProgramError(f"the sops program could not decrypt {path} ({meaning}); `sops decrypt {path}` shows why")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise ProgramError(f"the sops program answered for {path} with something that is not JSON") from None
