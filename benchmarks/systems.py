"""The cost of a change of one system in a stack of fifty, beside one in a stack of one.

    python -m benchmarks.systems            a table
    python -m benchmarks.systems --json     the same for programs

Both stacks are up in the sandbox, in a copy of the project with a history. The settings of one system change, and
``diff``, ``plan`` and ``deploy`` are run as people run them. Counted are requests to all simulated APIs, and the
processor's time of the command with all that it starts. What the simulated clouds compute is part of that time; on a
real account it is not.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from railyard.engine.engine import code_of
from railyard.review.throwaway_sandbox import EMBEDDED, clean_environment

ROOT: Final = Path(__file__).resolve().parent.parent
FIFTY: Final = 50
MAX_RATIO: Final = 1.3
"""Allowed cost in the stack of fifty, as a multiple of the stack of one."""
_COPIED: Final = (
    "Pulumi.yaml",
    "__main__.py",
    "stacks",
    "components",
    "railyard",
    "packages",
    "secrets",
    "requirements.txt",
)
_STACKS: Final = {"one": 1, "fifty": FIFTY}
_ROUNDS: Final = 2
_COMMANDS: Final = ("diff HEAD^ -s {stack}", "plan {system} -s {stack}", "deploy {system} -s {stack}")
_SETTINGS: Final = """
  railyard:shop{number}:
    project: {{name: shop{number}-{stack}, environment: {stack}}}
    services:
      web: {{image: "example/shop:1.0", healthcheckPath: /health, port: 8080, railwayDomain: true}}
"""
_GIT: Final = {f"GIT_{who}_{what}": "a@example.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True)
class Cost:
    """Hold what one command costs in one stack."""

    command: str
    systems: int
    cpu_s: float
    requests: int


class Copy:
    """The copy in ``folder``, with a stack ``one`` of one system and a stack ``fifty``."""

    def __init__(self, folder: Path) -> None:
        self.directory = folder
        for name in _COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        for stack, systems in _STACKS.items():
            head = "config:\n  railway:plan: pro\n  railyard:secrets: secrets/none.yaml\n"
            settings = [_SETTINGS.format(number=number, stack=stack) for number in range(systems)]
            (folder / f"Pulumi.{stack}.yaml").write_text("".join([head, *settings]), encoding="utf-8")
        (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        self._git("init", "--quiet", "--initial-branch=main")
        (folder / ".git" / "info" / "exclude").write_text("/.venv\n/.sandbox\n__pycache__\n", encoding="utf-8")
        self.commit("Before")

    def change(self, stack: str, round_: int) -> None:
        """Commit another image of the first system of a stack."""
        file = self.directory / f"Pulumi.{stack}.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(f"shop:{round_ + 1}.0", f"shop:{round_ + 2}.0", 1), encoding="utf-8")
        self.commit("After")

    def commit(self, message: str) -> None:
        """Commit everything."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)

    def run(self, arguments: Sequence[str]) -> tuple[float, int]:
        """Run a module of the project; the processor's seconds and the number of requests."""
        before, requests_before = resource.getrusage(resource.RUSAGE_CHILDREN), self._requests()
        completed = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=self.directory,
            env={**clean_environment(), **code_of(self.directory), **EMBEDDED, **_GIT},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if completed.returncode != 0:
            raise SystemExit(f"{' '.join(arguments)} fails:\n{completed.stdout}{completed.stderr}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, self._requests() - requests_before

    def _requests(self) -> int:
        log = self.directory / ".sandbox" / "requests.jsonl"
        return len(log.read_bytes().splitlines()) if log.exists() else 0

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.directory, env={**os.environ, **_GIT}, check=True)


def measure() -> list[Cost]:
    """Measure each command in both stacks, in alternation; keep the cheapest of the rounds."""
    cheapest: dict[tuple[str, int], Cost] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        for stack in _STACKS:
            copy.run(["railyard.engine", "up", "--stack", stack])
        for round_ in range(_ROUNDS):
            for stack, systems in _STACKS.items():
                copy.change(stack, round_)
                for command in _COMMANDS:
                    arguments = command.format(stack=stack, system="shop0").split()
                    cost = Cost(arguments[0], systems, *copy.run(["railyard", *arguments]))
                    before = cheapest.get((cost.command, systems), cost)
                    cheapest[cost.command, systems] = min(before, cost, key=lambda each: each.cpu_s)
    return [cheapest[command, systems] for systems in _STACKS.values() for command in ("diff", "plan", "deploy")]


def main() -> None:
    """Measure, and print. Exit code 1 when a command costs more in the stack of fifty than it may."""
    costs = measure()
    pairs = [(one, next(each for each in costs if each.command == one.command and each != one)) for one in costs[:3]]
    beyond = [
        one.command
        for one, fifty in pairs
        if fifty.cpu_s > MAX_RATIO * one.cpu_s or fifty.requests > MAX_RATIO * one.requests
    ]
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps([asdict(each) for each in costs], indent=2) + "\n")
    else:
        columns = ("command", "CPU s of 1", "of 50", "times", "requests of 1", "of 50")
        table = Table(*columns, title="A change of one system")
        for one, fifty in pairs:
            ratio = f"{fifty.cpu_s / one.cpu_s:.2f}"
            table.add_row(
                one.command, f"{one.cpu_s:.1f}", f"{fifty.cpu_s:.1f}", ratio, str(one.requests), str(fifty.requests)
            )
        Console().print(table)
    if beyond:
        raise SystemExit(f"more than {MAX_RATIO} times as much in a stack of {FIFTY}: {', '.join(beyond)}")


if __name__ == "__main__":
    main()
