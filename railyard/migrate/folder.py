"""A folder with an application → the services that its files describe.

Owns which files are looked at and whose they are. Reads nothing outside of the folder.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from railyard.migrate import builder_files, compose_file, env_file, railway_file
from railyard.migrate.findings import BASE, Finding, Kind, Reading, Service, free_name, label, merged, part
from railyard.migrate.translation import translate
from railyard.shared.console import CallError

_FILE: Final = re.compile(r"(?:(?P<before>[\w-]+)\.)?railway(?:[._-](?P<after>[\w.-]+))?\.(?:json|toml)")
_SKIPPED: Final = {"node_modules", "vendor", "dist", "build", "target", "venv", "__pycache__"}
_DEPTH: Final = 4
PROJECT: Final = "project"
"""Key of the project beside the services of a system."""
_GITHUB: Final = re.compile(r"github\.com[:/](?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def read(folder: Path, main: str) -> Reading:
    """Return all that a folder says. ``main`` is the name of the service at its root. Raises ``OperationError``."""
    if not folder.is_dir():
        raise CallError(f"{folder} is not a folder: give that of the application")
    services: list[Service] = []
    findings: list[Finding] = []
    for directory in _folders(folder):
        declared, read = _folder(folder, directory, main)
        findings += [*read, *_add(services, declared)]
    for name in compose_file.FILES:
        if (folder / name).is_file():
            composed, read = compose_file.read(folder / name, name)
            others, read = _joined(services, composed, read)
            findings += [*read, *_add(services, others)]
            break
    findings += _environment_files(folder, services, main)
    for service in services:
        findings = _with_translation(service, findings)
    return Reading(services=services, findings=findings)


def _add(services: list[Service], found: Iterable[Service]) -> Iterator[Finding]:
    """Add services to those that were found before; one that has the name of another gets a name of its own."""
    for service in found:
        name = free_name([service.name], {PROJECT, *(each.name for each in services)})
        if name != service.name:
            text = f"service {name}, since the name {service.name} is taken"
            yield Finding(kind=Kind.TRANSLATED, file=service.files[0], key="(the name)", text=text)
        service.name = name
        services.append(service)


def repository(folder: Path) -> str | None:
    """Return the GitHub repository that git knows as the origin of a folder, ``owner/name``."""
    config = configparser.ConfigParser(strict=False, interpolation=None)
    try:
        config.read(folder / ".git" / "config", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return None
    match = _GITHUB.search(config.get('remote "origin"', "url", fallback=""))
    return match["name"] if match else None


def _folders(folder: Path) -> Iterator[Path]:
    for place, folders, _ in os.walk(folder):
        directory = Path(place)
        depth = len(directory.relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        if depth >= _DEPTH:
            folders.clear()
        yield directory


def _folder(folder: Path, directory: Path, main: str) -> tuple[list[Service], list[Finding]]:
    """Return the services whose files lie in one folder: its own, and those that a file is named after."""
    below = directory.relative_to(folder).as_posix()
    root = None if below == "." else f"/{below}"
    name = main if root is None else label(directory.name)
    services: dict[str, Service] = {}
    findings: list[Finding] = []
    for file, suffix, document in _documents(folder, directory):
        chosen = label(suffix) if suffix else name
        if chosen in services:
            text = f"{services[chosen].files[0]} is read in its place; Railway's pages do not say which of two it takes"
            findings.append(Finding(kind=Kind.NEVER_READ, file=file, key="(the whole file)", text=text))
            continue
        railway_document = railway_file.read(document, file)
        services[chosen] = Service(name=chosen, root_directory=root, files=[file], layers=railway_document.layers)
        findings += railway_document.findings
    others, read = _builders(folder, directory, name, root, services)
    return [*services.values(), *others], [*findings, *read]


def _documents(folder: Path, directory: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    files = sorted(path for path in directory.iterdir() if path.is_file() and _FILE.fullmatch(path.name))
    for path in sorted(files, key=lambda each: (each.suffix != ".toml", each.name)):
        match = _FILE.fullmatch(path.name)
        shown = path.relative_to(folder).as_posix()
        document = railway_file.read_document(path, shown)
        named = path.stem == "railway"  # whatever it says: Railway reads it
        if match and (named or railway_file.is_railway_document(document)):
            yield shown, match["before"] or match["after"] or "", document


def _builders(
    folder: Path, directory: Path, name: str, root: str | None, services: dict[str, Service]
) -> tuple[list[Service], list[Finding]]:
    """Add what the builders' files in a folder say of its service; return the other services that they start."""
    others: list[Service] = []
    findings: list[Finding] = []
    dockerfile = (directory / "Dockerfile").is_file()
    for file in ("nixpacks.toml", "Procfile"):
        path = directory / file
        if not path.is_file():
            continue
        service = services.setdefault(name, Service(name=name, root_directory=root))
        shown = path.relative_to(folder).as_posix()
        if file == "Procfile":
            others, read = builder_files.read_procfile(path, shown, service, dockerfile=dockerfile)
        else:
            read = builder_files.read_nixpacks(path, shown, service, dockerfile=dockerfile)
        findings += read
        if not service.files:
            del services[name]  # nothing reads the file
    for other in [each for each in others if each.name in services]:
        others.remove(other)
        text = f"the service {other.name} is that of {services[other.name].files[0]}"
        findings = _replaced(findings, other.places["deploy.startCommand"], text)
    return others, findings


