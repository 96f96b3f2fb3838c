# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""Closed sets of values."""

from enum import StrEnum


class BackupSchedule(StrEnum):
    """How often a volume is backed up (API: VolumeInstanceBackupScheduleKind)."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class Builder(StrEnum):
    """What builds a repository (EnvironmentConfig: build.builder)."""

    RAILPACK = "RAILPACK"
    NIXPACKS = "NIXPACKS"
    DOCKERFILE = "DOCKERFILE"
    HEROKU = "HEROKU"
    PAKETO = "PAKETO"


class Plan(StrEnum):
    """The Railway plan whose request budget is kept."""

    FREE = "free"
    HOBBY = "hobby"
    PRO = "pro"


class RestartPolicyType(StrEnum):
    """When a stopped container is started again (EnvironmentConfig: deploy.restartPolicyType)."""

    ON_FAILURE = "ON_FAILURE"
    ALWAYS = "ALWAYS"
    NEVER = "NEVER"
