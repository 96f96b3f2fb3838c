"""Compares what a deployment runs with what was asked for.

Owns how Railway's ``meta`` says what a deployment runs: its image, or repository and commit. Asks Railway nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from railway_api.scalars import DeploymentMeta


@dataclass(frozen=True, kw_only=True)
class DeploymentSpec:
    """Describe what a deployment has to run, and how to speak of it."""

    service_id: str
    service_name: str
    image: str | None = None
    repo: str | None = None
    commit_sha: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    """Values that must not appear in a quoted log, by their names."""

    def differs(self, meta: DeploymentMeta) -> str | None:
        """Say what a deployment runs instead; None when it runs what was asked for, or Railway does not say."""
        image, repo, commit = meta.get("image"), meta.get("repo"), commit_of(meta) or ""
        if self.image and image and plain_image(image) != plain_image(self.image):
            return f"image {image}, not {self.image}"
        if self.image and repo and not image:
            return f"repository {repo}, not image {self.image}"
        if self.repo and image and not repo:
            return f"image {image}, not repository {self.repo}"
        if self.repo and repo and repo.lower() != self.repo.lower():
            return f"repository {repo}, not {self.repo}"
        if self.commit_sha and commit and not commit.startswith(self.commit_sha):
            return f"commit {commit}, not {self.commit_sha}"
        return None


def commit_of(meta: DeploymentMeta) -> str | None:
    """Return the full commit that a deployment runs, under whichever of its two keys; None where Railway names none."""
    return meta.get("commitHash") or meta.get("commitSha")


def plain_image(image: str) -> str:
    """Return an image reference without what Docker adds by itself."""
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        image = image.removeprefix(prefix)
    basename = image.rsplit("/", 1)[-1]
    return image if ":" in basename or "@" in basename else f"{image}:latest"


def source_of(meta: DeploymentMeta) -> str:
    """Return what a deployment runs, for people: ``image app:1``, ``acme/shop at commit a1b2c3d``."""
    if image := meta.get("image"):
        return f"image {image}"
    commit = commit_of(meta)
    return f"{meta.get('repo') or 'its source'}{f' at commit {commit[:7]}' if commit else ''}"
