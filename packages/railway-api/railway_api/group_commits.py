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
from railway_api.counting import count
from railway_api.documents.environment import ENVIRONMENT_PATCH_COMMIT
from railway_api.environment_access import EnvironmentAccess
from railway_api.errors import (
    Busy,
    NotFound,
    NothingToCommit,
    Race,
    RailwayError,
    Throttled,
    Unreachable,
    Validation,
)
from railway_api.failure import Failure
from railway_api.foreign_changes import ForeignChanges
from railway_api.json_objects import table
from railway_api.patches import at, changed_by_others, conflict, leaves, merge
from railway_api.progress import Poller
from railway_api.snapshot import Snapshot

if TYPE_CHECKING:
    from railway_api.answers import EnvironmentPatchInEnvironmentSnapshot
    from railway_api.scalars import EnvironmentConfig, Variables

WINDOW_S: Final = 0.05
"""How long a patch waits for others, in real time."""
PREPARED_S: Final = 30.0
"""How long a commit waits for creates that are under way, in API time."""
APPLY_S: Final = 300.0
"""How long Railway may take to apply a commit, in API time."""
UNLISTED_S: Final = 15.0
"""How long a new patch may be missing from the list, in API time. A patch without effect never appears there."""
REFLECT_S: Final = 60.0
"""How long a read may lag behind an applied commit, in API time."""
LAG_S: Final = 90.0
"""How long a thing that was just created may be unknown to a commit, in API time."""
RETRY_S: Final = 3.0

BuildPatch = Callable[[Snapshot], "EnvironmentConfig"]
"""Makes a patch for the configuration that is there right before the commit."""


Patches = Sequence["EnvironmentPatchInEnvironmentSnapshot"]


@dataclass(frozen=True)
class Committed:
    """Tell what became of one submitted patch."""

    patch: EnvironmentConfig
    before: Snapshot
    after: Snapshot
    sent: bool
    """False when the configuration was already as asked for, so nothing was sent."""
    foreign: Sequence[str] = ()
    """What somebody else changed meanwhile, for people."""
    staged: Sequence[str] = ()
    """What somebody changed in the dashboard and did not deploy, for people; told once."""
    since: str | None = None
    """When Railway took the commit, by its clock: what it started was created after that. None when not known."""


