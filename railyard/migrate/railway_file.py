"""``railway.toml`` and ``railway.json``: what each key of them becomes.

Owns which keys Railway has ever read (https://docs.railway.com/config-as-code/reference), how forgiving it was about
their values, and which of them no setting expresses. The settings themselves come from the provider's declaration.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast, get_args, get_type_hints

from pydantic.alias_generators import to_camel

from components.nearest_name import nearest_name
from go_yaml.nodes import DEEPEST, MOST_VALUES
from pulumiverse_railway import rules
from pulumiverse_railway.provider.resources.shared.instance_inputs import ServiceInstanceInputs
from pulumiverse_railway.provider.resources.shared.instance_settings import SETTINGS, Setting
from railyard.migrate.findings import BASE, Config, Finding, Kind
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
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_DEEP: Final = f"{{key}} is nested more than {DEEPEST} levels deep: make it flatter"
_BRACKET: Final = re.compile(
    r'''"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"(?P<key>(?:\\.|[^"\\\n])*)"(?=\s*[:=])|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''''
    r"|(?P<bare>[\w.-]+)(?=\s*=)|\#[^\n]*|(?P<open>[\[{])|(?P<close>[\]}])"
)
"""Brackets of JSON and TOML, with the keys before them; strings and comments are passed over."""
_VARIABLE_TABLES: Final = ("variables", "env", "envVars", "environment", "vars")
_TYPES: Final = get_type_hints(ServiceInstanceInputs)
"""Types of the settings, each with None beside it."""
_TABLES: Final = ("multiRegionConfig", "limitOverride", "nixpacksPlan")


@dataclass
class RailwayFile:
    """The content of one file."""

    layers: dict[str, Config] = field(default_factory=dict[str, Config])
    findings: list[Finding] = field(default_factory=list[Finding])


def read_document(path: Path, shown: str) -> Mapping[str, Any]:
    """Return the keys of a file; raises ``OperationError`` where it is not valid TOML or JSON, or has none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        _refuse_depth(text, shown)
        toml = path.suffix == ".toml"
        document: Any = tomllib.loads(text) if toml else json.loads(text, object_pairs_hook=_Table)
    except (UnicodeDecodeError, ValueError) as error:
        kind = "TOML" if path.suffix == ".toml" else "JSON"
        raise OperationError(
            f"{shown} is not valid {kind} ({error}): correct it, since Railway refuses it, too"
        ) from None
    _refuse_size(document, shown)
    if not isinstance(document, dict):
        raise OperationError(f"{shown} holds no keys, such as build and deploy: correct it, or remove it")
    return cast("dict[str, Any]", document)


class _Table(dict[str, Any]):
    """An object of JSON that knows which of its keys it has more than once; the last one counts."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]


def _twice(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the keys that a document has twice, with those of the tables in it."""
    yield from (prefix + name for name in (table.twice if isinstance(table, _Table) else ()))
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _twice(cast("Mapping[str, Any]", value), f"{prefix}{name}.")


def _refuse_depth(text: str, shown: str) -> None:
    """Raise ``OperationError`` for brackets that are nested deeper than YAML may be, before a parser follows them."""
    depth, key = 0, ""
    for match in _BRACKET.finditer(text):
        key = match["key"] or match["bare"] or key
        depth += (match["open"] is not None) - (match["close"] is not None)
        if depth > DEEPEST:
            line = text.count("\n", 0, match.start()) + 1
            raise OperationError(f"{shown}, line {line}: {_DEEP.format(key=key or 'the document')}")


def _refuse_size(document: Any, shown: str) -> None:
    """Raise ``OperationError`` for a document that is deeper or larger than YAML may be, by dotted keys too."""
    pending: list[tuple[Any, int, str]] = [(document, 1, "")]
    values = 0
    while pending:
        node, depth, key = pending.pop()
        values += 1
        if depth > DEEPEST + 1:
            raise OperationError(f"{shown}: {_DEEP.format(key=key)}")
        if values > MOST_VALUES:
            raise OperationError(f"{shown} has more than {MOST_VALUES:,} values: make it smaller")
        if isinstance(node, dict):
            inner = cast("dict[str, Any]", node)
            pending += [(value, depth + 1, key or name) for name, value in inner.items()]
        elif isinstance(node, list):
            pending += [(value, depth + 1, key) for value in cast("list[Any]", node)]


