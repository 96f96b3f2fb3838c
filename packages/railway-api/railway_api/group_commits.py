"""Writes the configuration of an environment, in group commits.

Patches that are ready together, or become ready while a commit is under way, leave in one commit, so that Railway
starts one batch of deployments in the order of their references. One commit at a time per environment. Does not know
what a patch means.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from railway_api.batch import wait_until_settled
from railway_api.commit_outcome import CommitStatus, Patches, unapplied_settings
from railway_api.counting import count
from railway_api.documents.environment import ENVIRONMENT_PATCH_COMMIT
from railway_api.environment_access import EnvironmentAccess
from railway_api.errors import (
    Busy,
    NotFound,
    NothingToCommit,
    Race,
    RailwayError,
    StillApplying,
    Throttled,
    Unreachable,
)
from railway_api.failure import Failure
from railway_api.foreign_changes import OWN, ForeignChanges
from railway_api.json_objects import is_object, table
from railway_api.patches import Path, at, changed_by_others, conflict, leaves, merge
from railway_api.progress import Poller, Progress
from railway_api.retries import LAG_S, RETRY_S
from railway_api.snapshot import Snapshot

if TYPE_CHECKING:
    from railway_api.scalars import EnvironmentConfig

WINDOW_S: Final = 0.05
"""Time for which a patch waits for others, in real time."""
PREPARED_S: Final = 30.0
"""Time for which a commit waits for creates in progress, in API time."""
APPLY_S: Final = 300.0
"""Limit for Railway to apply a commit, in API time."""
UNLISTED_S: Final = 15.0
"""Time for which a new patch may be missing from the list, in API time. A patch without effect never appears there."""
REFLECT_S: Final = 60.0
"""Lag of reads behind an applied commit, in API time."""

BuildPatch = Callable[[Snapshot], "EnvironmentConfig"]
"""Makes a patch for the configuration that is there right before the commit."""


@dataclass(frozen=True)
class Committed:
    """The outcome of one submitted patch."""

    patch: EnvironmentConfig
    before: Snapshot
    after: Snapshot
    sent: bool
    """False when the configuration was already as asked for, so nothing was sent."""
    foreign: Sequence[str] = ()
    """Changes by others in the meantime, for people."""
    staged: Sequence[str] = ()
    """Changes staged in the dashboard and not deployed, for people; reported once."""
    since: str | None = None
    """Time of the commit by Railway's clock; its deployments were created later. None when not known."""
    complaint: str | None = None
    """Railway's error for a commit that is in effect all the same; reported once."""


@dataclass(frozen=True)
class _CommitResult:
    """The outcome of one commit."""

    after: Snapshot
    since: str | None
    others: Patches = ()
    """Commits by others that came in between."""
    complaint: str | None = None


@dataclass(frozen=True)
class _AcceptedCommit:
    """Railway's answer to a commit."""

    workflow_id: str | None
    listed: bool
    """True when Railway lists the patch; False when there was nothing to commit."""


