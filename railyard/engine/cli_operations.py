"""Operations of the Pulumi CLI on one stack in the sandbox, with the options that the embedded engine has as well.

Owns the file backend, the copy of the stack's settings in which the CLI keeps its encryption salt, so that the user's
own file stays as it is, and the arguments of each operation. A preview, and whatever is told to programs, is reported
as that of the embedded engine is. What an up, a refresh and a destroy print while they work is the CLI's own, but for
the stack's outputs: the CLI would print those of all systems, whichever one was meant.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import go_yaml
from pulumi_operations.events import Operation, Result, StepFinished, StepKind
from pulumi_operations.project import (
    ProjectError,
    config_nodes,
    config_text,
    encrypted_keys,
    full_key,
    load_file,
    load_project,
    standin_text,
)
from railyard.engine.cli_events import read_log
from railyard.engine.configuration import ENVIRONMENT
from railyard.engine.engine_choice import PROJECT, Choice, States, checkpoint_resources
from railyard.engine.outcome import outcome_of
from railyard.engine.pulumi_cli import PulumiCli
from railyard.engine.up_run import LockedError
from railyard.output import Report
from railyard.shared.console import OperationError
from railyard.shared.files import write_whole
from railyard.shared.urns import name_of, target_options, type_of
from stacks.project_folder import PROJECT_FILE, RAILYARD

BACKEND_VARIABLE: Final = "RAILYARD_SANDBOX_BACKEND"
"""Environment variable that puts the CLI's states of the sandbox elsewhere: into a bucket of Spaces."""
PASSPHRASE: Final = "sandbox"
_ENCRYPTION: Final = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys of a stack's settings file that say how its real state is encrypted."""
_LEFT_OUT: Final = (*_ENCRYPTION, ENVIRONMENT)
_WITHOUT_QUESTIONS: Final = ("--yes", "--skip-preview")
TELLS_EVENTS: Final = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Makes the CLI know ``--event-log``, by which the Automation API learns what happens."""
_GONE: Final = re.compile(r"81044|NoSuchBucket|\b404\b")
"""Messages of providers that there is nothing to delete."""
_DELETES: Final = (StepKind.DELETE, StepKind.DELETE_REPLACED)
_PLUGINS: Final = ("cloudflare:", "digitalocean:")
"""Packages whose plugins fail to delete what is gone."""


def variables(directory: Path) -> dict[str, str]:
    """Return the environment in which ``pulumi`` works on the sandbox's own file backend, and downloads nothing.

    Without them it would work on the backend that the user is logged in to, where real stacks may be.
    """
    return {
        "PULUMI_BACKEND_URL": os.environ.get(BACKEND_VARIABLE) or _backend(directory).as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def operate(
    operation: Operation,
    choice: Choice,
    root: Path,
    environment: Mapping[str, str],
    targets: Sequence[str],
    report: Report,
    *,
    shown: bool,
) -> Result:
    """Carry ``operation`` out and report it; the CLI prints its progress where ``shown``. Raises ``OperationError``."""
    assert choice.cli is not None
    arguments = [operation.value, *options_of(choice, root, environment)]
    meant = [_expression(target) for target in targets]
    if operation is Operation.DESTROY:
        _refuse_protected(choice.states, meant)
    arguments += ["--json", "--show-sames"] if operation is Operation.PREVIEW else _WITHOUT_QUESTIONS
    arguments += target_options(targets)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events"
        arguments += ["--suppress-outputs", "--event-log", str(events)]
        process = choice.cli.run(arguments, root, {**environment, **TELLS_EVENTS}, captured=not shown)
        text = events.read_text(encoding="utf-8") if events.exists() else ""
    log = read_log(text, process.stdout if operation is Operation.PREVIEW else "")
    finished = list(log.finished(meant))
    for step in finished:
        report.on_event(step)
    result = outcome_of(
        log.result(
            operation,
            succeeded=process.returncode == 0,
            duration_s=time.monotonic() - began,
            steps=[each.step for each in finished],
            partial=bool(targets),
            output=(process.stdout or "") + (process.stderr or "") if not shown else "",
        )
    )
    report.finish(result)
    if not result.succeeded and (advice := refresh_hint(finished)):
        sys.stderr.write(f"{advice}\n")
    return result


def refresh_hint(finished: Iterable[StepFinished]) -> str:
    """Return the advice to refresh where a delete failed since there is nothing to delete; empty for other failures.

    The plugins of Cloudflare and DigitalOcean fail to delete what is gone, in every run until a refresh, and do not say
    what helps.
    """
    failed = (each for each in finished if each.step.kind in _DELETES and each.step.type.startswith(_PLUGINS))
    if not any(_GONE.search(each.error) for each in failed):
        return ""
    return (
        "next: what was to be deleted is gone already, for example after a run that was killed: "
        f"`{RAILYARD} refresh` (or `pulumi refresh`) takes it out of the state; then run the command again"
    )


def unprotect(choice: Choice, root: Path, environment: Mapping[str, str]) -> bool:
    """Lift the protection of all resources in the state; return whether that succeeded."""
    _prepare(choice, root, environment)
    return _run(choice, ["state", "unprotect", "--all", "--yes", "--stack", choice.states.stack], root, environment)


def options_of(choice: Choice, root: Path, environment: Mapping[str, str]) -> list[str]:
    """Return the options that name the stack and its settings, once the backend and the stack in it are made.

    Raises ``OperationError``.
    """
    settings = _prepare(choice, root, environment)
    return ["--stack", choice.states.stack, "--config-file", str(settings)]


def _run(choice: Choice, arguments: Sequence[str], root: Path, environment: Mapping[str, str]) -> bool:
    assert choice.cli is not None
    return choice.cli.run(arguments, root, environment).returncode == 0


def make_backend(directory: Path) -> Path:
    """Make the file backend of a sandbox directory where it is missing: the CLI makes none."""
    backend = _backend(directory)
    backend.mkdir(parents=True, exist_ok=True)
    return backend


def _backend(directory: Path) -> Path:
    return States(directory=directory.resolve(), stack="").backend


def _prepare(choice: Choice, root: Path, environment: Mapping[str, str]) -> Path:
    """Make the backend and the stack where they are missing; return the settings file to work with."""
    states = choice.states
    settings = make_backend(states.directory) / f"Pulumi.{states.stack}.yaml"
    _copy_settings(root, settings)
    if not states.checkpoint.exists():
        # Only here is the settings file of `stack init` the copy.
        write_whole(settings.with_name(PROJECT_FILE), f"name: {PROJECT}\nruntime: python\n")
        assert choice.cli is not None
        init_stack(choice.cli, states.stack, settings.parent, environment)
    _unlock(states)
    _drop_torn_attributes(states)
    return settings


def init_stack(cli: PulumiCli, name: str, directory: Path, environment: Mapping[str, str]) -> None:
    """Run ``pulumi stack init`` in ``directory``; does nothing where the backend has the stack already.

    Raises ``OperationError``.
    """
    command = ["stack", "init", name, "--no-select", "--non-interactive"]
    process = cli.run(command, directory, environment, captured=True)
    output = process.stdout + process.stderr
    if process.returncode != 0 and "already exists" not in output:
        raise OperationError(f"`pulumi stack init {name}` failed:\n{output.strip()}")


def _unlock(states: States) -> None:
    """Remove the locks of runs that were killed on this machine; refuse while another one lives."""
    for file in states.locks.glob("*.json"):
        try:
            lock: dict[str, Any] = json.loads(file.read_bytes())
            host, process = str(lock["hostname"]), int(lock["pid"])
        except (ValueError, KeyError, TypeError, FileNotFoundError):
            # A run that was killed while it wrote this holds nothing any more, and the CLI cannot read it either.
            file.unlink(missing_ok=True)
            continue
        if host == socket.gethostname() and not _lives(process):
            file.unlink(missing_ok=True)
            continue
        # What the CLI advises, `pulumi cancel`, works in a shell without the sandbox's variables on another backend.
        raise LockedError(
            f"another run is using stack {states.stack} in {states.backend}, process {process} on {host}: wait until "
            f"it has ended; if it is gone for good, remove {file}"
        )


def _drop_torn_attributes(states: States) -> None:
    """Remove what a killed CLI left half-written beside its states, whose hash it holds, and can do without.

    With such a file it ends with "failed to load checkpoint: EOF", though the state is whole.
    """
    for file in states.checkpoint.parent.glob(f"{states.checkpoint.name}*.attrs"):
        try:
            json.loads(file.read_bytes())
        except ValueError:
            file.unlink()


def _refuse_protected(states: States, meant: Sequence[re.Pattern[str]]) -> None:
    """Refuse to take down what is protected before anything is deleted: the CLI stops only when it comes to it.

    Raises ``OperationError``.
    """
    protected = [
        str(record["urn"])
        for record in checkpoint_resources(states)
        if record.get("protect") and not record.get("delete")
        if not meant or any(expression.fullmatch(str(record["urn"])) for expression in meant)
    ]
    if protected:
        names = "".join(f"\n  {type_of(urn)} {name_of(urn)}" for urn in protected)
        raise OperationError(
            f"protected resources of {states.stack} would be deleted ({len(protected)}); so nothing is deleted:"
            f"{names}\nIf they are meant to go, run `{RAILYARD} unprotect -s {states.stack}` first"
        )


def _expression(target: str) -> re.Pattern[str]:
    """Return which URNs a ``--target`` means."""
    return re.compile("".join(_GLOB.get(part, re.escape(part)) for part in _STARS.split(target)))


_STARS: Final = re.compile(r"(\*\*|\*)")
_GLOB: Final = {"**": ".*", "*": "[^:]*"}
"""Regular expressions for the stars of ``--target``: a single one stays within a part of a URN."""


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _copy_settings(root: Path, copy: Path) -> None:
    """Write the user's settings with the copy's own encryption in the place of theirs, and without what needs theirs.

    As JSON, which is YAML, so that the CLI reads each value as it is read here.
    """
    source = root / copy.name
    try:
        encrypted = encrypted_keys(load_project(root), copy.stem.removeprefix("Pulumi."))
        without = [key for key in encrypted if not key.startswith(f"{PROJECT}:")]
        nodes = config_nodes(source.name, source.read_text(encoding="utf-8")) if source.exists() else {}
        document = load_file(source) if source.exists() else {}
    except ProjectError as error:
        raise OperationError(str(error)) from None
    config = {key: _value(node) for key, node in nodes.items() if full_key(PROJECT, key) not in without}
    settings = {key: value for key, value in document.items() if key not in _LEFT_OUT} | {"config": config}
    settings |= {key: value for key, value in _old_copy(copy).items() if key in _ENCRYPTION}
    write_whole(copy, json.dumps(settings, ensure_ascii=False, indent=1), mode=0o600)


def _old_copy(copy: Path) -> Mapping[str, Any]:
    """Return the keys of the copy; none of one that a killed CLI left half-written, which makes its salt anew."""
    try:
        return load_file(copy) if copy.exists() else {}
    except ProjectError:
        return {}


def _value(node: go_yaml.Node) -> Any:
    """Return a value of the configuration; a plain one with the characters that it has in the file."""
    plain = isinstance(go_yaml.resolved(node), go_yaml.ScalarNode)
    return config_text(node) if plain else json.loads(standin_text(node))
