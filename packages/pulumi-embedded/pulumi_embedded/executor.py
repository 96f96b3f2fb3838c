"""Executes steps: calls the provider, emits events, and writes the journal before and after each call.

Keeps the order intent → call → outcome, and limits the number of calls that run at once. ``plan`` and
``step_generator`` decide which steps a resource needs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace

from pulumi_embedded import plan
from pulumi_embedded.journal import Journal
from pulumi_embedded.plugins import InitializationFailedError, ProviderError
from pulumi_embedded.providers import Providers
from pulumi_embedded.report import Report
from pulumi_embedded.state import Resource, timestamp
from pulumi_operations.events import Change, Step, StepKind
from pulumi_operations.values import differences, mark_named, plain


class StepError(Exception):
    """A step failed; that has been reported."""


class Executor:
    """Carry out the steps of one run; in a preview, predict them."""

    def __init__(self, journal: Journal, providers: Providers, report: Report, *, preview: bool, parallel: int) -> None:
        self._journal, self._providers, self._report = journal, providers, report
        self._preview, self._parallel = preview, parallel
        self._slots = threading.Semaphore(parallel)

    @contextmanager
    def _reporting(self, step: Step) -> Generator[Callable[[Step], None]]:
        """Report that a step begins and ends; yield a setter of the step that it ends as. Raises ``StepError``."""
        if self._report.stopping:
            raise StepError
        if not self._preview:
            self._report.started(step)
        began, ended = time.monotonic(), step

        def end_as(outcome: Step) -> None:
            nonlocal ended
            ended = outcome

        try:
            yield end_as
        except ProviderError as error:
            self._report.finished(ended, time.monotonic() - began, str(error))
            self._report.fail(str(error), step.urn)
            raise StepError from None
        self._report.finished(ended, time.monotonic() - began)

    def same(self, new: Resource, old: Resource) -> None:
        """Leave a resource as it is; at most the engine's own fields of its record change."""
        new.id, new.created, new.modified = old.id, old.created, old.modified
        new.outputs = mark_named(old.outputs, new.additional_secret_outputs)
        if replace(new, place=old.place) == old:
            self._journal.keep(old)
        else:
            self._journal.settle(new, old.place)
        self._report.finished(plan.describe(StepKind.SAME, old, new))

    def component(self, new: Resource, old: Resource | None) -> None:
        """Record a component, whose outputs come later; until then it keeps its old ones."""
        if old is None:
            new.created = new.modified = timestamp()
            self._journal.settle(new)
            self._report.finished(plan.describe(StepKind.CREATE, None, new))
            return
        if plain(old.inputs) == plain(new.inputs):
            self.same(new, old)
            return
        new.outputs, new.created, new.modified = old.outputs, old.created, timestamp()
        self._journal.settle(new, old.place)
        changes = differences(old.inputs, new.inputs)
        self._report.finished(plan.describe(StepKind.UPDATE, old, new, changes))

    def create(
        self,
        new: Resource,
        *,
        replaces: Resource | None = None,
        changes: Mapping[str, Change] | None = None,
        old_deleted: bool = False,
    ) -> None:
        """Create a resource in the place of ``replaces``, if any, which waits for its deletion from then on.

        With ``old_deleted`` that deletion came first; it may still be under way, and fail.
        """
        kind = StepKind.CREATE if replaces is None else StepKind.CREATE_REPLACEMENT
        pending_delete = replaces.place if replaces is not None else -1
        if old_deleted:
            self._report.finished(plan.describe(StepKind.REPLACE, replaces, new, changes))
        with self._slots, self._reporting(plan.describe(kind, replaces, new, changes)) as end_as:
            self._create(new, None if old_deleted else replaces, pending_delete)
            end_as(plan.describe(kind, replaces, new, changes))
        if replaces is not None and not old_deleted:
            self._report.finished(plan.describe(StepKind.REPLACE, replaces, new, changes))

    def _create(self, new: Resource, replaces: Resource | None, pending_delete: int) -> None:
        if not self._preview:
            self._journal.intend_create(new)
        interrupted = new.urn in self._journal.interrupted and not self._preview
        provider = self._providers.get(new.provider)
        try:
            new.id, new.outputs = provider.create(new, interrupted=interrupted)
            if interrupted and replaces is not None and new.id == replaces.id:
                # What the provider found is the one to be replaced, which will be deleted: so nothing else was left.
                new.id, new.outputs = provider.create(new, interrupted=False)
        except InitializationFailedError as half:
            new.id, new.outputs, new.init_errors = half.id, half.outputs, half.reasons
            new.created = new.modified = timestamp()
            self._journal.settle(new, pending_delete=pending_delete, created=True)
            raise
        except ProviderError as error:
            # When the answer was lost, something may exist: the intent stays, and the next run looks for it.
            if not error.unheard and not interrupted:
                self._journal.forget(new.urn)
            raise
        new.created = new.modified = timestamp()
        self._journal.settle(new, pending_delete=pending_delete, created=True)

    def update(self, new: Resource, old: Resource, changes: Mapping[str, Change]) -> None:
        """Change a resource in place."""
        new.id, new.created, new.modified = old.id, old.created, timestamp()
        with self._slots, self._reporting(plan.describe(StepKind.UPDATE, old, new, changes)) as end_as:
            if not self._preview:
                self._journal.intend("update", old)
            try:
                new.outputs = self._providers.get(new.provider).update(new, old)
            except InitializationFailedError as half:
                # The old inputs stay, so that the next run sees the same difference and tries again.
                stands = replace(new, inputs=old.inputs, outputs=half.outputs or old.outputs, init_errors=half.reasons)
                self._journal.settle(stands, old.place)
                raise
            self._journal.settle(new, old.place)
            end_as(plan.describe(StepKind.UPDATE, old, new, changes))

    def delete_all(self, doomed: Sequence[Resource], *, replaced: bool = False) -> None:
        """Delete resources, which stand in order of dependency; independent ones at the same time.

        ``replaced``: they make room for their replacements. Raises ``StepError`` when one could not be deleted; what
        depended on nothing that failed may be gone by then, and is recorded as such.
        """
        deletions = plan.deletions(doomed)

        def kind(resource: Resource) -> StepKind:
            return StepKind.DELETE_REPLACED if replaced or resource.delete else StepKind.DELETE

        if self._preview:
            for resource in deletions.everything():
                self._journal.remove([resource])
                self._report.finished(plan.describe(kind(resource), resource, None))
            return

        def delete(host: Resource) -> None:
            guests = deletions.guests.get(host.place, ())
            with self._reporting(plan.describe(kind(host), host, None)):
                if host.custom and not host.is_provider:
                    self._journal.intend("delete", host)
                    self._delete(host)
                self._journal.remove([host, *guests])
            for guest in guests:
                self._report.finished(plan.describe(kind(guest), guest, None))

        self._in_order(deletions, delete)

    def _delete(self, doomed: Resource) -> None:
        """Delete a resource. A provider that fails since the resource is gone, as after a killed run, has succeeded."""
        provider = self._providers.get(doomed.provider)
        try:
            provider.delete(doomed)
        except ProviderError:
            try:
                remaining = provider.read(doomed, doomed.id, doomed.inputs, doomed.outputs)
            except ProviderError:
                remaining = None
            if remaining is None or remaining.id:
                raise

    def _in_order(self, deletions: plan.Deletions, delete: Callable[[Resource], None]) -> None:
        waiting = {resource.place: resource for resource in deletions.order}
        running: dict[Future[None], int] = {}
        failed = False
        with ThreadPoolExecutor(self._parallel) as pool:
            while waiting or running:
                busy = {*waiting, *running.values()}
                ready = (
                    []
                    if failed or self._report.stopping
                    else [place for place in waiting if not busy & deletions.blockers[place]]
                )
                running |= {pool.submit(delete, waiting.pop(place)): place for place in ready}
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[future]
                    failed = failed or isinstance(future.exception(), StepError)
                    if not failed:
                        future.result()
        if failed or waiting:
            raise StepError

    def refresh_all(self, resources: Sequence[Resource]) -> None:
        """Compare records with what really exists, and let the records follow. Raises ``StepError`` at the end."""
        with ThreadPoolExecutor(self._parallel) as pool:
            results = [pool.submit(self._refresh, resource) for resource in resources]
        errors = [error for result in results if (error := result.exception()) is not None]
        for error in errors:
            raise error

    def _refresh(self, old: Resource) -> None:
        with self._reporting(plan.describe(StepKind.REFRESH, old, old)) as end_as:
            current = self._providers.get(old.provider).read(old, old.id, old.inputs, old.outputs)
            if not current.id:
                self._journal.remove([old])
                end_as(plan.describe(StepKind.DELETE, old, None))
                return
            inputs = old.inputs if current.inputs is None else current.inputs
            new = replace(old, id=current.id, inputs=inputs, outputs=current.outputs, init_errors=current.reasons)
            # As the Pulumi engine has it: outputs follow silently, what the program asked for is drift.
            compared = plan.without_ignored(new.inputs, old.inputs, old.ignore_changes)
            changes = differences(old.inputs, compared) if current.inputs else differences(old.outputs, new.outputs)
            if current.reasons:
                reasons = "".join(f"\n* {reason}" for reason in current.reasons)
                self._report.say("warning", f"Refreshed resource is in an unhealthy state:{reasons}", old.urn)
            if new != old:
                new.modified = timestamp()
                self._journal.amend(new, old.place)
            kind = StepKind.UPDATE if changes or new.id != old.id else StepKind.SAME
            end_as(plan.describe(kind, old, new, changes))
