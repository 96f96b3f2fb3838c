"""The history of ``Pulumi.<stack>.yaml``, on top of what all stacks share: its versions in git, newest first.

Owns reading them. A version that is no valid YAML is left out; whether it would still be valid as settings is nobody's
business, since only single values are taken from it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from railyard.promote.settings_file import read, value_at
from railyard.shared.console import OperationError
from stacks.releases import Release
from stacks.shared_settings import DEFAULTS_FILE, defaults_text, over

LONGEST: Final = 200
"""Number of versions that are read."""
_SEPARATOR: Final = "\t"


@dataclass(frozen=True, kw_only=True)
class Version:
    """The file at one moment."""

    commit: str | None
    """Abbreviated commit of this repository; None for the file as it lies here."""
    date: str
    """Time of its commit, ISO 8601; empty for the file in the working tree."""
    document: Any

    def value(self, system: str, release: Release) -> str | None:
        """Return what it says at the keys of ``release``; None when they say nothing, or not the same."""
        values = {value_at(self.document, (system, *key)) for key in release.keys}
        value = values.pop()
        return None if values or value is None else str(value)

    @property
    def name(self) -> str:
        """Return how people call it."""
        return f"commit {self.commit} of {self.date[:10]}" if self.commit else "the file as it is"


def versions(file: Path) -> list[Version]:
    """Return all versions of ``file``, the one that lies there first. Without git there is only that one."""
    present = Version(commit=None, date="", document=on_shared(file, file.read_text(encoding="utf-8")))
    names = (file.name, DEFAULTS_FILE)
    listed = _git(file, "log", f"--max-count={LONGEST}", f"--format=%h{_SEPARATOR}%cI", "--", *names)
    commits = [line.split(_SEPARATOR) for line in listed.decode().splitlines()]
    wanted = "".join(f"{commit}:./{name}\n" for name in names for commit, _ in commits)
    texts = _objects(_git(file, "cat-file", "--batch", given=wanted.encode()), len(names) * len(commits))
    own, shared = texts[: len(commits)], texts[len(commits) :]
    each = zip(commits, own, shared, strict=True)
    committed = [_version(commit, date, text, below) for (commit, date), text, below in each]
    return [present, *(version for version in committed if version is not None)]


def on_shared(file: Path, text: str) -> Any:
    """Return what the settings in ``text`` say, on top of the file beside ``file`` that all stacks share."""
    return over(read(defaults_text(file.parent)), read(text))


def _version(commit: str, date: str, text: bytes, shared: bytes) -> Version | None:
    try:
        document = over(read(shared.decode("utf-8")), read(text.decode("utf-8")))
        return Version(commit=commit, date=date, document=document)
    except (OperationError, UnicodeDecodeError):
        return None


def _objects(batch: bytes, count: int) -> Sequence[bytes]:
    """Return contents from git's batch format: a line ``<id> blob <size>``, the content, a line end."""
    contents: list[bytes] = []
    for _ in range(count):
        head, _, batch = batch.partition(b"\n")
        size = int(head.split()[-1]) if b" blob " in head else 0
        contents.append(batch[:size])
        batch = batch[size + 1 :] if b" blob " in head else batch
    return contents


def _git(file: Path, *arguments: str, given: bytes = b"") -> bytes:
    try:
        process = subprocess.run(["git", *arguments], cwd=file.parent, input=given, capture_output=True, check=False)
    except FileNotFoundError:
        return b""
    return process.stdout if process.returncode == 0 else b""
