"""The file CODEOWNERS: who is asked to review what, as ``railyard workflows`` writes it.

Owns the text of ``.github/CODEOWNERS``. Owners stand in the settings, ``owner:`` of a stack and of a system; where they
name nobody, the file names nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from railyard.shared.stack import Stack
from stacks.shared_settings import DEFAULTS_FILE, file_name

FILE: Final = ".github/CODEOWNERS"
MARK: Final = "# Who is asked to review, by `owner:` of stacks and systems in the settings. "
"""First line of the file."""
_HEAD: Final = f"""\
{MARK}Written by `railyard workflows`: change those.
# The last line that matches a file decides.
"""
_NOBODY: Final = "# The settings name no owner.\n"


def text(stacks: Sequence[Stack], root: Path) -> str:
    """Return the file as it should be."""
    lines = [f"{path} {' '.join(owners)}\n" for path, owners in _rules(stacks, root) if owners]
    return _HEAD + ("".join(dict.fromkeys(lines)) or _NOBODY)


def names_somebody(text: str) -> bool:
    """Tell whether a file names an owner."""
    return not text.endswith(_NOBODY)


def _rules(stacks: Sequence[Stack], root: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield paths with their owners: all of the repository, each system's code, each stack, each system's secrets."""
    everybody = tuple(dict.fromkeys(owner for stack in stacks for owner in stack.settings.stack.owner))
    yield "*", everybody
    systems = {name: each for stack in stacks for name, each in stack.settings.systems.items()}
    for name in systems:
        if (root / "stacks" / f"{name}.py").is_file():
            owners = [owner for stack in stacks for owner in _of_system(stack, name)]
            yield f"/stacks/{name}.py", tuple(dict.fromkeys(owners))
    for stack in stacks:
        owners = stack.settings.stack.owner
        if len(stack.systems) == 1:
            owners = tuple(dict.fromkeys([*owners, *_of_system(stack, stack.systems[0])]))
        yield f"/{file_name(stack.name)}", owners
        yield f"/{stack.settings.secrets}", owners
        if stack.settings.has_secrets_by_system:
            for name in stack.systems:
                yield f"/{stack.settings.secrets_of(name)}", _of_system(stack, name)
    yield f"/{DEFAULTS_FILE}", everybody


def _of_system(stack: Stack, system: str) -> tuple[str, ...]:
    """Return the owners of a system in a stack that runs it."""
    settings = stack.settings.systems.get(system)
    return settings.owner if settings else ()
