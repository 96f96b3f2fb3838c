"""One settings file becomes two, and one secrets file: those of some systems go into files of another stack.

Owns what is written where, and the proof: read as settings, each system is the same as before, in one stack or in the
other. Entries of settings are moved as they are, with the comment above them; what both stacks need is copied. The
groups of secrets go into a file that others can open; values pass through a pipe of the ``sops`` program and stand
nowhere else in clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import go_yaml
import sops
from components.zone import nearest
from pulumi_operations.project import ProjectError
from railyard.promote.settings_file import text_of, with_value
from railyard.secrets import secrets_file
from railyard.shared.console import OperationError, shown
from railyard.shared.project import project_directory
from railyard.shared.settings_text import Entry, entries, settings_yaml, without
from railyard.shared.stack import Stack, settings_in
from railyard.stack.state_parts import in_stack_output
from stacks.names import names_of
from stacks.problems import SettingsError
from stacks.secrets import FINGERPRINTS, fingerprint
from stacks.settings import BUDGET_KEY, StackSettings
from stacks.shared_settings import NAMESPACE, file_name

_SYSTEMS, _ZONES = f"{NAMESPACE}:systems", f"{NAMESPACE}:zones"
_NOT_COPIED = (_SYSTEMS, f"{NAMESPACE}:environment", f"{NAMESPACE}:secrets", f"{NAMESPACE}:reviews", BUDGET_KEY)
"""Keys that each of the two stacks says for itself."""


@dataclass(frozen=True, kw_only=True)
class SettingsParts:
    """The two parts into which a settings file is split."""

    source: Path
    before: str
    left: str
    """The text of the stack without the systems; as it is where it has none of them any more."""
    target: Path
    moved: str
    """The text of the other stack."""
    notes: tuple[str, ...] = field(default=())
    """Manual steps, each a sentence."""


def divided(stack: Stack, target: str, systems: Sequence[str]) -> SettingsParts:
    """Return the texts of both files; raises ``OperationError`` where they would not say the same as before."""
    source = project_directory() / file_name(stack.name)
    text = text_of(source)
    blocks = entries(source.name, text)
    notes = list(_notes(stack, target, blocks, text))
    parts = SettingsParts(
        source=source,
        before=text,
        left=without_systems(stack, text, systems, comments=True),
        target=project_directory() / file_name(target),
        moved=_moved(stack, text, blocks, systems),
        notes=tuple(notes),
    )
    _prove(stack, parts, systems)
    return parts


def used_zones(settings: StackSettings, systems: Sequence[str]) -> list[str]:
    """Return the names of the zones in which systems have names."""
    zones = settings.stack.zones
    held = [nearest(zones, name) for system in systems for _, name, _ in names_of(settings.systems[system])]
    return [zone.name for zone in zones if zone in held]


def without_systems(stack: Stack, text: str, systems: Sequence[str], *, comments: bool = False) -> str:
    """Return ``text``, the settings file of ``stack``, with neither the keys of ``systems`` nor their names.

    With ``comments`` also without the comment directly above each key. Raises ``OperationError``.
    """
    name = file_name(stack.name)
    keys = {each.key for each in entries(name, text)}
    for system in systems:
        if f"{NAMESPACE}:{system}" in keys:
            text = without(name, text, f"{NAMESPACE}:{system}", comment=comments)
    if _SYSTEMS in keys:
        text = with_value(text, ("config", _SYSTEMS), [each for each in stack.systems if each not in systems])
    return text


def _moved(stack: Stack, text: str, blocks: Sequence[Entry], systems: Sequence[str]) -> str:
    moving = [each for each in blocks if each.key.removeprefix(f"{NAMESPACE}:") in systems]
    others = {f"{NAMESPACE}:{each}" for each in stack.known if each not in systems}
    others |= {f"{NAMESPACE}:{each}" for each in stack.systems if each not in systems}
    needs_zones = bool(used_zones(stack.settings, systems))
    shared = [
        each
        for each in blocks
        if each not in moving and each.key not in (*_NOT_COPIED, *others) and not _is_encrypted(each)
        if needs_zones or each.key != _ZONES
    ]
    indent = " " * (len(text[blocks[0].start :]) - len(text[blocks[0].start :].lstrip(" ")))
    lines = [text[: text.find("\n") + 1]] if text.startswith("# yaml-language-server:") else []
    lines.append("config:\n")
    lines.append(f"{indent}{NAMESPACE}:environment: {stack.environment_name}\n")
    if len(moving) < len(systems):
        lines.append(f"{indent}{_SYSTEMS}: [{', '.join(systems)}]\n")
    lines += [_whole(text, each) for each in shared]
    lines += [f"\n{_whole(text, each)}" for each in moving]
    return "".join(lines).replace("\r\n", "\n")  # a new file, whatever line ends the first one has


def _whole(text: str, entry: Entry) -> str:
    return text[entry.above : entry.end].rstrip("\n") + "\n"


def _is_encrypted(entry: Entry) -> bool:
    value = go_yaml.value_of(entry.value)
    return isinstance(value, dict) and list(value) == ["secure"]


def _notes(stack: Stack, target: str, blocks: Sequence[Entry], text: str) -> list[str]:
    notes: list[str] = []
    if encrypted := [each.key for each in blocks if _is_encrypted(each)]:
        keys = " && ".join(f"pulumi config cp {key} -s {stack.name} --dest {target}" for key in encrypted)
        notes.append(f"encrypted values are those of {stack.name} alone; give {target} its own, or copy them: {keys}")
    if go_yaml.find(go_yaml.compose(text), ("environment",)) is not None:
        notes.append(f"environment: (Pulumi ESC) stays with {stack.name}: say in the new file what {target} imports")
    if BUDGET_KEY in [each.key for each in blocks]:
        notes.append(f"{BUDGET_KEY} stays with {stack.name}: lower it, and give {target} one of its own")
    return notes


def _prove(stack: Stack, parts: SettingsParts, systems: Sequence[str]) -> None:
    """Raise ``OperationError`` unless each system has the settings that it had."""
    before = stack.settings
    try:
        left = settings_in(parts.source.name, parts.left)
        moved = settings_in(parts.target.name, parts.moved)
    except (ProjectError, SettingsError, OperationError) as error:
        raise OperationError(
            f"{parts.source.name} cannot be divided by its lines, and nothing was written: write {parts.target.name} "
            f"by hand, and run the command again\n{error}"
        ) from None
    after = {**left.systems, **moved.systems}
    if list(moved.systems) != [each for each in before.systems if each in systems] or after != dict(before.systems):
        raise OperationError(
            f"{parts.source.name} is not laid out as expected, so nothing was written: divide it by hand"
        )


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
        groups = _groups_of(source, own_systems)
        if not secrets_file.has_rule(place):
            secrets_file.add_rule(place, recipients or secrets_file.recipients(source.holding(own_systems[0])))
        file.parent.mkdir(parents=True, exist_ok=True)
        secrets_file.encrypt_text(place, secrets_file.rules_file(place), settings_yaml(groups))
        created.append(shown(file))
    return ", ".join(created)


def removed(source: Stack, target: Stack, systems: Sequence[str]) -> str:
    """Take the groups of ``systems`` out of the first stack's files; return what went. Raises ``OperationError``."""
    removed_files: list[str] = []
    for system in _moving(source, target, systems):
        place = source.holding(system)
        if system not in _names(place):
            continue
        _refuse_without(target.holding(system), [system])
        if place.holds:
            place.secrets_file.unlink()
        else:
            secrets_file.remove(place, system)
        removed_files.append(f"{system} in {shown(place.secrets_file)}")
    return ", ".join(removed_files)


