"""The bot topology: one process that holds a connection of its own.

chat service ⇄ bot ─ volume
                ↑
browser → Railway domain (for what the bot shows)
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from components.service_kind import ServiceSettings


def _exactly_one(replicas: int) -> int:
    if replicas != 1:
        raise ValueError(
            "exactly 1, since each replica holds a connection of its own to the Discord Gateway and would answer every "
            "message again: remove replicas, and raise memoryMb for more power"
        )
    return replicas


class BotSettings(ServiceSettings):
    """Settings of a bot: a service that runs exactly once."""

    TOKEN = "railyard:topologies:Bot"

    replicas: Annotated[int, AfterValidator(_exactly_one)] = 1
    """Number of instances: 1."""

    @model_validator(mode="after")
    def _in_one_place(self) -> Self:
        _exactly_one(self.instances)
        return self
