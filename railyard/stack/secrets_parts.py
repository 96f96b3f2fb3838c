"""One secrets file becomes two: the groups of some systems go into a file that others can open.

Owns what is written where. Values pass through a pipe of the ``sops`` program and stand nowhere else in clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sops
from railyard.secrets import file as secrets_file
from railyard.secrets import sops_program
from railyard.shared.console import OperationError, shown
from railyard.shared.settings_yaml import settings_yaml
from railyard.shared.stack import Stack
from railyard.stack.state_parts import in_stack_output
from stacks.secrets import FINGERPRINTS, fingerprint


def copied(source: Stack, target: Stack, systems: Sequence[str], recipients: Sequence[str]) -> str:
    """Let the other stack's files hold the groups of ``systems``; return which files were made.

    Nothing is to be done where the files are the same, or where there are none yet. Raises ``OperationError``.
    """
    moving = _moving(source, target, systems)
    created: list[str] = []
    for file in dict.fromkeys(target.holding(system).secrets_file for system in moving):
        own_systems = [system for system in moving if target.holding(system).secrets_file == file]
        place = target.holding(own_systems[0])
        if file.exists():
            _refuse_without(place, own_systems)
            continue
        groups: dict[str, Any] = {system: _opened(source.holding(system)).get(system, {}) for system in own_systems}
        if not secrets_file.has_rule(place):
            secrets_file.add_rule(place, recipients or secrets_file.recipients(source.holding(own_systems[0])))
        file.parent.mkdir(parents=True, exist_ok=True)
        sops_program.encrypt_text(place, secrets_file.rules_file(place), settings_yaml(groups))
        created.append(shown(file))
    return ", ".join(created)


def removed(source: Stack, target: Stack, systems: Sequence[str]) -> str:
    """Take the groups of ``systems`` out of the first stack's files; return what went. Raises ``OperationError``."""
    removed_files: list[str] = []
    for system in _moving(source, target, systems):
        place = source.holding(system)
        if system not in _groups(place):
            continue
        _refuse_without(target.holding(system), [system])
        if place.holds:
            place.secrets_file.unlink()
        else:
            sops_program.remove(place, system)
        removed_files.append(f"{system} in {shown(place.secrets_file)}")
    return ", ".join(removed_files)


def _moving(source: Stack, target: Stack, systems: Sequence[str]) -> list[str]:
    """Return the systems whose secrets stand in a file that the other stack does not use."""
    files = {system: (source.holding(system).secrets_file, target.holding(system).secrets_file) for system in systems}
    return [system for system, (before, after) in files.items() if before != after and before.exists()]


def _opened(place: Stack) -> dict[str, Any]:
    try:
        return dict(sops.read(shown(place.secrets_file), place.environment).decrypt())
    except sops.SopsError as error:
        raise OperationError(str(error)) from None


def _groups(place: Stack) -> list[str]:
    return list(sops.read(shown(place.secrets_file), place.environment).keys())


def _refuse_without(place: Stack, systems: Sequence[str]) -> None:
    """Raise ``OperationError`` where a file does not hold the groups that it should: it was there before."""
    groups = _groups(place)
    lacking = [name for name in systems if name not in groups]
    if lacking:
        file = shown(place.secrets_file)
        raise OperationError(f"{file} is there and does not hold {', '.join(lacking)}: move it away")


def with_fingerprints(document: dict[str, Any], files: Sequence[Path]) -> dict[str, Any]:
    """Return a state that knows secrets as they stand in ``files``, encrypted anew.

    Without this the next preview that has no key would take each of them for changed.
    """
    held = [sops.read(shown(file)) for file in files if file.exists()]
    of = {system: each for each in held for system in each.keys()}  # noqa: SIM118 - a document is no mapping

    def renewed(known: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        return {
            system: {name: fingerprint(of[system], system, name) for name in own} if system in of else own
            for system, own in known.items()
        }

    return in_stack_output(document, FINGERPRINTS, renewed)
