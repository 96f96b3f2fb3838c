"""Reports what others do to the environment: commits in between, and changes staged and not deployed.

Railway keeps staged changes apart from the configuration, and a commit of a patch leaves them where they are: nothing
of them is lost, and nothing of them is deployed. Deploying them later may undo what a commit of ours has set, which is
why they are reported. Changes nothing, and names what was changed, never its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from railway_api.documents.environment import ENVIRONMENT_PATCH, ENVIRONMENT_STAGED_CHANGES
from railway_api.environment_access import EnvironmentAccess
from railway_api.errors import RailwayError
from railway_api.patches import Path, leaves
from railway_api.snapshot import Snapshot

if TYPE_CHECKING:
    from railway_api.answers import EnvironmentPatchInEnvironmentSnapshot
    from railway_api.scalars import EnvironmentConfig


OWN: Final = "Pulumi: "
"""Prefix of the messages of this client's commits."""


class ForeignChanges:
    """Report changes by others in one environment, each once."""

    def __init__(self, environment: EnvironmentAccess) -> None:
        self._environment = environment
        self._reported_paths: frozenset[Path] = frozenset()

    def keep_quiet_about(self, own: EnvironmentConfig) -> None:
        """Remember a patch of ours that Railway did not apply: it may be staged again, and is no change by others."""
        self._reported_paths |= _short(leaves(own))

    async def staged(self, snapshot: Snapshot, own: EnvironmentConfig) -> list[str]:
        """Return the changes staged by others, and those that would undo our patch.

        A commit of ours that Railway could not apply is left out: its error has said that it is still staged.
        Asks Railway only where the environment says that something is staged.
        """
        if not snapshot.environment["unmergedChangesCount"]:
            return []
        environment_id = self._environment.environment_id
        try:
            staged = await self._environment.ask(ENVIRONMENT_STAGED_CHANGES, environmentId=environment_id)
        except RailwayError:
            return ["some that could not be read"]
        if (staged["message"] or "").startswith(OWN):
            return []
        paths = _short(leaves(staged["patch"]))
        new = sorted(paths - self._reported_paths)
        self._reported_paths |= paths
        own_paths = _short(leaves(own))
        undoes = " (which this run has set, and deploying it would undo)"
        return [f"{snapshot.readable_path(path)}{undoes if path in own_paths else ''}" for path in new]

    async def commits(
        self, snapshot: Snapshot, patches: Sequence[EnvironmentPatchInEnvironmentSnapshot], own: EnvironmentConfig
    ) -> list[str]:
        """Return the commits of others that came between a read and ours, with what both have set."""
        commits: list[str] = []
        own_paths = _short(leaves(own))
        for patch in patches:
            name = f"the commit {patch['message'] or patch['id']!r}"
            try:
                commit = await self._environment.ask(ENVIRONMENT_PATCH, id=patch["id"])
            except RailwayError:
                commits.append(name)
                continue
            both = sorted(_short(leaves(commit["patch"])) & own_paths)
            commits.append(f"{name}, which sets {', '.join(map(snapshot.readable_path, both))} too" if both else name)
        return commits


def _short(changed: Iterable[tuple[Path, object]]) -> frozenset[Path]:
    """Return paths down to a variable or a setting of a service."""
    return frozenset(path[:4] if path[:1] == ("services",) else path[:3] for path, _ in changed)
