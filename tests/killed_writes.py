"""Kill a command at each change that it makes to files, in this process: from there on it changes nothing any more.

Python tells of every change of a file before it is made (PEP 578). The one at which the command dies does not happen;
a file that it opens to be written is empty, as it is right after the system opened it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGES: Final = (
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.truncate",
)  # fmt: skip


SIMULATED: Final = f"{os.sep}.sandbox"
"""What the simulated clouds write lies there: they are no part of the command."""


class Killed(BaseException):
    """The command is dead."""


@dataclass
class _Death:
    """Counts changes below a directory, and lets the command die at one of them."""

    directory: str
    number: int
    count: int = 0
    dead: bool = False

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, flags = str(arguments[0]), arguments[2]
            if not path.startswith(self.directory) or SIMULATED in path or not flags & WRITES:
                return
        elif event not in CHANGES or self.directory not in str(arguments) or SIMULATED in str(arguments):
            return
        self.count += 1
        if not self.dead and self.count != self.number:
            return
        if not self.dead and event == "open":
            self.dead = True
            _active.clear()
            Path(str(arguments[0])).write_bytes(b"")
            _active.append(self)
        self.dead = True
        raise Killed


_active: list[_Death] = []
_installed: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _active:
        _active[0].see(event, arguments)


@contextmanager
def _watched(directory: Path, number: int) -> Generator[_Death]:
    if not _installed:
        sys.addaudithook(_hook)
        _installed.append(True)
    death = _Death(f"{directory}{os.sep}", number)
    _active.append(death)
    try:
        yield death
    except Killed:
        pass
    finally:
        _active.clear()


def killed_everywhere(directory: Callable[[], Path], command: Callable[[Path], object]) -> Generator[tuple[int, Path]]:
    """Yield each number of a change and the directory in which the command died at it, until it needs fewer changes."""
    number = 0
    while True:
        number += 1
        place = directory()
        with _watched(place, number) as death:
            command(place)
        if not death.dead:
            return
        yield number, place
