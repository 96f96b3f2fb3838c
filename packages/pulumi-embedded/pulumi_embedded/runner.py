"""Operations: preview, up, refresh and destroy of one stack, from options to result.

Owns the order of an operation: lock, load, run the program, delete, save. What happens to a resource is decided and
done elsewhere.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import grpc
from pulumi.runtime.proto import engine_pb2_grpc

from pulumi_embedded import plan
from pulumi_embedded.executor import Executor, StepError
from pulumi_embedded.journal import Journal, locked
from pulumi_embedded.monitor import Identity, Monitor
from pulumi_embedded.plugins import Plugin, ProviderError, find_command, named_packages, refuse_real_clouds
from pulumi_embedded.program import borrowed_process, run_program
from pulumi_embedded.providers import Providers
from pulumi_embedded.report import EngineService, Report
from pulumi_embedded.state import PROVIDER_PREFIX, STACK_TYPE, Resource, StateError
from pulumi_embedded.step_generator import StepGenerator, way_to_unprotect
from pulumi_operations.events import Event, Operation, Result
from pulumi_operations.project import Project, ProjectError, load_project, stack_config
from pulumi_operations.values import Properties, differences, known_outputs

DEFAULT_PASSPHRASE: Final = "sandbox"
_POLL_SECONDS: Final = 0.1


def _ignore(_event: Event) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Options:
    """Hold what an operation works on."""

    root: Path
    """Directory of Pulumi.yaml."""
    stack: str
    state_file: Path
    """Created when absent; its journal and its lock lie beside it."""
    config: Mapping[str, str] | None = None
    """Configuration with namespaced keys; ``None`` reads ``Pulumi.<stack>.yaml``."""
    plugins: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Package → command, for packages that Pulumi.yaml names no plugin for."""
    program: Path | Callable[[], Any] | None = None
    """A file or directory with ``__main__.py``, or a function; ``None`` is ``root``."""
    targets: Sequence[str] = ()
    """URN globs as of the CLI's ``--target``; none means everything."""
    on_event: Callable[[Event], None] = _ignore
    """Called for each event, one at a time, from several threads."""
    parallel: int = 16
    """Number of provider calls that may run at once."""
    environment: Mapping[str, str] | None = None
    """Added to the variables of program and plugins."""
    cancel: threading.Event = field(default_factory=threading.Event)
    """Set it to stop: providers are asked to end what they wait for, nothing new begins, the state is kept."""


class EngineError(Exception):
    """An operation could not begin; the text says why and what to do."""


def passphrase_of(options: Options) -> str:
    """Return the passphrase of the state: the one of the environment, else that of the sandbox."""
    environment = {**os.environ, **(options.environment or {})}
    return environment.get("PULUMI_CONFIG_PASSPHRASE", DEFAULT_PASSPHRASE)


def run(operation: Operation, options: Options) -> Result:
    """Carry out an operation; failures of resources and program are in the result.

    Raises ``EngineError`` when it cannot begin: another run under way, a damaged state, wrong settings, an address that
    is not loopback.
    """
    began = time.monotonic()
    report = Report(options.on_event, options.cancel)
    preview = operation is Operation.PREVIEW
    try:
        project = load_project(options.root.resolve())
        with (
            locked(options.state_file, shared=preview),
            borrowed_process(project.root, options.environment),
        ):
            refuse_real_clouds(os.environ)
            outcome = _operate(operation, options, project, report)
    except (ProviderError, ProjectError, StateError) as error:
        raise EngineError(str(error)) from None
    return replace(outcome, duration_s=time.monotonic() - began)


@contextmanager
def _engine_service(report: Report) -> Generator[tuple[EngineService, str]]:
    """Return the service that plugins log to, and its address."""
    service = EngineService(report)
    server = grpc.server(ThreadPoolExecutor(4, thread_name_prefix="engine-service"))
    engine_pb2_grpc.add_EngineServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield service, f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


