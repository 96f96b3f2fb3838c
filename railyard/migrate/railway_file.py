"""``railway.toml`` and ``railway.json``: what each key of them becomes.

Owns which keys Railway has ever read (https://docs.railway.com/config-as-code/reference), how forgiving it was about
their values, and which of them no setting expresses. The settings themselves come from the provider's declaration.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from pydantic.alias_generators import to_camel

from pulumiverse_railway.provider.resources.parts.settings import SETTINGS, Setting
from railyard.migrate.findings import BASE, Config, Finding, Kind, merged
from railyard.shared.console import OperationError

SECTIONS: Final = ("build", "deploy")
DIRECT: Final = {setting.path: setting for setting in SETTINGS if setting.path[0] in SECTIONS}
"""Keys that are a setting as they stand."""
VARIABLES: Final = {
    ("build", "railpackVersion"): "RAILPACK_VERSION",
    ("build", "nixpacksVersion"): "NIXPACKS_VERSION",
    ("build", "nixpacksConfigPath"): "NIXPACKS_CONFIG_FILE",
}
"""Keys whose place is a variable that the builder reads, https://docs.railway.com/reference/variables."""
DEFAULTS: Final = {
    ("build", "buildEnvironment"): "V3",
    ("deploy", "runtime"): "V2",
    ("deploy", "useLegacyStacker"): False,
    ("deploy", "ipv6EgressEnabled"): False,
}
"""Keys without a setting, with the value that Railway takes by itself."""
PLACED: Final = (("deploy", "multiRegionConfig"), ("deploy", "numReplicas"), ("deploy", "limitOverride"))
"""Keys that are settings of another form: region and replicas, vcpus and memoryMb."""
_REASONS: Final = {
    ("build", "nixpacksPlan"): "write the plan into nixpacks.toml, which Nixpacks reads by itself",
    ("deploy", "requiredMountPath"): "give the service a volume with this mountPath",
    ("deploy", "registryCredentials"): "give registryUsername, and the password as a secret",
}
_KNOWN: Final = {*DIRECT, *VARIABLES, *DEFAULTS, *PLACED, *_REASONS}
_VARIABLE_TABLES: Final = ("variables", "env", "envVars", "environment", "vars")
_NUMBERS: Final = ("healthcheckTimeout", "restartPolicyMaxRetries", "overlapSeconds", "drainingSeconds", "numReplicas")
_BOOLEANS: Final = ("sleepApplication",)
_TABLES: Final = ("multiRegionConfig", "limitOverride", "nixpacksPlan")


@dataclass
class RailwayFile:
    """What one file says."""

    layers: dict[str, Config] = field(default_factory=dict[str, Config])
    findings: list[Finding] = field(default_factory=list[Finding])


def read_document(path: Path, shown: str) -> Mapping[str, Any]:
    """Return the document of a file; raises ``OperationError`` when it is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        document: Any = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (UnicodeDecodeError, ValueError) as error:
        kind = "TOML" if path.suffix == ".toml" else "JSON"
        raise OperationError(
            f"{shown} is no valid {kind} ({error}): correct it, since Railway refuses it, too"
        ) from None
    if not isinstance(document, dict):
        raise OperationError(f"{shown} holds no keys, such as build and deploy: correct it, or remove it")
    return cast("dict[str, Any]", document)


def is_railway_document(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is one of config as code, whatever its file is called."""
    return any(isinstance(document.get(name), dict) for name in SECTIONS) or "railway" in str(document.get("$schema"))


def read(document: Mapping[str, Any], file: str) -> RailwayFile:
    """Return the layers of a document, and what becomes of each of its keys."""
    found = RailwayFile()
    blocks: Any = document.get("environments")
    named = cast("dict[str, Any]", blocks) if isinstance(blocks, dict) else {}
    for environment, block in [(BASE, document), *named.items()]:
        prefix = f"environments.{environment}." if environment else ""
        if not isinstance(block, Mapping):
            found.findings.append(_never(file, prefix.rstrip("."), "no table of keys", environment))
            continue
        given = cast("Mapping[str, Any]", block)
        layer: Config = {}
        for section, values in given.items():
            if section == "$schema" or (section == "environments" and not environment):
                continue
            if section not in SECTIONS or not isinstance(values, Mapping):
                found.findings.append(_never(file, f"{prefix}{section}", _hint((section,), values), environment))
                continue
            items = cast("Mapping[str, Any]", values)
            layer = merged(layer, _section(section, items, file, prefix, environment, found.findings))
        if environment.lower() == "pr":
            found.findings.append(_not(file, prefix.rstrip("."), _PR, environment))
        else:
            found.layers[environment] = layer
    return found


