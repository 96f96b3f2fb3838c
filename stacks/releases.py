"""The release of a system: the part of its settings that a release changes, and nothing else.

Owns which keys these are, and what of a deployment they hold. Found from the settings: a service of the system's
own has its ``image`` or the ``commitSha`` of its ``repo``, and services of one repository and branch are one release.
A system in which another key decides says so (``System.releases``). Stores are left out: another version of a database
is a migration of its data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from components.arguments import Arguments
from components.service_kind import ServiceSettings
from stacks.arguments_tree import walk_arguments

Key = tuple[str | int, ...]

_SHORTEST_COMMIT: Final = 7
_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")


@dataclass(frozen=True, kw_only=True)
class Release:
    """One value of the settings that decides what some services run."""

    kind: Literal["image", "tag", "commit"]
    """Kind of the value: an image, the tag of several images, or the commit of a repository."""
    keys: tuple[Key, ...]
    """Its keys in the settings of its system; several hold the same value."""
    sources: Mapping[str, str]
    """Service → its repository, or its image without tag."""

    @property
    def services(self) -> tuple[str, ...]:
        """Return the services that it decides about."""
        return tuple(self.sources)

    @property
    def name(self) -> str:
        """Return its keys, ``api.commitSha, worker.commitSha``."""
        return ", ".join(".".join(map(str, key)) for key in self.keys)

    def value(
        self, service: str, *, image: str | None, digest: str | None, repo: str | None, commit: str | None
    ) -> str:
        """Return what a deployment of ``service`` runs, as its keys say it; empty when that is something else."""
        source = self.sources[service]
        if self.kind == "commit":
            return commit or "" if (repo or "").lower() == source.lower() else ""
        if image is None:
            return ""
        if self.kind == "tag":
            return tag_of(image) if untagged(image) == source else ""
        return image if digest is None or _DIGEST.search(image) else f"{image}@{digest}"

    def same(self, one: str | None, other: str | None) -> bool:
        """Tell whether two values mean the same: a short commit is the same as the whole one."""
        if self.kind == "commit" and one and other:
            length = min(len(one), len(other))
            return length >= _SHORTEST_COMMIT and one[:length] == other[:length]
        return one == other


def releases_of(settings: Arguments) -> list[Release]:
    """Return the releases of settings in which each service names what it runs itself."""
    images: list[Release] = []
    repositories: dict[tuple[str, str], list[Key]] = {}
    for path, part in walk_arguments(settings):
        if not isinstance(part, ServiceSettings):
            continue
        if part.image:
            key = (*path, "image")
            images.append(Release(kind="image", keys=(key,), sources={str(path[-1]): untagged(part.image)}))
        elif part.repo:
            repositories.setdefault((part.repo, part.branch or "main"), []).append(path)
    return images + [_of_repository(repo, paths) for (repo, _), paths in repositories.items()]


def _of_repository(repo: str, paths: Sequence[Key]) -> Release:
    return Release(
        kind="commit",
        keys=tuple((*path, "commitSha") for path in paths),
        sources={str(path[-1]): repo for path in paths},
    )


def untagged(image: str) -> str:
    """Return an image without tag and digest."""
    named = _DIGEST.sub("", image)
    tag = tag_of(image)
    return named.removesuffix(f":{tag}") if tag else named


def tag_of(image: str) -> str:
    """Return the tag of an image, empty when it has none."""
    return _DIGEST.sub("", image).rsplit("/", 1)[-1].partition(":")[2]


def names_a_version(image: str) -> bool:
    """Tell whether an image is the same one tomorrow: it has a digest, or a tag with some number in it.

    ``latest``, ``alpine`` and ``main`` are moved to another image by the next push.
    """
    return bool(_DIGEST.search(image)) or any(character.isdigit() for character in tag_of(image))