@dataclass(frozen=True)
class _Sent:
    """Tell what became of one commit."""

    after: Snapshot
    since: str | None
    others: Patches = ()
    """Commits by others that came in between."""


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
        self._delays = 0
        self._undelayed = asyncio.Event()
        self._undelayed.set()

    async def submit(self, build: BuildPatch) -> Committed:
        """Commit a patch together with whatever else is ready; raises this patch's own failure.

        ``build`` may be called more than once: when somebody else commits first, it is asked again about what is there
        then.
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
        environment = self._environment
        until = environment.clock.now() + LAG_S
        while True:
            before = await environment.snapshot()
            ready, patch = self._together(before, group)
            if not ready:
                return
            foreign = self._since_last(before)
            if not has_effect(patch, before.config):
                self._succeed(ready, Committed(patch, before, before, sent=False, foreign=foreign))
                return
            try:
                sent = await self._send(before, patch)
                break
            except Busy:
                # Somebody else's commit is under way: what it changed has to be seen before ours is made.
                if environment.clock.now() > until:
                    raise
                await environment.clock.sleep(RETRY_S)
                group = [submission for submission, _ in ready]
        others = await self._foreign_changes.commits(sent.after, sent.others, patch)
        foreign = [*foreign, *self._told(before, sent.after, patch), *others]
        self._last = sent.after
        staged = await self._foreign_changes.staged(sent.after, patch)
        committed = Committed(patch, before, sent.after, sent=True, foreign=foreign, staged=staged, since=sent.since)
        self._succeed(ready, committed)

    @staticmethod
    def _succeed(ready: _Ready, committed: Committed) -> None:
        """Give each its own patch; what others did is told once."""
        for submission, own in ready:
            submission.succeed(replace(committed, patch=own))
            committed = replace(committed, foreign=(), staged=())

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

    async def _send(self, before: Snapshot, patch: EnvironmentConfig) -> _Sent:
        """Commit, and wait until a read shows it: a commit may be accepted and do nothing."""
        environment = self._environment
        mark = uuid.uuid4().hex[:8]
        with environment.writing():
            listed = await self._post(patch, mark)
            sent = await self._in_effect(before, patch, mark, listed=listed)
        environment.remember(sent.after)
        return sent

    def _since_last(self, before: Snapshot) -> Sequence[str]:
        """Tell what somebody else changed since our own last commit: only commits write the parts compared here."""
        last = self._last
        return () if last is None or last.etag == before.etag else self._told(last, before, {})

    @staticmethod
    def _told(before: Snapshot, after: Snapshot, patch: EnvironmentConfig) -> Sequence[str]:
        """Tell what somebody else changed between two reads, beside the patch."""
        services = before.config.get("services") or {}
        read = {key: settings for key, settings in services.items() if key not in before.unread}
        changed = changed_by_others({**before.config, "services": read}, after.config, patch)
        return [after.readable_path(path) for path in changed]

    async def _post(self, patch: EnvironmentConfig, mark: str) -> bool:
        """Send the patch; tell whether Railway is going to list it."""
        environment = self._environment
        until = environment.clock.now() + LAG_S
        counts = ", ".join(count(len(table(patch.get(f"{each}s"))), each) for each in ("service", "volume"))
        while True:
            try:
                await environment.transport.call(
                    ENVIRONMENT_PATCH_COMMIT,
                    environmentId=environment.environment_id,
                    patch=patch,
                    commitMessage=f"Pulumi: {counts} ({mark})",
                )
            except NothingToCommit:
                return False
            except (Race, NotFound):
                # What the patch names was created a moment ago.
                if environment.clock.now() > until:
                    raise
                await environment.clock.sleep(RETRY_S)
            else:
                return True

    async def _in_effect(self, before: Snapshot, patch: EnvironmentConfig, mark: str, *, listed: bool) -> _Sent:
        """Wait until no patch is being applied and the configuration shows ours; raise what went wrong with it."""
        environment = self._environment
        self._poller.hurry()
        started = environment.clock.now()
        applied = None
        while True:
            progress = await self._poller.next(snapshot=True)
            now = environment.clock.now()
            own = [each for each in progress.patches if mark in (each["message"] or "")]
            new = [each for each in progress.patches if each["id"] not in before.patches]
            for each in new:
                if each["lastAppliedError"] and each["status"] != "STAGED":
                    raise Validation(f"Railway could not apply the configuration: {each['lastAppliedError']}")
            shown = any(each["status"] == "COMMITTED" for each in new) or not listed or now - started > UNLISTED_S
            applying = any(each["status"] == "APPLYING" for each in progress.patches)
            if applied is None and shown and not applying:
                applied = now
            if applied is None and now - started > APPLY_S:
                raise RailwayError(
                    f"Railway is still applying the configuration after {APPLY_S:.0f} s: "
                    "look at the environment in the dashboard, and run the command again"
                )
            if applied is None or progress.snapshot is None:
                continue
            missing = _missing(patch, progress.snapshot.config)
            if not missing:
                return _Sent(progress.snapshot, _taken_at(own), _of_others(new, own))
            if later := _of_others(new, own):
                names = ", ".join(repr(each["message"] or each["id"]) for each in later)
                raise RailwayError(
                    f"somebody else changed {', '.join(missing[:5])} at the same time, with the commit {names}: find "
                    "out who deploys to this environment beside you, and run the command again"
                )
            if now - applied > REFLECT_S:
                names = ", ".join(missing[:5])
                raise RailwayError(
                    f"Railway accepted the configuration but did not apply {names}: run the command again"
                )


def _taken_at(own: Patches) -> str | None:
    """Return when Railway took a commit: the time of its patch; None if Railway lost the message that tells it."""
    return min((patch["createdAt"] for patch in own), default=None)


def _of_others(new: Patches, own: Patches) -> Patches:
    """Return the commits of others among new ones; none where it is not known which one is ours."""
    return [each for each in new if each not in own and each["status"] != "STAGED"] if own else []


def has_effect(patch: EnvironmentConfig, config: EnvironmentConfig) -> bool:
    """Tell whether a patch would change the configuration. What Railway masks counts as a change."""
    return any(at(config, path) != value for path, value in leaves(patch) if value != {} or at(config, path) is None)


def _missing(patch: EnvironmentConfig, config: EnvironmentConfig) -> list[str]:
    """Return sources and variables of the patch that the configuration does not show."""
    missing: list[str] = []
    services = config.get("services") or {}
    for service_id, settings in (patch.get("services") or {}).items():
        wanted, there = settings or {}, services.get(service_id) or {}
        source, shown = wanted.get("source") or {}, there.get("source") or {}
        if "image" in source and source["image"] != shown.get("image"):
            missing.append("source.image")
        if "repo" in source and source["repo"] != shown.get("repo"):
            missing.append("source.repo")
        missing += missing_variables(wanted.get("variables") or {}, there.get("variables") or {})
    return missing


def missing_variables(wanted: Variables, there: Variables) -> list[str]:
    """Return paths of variables that are not as they were written, as far as that can be seen."""
    missing: list[str] = []
    for name, entry in wanted.items():
        shown = there.get(name)
        if (shown or {}).get("isSealed") or (entry or {}).get("isSealed"):
            continue  # a sealed value is never shown again
        if (shown or {}).get("value") != (entry or {}).get("value"):
            missing.append(f"variables.{name}")
    return missing
