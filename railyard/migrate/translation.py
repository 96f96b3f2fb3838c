"""An effective configuration → settings of a service, and the proof that both mean the same.

Owns the translation of what is no setting by its own name (regions, limits, variables of builders), and the comparison
of two configurations. What Railway will have once the settings are deployed is asked of the provider: the same code
writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final, cast, get_args

from pydantic import ValidationError
from pydantic.alias_generators import to_camel, to_snake

from components.service_kind import ServiceSettings
from components.service_settings import InstanceSettings
from pulumiverse_railway import conflicts
from pulumiverse_railway.provider.resources.shared import instance_config
from pulumiverse_railway.provider.resources.shared.instance_inputs import OnFailure, ServiceInstanceInputs
from pulumiverse_railway.provider.resources.shared.instance_settings import FORCED, SETTINGS, Builder, RestartPolicyType
from railyard.migrate.findings import STOPPED, Config, Settings, in_clear, part, shown_value
from railyard.migrate.railway_file import DEFAULTS, DIRECT, PLACED, VARIABLES

BYTES_PER_MB: Final = instance_config.BYTES_PER_MB
REGIONS: Final = get_args(ServiceSettings.model_fields["region"].annotation)
_SOURCES: Final = ("branch", "root_directory", "check_suites", "commit_sha")
_STAND_IN: Final = "owner/repository"
"""Stands for the source where only the other settings are judged."""


@dataclass
class Translation:
    """Settings, and what they cannot say."""

    settings: Settings = field(default_factory=Settings)
    left: dict[str, str] = field(default_factory=dict[str, str])
    """Key of the configuration, ``deploy.multiRegionConfig`` → why no setting says it."""
    placed: dict[str, str] = field(default_factory=dict[str, str])
    """Key of the configuration → the settings of other names that it became."""


def translate(config: Config, *, image: str | None = None) -> Translation:
    """Return the settings that say what ``config`` says."""
    config = normal(config)
    translation = Translation()
    for setting in SETTINGS:
        value = setting.given(config)
        forced = any(setting.name == name and forces(cause, config) for name, cause, _ in FORCED)
        if value is not None and value != setting.default and not forced:
            translation.settings[to_camel(setting.name)] = str(value) if setting.choices else value
    _regions(config, translation)
    _limits(config, translation)
    variables = {name: each["value"] for name, each in part(config, "variables").items()}
    _in_clear(variables, translation, "variables.")
    if variables:
        translation.settings["variables"] = variables
    _in_clear(translation.settings, translation, "")
    _refused(translation, image)
    return translation


def forces(name: str, config: Config) -> bool:
    """Tell whether the setting that forces another one is among the settings."""
    setting = next(setting for setting in SETTINGS if setting.name == name)
    return setting.given(config) not in {None, setting.default}


def normal(config: Config) -> Config:
    """Return a configuration with the keys of builders as the variables that mean the same, and what Railway forces."""
    build = dict(part(config, "build"))
    variables = dict(part(config, "variables"))
    for (section, key), variable in VARIABLES.items():
        value = part(config, section).get(key)
        if value is not None:
            variables.setdefault(variable, {"value": str(value)})
        build.pop(key, None)
    if build.get("dockerfilePath"):
        build["builder"] = Builder.DOCKERFILE.value
    deploy = part(config, "deploy")
    if deploy.get("cronSchedule"):
        deploy = {**deploy, "restartPolicyType": RestartPolicyType.NEVER.value}
    return {**config, "build": build, "deploy": deploy, "variables": variables}


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
    limits = part(config, "deploy", "limitOverride", "containers")
    placed: list[str] = []
    if (cpu := limits.get("cpu")) is not None:
        translation.settings["vcpus"] = cpu
        placed.append(f"vcpus: {cpu}")
    if (memory := limits.get("memoryBytes")) is not None:
        if memory % BYTES_PER_MB:
            translation.left["deploy.limitOverride"] = f"a memory limit of whole MB, and {memory} bytes is none"
        translation.settings["memoryMb"] = round(memory / BYTES_PER_MB)
        placed.append(f"memoryMb: {translation.settings['memoryMb']}")
    if others := sorted(set(limits) - {"cpu", "memoryBytes"}):
        translation.left["deploy.limitOverride"] = f"no setting says {', '.join(others)}"
    if placed:
        translation.placed["deploy.limitOverride"] = ", ".join(placed)


def _in_clear(values: Settings, translation: Translation, prefix: str) -> None:
    """Take out values with a credential in them, which the settings' rules refuse, too."""
    for name, reason in [(name, reason) for name, value in values.items() if (reason := in_clear(value))]:
        del values[name]
        key = next((".".join(path) for path, each in DIRECT.items() if to_camel(each.name) == name), prefix + name)
        translation.left[key] = reason


def _refused(translation: Translation, image: str | None) -> None:
    """Take out what the rules of the settings refuse, with their words."""
    while problems := _problems(translation.settings, image):
        for name, text in problems.items():
            value = translation.settings.pop(name)
            key = next((".".join(path) for path, each in DIRECT.items() if to_camel(each.name) == name), name)
            translation.left[key] = f"{json.dumps(value)}: allowed is {text}"


def _problems(settings: Settings, image: str | None) -> dict[str, str]:
    try:
        arguments(settings, image=image)
    except ValidationError as error:
        problems = {
            str(each["loc"][0]): each["msg"].removeprefix("Value error, ") for each in error.errors() if each["loc"]
        }
        problems = problems or _contradictions(settings, image)
        if problems and problems.keys() <= settings.keys():
            return problems
        raise
    return {}


_BESIDE_OTHERS: Final = {
    "build_command": ("buildCommand", "a buildCommand that differs from startCommand"),
    "cron_schedule": ("cronSchedule", "one with 1 replica"),
    "sleep_application": ("sleepApplication", "one of cronSchedule and sleepApplication"),
    "pre_deploy_timeout_seconds": ("preDeployTimeoutSeconds", "none without a preDeployCommand"),
    "builder": ("builder", "DOCKERFILE with a dockerfilePath"),
}
"""Setting that contradicts others → what to take out, and what is allowed there."""


def _contradictions(settings: Settings, image: str | None) -> dict[str, str]:
    values = {**_source(image), **{to_snake(name): value for name, value in settings.items()}}
    replicas = sum(settings["regions"].values()) if "regions" in settings else settings.get("replicas", 1)
    names = [name for name, _ in conflicts.of_service(values, replicas=replicas)]
    problems = dict(_BESIDE_OTHERS[name] for name in names if name in _BESIDE_OTHERS)
    if "cronSchedule" in problems and "replicas" in settings:
        return {"replicas": "1 replica with a cronSchedule"}
    return problems


def _source(image: str | None) -> Settings:
    return {"image": image} if image else {"repo": _STAND_IN}


def arguments(settings: Settings, *, image: str | None = None) -> ServiceSettings:
    """Return settings as the components take them; raises pydantic's ``ValidationError``."""
    others = {name: value for name, value in settings.items() if name not in {"image", "repo"}}
    return ServiceSettings.model_validate_json(json.dumps({**_source(image), **others}))


def deployed(settings: Settings, *, image: str | None = None) -> Config:
    """Return what the API alone will hold once these settings are deployed, by the provider's own writing."""
    return deployed_args(arguments(settings, image=image))


def deployed_args(args: ServiceSettings) -> Config:
    """Return the same of settings that are read already, those that a system has by itself included."""
    inputs = InstanceSettings.inputs(args)
    inputs["restart_policy_type"] = "NEVER" if args.cron_schedule else args.restart_policy_type
    inputs["on_failure"] = OnFailure(args.on_failure)
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
