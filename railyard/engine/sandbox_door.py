"""The one door to the simulated clouds and the embedded engine, which are imported when a command goes through it.

Commands on real accounts do not, and work where neither package is installed. What both packages raise for people, and
that one of them is missing, is raised as ``OperationError``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pulumi_operations.events import Event, Operation, Result
from railyard.shared.console import OperationError

if TYPE_CHECKING:
    from pulumi_embedded.runner import Options
    from railway_sandbox.server import Sandbox

STANDINS: Final = ("cloudflare", "digitalocean")
"""Packages whose provider is a small one of the embedded engine's."""
_PACKAGES: Final = {"railway_sandbox": "railway-sandbox", "pulumi_embedded": "pulumi-embedded"}


@contextmanager
def errors() -> Generator[None]:
    """Raise ``OperationError`` in the place of whatever the sandbox refuses within the block."""
    try:
        yield
    except ModuleNotFoundError as missing:
        package = _PACKAGES.get(str(missing.name).partition(".")[0])
        if package is None:
            raise
        raise OperationError(
            f"the sandbox is not installed: pip install {package}, or let the environment point at a real account"
        ) from None
    except Exception as error:
        if not isinstance(error, _refusals()):
            raise
        raise OperationError(str(error)) from None


def _refusals() -> tuple[type[Exception], ...]:
    """Return what the packages raise for people, of those modules that are loaded: no other can have raised."""
    named = (("railway_sandbox.storage", "SandboxError"), ("pulumi_embedded.runner", "EngineError"))
    return tuple(getattr(sys.modules[module], name) for module, name in named if module in sys.modules)


def variables(address: str, directory: Path | None = None) -> dict[str, str]:
    """Return the variables that point programs and tools at the simulated APIs at ``address``.

    With the sandbox's ``directory`` those of the simulated edge too.
    """
    with errors():
        from railway_sandbox import addresses  # noqa: PLC0415

        return addresses.environment(address, directory=directory)


def graphql(address: str) -> tuple[str, str]:
    """Return the URL of the simulated Railway at ``address``, and a token of its account."""
    with errors():
        from railway_sandbox.addresses import RAILWAY_PATH, RAILWAY_TOKEN  # noqa: PLC0415

        return f"{address}{RAILWAY_PATH}", RAILWAY_TOKEN


def clouds(directory: Path) -> Sandbox:
    """Return the simulated clouds of a sandbox directory; slow to import."""
    with errors():
        from railway_sandbox.server import Sandbox  # noqa: PLC0415

        return Sandbox(directory)


@contextmanager
def serving(directory: Path, plan: str | None = None) -> Generator[str]:
    """Yield the address of the simulated APIs: of those that are served already, or of our own while the block runs.

    With a ``plan`` the simulated Railway account has it from then on.
    """
    with errors():
        from railway_sandbox.server import Sandbox, running, set_plan  # noqa: PLC0415

        address = running(directory)
        if address:
            if plan is not None:
                set_plan(address, plan)
            yield address
            return
        with Sandbox(directory, plan=plan).serve() as own:
            yield own


def control(address: str, method: str, path: str, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Tell the simulated clouds at ``address`` what to do (``railway_sandbox.control``), and return their answer.

    Raises ``OperationError`` with their words when they refuse.
    """
    with errors():
        from railway_sandbox import control  # noqa: PLC0415

        return control.ask(address, method, path, document)


def empty(directory: Path) -> None:
    """Delete all simulated clouds and all states in a sandbox directory."""
    with errors():
        from railway_sandbox.server import reset  # noqa: PLC0415

        reset(directory)


def fill(directory: Path, world: Mapping[str, Any], plan: str) -> None:
    """Put what exists elsewhere into an empty sandbox; see ``railway_sandbox.seeding``."""
    with errors():
        from railway_sandbox.seeding import seed  # noqa: PLC0415
        from railway_sandbox.server import Sandbox  # noqa: PLC0415

        seed(Sandbox(directory, plan=plan), world)


def requests(directory: Path) -> list[str]:
    """Return the operations that a sandbox was asked for, in their order."""
    log = directory / "requests.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [str(json.loads(line)["operation"]) for line in lines]


def journal_path(state_file: Path) -> Path:
    """Return where the embedded engine keeps the journal of a state file."""
    with errors():
        from pulumi_embedded import journal  # noqa: PLC0415

        return journal.journal_path(state_file)


def options(
    *,
    root: Path,
    stack: str,
    state_file: Path,
    config: Mapping[str, str],
    targets: Sequence[str],
    environment: Mapping[str, str],
    on_event: Callable[[Event], None],
) -> Options:
    """Return what the embedded engine works on, with its stand-ins as plugins."""
    with errors():
        from pulumi_embedded import standins  # noqa: PLC0415
        from pulumi_embedded.runner import Options  # noqa: PLC0415

        folder = Path(standins.__file__).parent
        plugins = {name: [sys.executable, str(folder / name)] for name in STANDINS}
        # Where Pulumi.yaml names no folder for it: the executable of the installed package.
        plugins["railway"] = [str(Path(sys.executable).with_name("pulumi-resource-railway"))]
        return Options(
            root=root,
            stack=stack,
            state_file=state_file,
            config=config,
            plugins=plugins,
            targets=tuple(targets),
            environment=environment,
            on_event=on_event,
        )


def run(operation: Operation, options: Options) -> Result:
    """Carry an operation out with the embedded engine; what resources fail at is in the result."""
    with errors():
        from pulumi_embedded import runner  # noqa: PLC0415

        return runner.run(operation, options)


def unprotect(options: Options) -> int:
    """Lift the protection of all resources of a stack of the embedded engine; return of how many."""
    with errors():
        from pulumi_embedded import state_changes  # noqa: PLC0415

        return state_changes.unprotect(options)


def record(
    options: Options,
    urn: str,
    neighbour: str,
    *,
    id: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    hidden: str,
) -> None:
    """Put what exists and no provider can import into a state of the embedded engine; see its ``add_resource``."""
    with errors():
        from pulumi_embedded import state_changes  # noqa: PLC0415

        given, read = dict(inputs), dict(outputs)
        state_changes.add_resource(options, urn, neighbour, id=id, inputs=given, outputs=read, hidden=hidden)


def amend(options: Options, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Set properties that no API knows in a state of the embedded engine: URN → inputs."""
    with errors():
        from pulumi_embedded import state_changes  # noqa: PLC0415

        state_changes.amend(options, {urn: dict(own) for urn, own in changes.items()})


def forget(options: Options, urns: Collection[str]) -> int:
    """Take resources out of a state of the embedded engine, and leave them as they are; return how many."""
    with errors():
        from pulumi_embedded import state_changes  # noqa: PLC0415

        return state_changes.forget(options, urns)


def export_state(options: Options) -> dict[str, Any]:
    """Return the state of a stack of the embedded engine with its secrets in clear."""
    with errors():
        from pulumi_embedded import state_changes  # noqa: PLC0415

        return state_changes.export_state(options)


def import_state(options: Options, document: Mapping[str, Any]) -> None:
    """Let the state of a stack of the embedded engine be what a document with secrets in clear says."""
    with errors():
        from pulumi_embedded import state_changes  # noqa: PLC0415

        state_changes.import_state(options, document)
