"""Random faults at a steady rate, as a network and a busy Railway cause them: errors, lost responses, delays, lag.

The faults follow from the seed, the operation and the number of its requests, so that a run can be reproduced. After a
fault the next few requests of the same operation succeed, so that a client that retries makes progress.

    RAILYARD_SANDBOX_TROUBLE=0.05      one request in twenty
    RAILYARD_SANDBOX_TROUBLE=0.05:7    the same with the seed 7
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from railway_sandbox.faults import Api, Fault
from railway_sandbox.routing import Route
from railway_sandbox.storage import SandboxError

VARIABLE: Final = "RAILYARD_SANDBOX_TROUBLE"
CALM: Final = 3
"""Requests of an operation without a fault after each fault: more than a client retries."""
SLOW_S: Final = 15.0
"""Duration of a slow answer, in simulated seconds."""
RETRY_AFTER_S: Final = 5
LAG_S: Final = 20.0
"""Lag of Railway's reads behind a mutation, in simulated seconds."""

Kind = Literal["gateway before", "gateway after", "lost", "throttled", "race", "slow", "lag"]

EVERYWHERE: Final[tuple[Kind, ...]] = ("gateway before", "throttled", "slow")
"""Faults that every client of these APIs retries, since nothing was done."""
OF_RAILWAY: Final[tuple[Kind, ...]] = (*EVERYWHERE, "gateway after", "lost", "race", "lag")
RACES: Final = {
    "mutation serviceDomainCreate": "Failed to create service domain, please try again",
    "mutation customDomainCreate": "Failed to create custom domain, please try again",
    "mutation environmentPatchCommit": "Cannot commit changes: an operation is already in progress",
    "mutation volumeCreate": "Whoa there pal! You are creating volumes too quickly. Try again in a sec",
}
"""Mutations that Railway asks to repeat, and its words."""
DISTURBED: Final[frozenset[Api]] = frozenset({"railway", "cloudflare", "digitalocean", "spaces"})


@dataclass
class RandomFaults:
    """Lets a share of the requests fail: ``rate``, from 0 to 1."""

    rate: float
    seed: str = "0"
    _requests: Counter[tuple[Api, str]] = field(default_factory=Counter[tuple[Api, str]])
    _calm: Counter[tuple[Api, str]] = field(default_factory=Counter[tuple[Api, str]])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def choose(self, route: Route) -> Kind | None:
        """Return the kind of fault of this request; ``None`` for none."""
        if route.api not in DISTURBED:
            return None
        operation = (route.api, route.operation)
        with self._lock:
            self._requests[operation] += 1
            if self._calm[operation] > 0:
                self._calm[operation] -= 1
                return None
            dice = random.Random(f"{self.seed}/{route.api}/{route.operation}/{self._requests[operation]}")  # noqa: S311
            if dice.random() >= self.rate:
                return None
            self._calm[operation] = CALM
        return dice.choice(_possible(route))


def _possible(route: Route) -> list[Kind]:
    kinds = list(OF_RAILWAY if route.api == "railway" else EVERYWHERE)
    if route.api == "spaces":
        kinds.remove("throttled")  # S3 has 503 for that, which is a gateway's here
    if route.operation not in RACES and "race" in kinds:
        kinds.remove("race")
    if route.reads and "lag" in kinds:
        kinds.remove("lag")
    return kinds


def fault_of(kind: Kind, route: Route, speed: float) -> Fault | None:
    """Return the fault of this kind; ``None`` for a lag, which concerns later reads."""
    chosen = Fault(api=route.api, operation="", status=None)
    if kind == "gateway before":
        chosen.status = 503
    elif kind == "gateway after":
        chosen.status, chosen.when = 502, "after"
    elif kind == "lost":
        chosen.drop, chosen.when = True, "after"
    elif kind == "throttled":
        chosen.status, chosen.retry_after_s = 429, RETRY_AFTER_S
    elif kind == "race":
        chosen.status, chosen.message = 200, RACES[route.operation]
    elif kind == "slow":
        chosen.hang_s = SLOW_S / speed if speed else 0.0
    else:
        return None
    return chosen


def of_environment() -> RandomFaults | None:
    """Return the faults that RAILYARD_SANDBOX_TROUBLE asks for; ``None`` without it. Raises ``SandboxError``."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    rate, _, seed = text.partition(":")
    try:
        share = float(rate)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SandboxError(f"{VARIABLE} is {text!r}: a rate between 0 and 1 such as 0.05, or 0.05:<seed>")
    return RandomFaults(share, seed or "0") if share else None
