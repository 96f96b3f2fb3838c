"""``nixpacks.toml`` and ``Procfile``: files that the builder reads, not Railway, and that stay in force.

Owns what of them is worth a setting: which builder they need, and what a Procfile starts. Sources:
https://nixpacks.com/docs/configuration/procfile (release is a step of the build),
https://railpack.com/config/procfile (web, then worker, then the first).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from railyard.migrate.findings import BASE, Finding, Kind, Service, label, merged, part
from railyard.migrate.railway_file import read_document

_LINE: Final = re.compile(r"^([A-Za-z0-9_-]+):\s*(.+?)\s*$")
_RELEASE: Final = "release"


def read_nixpacks(path: Path, shown: str, service: Service, *, dockerfile: bool) -> list[Finding]:
    """Say what becomes of each key of a ``nixpacks.toml``, and set the builder that reads it."""
    document = read_document(path, shown)
    keys = list(_keys(document))
    builder = _builder(service, dockerfile=dockerfile)
    if builder not in (None, "NIXPACKS"):
        text = f"the service is built by {builder}, which does not read it"
        return [Finding(kind=Kind.NEVER_READ, file=shown, key=key, text=text) for key in keys]
    service.files.append(shown)
    service.layers[BASE] = merged({"build": {"builder": "NIXPACKS"}}, service.layers.get(BASE, {}))
    text = "Nixpacks reads it itself, before the cut-off and after it; builder: NIXPACKS sees to that"
    return [Finding(kind=Kind.STAYS, file=shown, key=key, text=text) for key in keys]


def _keys(document: Mapping[str, Any]) -> list[str]:
    keys: list[str] = []
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            keys += [f"{key}.{inner}" for inner in _keys(cast("Mapping[str, Any]", value))]
        else:
            keys.append(key)
    return keys


def _builder(service: Service, *, dockerfile: bool) -> str | None:
    """Return what builds a service by what is known of it; None when nothing says so."""
    build = part(service.layers, BASE, "build")
    if build.get("dockerfilePath") or dockerfile:
        return "DOCKERFILE"
    return build.get("builder")


def processes(path: Path) -> dict[str, str]:
    """Return the commands of a Procfile by their names; lines of another form are left out."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {match[1]: match[2] for line in lines if (match := _LINE.match(line))}


def unread(path: Path) -> dict[int, str]:
    """Return the lines of a Procfile that start nothing, by their number, with the reason."""
    reasons: dict[int, str] = {}
    last: dict[str, int] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if match := _LINE.match(line):
            if match[1] in last:
                reasons[last[match[1]]] = f"{match[1]} is there again in line {number}, and the last one counts"
            last[match[1]] = number
        elif line.strip() and not line.lstrip().startswith("#"):
            reasons[number] = "it is not NAME: COMMAND, so that it starts nothing: correct it, or remove it"
    return dict(sorted(reasons.items()))


def read_procfile(path: Path, shown: str, service: Service, *, dockerfile: bool) -> tuple[list[Service], list[Finding]]:
    """Say what becomes of each process of a Procfile: the start of the service, or a service of its own."""
    commands = processes(path)
    builder = _builder(service, dockerfile=dockerfile)
    if builder == "DOCKERFILE":
        text = "the service is built by DOCKERFILE, which does not read it"
        return [], [Finding(kind=Kind.NEVER_READ, file=shown, key=name, text=text) for name in commands]
    lines = unread(path).items()
    service.files.append(shown)
    others: list[Service] = []
    findings = [Finding(kind=Kind.NEVER_READ, file=shown, key=f"line {line}", text=text) for line, text in lines]
    main = next((name for name in ("web", "worker", *commands) if name in commands and name != _RELEASE), None)
    for name, command in commands.items():
        kind, text = Kind.TRANSLATED, f"startCommand: {command}"
        if name == _RELEASE:
            kind, text = _release(builder)
        elif name != main:
            others.append(_process(name, command, service, shown))
            text = f"service {others[-1].name} with startCommand: {command}"
        elif part(service.layers, BASE, "deploy").get("startCommand"):
            kind, text = Kind.NEVER_READ, "the startCommand of the service wins over it"
        else:
            start = {"deploy": {"startCommand": command}}
            service.layers[BASE] = merged(start, service.layers.get(BASE, {}))
            service.places["deploy.startCommand"] = (shown, name)
        findings.append(Finding(kind=kind, file=shown, key=name, text=text))
    return others, findings


def _release(builder: str | None) -> tuple[Kind, str]:
    hint = "if it is to run before each deployment, as Heroku does, make it the preDeployCommand"
    if builder == "NIXPACKS":
        return Kind.STAYS, f"Nixpacks runs it as the last step of the build; {hint}"
    return Kind.NEVER_READ, f"Railpack does not run it; {hint}"


def _process(name: str, command: str, service: Service, shown: str) -> Service:
    layer = merged(service.layers.get(BASE, {}), {"deploy": {"startCommand": command}})
    for key in ("healthcheckPath", "healthcheckTimeout", "preDeployCommand", "cronSchedule"):
        layer["deploy"].pop(key, None)  # of the process that takes requests
    return Service(
        name=label(name),
        root_directory=service.root_directory,
        files=[shown],
        layers={BASE: layer},
        places={"deploy.startCommand": (shown, name)},
    )
