"""What the engine's tests share: the SDK of the test provider, and one stack in a temporary directory."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi import Output, ResourceOptions

from pulumi_embedded import runner
from pulumi_operations.events import Event, Operation, Result, StepKind

PLUGIN = Path(__file__).parent / "things"
Program = Callable[[], object]


class Thing(pulumi.CustomResource):
    """A resource of the test provider; see its docstring for what the inputs do."""

    url: Output[str]
    token: Output[str]
    label: Output[str]
    size: Output[int]

    def __init__(self, name: str, opts: ResourceOptions | None = None, **inputs: Any) -> None:
        wanted = {"url": None, "token": None, "label": "fixed", "size": None, **inputs}
        super().__init__("things:index:Thing", name, wanted, opts)


class FoundThing(pulumi.CustomResource):
    """A thing that exists elsewhere."""

    url: Output[str]

    def __init__(self, name: str, id: str) -> None:
        super().__init__("things:index:Thing", name, {"url": None}, ResourceOptions(id=id))


class Things(pulumi.ProviderResource):
    """An explicit provider of things."""

    def __init__(self, name: str, opts: ResourceOptions | None = None, **config: Any) -> None:
        super().__init__("things", name, config, opts)


class Shelf(pulumi.ComponentResource):
    """A component with two things, the second made from the first."""

    def __init__(self, name: str, opts: ResourceOptions | None = None, size: int = 1) -> None:
        super().__init__("lab:index:Shelf", name, {"size": size}, opts)
        mine = ResourceOptions(parent=self)
        self.first = Thing(f"{name}-first", mine, size=size)
        self.second = Thing(f"{name}-second", mine, source=self.first.url)
        self.register_outputs({"url": self.second.url})


@dataclass
class Stack:
    """A project with the test provider, its state file, and what exists at the provider."""

    root: Path
    events: list[Event] = field(default_factory=list[Event])
    environment: dict[str, str] = field(default_factory=dict[str, str])
    cancel: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        plugin = os.path.relpath(PLUGIN, self.root)
        (self.root / "Pulumi.yaml").write_text(
            f"name: lab\nruntime: python\nplugins:\n  providers:\n    - name: things\n      path: {plugin}\n"
        )

    @property
    def home(self) -> Path:
        """The directory of the test provider."""
        return self.root / "home"

    @property
    def state_file(self) -> Path:
        """Where the state lies."""
        return self.root / "state" / "test.json"

    @property
    def journal(self) -> Path:
        """Where the journal lies."""
        return self.root / "state" / "test.json.journal"

    def options(self, program: Program | Path | None = None, **more: Any) -> runner.Options:
        """Options for a program."""
        settings: dict[str, Any] = {
            "root": self.root,
            "stack": "test",
            "state_file": self.state_file,
            "config": {},
            "program": program,
            "on_event": self.events.append,
            "environment": {"THINGS": str(self.home), **self.environment},
            "cancel": self.cancel,
        }
        return runner.Options(**(settings | more))

    def preview(self, program: Program | Path, **more: Any) -> Result:
        """Foresee a program."""
        return runner.run(Operation.PREVIEW, self.options(program, **more))

    def up(self, program: Program | Path, **more: Any) -> Result:
        """Bring a program up."""
        return runner.run(Operation.UP, self.options(program, **more))

    def refresh(self, **more: Any) -> Result:
        """Compare the state with what exists."""
        return runner.run(Operation.REFRESH, self.options(**more))

    def destroy(self, **more: Any) -> Result:
        """Delete everything."""
        return runner.run(Operation.DESTROY, self.options(**more))

    def deployment(self) -> dict[str, Any]:
        """The ``deployment`` of the state file."""
        return json.loads(self.state_file.read_text())["deployment"]

    def records(self) -> dict[str, dict[str, Any]]:
        """Name → record of the state, for things and components that do not wait for deletion."""
        return {
            each["urn"].split("::")[3]: each
            for each in self.deployment()["resources"]
            if not each["type"].startswith("pulumi:") and not each.get("delete")
        }

    def existing(self) -> set[str]:
        """Ids of what exists at the provider."""
        return {path.stem for path in self.home.glob("*.thing")}

    def calls(self, *kinds: str) -> list[dict[str, Any]]:
        """Calls that the provider got, of some kinds."""
        path = self.home / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [call for call in map(json.loads, lines) if call["call"] in kinds]

    def forget_calls(self) -> None:
        """Begin the list of calls anew."""
        (self.home / "calls").unlink(missing_ok=True)


def kinds(result: Result) -> list[tuple[StepKind, str]]:
    """What happened to what, in order."""
    return [(step.kind, step.name) for step in result.steps]


def errors(result: Result) -> list[str]:
    """Texts of the errors."""
    return [each.message for each in result.diagnostics if each.severity == "error"]


def warnings(result: Result) -> list[str]:
    """Texts of the warnings."""
    return [each.message for each in result.diagnostics if each.severity == "warning"]


def names(calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of the resources that were called for."""
    return [call["name"] for call in calls]


def things(*wanted: str, **inputs: Any) -> Program:
    """A program of some things without relations."""

    def program() -> None:
        for name in wanted:
            Thing(name, **inputs)

    return program
