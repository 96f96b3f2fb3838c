"""Write the table of who may import whom into ``docs/architecture.md``, from the contracts in ``pyproject.toml``.

Started as ``python -m tools.import_table``. With ``--check`` nothing is written, and the exit code is 1 when the page
is out of date.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from railyard.shared.files import write_or_check

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "architecture.md"
UNTOLD: Final = ("benchmarks", "tests")
"""Folders that may import nearly everything, and that nothing else imports."""
_TABLE: Final = re.compile(r"(?<=<!-- contracts: begin -->\n).*?(?=<!-- contracts: end -->)", re.DOTALL)


def settings() -> dict[str, Any]:
    """Return the section of import-linter in ``pyproject.toml``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]


def allowed_imports() -> dict[str, dict[str, list[str]]]:
    """Return importing package → imported package → the modules that alone may import it; all may where there are none.

    Each contract of type ``protected`` names the importers of one package; here they are seen from the importer.
    """
    imports: dict[str, dict[str, list[str]]] = {package: {} for package in settings()["root_packages"]}
    for contract in settings()["contracts"]:
        if contract["type"] == "protected":
            for importer in contract["allowed_importers"]:
                package, _, module = importer.partition(".")
                for protected in contract["protected_modules"]:
                    modules = imports[package].setdefault(protected, [])
                    modules.extend([importer] if module else [])
    return imports


def folder(module: str) -> Path:
    """Return where a module or package lies, relative to the project: ``packages/sops-python/sops``."""
    path = Path(*module.split("."))
    places = (path, *(each.relative_to(ROOT) / path for each in sorted((ROOT / "packages").iterdir())))
    return next(path for path in places if (ROOT / path).is_dir() or (ROOT / path).with_suffix(".py").is_file())


def table() -> str:
    """Return the table, in Markdown, with a line break at its end."""
    rows = ["| folder | may import |", "| --- | --- |"]
    for package, imports in sorted(allowed_imports().items(), key=lambda row: folder(row[0]).as_posix()):
        if package not in UNTOLD:
            allowed = ", ".join(_cell(imported, modules) for imported, modules in sorted(imports.items())) or "nothing"
            rows.append(f"| `{folder(package)}/` | {allowed} |")
    return "\n".join([*rows, ""])


def _cell(imported: str, modules: list[str]) -> str:
    only = " and ".join(f"`{_place(module)}`" for module in modules)
    return f"`{imported}`" + (f" (in {only} alone)" if only else "")


def _place(module: str) -> str:
    path = folder(module)
    return f"{path}/" if (ROOT / path).is_dir() else f"{path}.py"


def page() -> str:
    """Return the page with the table as the contracts say it."""
    return _TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(write_or_check("docs/architecture.md", page(), sys.argv[1:]))
