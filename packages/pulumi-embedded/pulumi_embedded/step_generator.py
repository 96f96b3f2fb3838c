"""Matches each resource that the program registers with the state, and turns it into steps.

Keeps the resources registered so far, and the old record that belongs to each. Checks and diffs happen one at a time,
under one lock, so that each decision sees all earlier ones; the steps that follow run outside of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi_embedded import plan
from pulumi_embedded.executor import Executor, StepError
from pulumi_embedded.journal import Journal
from pulumi_embedded.plugins import ProviderError
from pulumi_embedded.provider import DiffResponse, Provider
from pulumi_embedded.providers import Providers
from pulumi_embedded.report import Report
from pulumi_embedded.state import Resource, timestamp
from pulumi_operations.events import Change, StepKind
from pulumi_operations.values import Properties, mark_like

Action = Callable[[], None]


class RefusedError(Exception):
    """The program asks for what is impossible or unsupported; the text says what, where and what to do."""

    def __init__(self, message: str, changes: Mapping[str, Change] | None = None) -> None:
        super().__init__(message)
        self.changes = changes
        """The changes that would replace the resource, where a replacement is refused."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A resource as the program registers it."""

    resource: Resource
    aliases: Sequence[str] = ()
    """URNs under which it may stand in the state."""
    delete_before_replace: bool | None = None
    """``None`` leaves it to the provider."""


