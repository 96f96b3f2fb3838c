"""A folder with an application → the services that its files describe.

Owns which files are looked at and whose they are. Reads nothing outside of the folder.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from railyard.migrate import builder_files, compose_file, env_file, railway_file
from railyard.migrate.findings import BASE, Finding, Kind, Reading, Service, part
from railyard.migrate.translation import translate
from railyard.shared.console import CallError

_FILE: Final = re.compile(r"(?:(?P<before>[\w-]+)\.)?railway(?:[._-](?P<after>[\w.-]+))?\.(?:json|toml)")
_SKIPPED: Final = {"node_modules", "vendor", "dist", "build", "target", "venv", "__pycache__"}
_DEPTH: Final = 4
_GITHUB: Final = re.compile(r"github\.com[:/](?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def read(folder: Path, main: str) -> Reading:
    """Return all that a folder says. ``main`` is the name of the service at its root. Raises ``OperationError``."""
    if not folder.is_dir():
        raise CallError(f"{folder} is no folder: give that of the application")
    services: list[Service] = []
    findings: list[Finding] = []
    for directory in _folders(folder):
        declared, read = _folder(folder, directory, main)
        services += declared
        findings += read
    for name in compose_file.FILES:
        if (folder / name).is_file():
            composed, read = compose_file.read(folder / name, name)
            services, findings = _with_composed(services, composed), [*findings, *read]
            break
    findings += _environment_files(folder, services, main)
    for service in services:
        findings = _with_translation(service, findings)
    return Reading(services=services, findings=findings)


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
    findings += _builders(folder, directory, name, root, services)
    return list(services.values()), findings


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
) -> list[Finding]:
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
            services |= {each.name: each for each in others if each.name not in services}
        else:
            read = builder_files.read_nixpacks(path, shown, service, dockerfile=dockerfile)
        findings += read
        if not service.files:
            del services[name]  # nothing reads the file
    return findings


def _with_composed(services: list[Service], composed: list[Service]) -> list[Service]:
    """Return all services: of one that other files describe as well, what they say wins."""
    by_place = {service.root_directory: service for service in services}
    by_name = {service.name: service for service in services}
    for service in composed:
        twin = by_name.get(service.name) or (None if service.image else by_place.get(service.root_directory))
        if twin is None:
            services = [*services, service]
            continue
        twin.extra = {**service.extra, **twin.extra}
        twin.secrets = [*twin.secrets, *service.secrets]
        twin.files += service.files
        variables = service.layers[BASE].get("variables")
        if variables:
            twin.layers.setdefault(BASE, {})["variables"] = variables
    return services


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
            kind, text = Kind.TRANSLATED, f"secret {name}: its value belongs into the SOPS file"
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
    for environment in service.layers:
        layer, translation = service.layers[environment], translate(service.effective(environment), image=service.image)
        for key, text in {**translation.placed, **translation.left}.items():
            section, _, name = key.partition(".")
            if name not in part(layer, section) or service.files[0].endswith("Procfile"):
                continue
            if "compose" in service.files[0] and any(each.text == text for each in findings):
                continue  # its reader has named it
            shown = f"environments.{environment}.{key}" if environment else key
            findings = [each for each in findings if not (each.key == shown and each.file == service.files[0])]
            kind = Kind.NOT_EXPRESSIBLE if key in translation.left else Kind.TRANSLATED
            if key in translation.left or "compose" not in service.files[0]:
                added.append(Finding(kind=kind, file=service.files[0], key=shown, text=text, environment=environment))
    return [*findings, *added]


def label(name: str) -> str:
    """Return a name as services and systems have them: small letters, digits and ``-``."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "web"
