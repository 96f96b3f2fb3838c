"""Write the version of the project, which stands in ``pyproject.toml`` of its root, wherever else it has to stand.

Started as ``python -m tools.versions``. With ``--check`` nothing is written: the files that say another one are named,
and the exit code is 1. Packages repeat it because each is built, and fetched from git, without the rest of the project.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PROVIDER: Final = ROOT / "packages" / "pulumiverse-railway" / "pulumiverse_railway" / "provider" / "main.py"
_STATED: Final = re.compile(r'^(version|VERSION)( = ")[^"]+(")$', re.MULTILINE)


def version() -> str:
    """Return the version, such as ``0.1.0``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def outdated() -> dict[Path, str]:
    """Return the files that say another version → the text that they should have."""
    files = [*sorted(ROOT.glob("packages/*/pyproject.toml")), PROVIDER]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    right = {file: _STATED.sub(rf"\g<1>\g<2>{version()}\g<3>", text, count=1) for file, text in texts.items()}
    return {file: text for file, text in right.items() if text != texts[file]}


def main(arguments: list[str]) -> int:
    """Write, or check; return the exit code."""
    for file, text in (stale := outdated()).items():
        if "--check" in arguments:
            sys.stdout.write(f"{file.relative_to(ROOT)} does not say version {version()}: make generate\n")
        else:
            file.write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
