"""The result of a migration: settings for each environment, and the proof that they mean the same.

Owns the document of settings and the verdict. Reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from railway_api.counting import count
from railyard.migrate.findings import Kind, Reading, Service, Settings
from railyard.migrate.translation import deployed, differences, translate
from railyard.shared.settings_text import settings_yaml

CUT_OFF = "2026-12-01"
"""From this day on Railway reads no railway.toml and no railway.json."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One service in one environment."""

    service: Service
    environment: str
    settings: Settings
    differences: Mapping[str, tuple[Any, Any]]
    """Keys whose effective values differ: key → (before, after)."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """All of it."""

    name: str
    reading: Reading
    parts: Sequence[Part]

    @property
    def proven(self) -> bool:
        """Tell whether every service has the same effective configuration in every environment."""
        lost = any(each.kind is Kind.NOT_EXPRESSIBLE for each in self.reading.findings)
        return not any(part.differences for part in self.parts) and (bool(self.parts) or not lost)

    def settings(self, environment: str) -> dict[str, Any]:
        """Return the settings of the system in one environment."""
        parts = [part for part in self.parts if part.environment == environment]
        project = {"name": f"{self.name}-{environment}", "environment": environment}
        return {"project": project, **{part.service.name: part.settings for part in parts}}

    @property
    def environments(self) -> list[str]:
        """Return them in their order."""
        return list(dict.fromkeys(part.environment for part in self.parts))

    def settings_text(self) -> str:
        """Return the settings as YAML, one document for each environment."""
        texts: list[str] = []
        for environment in self.environments:
            document = {"config": {f"railyard:{self.name}": self.settings(environment)}}
            texts.append(f"# Pulumi.{environment}.yaml\n{settings_yaml(document)}")
        return "---\n".join(texts)

    def verdict(self) -> list[str]:
        """Say what is proven, and what is not."""
        lines: list[str] = []
        for part in self.parts:
            where = f"{part.environment}: {part.service.name}"
            if not part.differences:
                lines.append(f"{where}: the same effective configuration without the files")
            for key, (before, after) in part.differences.items():
                lines.append(f"{where}: {key} is {_shown(before)} with the files, and {_shown(after)} without them")
        secrets = sorted({name for part in self.parts for name in part.service.secrets})
        if secrets:
            lines.append(f"{count(len(secrets), 'value')} for the SOPS file: {', '.join(secrets)}")
        lost = sum(finding.kind == Kind.NOT_EXPRESSIBLE for finding in self.reading.findings)
        tail = f"; {count(lost, 'key')} not expressible" if lost else ""
        lines.append(f"{'proven' if self.proven else 'not the same'}: {count(len(self.parts), 'service')}{tail}")
        return lines

    def document(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "system": self.name,
            "cutOff": CUT_OFF,
            "proven": self.proven,
            "findings": [
                {
                    "kind": each.kind.value,
                    "file": each.file,
                    "key": each.key,
                    "environment": each.environment or None,
                    "text": each.text,
                }
                for each in self.reading.findings
            ],
            "settings": {each: self.settings(each) for each in self.environments},
            "secrets": sorted({name for part in self.parts for name in part.service.secrets}),
            "differences": [
                {
                    "environment": part.environment,
                    "service": part.service.name,
                    "key": key,
                    "before": before,
                    "after": after,
                }
                for part in self.parts
                for key, (before, after) in part.differences.items()
            ],
        }


def result_of(name: str, reading: Reading, environments: Sequence[str], repo: str | None) -> Result:
    """Translate all services for all environments, and compare."""
    parts = [_part(service, environment, repo) for environment in environments for service in reading.services]
    return Result(name=name, reading=reading, parts=parts)


def _part(service: Service, environment: str, repo: str | None) -> Part:
    config = service.effective(environment)
    translated = translate(config, image=service.image)
    source: Settings = {"image": service.image} if service.image else {"repo": repo}
    if service.root_directory and not service.image:
        source["rootDirectory"] = service.root_directory
    settings = {**source, **translated.settings, **service.extra}
    changed = differences(config, deployed(translated.settings, image=service.image))
    return Part(service=service, environment=environment, settings=settings, differences=changed)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)
