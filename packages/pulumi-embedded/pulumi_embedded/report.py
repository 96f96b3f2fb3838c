"""The events that a run reports to its caller, collected in one place.

Owns the order of events (one at a time, whatever thread they come from), what has failed, and the log service that
plugins and program write to. Does not print.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_embedded.state import PROVIDER_PREFIX, STACK_TYPE
from pulumi_operations.events import Diagnostic, Event, Status, Step, StepFinished, StepStarted

_SEVERITIES = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}


class Report:
    """Steps and diagnostics of one run. Safe to use from several threads."""

    def __init__(self, on_event: Callable[[Event], None], cancelled: threading.Event) -> None:
        self.steps: list[Step] = []
        self.diagnostics: list[Diagnostic] = []
        self.failed = False
        self._over = False
        self._on_event = on_event
        self._cancelled = cancelled
        self._lock = threading.RLock()

    @property
    def stopping(self) -> bool:
        """Tell whether nothing new may begin: something failed, or the run was cancelled."""
        return self._over or self._cancelled.is_set()

    def _emit(self, event: Event) -> None:
        with self._lock:
            self._on_event(event)

    def started(self, step: Step) -> None:
        """Report that work on a resource begins."""
        if _is_reported(step):
            self._emit(StepStarted(step=step))

    def finished(self, step: Step, duration_s: float = 0.0, error: str = "") -> None:
        """Report that a step is planned or done, or has failed with ``error``."""
        if _is_reported(step):
            with self._lock:
                self.steps.append(step)
                self._emit(StepFinished(step=step, duration_s=duration_s, error=error))

    def say(self, severity: str, message: str, urn: str = "") -> None:
        """Report a diagnostic, which by itself fails nothing."""
        with self._lock:
            diagnostic = Diagnostic(severity=severity, message=message, urn=urn)
            self.diagnostics.append(diagnostic)
            self._emit(diagnostic)

    def fail(self, message: str, urn: str = "") -> None:
        """Report an error, unless the program has done so, and let the run end with what is under way."""
        with self._lock:
            self._over = True
            self.refuse(message, urn)

    def refuse(self, message: str, urn: str = "") -> None:
        """Report an error after which a preview goes on, so that everything else is reported as well."""
        with self._lock:
            self.failed = True
            if Diagnostic(severity="error", message=message, urn=urn) not in self.diagnostics:
                self.say("error", message, urn)

    def status(self, urn: str, text: str) -> None:
        """Report what a provider is waiting for."""
        self._emit(Status(urn=urn, text=text))


def _is_reported(step: Step) -> bool:
    return step.type != STACK_TYPE and not step.type.startswith(PROVIDER_PREFIX)


class EngineService(engine_pb2_grpc.EngineServicer):
    """Pulumi's Engine service: the log, for plugins over gRPC and for the program by direct call."""

    # The names and arguments below are the service's own.
    # ruff: noqa: N802, ARG002

    def __init__(self, report: Report) -> None:
        self._report = report
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext | None = None) -> empty_pb2.Empty:
        """Report a message; debug messages are dropped."""
        if request.ephemeral:
            self._report.status(request.urn, request.message)
        elif severity := _SEVERITIES.get(request.severity):
            self._report.say(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def SetRootResource(
        self, request: engine_pb2.SetRootResourceRequest, context: grpc.ServicerContext | None = None
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the stack's URN for older SDKs."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(
        self, request: engine_pb2.GetRootResourceRequest, context: grpc.ServicerContext | None = None
    ) -> engine_pb2.GetRootResourceResponse:
        """Return the stack's URN."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def RequirePulumiVersion(
        self, request: engine_pb2.RequirePulumiVersionRequest, context: grpc.ServicerContext | None = None
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Accept any version: what this engine cannot do, it refuses by name."""
        return engine_pb2.RequirePulumiVersionResponse()
