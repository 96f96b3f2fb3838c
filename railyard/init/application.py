"""The repository of an application → what runs of it: a service for each folder that is a program, and its databases.

Owns what follows from the files of package managers. A guess is a starting point that a person reads: what a framework
or a driver does not say is left out.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pulumiverse_railway import rules
from railway_api.json_objects import is_list, table
from railyard.init import requirements
from railyard.init.proposal import Proposal
from railyard.migrate import env_file
from railyard.migrate.compose_file import SECRET
from railyard.migrate.findings import Settings, free_name, label
from stacks.project_folder import REQUIREMENTS

_MARKERS: Final = (
    "Dockerfile",
    "package.json",
    "pyproject.toml",
    REQUIREMENTS,
    "mix.exs",
    "go.mod",
    "Cargo.toml",
    "Gemfile",
    "composer.json",
)
"""Files by which a folder is a program of its own."""
_SKIPPED: Final = {
    "node_modules",
    "vendor",
    "dist",
    "build",
    "target",
    "venv",
    "tests",
    "test",
    "docs",
    "deps",
    "_build",
}
_DEPTH: Final = 2
"""Folders below the root in which programs are looked for: apps/web."""
_PORTS: Final = {
    "next": 3000,
    "nuxt": 3000,
    "express": 3000,
    "fastify": 3000,
    "hono": 3000,
    "@nestjs/core": 3000,
    "fastapi": 8000,
    "django": 8000,
    "flask": 8000,
    "starlette": 8000,
    "phoenix": 4000,
    "rails": 3000,
    "vite": 4173,
}
"""Framework that answers HTTP → its usual port, which the service gets as PORT."""
_BOTS: Final = {
    "discord.js",
    "discord-py",
    "py-cord",
    "telegraf",
    "python-telegram-bot",
    "aiogram",
    "nostrum",
}
_DRIVERS: Final = {
    "postgres": {"pg", "postgres", "psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "postgrex", "@prisma/client"},
    "mysql": {"mysql2", "pymysql", "mysqlclient", "myxql", "aiomysql"},
    "mongodb": {"mongodb", "mongoose", "pymongo", "motor"},
    "redis": {"redis", "ioredis", "bullmq", "redix", "celery", "rq"},
}
"""Kind of database → packages that talk to it."""
VARIABLES: Final = {"postgres": "DATABASE_URL", "mysql": "DATABASE_URL", "mongodb": "MONGO_URL", "redis": "REDIS_URL"}
"""Kind of database → the variable in which applications expect its address."""
_NIGHTLY: Final = "0 3 * * *"
"""Schedule of a job that nothing gives another one."""
_BY_NAME: Final = {"bot": "bot", "worker": "worker", "cron": "cronJob"}
"""Name of a folder → topology of the program in it."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A folder that is a program."""

    folder: Path
    root: str | None
    """Its folder below the repository, ``/apps/web``; None for the repository itself."""
    packages: frozenset[str]
    """Names of the packages that it depends on, in lower case."""

    @property
    def databases(self) -> list[str]:
        """Return the kinds of databases that it talks to."""
        return [kind for kind, drivers in _DRIVERS.items() if drivers & self.packages]


def read(folder: Path, *, topology: str | None, name: str) -> Proposal:
    """Return what runs of the application in ``folder``.

    ``topology`` decides for the only program; without it, frameworks and folders decide. A program at the root of the
    folder is called ``name``, another one as its folder, or as the way to it where that name is taken.
    """
    proposal = Proposal()
    found = programs(folder)
    databases = {kind for program in found for kind in program.databases}
    for program in found:
        names = [label(program.folder.name), label(program.root.strip("/"))] if program.root else [name]
        service = free_name(names, {*proposal.services, *databases})
        proposal.services[service] = _settings(program, topology if len(found) == 1 else None)
        for kind in program.databases:
            proposal.databases[kind] = {}
        if proposal.services[service].get("topology") == "cronJob":
            proposal.notes.append(nightly(service))
    return proposal


def of_topology(topology: str) -> Settings:
    """Return the settings that a topology needs: its name and, of a job, a schedule."""
    return {"topology": topology} | ({"cronSchedule": _NIGHTLY} if topology == "cronJob" else {})


def nightly(service: str) -> str:
    """Return the note about a service whose schedule is not of the application."""
    return f"{service}: runs at 03:00 UTC every night; cronSchedule says when"


