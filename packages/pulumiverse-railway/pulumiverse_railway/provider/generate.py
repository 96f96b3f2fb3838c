"""Writes the SDK's modules, ``schema.json`` and the pages in ``docs/railway`` from the declarations.

Started as ``python -m pulumiverse_railway.provider.generate``.

With ``--check`` nothing is written: the files that are out of date are named, and the exit code is 1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from pulumi_provider.generation import derived_files, outdated, write

from .assembly import build_provider

PACKAGE: Final = Path(__file__).parent.parent
ROOT: Final = PACKAGE.parent
PROJECT: Final = ROOT.parents[1]
PAGES: Final = PROJECT / "docs" / "railway"


def main(arguments: list[str]) -> int:
    """Write the files, or check them with ``--check``; return the exit code."""
    unknown = [argument for argument in arguments if argument != "--check"]
    if unknown:
        sys.stderr.write(f"unknown argument {unknown[0]}; the only one is --check\n")
        return 2
    files = derived_files(build_provider(), ROOT, PACKAGE, PAGES)
    if "--check" in arguments:
        stale = outdated(files)
        for path in stale:
            sys.stdout.write(f"out of date: {path.relative_to(PROJECT)}\n")
        if stale:
            sys.stdout.write("bring them up to date with: python -m pulumiverse_railway.provider.generate\n")
        return 1 if stale else 0
    for path in write(files):
        sys.stdout.write(f"changed: {path.relative_to(PROJECT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