def is_railway_document(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is one of config as code, whatever its file is called."""
    return any(isinstance(document.get(name), dict) for name in SECTIONS) or "railway" in str(document.get("$schema"))


def read(document: Mapping[str, Any], file: str) -> RailwayFile:
    """Return the layers of a document, and what becomes of each of its keys."""
    result = RailwayFile()
    for key in _twice(document):
        result.findings.append(
            _never(file, f"{key} (not the last)", "it is there again below, and the last one counts")
        )
    result.layers[BASE] = _layer(document, BASE, file, result.findings)
    blocks: Any = document.get("environments", {})
    if not isinstance(blocks, dict):
        result.findings.append(_never(file, "environments", "it is not a table of environments"))
        return result
    for environment, block in cast("dict[str, Any]", blocks).items():
        key = f"environments.{environment}"
        if not isinstance(block, Mapping):
            result.findings.append(_never(file, key, "it is not a table of keys", environment))
        elif rules.label.broken_by(environment):
            result.findings.append(_not(file, key, _NO_STACK, environment))
        elif environment == "pr":
            result.findings.append(_not(file, key, _PR, environment))
        else:
            table = cast("Mapping[str, Any]", block)
            result.layers[environment] = _layer(table, environment, file, result.findings)
    return result


_PR: Final = "settings belong to a stack, and this block is for environments of pull requests, which no stack describes"


_NO_STACK: Final = (
    f"an environment that settings describe has a name of {rules.label.meaning}: rename it on Railway first"
)


def _layer(table: Mapping[str, Any], environment: str, file: str, findings: list[Finding]) -> Config:
    """Return what a file says of an environment; adds to ``findings`` what becomes of each key."""
    prefix = f"environments.{environment}." if environment else ""
    layer: Config = {}
    for section, values in table.items():
        if section == "$schema" or (section == "environments" and not environment):
            continue
        if section not in SECTIONS or not isinstance(values, Mapping):
            findings.append(_never(file, f"{prefix}{section}", _hint((section,), values), environment))
            continue
        layer |= _section(section, cast("Mapping[str, Any]", values), file, prefix, environment, findings)
    return layer


def _section(
    section: str, values: Mapping[str, Any], file: str, prefix: str, environment: str, findings: list[Finding]
) -> Config:
    layer: Config = {}
    for key, raw in values.items():
        path, shown = (section, key), f"{prefix}{section}.{key}"
        if path not in _KNOWN:
            findings.append(_never(file, shown, _hint(path, raw), environment))
            continue
        value, wrong = _value(key, raw, DIRECT.get(path))
        if wrong:
            findings.append(_not(file, shown, f"{_text(raw)} is not {wrong}", environment))
            continue
        if value is not None and (path in PLACED) and (wrong := _placed_wrong(key, value)):
            findings.append(_not(file, shown, wrong, environment))
            continue
        layer[key] = value
        findings.extend(_known(path, value, file, shown, environment))
    return {section: layer} if layer else {}


def _known(path: tuple[str, str], value: Any, file: str, shown: str, environment: str) -> Iterator[Finding]:
    """Say what becomes of a key that Railway reads; the translation says what becomes of those that are placed."""
    if path in PLACED:
        return
    text = "left out: as Railway takes it by itself"
    if path in DIRECT:
        setting = DIRECT[path]
        given = setting.given({path[0]: {path[1]: value}})
        text = f"{to_camel(setting.name)}{f', {text}' if value is None else f': {_text(given)}'}"
    elif path in VARIABLES and value is not None:
        text = f"variables.{VARIABLES[path]}: {_text(value)}"
    elif value is not None and DEFAULTS.get(path) != value:
        yield _not(file, shown, _REASONS.get(path, "no setting says this"), environment)
        return
    yield _translated(file, shown, text, environment)


def _value(key: str, raw: Any, setting: Setting | None) -> tuple[Any, str | None]:
    """Return a value as an EnvironmentConfig has it, or what it should be."""
    if raw is None or (key == "preDeployCommand" and raw == []):
        return None, None
    if setting is not None and setting.choices is not None:
        choice, allowed = str(raw).upper(), [each.value for each in setting.choices]
        return choice, None if choice in allowed else f"one of {', '.join(allowed)}"
    if key == "numReplicas" or _is(int, setting):
        number = _whole(raw)
        return number, None if number is not None else "a whole number"
    if key == "multiRegionConfig" and isinstance(raw, Mapping):
        return _regions(cast("Mapping[str, Any]", raw)), None
    if key == "preDeployCommand":
        commands = _texts([raw] if isinstance(raw, str) else raw)
        return ([" && ".join(commands)], None) if commands else (None, "a command")
    return raw, _demand(key, raw, setting)


def _is(type_: type, setting: Setting | None) -> bool:
    """Tell whether the values of a setting have a type."""
    return setting is not None and type_ in get_args(_TYPES[setting.name])


def _whole(raw: Any) -> int | None:
    """Return a whole number, in quotes or not; None for anything else."""
    return int(str(raw)) if not isinstance(raw, bool) and _DIGITS.fullmatch(str(raw)) else None


def _regions(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the regions with their numbers as numbers, as far as they are such."""
    regions: dict[str, Any] = {}
    for name, each in raw.items():
        region: Any = dict(cast("Mapping[str, Any]", each)) if isinstance(each, Mapping) else each
        if isinstance(each, Mapping) and (count := _whole(region.get("numReplicas"))) is not None:
            region["numReplicas"] = count
        regions[name] = region
    return regions


def _placed_wrong(key: str, value: Any) -> str | None:
    """Return what is wrong inside of a table that is placed: regions or limits."""
    if key == "multiRegionConfig":
        for name, each in cast("Mapping[str, Any]", value).items():
            if each is not None and not isinstance(each, Mapping):
                return f"{name} is not a table with numReplicas"
            count: Any = cast("Mapping[str, Any]", each or {}).get("numReplicas")
            if count is not None and _whole(count) is None:
                return f"{name}.numReplicas: {_text(count)} is not a whole number"
    if key == "limitOverride":
        containers: Any = cast("Mapping[str, Any]", value).get("containers")
        if containers is not None and not isinstance(containers, Mapping):
            return "containers is not a table with cpu and memoryBytes"
        for name, limit in cast("Mapping[str, Any]", containers or {}).items():
            if name in ("cpu", "memoryBytes") and limit is not None and not _is_number(limit):
                return f"containers.{name}: {_text(limit)} is not a number"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _demand(key: str, raw: Any, setting: Setting | None) -> str | None:
    """Return what a value should be, None when it is that."""
    if _is(bool, setting):
        return None if isinstance(raw, bool) else "true or false"
    if key == "watchPatterns":
        return None if _texts(raw) is not None else "a list of patterns"
    if key in _TABLES:
        return None if isinstance(raw, Mapping) else "a table of keys"
    return None if setting is None or isinstance(raw, str) else "a string"


def _texts(raw: Any) -> list[str] | None:
    """Return a list of strings; None for anything else."""
    if not isinstance(raw, list):
        return None
    items = cast("list[object]", raw)
    return [each for each in items if isinstance(each, str)] if all(isinstance(each, str) for each in items) else None


def _hint(path: tuple[str, ...], raw: Any) -> str:
    """Say what a key that Railway never read was perhaps meant to be."""
    key = path[-1]
    if key in _VARIABLE_TABLES or key.endswith(".env"):
        return "no variable ever came from this file; what the service needs is one of its variables or secrets"
    elsewhere = [known for known in _KNOWN if known[1] == key]
    if elsewhere:
        return f"Railway reads it as {'.'.join(elsewhere[0])} alone"
    if key in {"rootDirectory", "branch", "repo", "image", "port", "volume", "domains"}:
        return f"it is a setting of the service, {key}, and never was one of this file"
    tables = {known[1]: known for known in _KNOWN}
    nearest = nearest_name(key, tables)
    if nearest:
        return f"perhaps meant as {'.'.join(tables[nearest])}"
    return f"Railway reads no {'table' if len(path) == 1 or isinstance(raw, Mapping) else 'key'} of this name"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)  # TOML has dates and times


def _translated(file: str, key: str, text: str, environment: str) -> Finding:
    return Finding(kind=Kind.TRANSLATED, file=file, key=key, text=text, environment=environment)


def _never(file: str, key: str, text: str, environment: str = BASE) -> Finding:
    return Finding(kind=Kind.NEVER_READ, file=file, key=key, text=text, environment=environment)


def _not(file: str, key: str, text: str, environment: str) -> Finding:
    return Finding(kind=Kind.NOT_EXPRESSIBLE, file=file, key=key, text=text, environment=environment)
