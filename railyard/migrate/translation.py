"""An effective configuration → settings of a service, and the proof that both mean the same.

Owns the translation of what is not a setting of the same name (regions, limits, variables of builders), and the
comparison of two configurations. What Railway will have once the settings are deployed is asked of the provider: the
same code writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, cast, get_args

from pydantic import ValidationError
from pydantic.alias_generators import to_camel, to_snake

from components.checking import resource_inputs
from components.service_kind import ServiceSettings
from components.service_settings import InstanceSettings
from pulumiverse_railway import conflicts, rules
from pulumiverse_railway.provider.resources.shared import instance_config
from pulumiverse_railway.provider.resources.shared.instance_config import BYTES_PER_MB
from pulumiverse_railway.provider.resources.shared.instance_inputs import ServiceInstanceInputs
from pulumiverse_railway.provider.resources.shared.instance_settings import FORCED, SETTINGS
from railway_api.json_objects import table
from railyard.migrate.findings import STOPPED, Config, Settings, in_clear, part, shown_value
from railyard.migrate.railway_file import DEFAULTS, DIRECT, PLACED, VARIABLES

REGIONS: Final = get_args(ServiceSettings.model_fields["region"].annotation)
_SOURCES: Final = ("branch", "root_directory", "check_suites", "commit_sha")
_STAND_IN: Final = "owner/repository"
"""Source of a service where only its other settings are validated."""
_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
_KEYS: Final = {to_camel(setting.name): ".".join(setting.path) for setting in SETTINGS} | {
    "vcpus": "deploy.limitOverride",
    "memoryMb": "deploy.limitOverride",
    "region": "deploy.multiRegionConfig",
    "regions": "deploy.multiRegionConfig",
}
"""Setting → key of the configuration that says it. Of ``replicas`` that is one of two."""


@dataclass
class Translation:
    """Settings, and what they cannot say."""

    settings: Settings = field(default_factory=Settings)
    left: dict[str, str] = field(default_factory=dict[str, str])
    """Key of the configuration, ``deploy.multiRegionConfig`` → why no setting says it."""
    placed: dict[str, str] = field(default_factory=dict[str, str])
    """Key of the configuration → the settings of other names that it became."""

    def leave(self, key: str, reason: str) -> None:
        """Add a reason why no setting says ``key``, or a part of it."""
        self.left[key] = f"{self.left[key]}; {reason}" if key in self.left else reason


def translate(config: Config, *, image: str | None = None) -> Translation:
    """Return the settings that say what ``config`` says.

    What Railway ignores is left out: how a repository is built where ``image`` runs, and updates of an image elsewhere.
    """
    config = normal(config)
    translation = Translation()
    ignored = conflicts.FOR_A_REPO if image else conflicts.FOR_AN_IMAGE
    forced = {name for name, cause, _ in FORCED if _BY_NAME[cause].given(config) not in {None, _BY_NAME[cause].default}}
    for setting in SETTINGS:
        value = setting.given(config)
        if value not in (None, setting.default) and setting.name not in {*ignored, *forced}:
            translation.settings[to_camel(setting.name)] = str(value) if setting.choices else value
    _regions(config, translation)
    _limits(config, translation)
    _variables(config, translation)
    for name, reason in [(name, reason) for name, value in translation.settings.items() if (reason := in_clear(value))]:
        del translation.settings[name]
        translation.leave(_KEYS[name], reason)
    _refused(config, translation, image)
    return translation


def normal(config: Config) -> Config:
    """Return a configuration with the keys of builders as the variables that mean the same, and what Railway forces."""
    sections = {"build": dict(part(config, "build")), "deploy": dict(part(config, "deploy"))}
    variables = dict(part(config, "variables"))
    for (section, key), variable in VARIABLES.items():
        value = sections[section].pop(key, None)
        if value is not None:
            variables.setdefault(variable, {"value": str(value)})
    for name, cause, value in FORCED:
        if _BY_NAME[cause].given(config):
            section, key = _BY_NAME[name].path
            sections[section][key] = value.value
    return {**config, **sections, "variables": variables}


def _regions(config: Config, translation: Translation) -> None:
    placed = placed_in(config)
    if not placed:
        replicas = _count(part(config, "deploy").get("numReplicas"))
        if replicas == 0:
            translation.left["deploy.numReplicas"] = STOPPED
            return
        if replicas != 1:
            translation.settings["replicas"] = replicas
        translation.placed["deploy.numReplicas"] = f"replicas: {replicas}"
        return
    translation.placed["deploy.numReplicas"] = "left out: multiRegionConfig says it"
    if unknown := [name for name in placed if name not in REGIONS]:
        translation.left["deploy.multiRegionConfig"] = f"{unknown[0]} is none of {', '.join(REGIONS)}"
    elif 0 in placed.values():
        translation.left["deploy.multiRegionConfig"] = STOPPED
    elif len(placed) > 1:
        translation.settings["regions"] = placed
        counts = ", ".join(f"{name}: {count}" for name, count in placed.items())
        translation.placed["deploy.multiRegionConfig"] = f"regions: {{{counts}}}"
    else:
        ((region, replicas),) = placed.items()
        translation.settings["region"] = region
        if replicas != 1:
            translation.settings["replicas"] = replicas
        translation.placed["deploy.multiRegionConfig"] = f"region: {region}, replicas: {replicas}"


def _limits(config: Config, translation: Translation) -> None:
    key = "deploy.limitOverride"
    limits = part(config, "deploy", "limitOverride", "containers")
    placed: list[str] = []
    if (cpu := limits.get("cpu")) is not None:
        translation.settings["vcpus"] = cpu
        placed.append(f"vcpus: {cpu}")
    if (memory := limits.get("memoryBytes")) is not None:
        megabytes = round(memory / BYTES_PER_MB)
        translation.settings["memoryMb"] = megabytes
        placed.append(f"memoryMb: {megabytes}")
        if megabytes * BYTES_PER_MB != memory:
            translation.leave(key, f"memoryMb is a whole number of MB: {megabytes} is the nearest to {memory} bytes")
    if others := sorted(set(limits) - {"cpu", "memoryBytes"}):
        translation.leave(key, f"no setting says {', '.join(others)}")
    if placed:
        translation.placed[key] = ", ".join(placed)


def _variables(config: Config, translation: Translation) -> None:
    """Set the variables that may be in settings; a sealed one has no value that could be read."""
    entries = {name: table(entry).get("value") for name, entry in part(config, "variables").items()}
    given = {name: str(value) for name, value in entries.items() if value is not None}
    for name, value in given.items():
        demand = rules.variable_name.broken_by(name) or rules.variable_value.broken_by(value)
        if name == "PORT":
            translation.leave("variables.PORT", "the setting port says it, a number")
        elif reason := in_clear(value) or (demand and f"it must {demand}"):
            translation.leave(f"variables.{name}", reason)
        else:
            translation.settings.setdefault("variables", {})[name] = value


def _refused(config: Config, translation: Translation, image: str | None) -> None:
    """Take out what the rules of the settings refuse, with their words."""
    replicas = "deploy.multiRegionConfig" if placed_in(config) else "deploy.numReplicas"
    while problems := _problems(translation.settings, image):
        for name, reason in problems.items():
            del translation.settings[name]
            translation.leave(_KEYS.get(name, replicas), reason)


def _problems(settings: Settings, image: str | None) -> dict[str, str]:
    """Return the settings that are refused, each with the reason; raises ``ValidationError`` for one that is not."""
    try:
        arguments(settings, image=image)
    except ValidationError as error:
        problems = {
            name: f"{name} {json.dumps(settings[name])}: allowed is {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
            if each["loc"] and (name := str(each["loc"][0])) in settings
        }
        if problems := problems or _contradictions(settings, image):
            return problems
        raise
    return {}


def _contradictions(settings: Settings, image: str | None) -> dict[str, str]:
    """Return the settings to take out because they contradict others: of a schedule and replicas, the replicas."""
    values = {**_source(image), **{to_snake(name): value for name, value in settings.items()}}
    replicas = sum(settings["regions"].values()) if "regions" in settings else settings.get("replicas", 1)
    problems: dict[str, str] = {}
    for name, reason in conflicts.of_service(values, replicas=replicas):
        setting = "replicas" if name == "cron_schedule" and "replicas" in settings else to_camel(name)
        problems[setting] = f"{to_camel(name)} {reason}"
    return problems


def _source(image: str | None) -> Settings:
    return {"image": image} if image else {"repo": _STAND_IN}


def arguments(settings: Settings, *, image: str | None = None) -> ServiceSettings:
    """Return settings as the components take them; raises pydantic's ``ValidationError``."""
    return ServiceSettings.model_validate_json(json.dumps({**_source(image), **settings}))


