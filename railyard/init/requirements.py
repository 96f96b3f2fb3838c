"""``requirements.txt`` of a project that depends on Railyard: every package pinned, with hashes.

Owns where Railyard's own packages come from. They are on no package index, where others have the names of some of them:
each is named by the address of its wheel, with the hash of that wheel. What they need of an index is ``pinned.txt``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

from railyard.shared.console import CallError, OperationError
from railyard.shared.files import sha256_of

MARK: Final = "# Railyard "
"""Beginning of the file."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WHEEL: Final = re.compile(r"(?P<name>[a-z0-9_]+)-(?P<version>[^-]+)-py3-none-any\.whl")


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel of one of Railyard's packages."""

    name: str
    version: str
    address: str
    """Requirement for pip: ``railyard @ https://…``, or the path of a file."""
    sha256: str


def text(wheels: Iterable[Wheel]) -> str:
    """Return the file: Railyard's packages as these wheels, then all that they need of an index."""
    ordered = sorted(wheels, key=lambda each: each.name)
    version = next(each.version for each in ordered if each.name == "railyard")
    lines = [
        f"{MARK}{version} and all that it needs, with hashes. For another version put the file of its release here."
    ]
    lines += [f"{each.address} --hash=sha256:{each.sha256}" for each in ordered]
    return "\n".join(lines) + "\n" + pinned()


def pinned() -> str:
    """Return the packages of an index that Railyard needs, pinned with hashes."""
    return (resources.files("railyard.init") / "pinned.txt").read_text(encoding="utf-8")


def in_folder(folder: Path, beside: Path) -> list[Wheel]:
    """Return the wheels in ``folder``, as paths from ``beside``; raises ``CallError`` where one is missing."""

    def path(file: Path, _: str) -> str:
        relative = Path(os.path.relpath(file.resolve(), beside.resolve())).as_posix()
        return relative if relative.startswith(".") else f"./{relative}"

    return _wheels(folder, path)


def released(folder: Path, address: str) -> list[Wheel]:
    """Return the wheels in ``folder`` as those of a release, which has them below ``address``."""
    return _wheels(folder, lambda file, name: _direct(name, f"{address}/{file.name}", sha256_of(file)))


def _direct(name: str, url: str, digest: str) -> str:
    """Return a package by its address, which holds the hash: so it is recorded with what is installed."""
    return f"{name} @ {url}#sha256={digest}"


def _wheels(folder: Path, address: Callable[[Path, str], str]) -> list[Wheel]:
    wheels: list[Wheel] = []
    own_packages = own_names()
    for file in sorted(folder.glob("*.whl")):
        match = _WHEEL.fullmatch(file.name)
        name = match["name"].replace("_", "-") if match else ""
        if match and name in own_packages:
            sha256 = sha256_of(file)
            wheels.append(Wheel(name=name, version=match["version"], address=address(file, name), sha256=sha256))
    present = [each.name for each in wheels]
    if missing := sorted(set(own_packages) - set(present)):
        raise CallError(f"{folder} has no wheel of {', '.join(missing)}: `make wheels` of a checkout builds them all")
    if twice := sorted({name for name in present if present.count(name) > 1}):
        raise CallError(f"{folder} has several wheels of {', '.join(twice)}: leave one version of each there")
    return wheels


def installed() -> list[Wheel]:
    """Return the wheels from which Railyard is installed here, as pip has recorded them.

    Raises ``OperationError`` where their addresses or hashes are not known: in a checkout, or with another installer.
    """
    return [_recorded(name) for name in own_names()]


def _recorded(name: str) -> Wheel:
    package = metadata.distribution(name)
    record: dict[str, Any] = json.loads(package.read_text("direct_url.json") or "{}")
    archive: dict[str, Any] = record.get("archive_info", {})
    url, _, fragment = str(record.get("url", "")).partition("#")  # uv leaves the hash in the address
    digest = archive.get("hashes", {}).get("sha256") or str(archive.get("hash") or fragment).removeprefix("sha256=")
    if not digest:
        raise OperationError(
            f"it is not known from which wheel {name} is installed here: name the folder with Railyard's wheels, "
            "--packages DIR, or install the requirements.txt of a release"
        )
    address = _direct(name, url, digest)
    return Wheel(name=name, version=package.version, address=address, sha256=digest)


def own_names() -> list[str]:
    """Return the names of Railyard's own packages: what it needs, and what that needs, and is on no index."""
    of_index = {*names(pinned().splitlines())}
    return [name for name in needed_by("railyard") if name not in of_index and _requires(name) is not None]


def needed_by(package: str) -> list[str]:
    """Return a package and all that it needs, as far as it is installed here, each once."""
    needed, pending = dict[str, None](), [package]
    while pending:
        name = pending.pop()
        if name in needed:
            continue
        needed[name] = None
        pending += names(each for each in _requires(name) or () if "extra ==" not in each)
    return list(needed)


def _requires(package: str) -> list[str] | None:
    """Return what a package needs; None for one that is not installed, as those of other systems are."""
    try:
        return metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return None


def pinned_of(chosen: Collection[str]) -> str:
    """Return the pinned packages of an index that are among ``chosen``."""
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", pinned())
    return "".join(block for block in blocks if any(each in chosen for each in names([block])))


def names(requirements: Iterable[str]) -> Iterator[str]:
    """Yield the names of packages in lines of a requirements file, in the one spelling of each that indexes use."""
    for line in requirements:
        if match := _NAME.match(line):
            yield re.sub(r"[-_.]+", "-", match[0]).lower()


def is_ours(file: Path) -> bool:
    """Tell whether a requirements file pins Railyard, so that it says nothing of the application."""
    return file.is_file() and file.read_text(encoding="utf-8", errors="replace").startswith(MARK)
