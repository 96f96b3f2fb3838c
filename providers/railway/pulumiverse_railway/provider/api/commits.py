"""Group commit: the only way in which this provider writes the configuration of an environment.

Patches that are ready together, or become ready while a commit is under way, leave in one commit, so that Railway
starts one batch of deployments in the order of their references. One commit at a time per environment. Does not know
what a patch means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pulumiverse_railway.provider.api.documents.environment import ENVIRONMENT_PATCH_COMMIT
from pulumiverse_railway.provider.api.errors import (
    Busy,
    NotFound,
    NothingToCommit,
    Race,
    RailwayError,
    Throttled,
    Unreachable,
    Validation,
)
from pulumiverse_railway.provider.api.patches import at, changed_by_others, conflict, leaves, merge
from pulumiverse_railway.provider.api.snapshot import Snapshot, table
from pulumiverse_railway.provider.kernel.errors import Failure

if TYPE_CHECKING:
    from pulumiverse_railway.provider.api.environment import Environment

WINDOW_S: Final = 0.05
"""How long a first patch waits for others, in real time."""
APPLY_S: Final = 300.0
"""How long Railway may take to apply a commit, in API time."""
UNLISTED_S: Final = 15.0
"""How long a new patch may be missing from the list, in API time. A patch without effect never appears there."""
REFLECT_S: Final = 60.0
"""How long a read may lag behind an applied commit, in API time."""
LAG_S: Final = 90.0
"""How long a thing that was just created may be unknown to a commit, in API time."""
RETRY_S: Final = 3.0

Build = Callable[[Snapshot], dict[str, Any]]
"""Makes a patch for the configuration that is there right before the commit."""


@dataclass(frozen=True)
class Committed:
    """What became of one submitted patch."""

    patch: dict[str, Any]
    before: Snapshot
    after: Snapshot
    sent: bool
    """False when the configuration was already as asked for, so nothing was sent."""
    foreign: Sequence[str] = ()
    """Paths that somebody else changed meanwhile."""


@dataclass
class _Submission:
    build: Build
    future: asyncio.Future[Committed]

    def fail(self, failure: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(failure)

    def succeed(self, committed: Committed) -> None:
        if not self.future.done():
            self.future.set_result(committed)


class Commits:
    """The writer of one environment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._pending: list[_Submission] = []
        self._task: asyncio.Task[None] | None = None
        self._last: Snapshot | None = None

    async def submit(self, build: Build) -> Committed:
        """Commit a patch together with whatever else is ready; raises this patch's own failure."""
        submission = _Submission(build, asyncio.get_running_loop().create_future())
        self._pending.append(submission)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await submission.future

    async def _run(self) -> None:
        try:
            while self._pending:
                await asyncio.sleep(WINDOW_S)
                async with self._environment.lock:
                    group, self._pending = self._pending, []
                    await self._commit(group)
        finally:
            self._task = None

    async def _commit(self, group: Sequence[_Submission]) -> None:
        """Send a group; when Railway refuses it, each alone, so that only the culprit fails."""
        try:
            await self._commit_together(group)
        except RailwayError as failure:
            if len(group) > 1 and not isinstance(failure, Unreachable | Throttled):
                for submission in group:
                    await self._commit([submission])
                return
            for submission in group:
                submission.fail(failure)
        except asyncio.CancelledError:
            for submission in group:
                submission.future.cancel()
            raise
        except Exception as failure:  # noqa: BLE001 - a defect of ours: whoever waits must hear of it, and others go on
            for submission in group:
                submission.fail(failure)

    async def _commit_together(self, group: Sequence[_Submission]) -> None:
        before = await self._environment.snapshot()
        ready, patch = self._together(before, group)
        if ready:
            sent, after, foreign = await self._send(before, patch)
            for submission, own in ready:
                submission.succeed(Committed(own, before, after, sent, foreign))
                foreign = ()

    def _together(
        self, before: Snapshot, group: Sequence[_Submission]
    ) -> tuple[list[tuple[_Submission, dict[str, Any]]], dict[str, Any]]:
        """The submissions that can leave in one patch, with their own patches; others stay for the next commit."""
        ready: list[tuple[_Submission, dict[str, Any]]] = []
        merged: dict[str, Any] = {}
        for submission in group:
            if submission.future.done():
                continue
            try:
                own = submission.build(before)
            except Failure as failure:
                submission.fail(failure)
                continue
            if conflict(merged, own):
                self._pending.append(submission)
                continue
            merged = merge(merged, own)
            ready.append((submission, own))
        return ready, merged

    async def _send(self, before: Snapshot, patch: dict[str, Any]) -> tuple[bool, Snapshot, Sequence[str]]:
        """Commit, wait until it is applied, and read what is there now."""
        foreign = self._since_last(before)
        if not has_effect(patch, before.config):
            return False, before, foreign
        with self._environment.writing():
            await self._post(patch)
            await self._applied(before)
        after = await self._reflected(patch)
        self._last = after
        return True, after, [*foreign, *changed_by_others(before.config, after.config, patch)]

    def _since_last(self, before: Snapshot) -> Sequence[str]:
        """What changed since our own last commit, by somebody else: only commits write the parts compared here."""
        last, self._last = self._last, None
        if last is None or last.etag == before.etag:
            return ()
        return changed_by_others(last.config, before.config, {})

    async def _post(self, patch: dict[str, Any]) -> None:
        environment = self._environment
        until = environment.waiting.now() + LAG_S
        message = f"Pulumi: {len(table(patch.get('services')))} services, {len(table(patch.get('volumes')))} volumes"
        while True:
            try:
                await environment.transport.call(
                    ENVIRONMENT_PATCH_COMMIT,
                    environmentId=environment.environment_id,
                    patch=patch,
                    commitMessage=message,
                )
            except NothingToCommit:
                return
            except (Busy, Race, NotFound):
                # Another commit is under way, or what the patch names was created a moment ago.
                if environment.waiting.now() > until:
                    raise
                await environment.waiting.sleep(RETRY_S)
            else:
                return

    async def _applied(self, before: Snapshot) -> None:
        """Wait until no patch is being applied; raise what Railway says went wrong with ours."""
        environment = self._environment
        environment.poll.hurry()
        started = environment.waiting.now()
        while True:
            progress = await environment.poll.next()
            waited_s = environment.waiting.now() - started
            new = [patch for patch in progress.patches if patch["id"] not in before.patches]
            applying = [patch for patch in progress.patches if patch["status"] == "APPLYING"]
            for patch in new:
                if patch["lastAppliedError"] and patch["status"] != "STAGED":
                    raise Validation(f"Railway could not apply the configuration: {patch['lastAppliedError']}")
            if not applying and (any(patch["status"] == "COMMITTED" for patch in new) or waited_s > UNLISTED_S):
                return
            if waited_s > APPLY_S:
                raise RailwayError(
                    f"Railway is still applying the configuration after {APPLY_S:.0f} s: "
                    "look at the environment in the dashboard, and run the command again"
                )

    async def _reflected(self, patch: dict[str, Any]) -> Snapshot:
        """Read until the sources and variables of the patch are there: a commit may be accepted and do nothing."""
        environment = self._environment
        until = environment.waiting.now() + REFLECT_S
        while missing := _missing(patch, (after := await environment.snapshot()).config):
            if environment.waiting.now() > until:
                names = ", ".join(missing[:5])
                raise RailwayError(
                    f"Railway accepted the configuration but did not apply {names}: run the command again"
                )
            await environment.waiting.sleep(RETRY_S)
            environment.changed()
        return after


def has_effect(patch: dict[str, Any], config: dict[str, Any]) -> bool:
    """Whether a patch would change the configuration. What Railway masks counts as a change."""
    return any(at(config, path) != value for path, value in leaves(patch) if value != {} or at(config, path) is None)


def _value(entry: Any) -> Any:
    """What counts of a leaf: of a variable its value, of anything else all of it."""
    return table(entry).get("value") if isinstance(entry, dict) else entry


def _missing(patch: dict[str, Any], config: dict[str, Any]) -> list[str]:
    """Sources and variables of the patch that the configuration does not show."""
    found: list[str] = []
    for service_id, settings in table(patch.get("services")).items():
        for part, names in (("source", ("image", "repo")), ("variables", None)):
            for name, wanted in table(table(settings).get(part)).items():
                if names is not None and name not in names:
                    continue
                there = at(config, ("services", service_id, part, name))
                if _value(there) != _value(wanted):
                    found.append(f"{part}.{name}")
    return found
