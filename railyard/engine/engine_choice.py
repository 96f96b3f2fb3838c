"""The choice of the engine that a command uses, and its reason: the Pulumi CLI or the embedded one.

Owns the choice and the sentence that states it. A stack that is up stays with the engine whose state knows it: both
engines work on the same simulated clouds, and the other one would make everything a second time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

from railyard.engine import pulumi_cli, sandbox_door
from railyard.engine.pulumi_cli import PulumiCli
from railyard.shared.console import OperationError
from stacks.project_folder import RAILYARD

VARIABLE: Final = "ENGINE"
"""The variable that decides by hand."""
TOLD: Final = "engine: "
"""Beginning of the line that says which engine works."""
PROJECT: Final = "railyard"
"""The name in Pulumi.yaml, under which a file backend keeps its stacks."""


class Engine(StrEnum):
    """The two engines, as ENGINE and ``--engine`` name them."""

    EMBEDDED = "embedded"
    PULUMI = "pulumi"

    @property
    def spoken(self) -> str:
        """Return its name for people."""
        return "the embedded engine" if self is Engine.EMBEDDED else "the Pulumi CLI"


@dataclass(frozen=True, kw_only=True)
class States:
    """The places where the two engines keep the state of one stack in a sandbox directory."""

    directory: Path
    stack: str

    @property
    def embedded(self) -> Path:
        """Return the state file of the embedded engine; its journal lies beside it."""
        return self.directory / f"{self.stack}.json"

    @property
    def backend(self) -> Path:
        """Return the directory that is the Pulumi CLI's file backend."""
        return self.directory / "pulumi"

    @property
    def checkpoint(self) -> Path:
        """Return the file in which that backend keeps the stack."""
        return self.backend / ".pulumi" / "stacks" / PROJECT / f"{self.stack}.json"

    @property
    def locks(self) -> Path:
        """Return the directory in which that backend keeps the locks of the stack's runs."""
        return self.backend / ".pulumi" / "locks" / "organization" / PROJECT / self.stack

    def place(self, engine: Engine) -> Path:
        """Return the path that is named to a person."""
        place = self.embedded if engine is Engine.EMBEDDED else self.backend
        return place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place

    def holders(self) -> list[Engine]:
        """Return the engines whose state holds resources."""
        journal = sandbox_door.journal_path(self.embedded)
        interrupted = journal.exists() and journal.stat().st_size > 0
        held = {
            Engine.EMBEDDED: interrupted or bool(_part(self.embedded, "deployment").get("resources")),
            Engine.PULUMI: bool(checkpoint_resources(self)),
        }
        return [engine for engine, holds in held.items() if holds]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The engine of one command."""

    engine: Engine
    reason: str
    states: States
    cli: PulumiCli | None = None
    """Set for the Pulumi CLI."""

    @property
    def sentence(self) -> str:
        """Return the one line that a command prints before it begins."""
        return f"{TOLD}{self.engine.spoken} ({self.reason}); state in {self.states.place(self.engine)}"


def choose(requested: Engine | None, states: States) -> Choice:
    """Return the engine for one stack; ``requested`` decides when given.

    Raises ``OperationError`` when that engine is not installed, and when the other engine's state holds the stack.
    """
    cli = pulumi_cli.find()
    engine, reason = _engine(requested, states, cli)
    holders = states.holders()
    if holders and engine not in holders:
        raise OperationError(
            f"stack {states.stack} is up with {holders[0].spoken} (state in {states.place(holders[0])}), and "
            f"{engine.spoken} does not know what it made: go on with ENGINE={holders[0]}, or destroy the stack "
            f"with it first; `{RAILYARD} sandbox reset` empties everything"
        )
    if engine is Engine.EMBEDDED:
        return Choice(engine=engine, reason=reason, states=states)
    if cli is None or cli.missing:
        if engine in holders:
            raise OperationError(
                f"stack {states.stack} is up with {engine.spoken}, and {_lack(cli)}: `{RAILYARD} tools` installs it; "
                f"`{RAILYARD} sandbox reset` empties everything"
            )
        raise OperationError(f"{_lack(cli)}: `{RAILYARD} tools` installs it, and ENGINE=embedded needs nothing")
    return Choice(engine=engine, reason=reason, states=states, cli=cli)


def _engine(requested: Engine | None, states: States, cli: PulumiCli | None) -> tuple[Engine, str]:
    """Return the engine that is meant, whether or not it is installed, and why it is meant."""
    if requested is not None:
        return requested, f"ENGINE={requested} says so"
    match states.holders():
        case [one]:
            return one, f"stack {states.stack} is up with it"
        case [_, _]:
            raise OperationError(
                f"both engines hold a state of {states.stack}: say which one with ENGINE=embedded|pulumi"
            )
        case _:
            pass
    if cli is None or cli.missing:
        return Engine.EMBEDDED, f"{_lack(cli)}; `{RAILYARD} tools` installs what is missing"
    return Engine.PULUMI, f"{cli.program} with its plugins is there"


def checkpoint_resources(states: States) -> list[dict[str, Any]]:
    """Return the records of the stack in the Pulumi CLI's backend of the sandbox."""
    return _part(states.checkpoint, "checkpoint", "latest").get("resources") or []


def _lack(cli: PulumiCli | None) -> str:
    if cli is None:
        return "there is no pulumi on PATH"
    return f"{cli.program} comes without {' and '.join(cli.missing)}"


def _part(path: Path, *keys: str) -> dict[str, Any]:
    """Return what a state file says under keys; nothing when it is absent or broken: its engine complains of that."""
    try:
        part: Any = json.loads(path.read_bytes())
        for key in keys:
            part = part[key]
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return {}
    return cast("dict[str, Any]", part) if isinstance(part, dict) else {}