def programs(folder: Path) -> list[Program]:
    """Return the programs of a repository: itself, unless it only holds others together, and those in its folders.

    Beside a program at the root a folder is one by its packages or its name alone: many hold parts of that program.
    """
    inner = list(_programs(folder))
    whole = _program(folder, folder)
    if not whole or (inner and _is_workspace(folder)):
        return inner
    return [whole, *(each for each in inner if _kind(each) or label(each.folder.name) in _BY_NAME)]


def _programs(root: Path) -> Iterator[Program]:
    for place, folders, _ in os.walk(root):
        directory = Path(place)
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        if len(directory.relative_to(root).parts) >= _DEPTH:
            folders.clear()
        if (program := _program(root, directory)) and directory != root:
            folders.clear()
            yield program


def _program(root: Path, directory: Path) -> Program | None:
    present = [name for name in _MARKERS if (directory / name).is_file()]
    if not present or (present == [REQUIREMENTS] and requirements.is_ours(directory / REQUIREMENTS)):
        return None
    below = directory.relative_to(root).as_posix()
    return Program(
        folder=directory, root=None if below == "." else f"/{below}", packages=frozenset(_packages(directory))
    )


def _is_workspace(folder: Path) -> bool:
    """Tell whether the root only holds other folders together: by its files, or as nothing there is a program."""
    markers = [name for name in _MARKERS if (folder / name).is_file()]
    if "Dockerfile" in markers:
        return False
    package = _json(folder / "package.json")
    project = _toml(folder / "pyproject.toml")
    return (
        "workspaces" in package
        or any((folder / name).is_file() for name in ("pnpm-workspace.yaml", "turbo.json", "lerna.json"))
        or "workspace" in table(table(project.get("tool")).get("uv"))
        or ({*markers} <= {"package.json", "pyproject.toml"} and not (package.get("scripts") or project.get("project")))
    )


def _packages(folder: Path) -> Iterator[str]:
    package = _json(folder / "package.json")
    yield from table(package.get("dependencies"))
    yield from table(package.get("devDependencies")).keys() & _PORTS.keys()
    project = _toml(folder / "pyproject.toml")
    dependencies = table(project.get("project")).get("dependencies")
    yield from requirements.names(map(str, dependencies if is_list(dependencies) else ()))
    yield from requirements.names(table(table(table(project.get("tool")).get("poetry")).get("dependencies")))
    file = folder / REQUIREMENTS
    if file.is_file() and not requirements.is_ours(file):
        yield from requirements.names(file.read_text(encoding="utf-8-sig", errors="replace").splitlines())
    for name, pattern in (("mix.exs", r"\{:(\w+),"), ("Gemfile", r"gem ['\"]([\w-]+)['\"]")):
        if (folder / name).is_file():
            yield from re.findall(pattern, (folder / name).read_text(encoding="utf-8", errors="replace"))


def _json(file: Path) -> dict[str, object]:
    with suppress(OSError, ValueError):
        return table(json.loads(file.read_text(encoding="utf-8-sig")))
    return {}


def _toml(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        return tomllib.loads(file.read_text(encoding="utf-8"))
    return {}


def _settings(program: Program, topology: str | None) -> Settings:
    by_name = _BY_NAME.get(label(program.folder.name)) if program.root else None
    kind = topology or by_name or _kind(program)
    settings = of_topology(kind) if kind else Settings()
    settings |= {"rootDirectory": program.root} if program.root else {}
    port = next((port for name, port in _PORTS.items() if name in program.packages), None)
    if port and settings.get("topology") in (None, "backend", "gateway", "proxy"):
        settings |= {"port": port, "railwayDomain": True}
    variables = {VARIABLES[each]: f"${{{each}.url}}" for each in program.databases}
    settings |= {"variables": variables} if variables else {}
    secrets = [name for name in _template(program.folder) if SECRET.search(name) and name not in variables]
    return settings | ({"secrets": secrets} if secrets else {})


def _kind(program: Program) -> str | None:
    if program.packages & _BOTS:
        return "bot"
    return "backend" if program.packages & set(_PORTS) else None


def _template(folder: Path) -> list[str]:
    """Return the variables of a ``.env.example`` or the like."""
    files = [file for end in env_file.TEMPLATES if (file := folder / f".env{end}").is_file()]
    names = dict.fromkeys(name for file in files for name in env_file.read(file))
    return [name for name in names if not rules.variable_name.broken_by(name)]
