"""Failures of a resource as errors of an RPC: one place for every method.

Owns status codes and details. A known failure is shown as it is; something that exists in spite of the failure travels
in the details, so that the engine keeps it; anything else is a bug of the provider: one clean sentence for the user,
the traceback on stderr (which the engine shows with ``--debug``).
"""

from __future__ import annotations

import asyncio
import functools
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol, TypeVar, cast

import grpc
import grpc.aio
from google.protobuf import struct_pb2

from .checking import redact
from .declaration import Provider
from .errors import Failure
from .protocol import provider_pb2, status_pb2
from .values import DecodeError

REFUSED: Final = grpc.StatusCode.FAILED_PRECONDITION
UNFINISHED: Final = grpc.StatusCode.UNKNOWN
BUG: Final = grpc.StatusCode.INTERNAL


class Unfinished(Exception):  # noqa: N818 it is no error of its own
    """Something exists that the engine must keep: the wire form of ``InitializationFailed``."""

    def __init__(
        self, id: str, properties: struct_pb2.Struct, inputs: struct_pb2.Struct, reasons: Sequence[str]
    ) -> None:
        super().__init__("; ".join(reasons))
        self.details = provider_pb2.ErrorResourceInitFailed(
            id=id, properties=properties, inputs=inputs, reasons=list(reasons)
        )


class FailingService(Protocol):
    """Describe what ``with_rpc_errors`` needs to know of the servicer."""

    provider: Provider

    def secrets_of(self, request: Any) -> set[str]:
        """Return secret strings that a text about this request must not show."""
        ...


ServicerContext = grpc.aio.ServicerContext[Any, Any]
MethodT = TypeVar("MethodT", bound=Callable[..., Awaitable[Any]])


def with_rpc_errors(method: MethodT) -> MethodT:
    """Turn what an RPC method raises into the answer that the engine understands."""

    @functools.wraps(method)
    async def answer(self: FailingService, request: Any, context: ServicerContext) -> Any:
        try:
            return await method(self, request, context)
        except (grpc.aio.AbortError, asyncio.CancelledError):
            raise
        except Unfinished as unfinished:
            return await _abort_unfinished(context, unfinished, self.secrets_of(request))
        except Exception as bug:  # noqa: BLE001 the last line of defence: the user must never see a traceback
            if isinstance(bug, (Failure, DecodeError, *self.provider.failures)):
                return await _abort(context, REFUSED, redact(str(bug), self.secrets_of(request)))
            secrets = self.secrets_of(request)
            sys.stderr.write(redact("".join(traceback.format_exception(bug)), secrets))
            sys.stderr.flush()
            text = (
                f"the provider {self.provider.name} failed in {method.__name__} ({type(bug).__name__}); "
                "this is a mistake of the provider: please report it with what --debug shows"
            )
            return await _abort(context, BUG, text)

    return cast("MethodT", answer)


async def _abort(context: ServicerContext, code: grpc.StatusCode, text: str) -> Any:
    return await context.abort(code, text)


async def _abort_unfinished(context: ServicerContext, unfinished: Unfinished, secrets: set[str]) -> Any:
    details = unfinished.details
    reasons = [redact(reason, secrets) for reason in details.reasons]
    del details.reasons[:]
    details.reasons.extend(reasons)
    text = reasons[0] if reasons else "not finished"
    # The code here must be the code of the abort: otherwise the engine prints every property, secrets too.
    status = status_pb2.Status(code=_number(UNFINISHED), message=text)
    status.details.add().Pack(details)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    return await _abort(context, UNFINISHED, text)


def _number(code: grpc.StatusCode) -> int:
    return int(code.value[0])