@dataclass
class _Submission:
    build: BuildPatch
    future: asyncio.Future[Committed]

    def fail(self, failure: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(failure)

    def succeed(self, committed: Committed) -> None:
        if not self.future.done():
            self.future.set_result(committed)


_Ready = list[tuple[_Submission, "EnvironmentConfig"]]


class GroupCommits:
    """Write the configuration of one environment."""

    def __init__(self, environment: EnvironmentAccess, poller: Poller) -> None:
        self._environment = environment
        self._poller = poller
        self._pending: list[_Submission] = []
        self._task: asyncio.Task[None] | None = None
        self._last: Snapshot | None = None
        self._foreign_changes = ForeignChanges(environment)
        self._workflows_are_hidden = False
        self._delays = 0
        self._undelayed = asyncio.Event()
        self._undelayed.set()

    async def submit(self, build: BuildPatch) -> Committed:
        """Commit a patch together with whatever else is ready; raises this patch's own failure.

        ``build`` may be called more than once: when another commit comes first, again with the configuration after it.
        """
        submission = _Submission(build, asyncio.get_running_loop().create_future())
        self._pending.append(submission)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await submission.future

    @contextmanager
    def delayed(self) -> Generator[None]:
        """Let commits wait a while for something that is being made, to carry its settings along."""
        self._delays += 1
        self._undelayed.clear()
        try:
            yield
        finally:
            self._delays -= 1
            if not self._delays:
                self._undelayed.set()

    async def _wait_while_delayed(self) -> bool:
        """Wait until nothing delays commits, or so long that it is not worth it; tell whether that took time."""
        if self._undelayed.is_set():
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(self._undelayed.wait(), PREPARED_S / self._environment.clock.speed + WINDOW_S)
        return True

    async def _run(self) -> None:
        try:
            while self._pending:
                await wait_until_settled(lambda: len(self._pending), WINDOW_S)
                if await self._wait_while_delayed():
                    # For the settings of what has just been made.
                    await wait_until_settled(lambda: len(self._pending), WINDOW_S)
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
            if len(group) > 1 and not isinstance(failure, Unreachable | Throttled | StillApplying):
                for submission in group:
                    await self._commit([submission])
                return
            for submission in group:
                submission.fail(failure)
        except asyncio.CancelledError:
            for submission in group:
                submission.future.cancel()
            raise
        except Exception as failure:  # noqa: BLE001 - a defect of ours: its callers must get it, and others go on
            for submission in group:
                submission.fail(failure)

    async def _commit_together(self, group: Sequence[_Submission]) -> None:
        environment = self._environment
        began = environment.clock.now()
        while True:
            before = await environment.snapshot()
            ready, patch = self._together(before, group)
            if not ready:
                return
            foreign = self._since_last(before)
            if not has_effect(patch, before.config, before.config):
                self._succeed(ready, Committed(patch, before, before, sent=False, foreign=foreign))
                return
            try:
                sent = await self._send(before, patch)
                break
            except (Busy, Race, NotFound) as early:
                # Somebody else's commit is under way: what it changed has to be seen before ours is made. Or the patch
                # names what was created a moment ago, and its workflow does not know it yet.
                longest_s = APPLY_S if isinstance(early, Busy) else LAG_S
                if environment.clock.now() > began + longest_s:
                    raise
                await environment.clock.sleep(RETRY_S)
                group = [submission for submission, _ in ready]
        other_commits = await self._foreign_changes.commits(sent.after, sent.others, patch)
        foreign = [*foreign, *self._foreign_paths(before, sent.after, patch), *other_commits]
        self._last = sent.after
        staged = await self._foreign_changes.staged(sent.after, patch)
        committed = Committed(
            patch,
            before,
            sent.after,
            sent=True,
            foreign=foreign,
            staged=staged,
            since=sent.since,
            complaint=sent.complaint,
        )
        self._succeed(ready, committed)

    @staticmethod
    def _succeed(ready: _Ready, committed: Committed) -> None:
        """Give each its own patch; what others did is reported once."""
        for submission, own in ready:
            submission.succeed(replace(committed, patch=own))
            committed = replace(committed, foreign=(), staged=(), complaint=None)

    def _together(self, before: Snapshot, group: Sequence[_Submission]) -> tuple[_Ready, EnvironmentConfig]:
        """Return submissions that can leave in one patch, with their own patches; others stay for the next commit."""
        ready: _Ready = []
        merged: EnvironmentConfig = {}
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

    async def _send(self, before: Snapshot, patch: EnvironmentConfig) -> _CommitResult:
        """Commit, and wait until a read shows it: a commit may be accepted and do nothing."""
        environment = self._environment
        mark = uuid.uuid4().hex[:8]
        with environment.writing():
            posted = await self._post(patch, mark)
            sent = await self._in_effect(before, patch, mark, posted)
        environment.remember(sent.after)
        return sent

    def _since_last(self, before: Snapshot) -> Sequence[str]:
        """Return what others changed since our own last commit: only commits write the parts compared here."""
        last = self._last
        return () if last is None or last.etag == before.etag else self._foreign_paths(last, before, {})

    @staticmethod
    def _foreign_paths(before: Snapshot, after: Snapshot, patch: EnvironmentConfig) -> Sequence[str]:
        """Return what others changed between two reads, beside the patch."""
        services = before.config.get("services") or {}
        read = {key: settings for key, settings in services.items() if key not in before.unread}
        changed = changed_by_others({**before.config, "services": read}, after.config, patch)
        return [after.readable_path(path) for path in changed]

    async def _post(self, patch: EnvironmentConfig, mark: str) -> _AcceptedCommit:
        """Send the patch."""
        environment = self._environment
        deadline = environment.clock.now() + LAG_S
        counts = ", ".join(count(len(table(patch.get(f"{each}s"))), each) for each in ("service", "volume"))
        while True:
            try:
                workflow_id = await environment.transport.call(
                    ENVIRONMENT_PATCH_COMMIT,
                    environmentId=environment.environment_id,
                    patch=patch,
                    commitMessage=f"{OWN}{counts} ({mark})",
                )
            except NothingToCommit:
                return _AcceptedCommit(None, listed=False)
            except (Race, NotFound):
                # What the patch names was created a moment ago.
                if environment.clock.now() > deadline:
                    raise
                await environment.clock.sleep(RETRY_S)
            else:
                return _AcceptedCommit(workflow_id, listed=True)

    async def _in_effect(
        self, before: Snapshot, patch: EnvironmentConfig, mark: str, posted: _AcceptedCommit
    ) -> _CommitResult:
        """Wait until the commit is applied and the configuration shows it; raise what went wrong with it."""
        environment = self._environment
        self._poller.hurry()
        started = environment.clock.now()
        applied = None
        while True:
            followed = None if self._workflows_are_hidden else posted.workflow_id
            progress = await self._poller.next(snapshot=True, workflow=followed)
            # To a token that may not ask, only the patch and the configuration tell.
            self._workflows_are_hidden |= isinstance(progress.workflow, BaseException)
            now = environment.clock.now()
            if followed is not None and progress.workflow is None:
                continue  # this look had left before it could ask for the workflow
            status = _commit_status(progress, before, patch, mark, early=now - started <= UNLISTED_S)
            if (refusal := status.refusal()) is not None:
                if progress.snapshot is not None and not has_effect(patch, progress.snapshot.config, before.config):
                    return _CommitResult(progress.snapshot, _taken_at(status.own), _of_others(status), str(refusal))
                self._foreign_changes.keep_quiet_about(patch)
                raise refusal
            unlisted = not posted.listed or (now - started > UNLISTED_S and not status.running)
            applying = any(each["status"] == "APPLYING" for each in progress.patches)
            if applied is None and (status.complete or unlisted) and not applying:
                applied = now
            if applied is None and now - started > APPLY_S:
                raise StillApplying(
                    f"Railway is still applying the configuration after {APPLY_S:.0f} s: "
                    "look at the environment in the dashboard, and run the command again"
                )
            if applied is None or progress.snapshot is None:
                continue
            unapplied = unapplied_settings(
                patch, before, progress.snapshot, proven=status.complete or not posted.listed
            )
            other_commits = _of_others(status)
            if not unapplied:
                return _CommitResult(progress.snapshot, _taken_at(status.own), other_commits)
            self._raise_not_applied(unapplied, other_commits, waited_s=now - applied)

    @staticmethod
    def _raise_not_applied(unapplied: Sequence[str], other_commits: Patches, *, waited_s: float) -> None:
        """Raise when others undid what is missing, or when Railway had enough time to show it."""
        paths = ", ".join(unapplied[:5])
        if other_commits:
            names = ", ".join(repr(each["message"] or each["id"]) for each in other_commits)
            raise RailwayError(
                f"somebody else changed {paths} at the same time, with the commit {names}: find "
                "out who deploys to this environment beside you, and run the command again"
            )
        if waited_s > REFLECT_S:
            raise RailwayError(f"Railway accepted the configuration but did not apply {paths}: run the command again")


def _commit_status(
    progress: Progress, before: Snapshot, patch: EnvironmentConfig, mark: str, *, early: bool
) -> CommitStatus:
    """Return what a look shows of the commit with this mark."""
    own = [each for each in progress.patches if mark in (each["message"] or "")]
    new = [each for each in progress.patches if each["id"] not in before.patches]
    workflow = progress.workflow
    if isinstance(workflow, BaseException) or (workflow is not None and workflow["status"] == "NotFound"):
        workflow = None
    return CommitStatus(own, new, workflow, early=early, patch=patch)


def _taken_at(own: Patches) -> str | None:
    """Return when Railway took a commit: the time of its patch; None if Railway lost the message that marks it."""
    return min((patch["createdAt"] for patch in own), default=None)


def _of_others(status: CommitStatus) -> Patches:
    """Return the commits of others among new ones; none where it is not known which one is ours."""
    return [each for each in status.new if each not in status.own and each["status"] != "STAGED"] if status.own else []


def has_effect(patch: EnvironmentConfig, config: EnvironmentConfig, before: EnvironmentConfig) -> bool:
    """Tell whether a patch would change the configuration. What Railway masks counts as a change.

    So does the removal of a variable that ``before``, the configuration before the commit, does not show: it is sealed.
    """
    return any(
        at(config, path) != value or (value is None and path[-2:-1] == ("variables",) and at(before, path) is None)
        for path, value in leaves(patch)
        if (value != {} or at(config, path) is None) and not (path[-1] == "isCreated" and _exists(config, path[:-1]))
    )


def _exists(config: EnvironmentConfig, path: Path) -> bool:
    """Tell whether something is in the environment: the configuration shows it, and not as deleted."""
    entry = at(config, path)
    return is_object(entry) and not entry.get("isDeleted")