def _moving(source: Stack, target: Stack, systems: Sequence[str]) -> list[str]:
    """Return the systems whose secrets stand in a file that the other stack does not use."""
    files = {system: (source.holding(system).secrets_file, target.holding(system).secrets_file) for system in systems}
    return [system for system, (before, after) in files.items() if before != after and before.exists()]


def _groups_of(source: Stack, systems: Sequence[str]) -> dict[str, Any]:
    """Return system → its secrets in clear, each file being opened once. Raises ``OperationError``."""
    places = {source.holding(system).secrets_file: source.holding(system) for system in systems}
    try:
        opened = {file: _read(file, place.environment).decrypt() for file, place in places.items()}
    except sops.SopsError as error:
        raise OperationError(str(error)) from None
    return {system: opened[source.holding(system).secrets_file].get(system, {}) for system in systems}


def _names(place: Stack) -> list[str]:
    """Return the systems that a secrets file has a group of. Raises ``OperationError``."""
    return list(_read(place.secrets_file, place.environment).keys())


def _read(file: Path, environment: Mapping[str, str] | None = None) -> sops.Document:
    """Return a secrets file, still encrypted. Raises ``OperationError``."""
    try:
        return sops.read(shown(file), environment)
    except sops.SopsError as error:
        raise OperationError(str(error)) from None


def _refuse_without(place: Stack, systems: Sequence[str]) -> None:
    """Raise ``OperationError`` where a file does not hold the groups that it should: it was there before."""
    groups = _names(place)
    lacking = [name for name in systems if name not in groups]
    if lacking:
        file = shown(place.secrets_file)
        raise OperationError(f"{file} is there and does not hold {', '.join(lacking)}: move it away")


def with_fingerprints(document: dict[str, Any], files: Sequence[Path]) -> dict[str, Any]:
    """Return a state with the fingerprints of the secrets in ``files``, which were encrypted anew.

    With the former fingerprints the next preview without a key would show each secret as changed. Raises
    ``OperationError`` for a file that cannot be read.
    """
    held = [_read(file) for file in files if file.exists()]
    of = {system: each for each in held for system in each.keys()}  # noqa: SIM118 - a document is no mapping

    def renewed(known: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        return {
            system: {name: fingerprint(of[system], system, name) for name in own} if system in of else own
            for system, own in known.items()
        }

    return in_stack_output(document, FINGERPRINTS, renewed)
