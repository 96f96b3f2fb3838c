"""Keeps the committed files that derive from the declarations in step with them.

These are the SDK's modules, ``schema.json`` and the pages of the resources. A module or page of a resource that no
longer exists is recognized by its header.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from .declaration import Provider
from .pages import PAGE_HEADER, resource_pages
from .schema import package_schema
from .sdk import sdk_modules
from .sdk_parts import HEADER


def derived_files(
    provider: Provider, root: Path, package: Path, pages: Path | None = None
) -> Mapping[Path, str | None]:
    """Return path → the text that it must have, or ``None`` for a file that must go.

    ``pages`` is the folder of the pages, which has the examples in ``examples/<module>.py``; without it there are none.
    """
    files: dict[Path, str | None] = dict.fromkeys(_generated(package, "*.py", HEADER))
    if pages is not None:
        examples = {path.stem: path.read_text(encoding="utf-8") for path in (pages / "examples").glob("*.py")}
        files |= dict.fromkeys(_generated(pages, "*.md", PAGE_HEADER))
        files |= {pages / name: text for name, text in resource_pages(provider, examples).items()}
    files |= {package / name: text for name, text in sdk_modules(provider).items()}
    files[root / "schema.json"] = json.dumps(package_schema(provider), indent=2, ensure_ascii=False) + "\n"
    return files


def outdated(files: Mapping[Path, str | None]) -> list[Path]:
    """Return those whose text on disk differs."""
    return [path for path, text in files.items() if text != _text_on_disk(path)]


def write(files: Mapping[Path, str | None]) -> list[Path]:
    """Write the files that differ on disk and remove those that must go; return the paths of both."""
    changed = outdated(files)
    for path in changed:
        text = files[path]
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")
    return changed


def _generated(folder: Path, pattern: str, header: str) -> list[Path]:
    """Return the files that an earlier generation left."""
    return [path for path in sorted(folder.glob(pattern)) if path.read_text(encoding="utf-8").startswith(header)]


def _text_on_disk(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