@contextmanager
def _cancelling(cancel: threading.Event, providers: Providers) -> Generator[None]:
    """Hand a cancellation on to the plugins as soon as it is asked for."""
    finished = threading.Event()

    def watch() -> None:
        while not finished.is_set():
            if cancel.wait(_POLL_SECONDS):
                providers.cancel()
                return

    watcher = threading.Thread(target=watch, name="cancellation", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()


def _operate(operation: Operation, options: Options, project: Project, report: Report) -> Result:
    preview = operation is Operation.PREVIEW
    config = stack_config(project, options.stack) if options.config is None else options.config
    identity = Identity(
        project=project.name, stack=options.stack, config=config, preview=preview, parallel=options.parallel
    )
    journal = Journal(options.state_file, passphrase_of(options), durable=not preview)
    before = _stack_outputs(journal.snapshot.remaining())
    try:
        with _engine_service(report) as (service, address):

            def start(package: str) -> Plugin:
                command = find_command(package, project.root, project.settings, options.plugins)
                return Plugin(command, address, project.root, os.environ)

            providers = Providers(
                journal=journal,
                start=start,
                config=config,
                environment=os.environ,
                urn_prefix=identity.urn_prefix,
                preview=preview,
            )
            try:
                providers.start_early(_expected_packages(operation, options, project, journal))
                with _cancelling(options.cancel, providers):
                    work = _OperationRun(options, identity, journal, providers, report)
                    foreseen = _interruptible(lambda: work.do(operation, service), options.cancel)
            finally:
                providers.close()
    finally:
        journal.close()
    if options.cancel.is_set():
        report.fail("the run was cancelled; what was done so far is in the state, and the next run goes on from there")
    outputs = foreseen if foreseen is not None else _stack_outputs(journal.snapshot.resources())
    return Result(
        operation=operation,
        succeeded=not report.failed,
        steps=tuple(report.steps),
        outputs=outputs,
        output_changes=differences(before, outputs),
        diagnostics=tuple(report.diagnostics),
        duration_s=0.0,
    )


def _expected_packages(operation: Operation, options: Options, project: Project, journal: Journal) -> set[str]:
    """Return the packages whose plugins the operation is going to need.

    Those are the ones that the state has providers of. Before the first ``up`` there are none; then a program needs
    what its project and its caller name plugins for.
    """
    resources = journal.snapshot.remaining()
    recorded = {each.type.removeprefix(PROVIDER_PREFIX) for each in resources if each.is_provider}
    if recorded or operation not in (Operation.PREVIEW, Operation.UP):
        return recorded - {"pulumi"}  # whose functions are the engine's own
    return {*named_packages(project.settings), *options.plugins}


def _interruptible(work: Callable[[], Properties | None], cancel: threading.Event) -> Properties | None:
    """Do the work in a thread; a Ctrl-C that the caller does not handle cancels it, and what is under way ends."""
    with ThreadPoolExecutor(1, thread_name_prefix="operation") as pool:
        result = pool.submit(work)
        while not result.done():
            try:
                wait([result])
            except KeyboardInterrupt:
                cancel.set()
        return result.result()


def _stack_outputs(resources: Sequence[Resource]) -> Properties:
    nothing: Properties = {}
    return next((dict(each.outputs) for each in resources if each.type == STACK_TYPE), nothing)


class _OperationRun:
    """One operation, once everything it needs is there."""

    def __init__(
        self, options: Options, identity: Identity, journal: Journal, providers: Providers, report: Report
    ) -> None:
        self._options, self._identity = options, identity
        self._journal, self._providers, self._report = journal, providers, report
        self._targets = plan.Targets(options.targets)
        self._executor = Executor(journal, providers, report, preview=identity.preview, parallel=options.parallel)

    def do(self, operation: Operation, service: EngineService) -> Properties | None:
        """Do it; a preview gives the stack outputs that it foresees."""
        match operation:
            case Operation.PREVIEW | Operation.UP:
                return self._up(service)
            case Operation.REFRESH:
                self._refresh()
            case Operation.DESTROY:
                self._warn_of_interrupted("which this operation cannot know")
                self._refuse_unknown_targets()
                self._delete()
        return None

    def _up(self, service: EngineService) -> Properties | None:
        generator = StepGenerator(
            self._journal, self._providers, self._executor, self._report, self._targets, self._options.stack,
            preview=self._identity.preview,
        )  # fmt: skip
        before = _stack_outputs(self._journal.snapshot.remaining())
        monitor = Monitor(self._identity, generator, self._providers, self._report, before)
        program = self._options.program or self._options.root.resolve()
        problem = run_program(program, self._identity, monitor, service)
        if problem and not self._report.stopping:
            self._report.fail(problem)
        if not self._report.stopping:
            self._refuse_unknown_targets({*generator.declared, *generator.claimed})
            self._delete()
        outputs = monitor.outputs
        if self._report.stopping or outputs is None:
            return None
        self._warn_of_interrupted("and the program does not create it any more", forget=True)
        return self._complete_stack(generator, outputs)

    def _complete_stack(self, generator: StepGenerator, outputs: Properties) -> Properties:
        urn = next(urn for urn, each in generator.declared.items() if each.type == STACK_TYPE)
        if not self._identity.preview or self._options.targets:
            outputs = known_outputs(outputs, generator.declared[urn].outputs)
        generator.complete(urn, outputs)
        return outputs

    def _refuse_unknown_targets(self, declared: Collection[str] = ()) -> None:
        """Report each URN among the targets that neither the state nor the program has, in the CLI's words."""
        snapshot = self._journal.snapshot
        known = {*declared, *snapshot.settled, *(each.urn for each in snapshot.remaining())}
        for urn in self._targets.literals:
            if urn not in known:
                hint = "" if "$" in urn else " Did you forget to escape $ in your shell?"
                self._report.refuse(f"Target '{urn}' could not be found in the stack.{hint}")

    def _warn_of_interrupted(self, why: str, *, forget: bool = False) -> None:
        for urn, pending in list(self._journal.snapshot.pending_creates.items()):
            if urn in self._journal.interrupted and urn in self._targets:
                message = (
                    f"an interrupted run was creating {pending.type} '{pending.name}', {why}: it may exist all "
                    f"the same; look for it at the provider and delete it there if it does"
                )
                self._report.say("warning", message, urn)
                if forget:
                    self._journal.forget(urn)

    def _delete(self) -> None:
        """Delete what is left of the old state, as far as the targets name it."""
        snapshot = self._journal.snapshot
        doomed = [each for each in snapshot.remaining() if each.urn in self._targets]
        if self._targets.limited:
            left_out = [each for each in snapshot.remaining() if each.urn not in self._targets]
            staying = [*snapshot.settled.values(), *left_out]
            for urn, dependent in sorted(plan.still_needed(doomed, staying).items()):
                message = f"'{urn}' cannot be deleted: '{dependent}' needs it and is not among the targets"
                self._report.fail(message, urn)
        self._refuse_protected(doomed)
        if self._report.failed and not self._identity.preview:
            return
        with suppress(StepError):
            self._executor.delete_all(doomed)

    def _refuse_protected(self, doomed: Sequence[Resource]) -> None:
        for resource in doomed:
            if resource.protect and not resource.delete:
                message = (
                    f"'{resource.urn}' would be deleted, but is protected; so nothing is deleted. "
                    f"If it is meant to go, {way_to_unprotect(self._options.stack)}"
                )
                tell = self._report.refuse if self._identity.preview else self._report.fail
                tell(message, resource.urn)

    def _refresh(self) -> None:
        self._warn_of_interrupted("which this operation cannot know")
        self._refuse_unknown_targets()
        if self._report.failed:
            return
        resources = [
            each
            for each in self._journal.snapshot.remaining()
            if each.custom and not each.is_provider and not each.delete and each.urn in self._targets
        ]
        with suppress(StepError):
            self._executor.refresh_all(resources)
