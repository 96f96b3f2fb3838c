"""Settings of a service instance in the form of the environment's configuration, in both directions.

A table of each setting's path, of Railway's default (which a read leaves out), and of the value that clears it: for
some, null is ignored. Sources, replicas, limits and variables, which need more than a table, are in
``instance_config``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

from pulumiverse_railway import rules
from railway_api.json_objects import table
from railway_api.patches import Path, at


class Builder(StrEnum):
    """The builder of a repository (EnvironmentConfig: build.builder)."""

    RAILPACK = "RAILPACK"
    NIXPACKS = "NIXPACKS"
    DOCKERFILE = "DOCKERFILE"
    HEROKU = "HEROKU"
    PAKETO = "PAKETO"


class RestartPolicyType(StrEnum):
    """The rule by which a stopped container is started again (EnvironmentConfig: deploy.restartPolicyType)."""

    ON_FAILURE = "ON_FAILURE"
    ALWAYS = "ALWAYS"
    NEVER = "NEVER"


class AutoUpdates(StrEnum):
    """The newer versions of an image that Railway deploys by itself (EnvironmentConfig: source.autoUpdates.type)."""

    DISABLED = "disabled"
    PATCH = "patch"
    MINOR = "minor"


class UpdateTags(StrEnum):
    """The tags that mark a newer image (EnvironmentConfig: source.autoUpdates.tagMode)."""

    SEMVER = "semver"
    SHA = "sha"


@dataclass(frozen=True, kw_only=True)
class Form:
    """The form of a property's value in Railway's configuration, where the two differ."""

    sent: Callable[[object], object]
    """Property → configuration."""
    read: Callable[[object], object]
    """Configuration → property; None for what has no such form."""


def _only_one(commands: object) -> object:
    if not isinstance(commands, list):
        return commands
    return next(iter(cast("Sequence[object]", commands)), None)


def _window_sent(text: str) -> dict[str, object]:
    day, start, end = rules.update_window_parts(text)
    return {"day": day, "startHour": start, "endHour": end}


def _windows_read(schedule: object) -> object:
    if not isinstance(schedule, list):
        return None
    entries = [table(entry) for entry in cast("Sequence[object]", schedule)]
    return [
        f"{rules.WEEKDAYS[day]} {entry.get('startHour')}-{entry.get('endHour')}"
        for entry in entries
        if isinstance(day := entry.get("day"), int) and 0 <= day < len(rules.WEEKDAYS)
    ] or None


LIST_OF_ONE: Final = Form(sent=lambda command: [command], read=_only_one)
WINDOWS: Final = Form(
    sent=lambda windows: [_window_sent(text) for text in cast("Sequence[str]", windows)], read=_windows_read
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting of a service instance."""

    name: str
    """The property, in Python's spelling."""
    path: Path
    """Its path in the service's part of the configuration."""
    default: object = None
    """Railway's default when it is absent."""
    clear: object = None
    """Value that resets it to the default."""
    form: Form | None = None
    """Railway's form of the value. Default: unchanged."""
    choices: type[StrEnum] | None = None

    def sent(self, value: object) -> object:
        """Return the property's value as Railway takes it."""
        return self.form.sent(value) if self.form else value

    def given(self, config: Mapping[str, object]) -> object:
        """Return the property's value in a configuration; None when it has none."""
        value = at(config, self.path)
        if self.form:
            return self.form.read(value)
        if self.choices is not None and value not in {None, *self.choices}:
            return None  # Railway may know more choices than this version
        return None if value is None else self.choices(value) if self.choices else value

    def read(self, config: Mapping[str, object], *, owned: bool, old: object) -> object:
        """Return the property for a refresh (``owned``: the old value counts) or an import, which shows defaults."""
        value = self.given(config)
        if owned and old is None:
            return None if value == self.default else value
        return self.default if value is None else value

    def changes(self, config: Mapping[str, object], desired: object, *, clears: bool) -> dict[Path, object]:
        """Return what to send so that the property is ``desired``; without one, ``clears`` resets it."""
        current = self.given(config)
        if desired is not None:
            return {} if desired == (self.default if current is None else current) else {self.path: self.sent(desired)}
        return {self.path: self.clear} if clears and current is not None and current != self.default else {}


SETTINGS: Final = (
    Setting(name="branch", path=("source", "branch"), default="main"),
    Setting(name="commit_sha", path=("source", "commitSha")),
    Setting(name="root_directory", path=("source", "rootDirectory")),
    Setting(name="check_suites", path=("source", "checkSuites"), default=False, clear=False),
    Setting(
        name="auto_updates",
        path=("source", "autoUpdates", "type"),
        default=AutoUpdates.DISABLED,
        clear=AutoUpdates.DISABLED,
        choices=AutoUpdates,
    ),
    Setting(name="auto_update_windows", path=("source", "autoUpdates", "schedule"), form=WINDOWS),
    Setting(name="auto_update_tags", path=("source", "autoUpdates", "tagMode"), choices=UpdateTags),
    Setting(name="builder", path=("build", "builder"), default=Builder.RAILPACK, choices=Builder),
    Setting(name="build_command", path=("build", "buildCommand")),
    Setting(name="dockerfile_path", path=("build", "dockerfilePath"), default="Dockerfile"),
    # Railway ignores null for the following four, and takes the empty value.
    Setting(name="watch_patterns", path=("build", "watchPatterns"), default=[], clear=[]),
    Setting(name="overlap_seconds", path=("deploy", "overlapSeconds"), default=0, clear=0),
    Setting(name="draining_seconds", path=("deploy", "drainingSeconds"), default=0, clear=0),
    Setting(name="pre_deploy_command", path=("deploy", "preDeployCommand"), clear=[], form=LIST_OF_ONE),
    Setting(name="pre_deploy_timeout_seconds", path=("deploy", "preDeployTimeoutSeconds")),
    # Railway ignores null here as well, and takes false.
    Setting(name="ipv6_egress_enabled", path=("deploy", "ipv6EgressEnabled"), default=False, clear=False),
    Setting(name="start_command", path=("deploy", "startCommand")),
    Setting(name="healthcheck_path", path=("deploy", "healthcheckPath")),
    Setting(name="healthcheck_timeout", path=("deploy", "healthcheckTimeout"), default=300),
    Setting(name="cron_schedule", path=("deploy", "cronSchedule")),
    Setting(name="sleep_application", path=("deploy", "sleepApplication"), default=False, clear=False),
    Setting(
        name="restart_policy_type",
        path=("deploy", "restartPolicyType"),
        default=RestartPolicyType.ON_FAILURE,
        choices=RestartPolicyType,
    ),
    Setting(name="restart_policy_max_retries", path=("deploy", "restartPolicyMaxRetries"), default=10),
)

FORCED: Final = (
    # (setting, what forces it, to what): it goes back to its default together with what forced it.
    ("restart_policy_type", "cron_schedule", RestartPolicyType.NEVER),
    ("builder", "dockerfile_path", Builder.DOCKERFILE),
)
