"""Files that say what runs (compose files, railway.toml, Procfile, .env) → services and databases.

Owns how a migration (``railyard/migrate``) becomes a system that is settings alone: a database of a compose file
becomes one of Railyard's own, and what named it in the variables of others names that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, get_args

from components.database import IMAGES, image_name
from railyard.init.proposal import Proposal
from railyard.migrate import folder as folders
from railyard.migrate.findings import Kind, Reading, Service, Settings, label
from railyard.migrate.translation import translate
from stacks.own.settings import KINDS

_SCHEMES: Final = {
    "postgres": "postgresql",
    "mysql": "mysql",
    "mongodb": "mongodb",
    "redis": "redis",
    "valkey": "redis",
}
_ALIASES: Final = {"postgres": "postgresql"}
_URL: Final = re.compile(r"(?P<scheme>[\w+.-]+)://(?:[^/@\s]*@)?(?P<host>[\w.-]+)(?::\d+)?(?P<rest>/\S*)?")
_HOST: Final = re.compile(r"(?P<host>[\w.-]+)(?::(?P<port>\d+))?")
_NAMES_A_HOST: Final = re.compile("HOST|SERVER|ADDR", re.IGNORECASE)
"""Names of variables whose value is a host, also where it could be the name of a kind of database."""
_OWN: Final = re.compile(r"https?://(localhost|127\.0\.0\.1)(:\d+)?/?")
"""The public address of a service, as a compose file on a laptop has it."""
_PARTS: Final = {"user": ("USER", "USERNAME"), "password": ("PASSWORD", "PASS"), "database": ("DATABASE", "NAME", "DB")}
"""Property of a database → endings of names of variables that hold it."""


def read(folder: Path, *, name: str) -> Proposal:
    """Return what the files of ``folder`` describe; nothing where there is none of both. Raises ``OperationError``.

    ``name`` is that of the service at its root.
    """
    if not folder.exists():
        return Proposal()
    reading = folders.read(folder, name)
    databases = {each.name: kind for each in reading.services if (kind := _database(each))}
    proposal = Proposal()
    for service in reading.services:
        if service.name in databases:
            proposal.databases[service.name] = _database_settings(service, databases[service.name], proposal.notes)
        else:
            proposal.services[service.name] = _settings(service, databases)
    proposal.notes += _left_out(reading, databases)
    return proposal


def _database(service: Service) -> str | None:
    """Return the kind of database that stands in place of a service; None for a service that is no plain one."""
    name = image_name(service.image or "")
    kinds = [kind for kind, each in KINDS.items() if each.args.SERVER.title == IMAGES.get(name)]
    return name if name in kinds else next(iter(kinds), None)


def _database_settings(service: Service, kind: str, notes: list[str]) -> Settings:
    settings: Settings = {} if service.name == kind else {"kind": kind}
    field = KINDS[kind].args.model_fields.get("version")
    tag = re.match(r"\d+(\.\d+)*", (service.image or "").rpartition(":")[2])
    if field is None or tag is None:
        return settings
    allowed = [str(each) for each in get_args(field.annotation)]
    near = next(
        (each for each in allowed if f"{tag[0]}.".startswith(f"{each}.") or each.startswith(f"{tag[0]}.")), None
    )
    if near is None:
        notes.append(
            f"{service.name}: {kind} {tag[0]} is none of {', '.join(allowed)}: its data need a dump and restore"
        )
    return settings | ({"version": near} if near else {})


def _settings(service: Service, databases: Mapping[str, str]) -> Settings:
    translated = translate(service.effective(""), image=service.image)
    settings: Settings = {"image": service.image} if service.image else {}
    settings |= {"rootDirectory": service.root_directory} if service.root_directory and not service.image else {}
    settings |= {**translated.settings, **service.extra}
    environment = service.environment
    of_databases = {name: value for name, text in environment.items() if (value := _of_database(name, text, databases))}
    if settings.get("railwayDomain"):
        of_databases |= {name: "${self.url}" for name, text in environment.items() if _OWN.fullmatch(text)}
    variables = {**settings.pop("variables", {}), **of_databases}
    secrets = [name for name in dict.fromkeys(service.secrets) if name not in of_databases]
    return settings | ({"variables": variables} if variables else {}) | ({"secrets": secrets} if secrets else {})


def _of_database(name: str, text: str, databases: Mapping[str, str]) -> str | None:
    """Return what names a database of ours in the place of what named that of the compose file; None for all else."""
    address = _HOST.fullmatch(text)
    if address and (host := label(address["host"])) in databases:
        port = address["port"]
        if port or text not in IMAGES or _NAMES_A_HOST.search(name):
            return f"${{{host}.host}}" + (f":${{{host}.port}}" if port else "")
    url = _URL.fullmatch(text)
    if url and (host := label(url["host"])) in databases:
        scheme = _SCHEMES[databases[host]]
        if _ALIASES.get(url["scheme"], url["scheme"]) == scheme:
            return f"${{{host}.url}}"
        return f"{url['scheme']}://${{{host}.urlWithoutScheme}}"
    # The parts of an address, each in a variable of its own: there is one database that they can mean.
    sql = [each for each, kind in databases.items() if kind in ("postgres", "mysql", "mongodb")]
    if len(sql) == 1 and re.search(rf"{databases[sql[0]]}|{sql[0]}|database|^pg|^db", name, re.IGNORECASE):
        for part, ends in _PARTS.items():
            if name.upper().endswith(ends):
                return f"${{{sql[0]}.{part}}}"
    return None


def _left_out(reading: Reading, databases: Mapping[str, str]) -> Iterator[str]:
    """Yield what of the files has no counterpart; a database of ours needs no setting of its image."""
    for each in reading.findings:
        if each.kind is Kind.TRANSLATED and each.environment:
            yield f"{each.file}: {each.key} is left out: it is of one environment, so write it into that stack"
        of = each.key.split(".")[1] if each.key.startswith("services.") else ""
        if (
            each.kind is Kind.NOT_EXPRESSIBLE
            and label(of or "-") not in databases
            and not each.key.endswith("depends_on")
        ):
            yield f"{each.file}: {each.key} is left out: {each.text}"
