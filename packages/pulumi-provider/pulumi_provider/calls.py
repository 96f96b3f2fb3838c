"""The context of the provider, and that of one call.

Owns configuration, the API client made of it, the wish to stop, and the ``Context`` that a resource gets, with its time
limit. Time here is the API's: in the sandbox it runs faster than ours by ``Provider.time_scale``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from .conversion import secret_texts, typed
from .declaration import Provider
from .engine_log import EngineLog
from .errors import Failure
from .properties import fields_of
from .values import contains_unknown

_WAITING: Final = ("…", "...")
_READING: Final = ("invoke", "read")
_STOPPED_SLEEP_S: Final = 0.1
_SAFETY: Final = 1.5
"""A resource that ignores its deadline is stopped at this multiple of it."""

T = TypeVar("T")


class ProviderRuntime:
    """The provider while it runs: one per process (or per test)."""

    def __init__(self, provider: Provider, engine_address: str | None = None, *, grace_s: float = 30.0) -> None:
        self.provider = provider
        self.grace_s = grace_s
        """Real seconds that a stopped resource gets on top."""
        self.log = EngineLog(engine_address)
        self.stopping = asyncio.Event()
        self.secrets: set[str] = set()
        """Secret strings of the configuration, never to be shown."""
        self._configuration: Mapping[str, Any] = {}
        self._client: Any = None

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take the configuration (named form); the client is made on first use."""
        self._configuration, self._client = values, None
        self.secrets = secret_texts(fields_of(self.provider.config_type), values)

    @property
    def client(self) -> Any:
        """Return the API client; raises ``Failure`` when the configuration does not allow one."""
        if self._client is None:
            if contains_unknown(self._configuration):
                raise Failure(
                    f"the configuration of the provider {self.provider.name} is not known before the run; "
                    "give it plain values, or resources that exist already"
                )
            self._client = self.provider.build_client(typed(self.provider.config_type, self._configuration))
        return self._client


class CallDeadline:
    """Count API time from now."""

    def __init__(self, limit_s: float, scale: float) -> None:
        self.limit_s = limit_s
        self._scale = scale
        self._now = asyncio.get_running_loop().time
        self._started = self._now()
        self.extended: Callable[[], None] = lambda: None
        """Called after ``extend``."""

    def extend(self, seconds: float) -> None:
        """See ``Deadline``."""
        self.limit_s = max(self.limit_s, self.elapsed_s() + seconds)
        self.extended()

    def remaining_s(self) -> float:
        """Return seconds of API time left; 0 when it is over."""
        return max(0.0, self.limit_s - self.elapsed_s())

    def elapsed_s(self) -> float:
        """Return seconds of API time since the call began."""
        return (self._now() - self._started) * self._scale


class Call:
    """The ``Context`` of one call."""

    def __init__(
        self, running: ProviderRuntime, urn: str, limit_s: float, *, interrupted: bool = False, replaces: str = ""
    ) -> None:
        self._running = running
        self._scale = running.provider.time_scale()
        self._status = ""
        self.urn = urn
        self.deadline = CallDeadline(limit_s, self._scale)
        self.interrupted = interrupted
        self.replaces = replaces

    @property
    def client(self) -> Any:
        """See ``Context``."""
        return self._running.client

    def cancelled(self) -> bool:
        """See ``Context``."""
        return self._running.stopping.is_set()

    async def sleep(self, seconds: float) -> None:
        """See ``Context``; once stopped it is short, but never nothing: a loop that goes on must not block others."""
        real_s = max(0.0, seconds) / self._scale
        if self.cancelled():
            await asyncio.sleep(min(real_s, _STOPPED_SLEEP_S))
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._running.stopping.wait(), real_s)

    async def status(self, text: str) -> None:
        """See ``Context``; a text that is shown already is not sent again."""
        if text != self._status:
            self._status = text
            await self._running.log.status(text, self.urn)

    async def within_limit(self, operation: str, working: Awaitable[T]) -> T:
        """Stop what outlasts its limit: the last resort, since resources watch ``deadline`` themselves."""
        self._running.provider.bind_status(self.status)
        started = asyncio.get_running_loop().time()

        def ends_at() -> float:
            return started + self.deadline.limit_s / self._scale * _SAFETY + self._running.grace_s

        limit = asyncio.timeout_at(ends_at())
        self.deadline.extended = lambda: limit.reschedule(ends_at())
        try:
            async with limit:
                return await working
        except TimeoutError:
            if not limit.expired():
                raise
            limit_s = self.deadline.limit_s
            advice = "what it did may have taken effect: compare with `pulumi refresh` before the next run"
            raise Failure(
                f"{operation} did not end within {limit_s * _SAFETY:.0f} s (its time limit is {limit_s:.0f} s); "
                f"{'run the command again' if operation in _READING else advice}"
            ) from None

    async def finished(self) -> None:
        """Replace a text that still says "waiting…": the engine keeps the last one in the row of the done resource."""
        if self._status.endswith(_WAITING):
            await self.status(f"done in {self.deadline.elapsed_s():.0f} s")

    async def info(self, text: str) -> None:
        """See ``Context``."""
        await self._running.log.info(text, self.urn)

    async def warn(self, text: str) -> None:
        """See ``Context``."""
        await self._running.log.warn(text, self.urn)
