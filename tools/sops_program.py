"""Find or build the real ``sops``, with which the tests of ``tests/sops`` and of ``railyard secrets`` compare.

Started as ``python -m tools.sops_program``. What users run needs none of it: ``railyard`` reads SOPS files by itself,
and takes the ``sops`` on PATH where it writes one.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from railyard.engine import go_build
from railyard.shared.console import OperationError

SOPS: Final = go_build.GoProgram(
    name="sops",
    title="sops",
    folder="sops",
    module="github.com/getsops/sops/v3",
    package="github.com/getsops/sops/v3/cmd/sops",
)


def find() -> Path | None:
    """Return the pinned ``sops`` that was built, or else the one on PATH; None where there is neither."""
    on_path = shutil.which(SOPS.name)
    return go_build.built(SOPS) or (Path(on_path) if on_path else None)


def main() -> int:
    """Build it where it is missing; return the exit code, which is 1 in continuous integration without Go as well."""
    try:
        program = go_build.build(SOPS, print) if go_build.possible(SOPS) else find()
    except OperationError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    if program is None:
        sys.stderr.write("sops is not built: there is no Go toolchain\n")
        return 1 if os.environ.get("CI") else 0
    sys.stdout.write(f"{program} is there for the tests\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
