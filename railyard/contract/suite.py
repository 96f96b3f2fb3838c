"""One run: the throwaway project is made, each point is tried in it, and the project is deleted whatever happens.

Owns this order, and what an error in a point means. Prints nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from railway_api.client import Client
from railway_api.failure import Failure
from railyard.contract.doubtful_point import DoubtfulPoint, Outcome, Verdict
from railyard.contract.project_under_test import ProjectUnderTest
from railyard.contract.throwaway_project import Throwaway

SANDBOX_TIMEOUT_S: Final = 120.0
"""Real seconds for a point in the sandbox, whose time runs faster than a busy machine can follow."""


@dataclass(frozen=True)
class PointResult:
    """One point that was tried."""

    point: DoubtfulPoint
    verdict: Verdict
    seconds: float
    """In the time of the API."""
    requests: int


@dataclass
class Run:
    """A run, filled as it goes on, so that an interrupted one has the results so far."""

    client: Client
    workspace_id: str | None
    results: list[PointResult] = field(default_factory=list[PointResult])
    project: str = ""
    """The name of the throwaway project."""
    leftover: str = ""
    """Why the project could not be deleted; empty when it was."""

    @property
    def all_as_assumed(self) -> bool:
        """Return True when each point that was tried is as assumed, and nothing was left behind."""
        return not self.leftover and all(each.verdict.outcome is Outcome.AS_ASSUMED for each in self.results)

    async def start(self, points: Sequence[DoubtfulPoint], tell: Callable[[str], None]) -> None:
        """Try ``points``; ``tell`` is called with each step. Raises ``Failure`` when the project cannot be made."""
        throwaway = Throwaway(self.client, self.workspace_id)
        self.project = throwaway.name
        try:
            project = ProjectUnderTest(self.client, await throwaway.create(), self.workspace_id)
            for point in points:
                tell(f"{point.number}. {point.question}")
                await self._try(point, project)
        finally:
            tell("deleting the throwaway project...")
            try:
                await throwaway.delete()
            except Failure as failure:
                self.leftover = str(failure)

    async def _try(self, point: DoubtfulPoint, project: ProjectUnderTest) -> None:
        clock, requests = self.client.clock, self.client.requests
        started = clock.now()
        timeout_s = point.seconds if clock.speed == 1 else SANDBOX_TIMEOUT_S
        try:
            async with asyncio.timeout(timeout_s):
                verdict = await point.ask(project)
        except TimeoutError:
            verdict = Verdict.unknown(f"given up after {timeout_s:.0f} s")
        except Failure as failure:
            verdict = Verdict.unknown(str(failure))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError, StopIteration) as odd:
            verdict = Verdict.unknown(f"an answer of another form than expected ({type(odd).__name__}: {odd})")
        seconds = clock.now() - started
        self.results.append(PointResult(point, verdict, seconds, self.client.requests - requests))