def _joined(
    services: Sequence[Service], composed: Sequence[Service], findings: list[Finding]
) -> tuple[list[Service], list[Finding]]:
    """Join services of a compose file with those that other files describe; return the others, and the findings."""
    others: list[Service] = []
    for service in composed:
        alone = [each.root_directory for each in composed if not each.image].count(service.root_directory) == 1
        same_place = [each for each in services if service.image or each.root_directory == service.root_directory]
        by_name = [each for each in same_place if each.name == service.name]
        twins = by_name or (same_place if alone and not service.image else [])
        if twins:
            findings = _join(twins[0], service, findings)
        else:
            others.append(service)
    return others, findings


def _join(twin: Service, service: Service, findings: list[Finding]) -> list[Finding]:
    """Add to a service what a compose file says of it; what its own files say wins. Return the findings."""
    own = twin.layers.get(BASE, {})
    only_one = {"build"} if part(own, "build") else set[str]()  # one file alone says how a service is built
    added = {section: values for section, values in service.layers[BASE].items() if section not in only_one}
    for key, place in service.places.items():
        section, _, name = key.partition(".")
        if section == "source" or name in part(own, section) or name not in part(added, section):
            findings = _replaced(findings, place, f"{twin.files[0]} describes the service, and wins over it")
        else:
            twin.places[key] = place
    twin.layers[BASE] = merged(added, own)
    twin.extra |= service.extra
    twin.environment |= service.environment
    twin.secrets = list(dict.fromkeys([*twin.secrets, *service.secrets]))
    twin.files += service.files
    return findings


def _replaced(findings: Sequence[Finding], place: tuple[str, str], text: str) -> list[Finding]:
    """Return the findings with the one at ``place`` as a key that is never read."""
    return [
        replace(each, kind=Kind.NEVER_READ, text=text) if (each.file, each.key) == place else each for each in findings
    ]


def _environment_files(folder: Path, services: list[Service], main: str) -> list[Finding]:
    """Return what becomes of the variables of ``.env`` files; their names go to the service at the root."""
    findings: list[Finding] = []
    target = next((service for service in services if service.name == main), services[0] if services else None)
    for path in sorted(folder.glob(".env*")):
        if not path.is_file():
            continue
        kind = Kind.NEVER_READ if env_file.why_not(path) else Kind.NOT_EXPRESSIBLE
        for line, text in env_file.unread(path).items():
            findings.append(Finding(kind=kind, file=path.name, key=f"line {line}", text=text))
        for name in env_file.read(path):
            kind, text = Kind.TRANSLATED, f"secret {name}: its value belongs in the SOPS file"
            if reason := env_file.why_not(path):
                kind, text = Kind.NEVER_READ, reason
            elif target is None:
                kind, text = Kind.NOT_EXPRESSIBLE, "the folder describes no service that could have it"
            elif name not in target.secrets:
                target.secrets.append(name)
            findings.append(Finding(kind=kind, file=path.name, key=name, text=text))
    return findings


def _with_translation(service: Service, findings: list[Finding]) -> list[Finding]:
    """Return the findings with what the translation itself says of a service's keys, in each environment."""
    added: list[Finding] = []
    of_railway = _FILE.fullmatch(Path(service.files[0]).name)
    for environment, layer in service.layers.items():
        translation = translate(service.effective(environment), image=service.image)
        for key, text in {**translation.placed, **translation.left}.items():
            section, _, name = key.partition(".")
            place = None if environment else service.places.get(key)
            if name not in part(layer, section) or not (place or of_railway):
                continue
            file, shown = place or (service.files[0], f"environments.{environment}.{key}" if environment else key)
            findings = [each for each in findings if (each.file, each.key) != (file, shown)]
            kind = Kind.NOT_EXPRESSIBLE if key in translation.left else Kind.TRANSLATED
            added.append(Finding(kind=kind, file=file, key=shown, text=text, environment=environment))
    return [*findings, *added]
