"""The two sides of a comparison as folders on disk: a commit, or the working tree as it is.

Owns what is asked of git. A commit is unpacked into a folder of ours and leaves no trace in the repository, also when
the command is killed. Knows nothing of stacks.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from railyard.shared.console import CallError, OperationError
from stacks.shared_settings import stack_names

MAIN_BRANCHES: Final = ("origin/main", "main")
"""Branches that are taken as the base when none is named, the first that exists."""
CHANGED: Final = "+"
"""Sign behind a commit from which the files differ."""
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """One side: a folder with everything that a commit holds."""

    directory: Path
    commit: str = ""
    """The full commit; empty for the working tree."""
    subject: str = ""
    """First line of the commit's message."""

    @property
    def name(self) -> str:
        """Return how people call it."""
        return self.commit[:7] or "the working tree"


def merge_base(root: Path, head: str) -> str:
    """Return the commit at which ``head`` left the main branch; raises ``OperationError``."""
    if _git(root, "rev-parse", "--git-dir").returncode != 0:
        raise OperationError(f"{root} is not a git repository, so there is no commit to compare with: work in a clone")
    for branch in MAIN_BRANCHES:
        if _git(root, "rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}").returncode == 0:
            answer = _git(root, "merge-base", branch, head)
            if answer.returncode == 0:
                return answer.stdout.decode().strip()
            raise OperationError(
                f"{branch} and {head} have no commit in common here; a shallow clone lacks it: git fetch --unshallow"
            )
    raise OperationError(f"no branch to compare with, neither {' nor '.join(MAIN_BRANCHES)}: name a commit as BASE")


def commit(root: Path, name: str) -> str:
    """Return the full commit that ``name`` means; raises ``CallError``."""
    if name.startswith("-"):
        raise CallError(f"{name!r} is not a valid commit")
    answer = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if answer.returncode != 0:
        raise CallError(
            f"there is no commit {name!r} in this repository; in a shallow clone, fetch it first: git fetch --unshallow"
        )
    return answer.stdout.decode().strip()


@dataclass(frozen=True, kw_only=True)
class Authorship:
    """The author of a commit, and its message."""

    subject: str
    name: str


def authorship(root: Path, full: str) -> Authorship | None:
    """Return subject and author of the commit ``full``; None when there is no such commit here."""
    if not full or shutil.which("git") is None:
        return None
    answer = _git(root, "log", "-1", "--format=%s%x00%an", full)
    subject, _, name = answer.stdout.decode(errors="replace").strip().partition("\0")
    return Authorship(subject=subject, name=name) if answer.returncode == 0 else None


def current_commit(root: Path) -> str:
    """Return the full commit that is checked out, with ``CHANGED`` when files differ from it; empty without git."""
    if shutil.which("git") is None:
        return ""
    head = _git(root, "rev-parse", "HEAD")
    return head.stdout.decode().strip() + (CHANGED if changes_digest(root) else "") if head.returncode == 0 else ""


def changes_digest(root: Path) -> str:
    """Return a digest of how the files that git knows differ from HEAD; empty when they do not, or without git."""
    if shutil.which("git") is None:
        return ""
    changes = _git(root, "diff", "--binary", "--no-ext-diff", "--no-textconv", "HEAD").stdout
    return hashlib.sha256(changes).hexdigest() if changes else ""


def path_in_repository(file: Path) -> str:
    """Return the path of a file from the top of its git repository, as GitHub names it; its name without git."""
    prefix = _git(file.parent, "rev-parse", "--show-prefix") if shutil.which("git") else None
    return f"{os.fsdecode(prefix.stdout).strip() if prefix and prefix.returncode == 0 else ''}{file.name}"


def commit_name(commit: str) -> str:
    """Return ``current_commit`` for people."""
    return f"{commit[:7]}, with changed files" if commit.endswith(CHANGED) else commit[:7] or "no commit"


def working_tree(root: Path) -> Checkout:
    """Return the files as they are, committed or not."""
    return Checkout(directory=root)


def unpack(root: Path, full: str, directory: Path) -> Checkout:
    """Return the commit ``full`` in the new folder ``directory``."""
    archived = _git(root, "archive", "--format=tar", full)
    if archived.returncode != 0:
        raise OperationError(f"git could not unpack {full[:7]}: {archived.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
        for entry in archive:
            target = os.path.normpath(Path(entry.name).parent / entry.linkname) if entry.issym() else ""
            if target == ".." or target.startswith(("/", "../")):
                raise OperationError(
                    f"commit {full[:7]} is not unpacked, since something in it leads out of the repository: "
                    f"{entry.name}, to {entry.linkname}; remove that link"
                )
        # Python has the filter since 3.11.4; git's archive has files, folders and links, whose names are relative.
        if hasattr(tarfile, "data_filter"):
            archive.extractall(directory, filter="data")
        else:
            archive.extractall(directory)  # noqa: S202 - see above
    subject = _git(root, "log", "-1", "--format=%s", full).stdout.decode(errors="replace").strip()
    return Checkout(directory=directory, commit=full, subject=subject)


def stacks(checkout: Checkout) -> set[str]:
    """Return the names of its stacks."""
    return set(stack_names(checkout.directory))


def differing_packages(one: Checkout, other: Checkout) -> list[str]:
    """Return pinned packages that differ, ``pulumi 3.271.0 → 3.272.0``."""
    before, after = _pinned(one), _pinned(other)
    return [
        f"{name} {before.get(name, 'absent')} → {after.get(name, 'absent')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _pinned(checkout: Checkout) -> dict[str, str]:
    file = checkout.directory / "requirements.txt"
    return dict(_PINNED.findall(file.read_text(encoding="utf-8"))) if file.exists() else {}


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise OperationError("this needs git, and it is not on PATH") from None