class StepGenerator:
    """Turn the registrations of one run into steps, as the step generator of Pulumi's own engine does."""

    def __init__(
        self,
        journal: Journal,
        providers: Providers,
        executor: Executor,
        report: Report,
        targets: plan.Targets,
        stack: str,
        *,
        preview: bool,
    ) -> None:
        self._journal, self._providers, self._executor, self._report = journal, providers, executor, report
        self._targets, self._stack, self._preview = targets, stack, preview
        self._order = [resource for resource in journal.snapshot.remaining() if not resource.delete]
        self._olds = {resource.urn: resource for resource in self._order}
        self._lock = threading.Lock()
        self.declared: dict[str, Resource] = {}
        """URN → what the program gets to see of it."""
        self.claimed: dict[str, str] = {}
        """Old URN → the URN that took its record over."""
        self.aliased: dict[str, str] = {}
        """URN → the old URN whose record it took over, where the two differ."""
        self.skipped: set[str] = set()
        """URNs outside of the targets that do not exist yet."""
        self.unknown: set[str] = set()
        """URNs that a preview refused and that do not exist yet."""
        self._replaced: set[str] = set()
        self._deleted_early: dict[str, Resource] = {}

    def register(self, goal: Goal) -> Resource:
        """Bring one resource into being. Raises ``RefusedError``, ``ProviderError`` or ``StepError``."""
        with self._lock:
            if self._report.stopping:
                raise StepError
            resource = goal.resource
            old = self._claim(resource, goal.aliases)
            if not self._targets.includes(resource):
                self._leave(resource, old)
                return resource
            self._refuse_skipped(resource)
            if resource.is_provider:
                self._providers.declare(resource, old)
                return resource
            try:
                action = self._plan(goal, old) if resource.custom else lambda: self._executor.component(resource, old)
            except (RefusedError, ProviderError) as error:
                if not self._preview:
                    raise
                self._pass_over(resource, old, error)
                return resource
        action()
        return resource

    def _claim(self, resource: Resource, aliases: Sequence[str]) -> Resource | None:
        if resource.urn in self.declared:
            raise RefusedError(f"Duplicate resource URN '{resource.urn}'; try giving it a unique name")
        self.declared[resource.urn] = resource
        old = next((self._olds[urn] for urn in (resource.urn, *aliases) if urn in self._olds), None)
        if old is None:
            return None
        other = self.claimed.get(old.urn) or (old.urn if old.urn != resource.urn and old.urn in self.declared else None)
        if other is not None:
            raise RefusedError(f"'{resource.urn}' and '{other}' both claim '{old.urn}' of the state: remove one alias")
        self.claimed[old.urn] = resource.urn
        if old.urn != resource.urn:
            self.aliased[resource.urn] = old.urn
        return old

    def _pass_over(self, resource: Resource, old: Resource | None, error: RefusedError | ProviderError) -> None:
        """Report a refusal, and let the preview go on: what depends on the resource gets its old values, or none."""
        self._report.refuse(str(error), resource.urn)
        if old is None:
            self.unknown.add(resource.urn)
            return
        if isinstance(error, RefusedError) and error.changes is not None:
            self._report.finished(plan.describe(StepKind.REPLACE, old, resource, error.changes), error=str(error))
        else:
            self._report.finished(plan.describe(StepKind.SAME, old, old))
        resource.id, resource.outputs = old.id, old.outputs
        self._journal.keep(old)

    def _leave(self, resource: Resource, old: Resource | None) -> None:
        if old is None:
            self.skipped.add(resource.urn)
            return
        resource.id, resource.outputs = old.id, old.outputs
        if resource.urn == old.urn:
            self._journal.keep(old)
        else:  # what is among the targets refers to it by its new URN
            self._journal.settle(replace(old, urn=resource.urn, type=resource.type, place=-1), old.place)
        self._report.finished(plan.describe(StepKind.SAME, old, old))

    def _refuse_skipped(self, resource: Resource) -> None:
        skipped = sorted(self.skipped & resource.depends_on())
        if skipped:
            message = f"'{resource.urn}' needs '{skipped[0]}', which does not exist yet: add that to the targets"
            raise RefusedError(message)

    def _check(self, provider: Provider, resource: Resource, olds: Properties, news: Properties) -> Properties:
        inputs, failures = provider.check(resource, olds, news)
        if failures:
            problems = "\n".join(failures)
            raise ProviderError(f"{resource.type} resource '{resource.name}' has a problem: {problems}")
        return inputs

    def _plan(self, goal: Goal, old: Resource | None) -> Action:
        new = goal.resource
        inputs, provider = new.inputs, self._providers.get(new.provider)
        imported = None
        if new.import_id and (old is None or (old.import_id or old.id) != new.import_id):
            imported = old = self._import(new, old, provider)
        early = self._deleted_early.get(old.urn) if old is not None else None
        if old is None or early is not None:
            new.inputs = self._check(provider, new, {}, inputs)
            return lambda: self._executor.create(new, replaces=early or old, old_deleted=early is not None)
        new.inputs = self._check(
            provider, new, old.inputs, plan.without_ignored(inputs, old.inputs, new.ignore_changes)
        )
        decision = self._decide(new, old, provider)
        match decision.kind:
            case StepKind.REPLACE:
                self._refuse_replacement(new, old, decision)
                new.inputs = self._check(provider, new, {}, inputs)
                return self._replace(goal, old, decision)
            case StepKind.UPDATE:
                return lambda: self._executor.update(new, old, decision.changes)
            case _ if imported is not None:
                new.id, new.inputs, new.outputs = imported.id, imported.inputs, imported.outputs
                return lambda: None
            case _:
                return lambda: self._executor.same(new, old)

    def _decide(self, new: Resource, old: Resource, provider: Provider) -> plan.DiffDecision:
        decision = plan.replaced_with_host(new, self._replaced)
        if decision is None and self._providers.changed(old, new.provider):
            decision = plan.DiffDecision(kind=StepKind.REPLACE, changes={"provider": Change.UPDATE_REPLACE})
        if decision is not None:
            return decision
        answer = provider.diff(new, old, new.inputs)
        compared = new.inputs
        if answer.changed is None:
            compared = plan.without_ignored(new.inputs, old.inputs, new.ignore_changes)
        return plan.decide(old, compared, answer, new.replace_on_changes)

    def _refuse_replacement(self, new: Resource, old: Resource, decision: plan.DiffDecision) -> None:
        if new.protect and old.protect:
            message = (
                f"'{new.urn}' would have to be replaced, but is protected. If that is meant, "
                f"{way_to_unprotect(self._stack)}; or take `protect` away in the program first"
            )
            raise RefusedError(message, decision.changes)
        if new.import_id:
            message = (
                f"'{new.urn}' would have to be replaced, but still has the `import_` option, which ties it to the "
                f"existing '{new.import_id}': remove that option, or make the inputs match what exists"
            )
            raise RefusedError(message, decision.changes)

    def _replace(self, goal: Goal, old: Resource, decision: plan.DiffDecision) -> Action:
        new = goal.resource
        self._replaced |= {new.urn, old.urn}
        first = decision.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        if not first:
            return lambda: self._executor.create(new, replaces=old, changes=decision.changes)
        settled = {*self.declared, *self.claimed, *self._deleted_early}
        doomed = [old, *plan.dependents_to_replace(old, self._order, settled, self._would_replace)]
        for resource in doomed[1:]:
            if resource.protect:
                message = (
                    f"'{new.urn}' cannot be replaced: '{resource.urn}' depends on it and is protected. "
                    f"If that is meant, {way_to_unprotect(self._stack)}"
                )
                raise RefusedError(message)
            if resource.urn not in self._targets:
                raise RefusedError(f"'{new.urn}' cannot be replaced without '{resource.urn}': add that to the targets")
        for resource in doomed:
            self._deleted_early[resource.urn] = resource
            self._replaced.add(resource.urn)

        def delete_then_create() -> None:
            self._executor.delete_all(doomed, replaced=True)
            self._executor.create(new, replaces=old, changes=decision.changes, old_deleted=True)

        if self._preview:  # nothing waits for anything; the order of the plan is the order of decisions
            delete_then_create()
            return lambda: None
        return delete_then_create

    def _would_replace(self, resource: Resource, inputs: Properties) -> bool:
        answer: DiffResponse = self._providers.get(resource.provider).diff(resource, resource, inputs)
        return plan.decide(resource, inputs, answer, resource.replace_on_changes).kind is StepKind.REPLACE

    def _import(self, new: Resource, old: Resource | None, provider: Provider) -> Resource:
        read = provider.read(new, new.import_id, None, None)
        if not read.id:
            raise ProviderError(f"resource '{new.import_id}' does not exist")
        if read.inputs is None:
            raise ProviderError(f"the provider cannot import {new.type}: it answers without inputs")
        now = timestamp()
        # What exists has no marks of secrets: the program's inputs say which of it are.
        imported = replace(
            new, id=read.id, inputs=mark_like(read.inputs, new.inputs), outputs=mark_like(read.outputs, new.inputs),
            init_errors=read.reasons, created=now, modified=now,
        )  # fmt: skip
        self._journal.settle(imported, pending_delete=old.place if old is not None else -1)
        kind = StepKind.IMPORT if old is None else StepKind.IMPORT_REPLACEMENT
        self._report.finished(plan.describe(kind, old, imported))
        return imported

    def complete(self, urn: str, outputs: Properties) -> None:
        """Set the outputs of a component. Raises ``RefusedError`` for one that was never registered."""
        resource = self.declared.get(urn)
        if resource is None:
            raise RefusedError(f"outputs for '{urn}', which was not registered")
        if urn in self.skipped or urn not in self._journal.snapshot.settled or resource.outputs == outputs:
            return
        if not self._targets.includes(resource):
            return
        resource.outputs = outputs
        self._journal.settle(resource)


def way_to_unprotect(stack: str) -> str:
    """Return the advice on how to lift protection, as part of a sentence."""
    return f"run `railyard unprotect -s {stack}` (sandbox) or `pulumi state unprotect`"