def deployed(settings: Settings, *, image: str | None = None) -> Config:
    """Return what the API alone will hold once these settings are deployed, by the provider's own writing."""
    return deployed_args(arguments(settings, image=image))


def deployed_args(args: ServiceSettings) -> Config:
    """Return the same of settings that are read already, those that a system has by itself included."""
    inputs = resource_inputs(args, InstanceSettings)
    instance_inputs = ServiceInstanceInputs(
        project_id="",
        environment_id="",
        service_id="",
        regions=args.placement,
        variables=args.variables,
        **inputs,
    )
    return normal(cast("Config", instance_config.entry(instance_inputs, None, {})))


def differences(before: Config, after: Config) -> dict[str, tuple[Any, Any]]:
    """Return where two configurations have another effect: key → (before, after), without defaults or credentials."""
    left, right = _effect(normal(before)), _effect(normal(after))
    keys = [key for key in sorted({*left, *right}) if left.get(key) != right.get(key)]
    return {key: (shown_value(left.get(key)), shown_value(right.get(key))) for key in keys}


def _effect(config: Config) -> dict[str, Any]:
    shown = instance_config.properties(cast("Any", config), None)
    for name in ("image", "repo", "sealed", "regions", "num_replicas", "vcpus", "memory_mb", *_SOURCES):
        shown.pop(name, None)
    variables: Config = shown.pop("variables")
    effect = {to_camel(name): _plain(value) for name, value in shown.items() if value not in (None, [], {}, ())}
    effect |= {f"variables.{name}": value for name, value in variables.items()}
    limits = part(config, "deploy", "limitOverride", "containers")
    effect |= {f"limits.{name}": value for name, value in limits.items() if value is not None}
    effect["replicas"] = placed_in(config) or {
        instance_config.STANDARD_REGIONS[0]: _count(part(config, "deploy").get("numReplicas"))
    }
    translated = {*DIRECT, *PLACED}
    for section in ("build", "deploy"):
        for key, value in part(config, section).items():
            if (section, key) not in translated and value not in (None, {}) and DEFAULTS.get((section, key)) != value:
                effect[f"{section}.{key}"] = value
    return effect


def _plain(value: Any) -> Any:
    return list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value


def placed_in(config: Config) -> dict[str, int]:
    """Return how often a service runs, by region; empty when only the number is said."""
    regions: dict[str, Config | None] = part(config, "deploy", "multiRegionConfig")
    return {name: _count(each.get("numReplicas")) for name, each in regions.items() if each is not None}


def _count(replicas: int | None) -> int:
    """Return how many replicas run: one where nothing is said, and none where 0 is."""
    return 1 if replicas is None else replicas