_PR: Final = "settings belong to a stack, and this block is for environments of pull requests, which no stack describes"


def _section(
    section: str, values: Mapping[str, Any], file: str, prefix: str, environment: str, findings: list[Finding]
) -> Config:
    layer: Config = {}
    for key, given in values.items():
        path, shown = (section, key), f"{prefix}{section}.{key}"
        if path not in _KNOWN:
            findings.append(_never(file, shown, _hint(path, given), environment))
            continue
        value, wrong = _value(key, given, DIRECT.get(path))
        if wrong:
            findings.append(_not(file, shown, f"{_text(given)} is not {wrong}", environment))
            continue
        layer[key] = value
        findings.extend(_known(path, value, file, shown, environment))
    return {section: layer} if layer else {}


def _known(path: tuple[str, str], value: Any, file: str, shown: str, environment: str) -> Iterator[Finding]:
    """Say what becomes of a key that Railway reads; of those that are placed the translation itself tells."""
    if path in PLACED:
        return
    if path in DIRECT:
        setting = DIRECT[path]
        plain = f"{to_camel(setting.name)}: {_text(setting.given({path[0]: {path[1]: value}}))}"
        text = f"{to_camel(setting.name)}, left out: as Railway takes it by itself" if value is None else plain
        yield _translated(file, shown, text, environment)
    elif value is None or DEFAULTS.get(path) == value:
        yield _translated(file, shown, "left out: as Railway takes it by itself", environment)
    elif path in VARIABLES:
        yield _translated(file, shown, f"variables.{VARIABLES[path]}: {_text(value)}", environment)
    else:
        yield _not(file, shown, _REASONS.get(path, "no setting says this"), environment)


def _value(key: str, given: Any, setting: Setting | None) -> tuple[Any, str | None]:
    """Return a value as an EnvironmentConfig has it, or what it should be."""
    if given is None:
        return None, None
    if setting is not None and setting.choices is not None:
        choice, allowed = str(given).upper(), [each.value for each in setting.choices]
        return choice, None if choice in allowed else f"one of {', '.join(allowed)}"
    if key in _NUMBERS:
        digits = str(given)
        return (int(digits), None) if digits.isdigit() and not isinstance(given, bool) else (None, "a whole number")
    if key == "preDeployCommand":
        commands = _texts([given] if isinstance(given, str) else given)
        return ([" && ".join(commands)], None) if commands else (None, "a command")
    return given, _demand(key, given, setting)


def _demand(key: str, given: Any, setting: Setting | None) -> str | None:
    """Return what a value should be, None when it is that."""
    if key in _BOOLEANS:
        return None if isinstance(given, bool) else "true or false"
    if key == "watchPatterns":
        return None if _texts(given) is not None else "a list of patterns"
    if key in _TABLES:
        return None if isinstance(given, Mapping) else "a table of keys"
    return None if setting is None or isinstance(given, str) else "a text"


def _texts(given: Any) -> list[str] | None:
    """Return a list of texts; None for anything else."""
    if not isinstance(given, list):
        return None
    items = cast("list[object]", given)
    return [each for each in items if isinstance(each, str)] if all(isinstance(each, str) for each in items) else None


def _hint(path: tuple[str, ...], given: Any) -> str:
    """Say what a key that Railway never read was perhaps meant to be."""
    key = path[-1]
    if key in _VARIABLE_TABLES or key.endswith(".env"):
        return "no variable ever came from this file; what the service needs stands under variables, or is a secret"
    elsewhere = [known for known in _KNOWN if known[1] == key]
    if elsewhere:
        return f"Railway reads it as {'.'.join(elsewhere[0])} alone"
    if key in {"rootDirectory", "branch", "repo", "image", "port", "volume", "domains"}:
        return f"it is a setting of the service, {key}, and never was one of this file"
    names = {known[1].lower(): known for known in _KNOWN}
    near = difflib.get_close_matches(key.lower(), names, n=1, cutoff=0.7)
    if near:
        return f"perhaps meant as {'.'.join(names[near[0]])}"
    return (
        "no table that Railway reads" if len(path) == 1 or isinstance(given, Mapping) else "no key that Railway reads"
    )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _translated(file: str, key: str, text: str, environment: str) -> Finding:
    return Finding(kind=Kind.TRANSLATED, file=file, key=key, text=text, environment=environment)


def _never(file: str, key: str, text: str, environment: str) -> Finding:
    return Finding(kind=Kind.NEVER_READ, file=file, key=key, text=text, environment=environment)


def _not(file: str, key: str, text: str, environment: str) -> Finding:
    return Finding(kind=Kind.NOT_EXPRESSIBLE, file=file, key=key, text=text, environment=environment)
