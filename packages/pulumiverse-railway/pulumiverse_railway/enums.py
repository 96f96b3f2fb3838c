# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""Closed sets of values."""

from enum import StrEnum


class AutoUpdates(StrEnum):
    """Which newer versions of an image are deployed by themselves (EnvironmentConfig: source.autoUpdates.type)."""

    DISABLED = "disabled"
    PATCH = "patch"
    MINOR = "minor"


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


class HtmlCaching(StrEnum):
    """When HTML is cached (API: EdgeCachingConfig.htmlCaching)."""

    AUTO = "auto"
    FORCE = "force"
    NEVER = "never"


class NotificationSeverity(StrEnum):
    """How serious an event is (API: NotificationSeverity)."""

    INFO = "INFO"
    NOTICE = "NOTICE"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class OnFailure(StrEnum):
    """What is done when a new deployment fails, crashes, is unhealthy or does not end in time."""

    KEEP = "keep"
    ROLL_BACK = "rollBack"


class Plan(StrEnum):
    """The Railway plan whose request budget is kept."""

    FREE = "free"
    TRIAL = "trial"
    HOBBY = "hobby"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class ProjectRole(StrEnum):
    """What a member may do (API: ProjectRole): a VIEWER looks, a MEMBER changes, an ADMIN also deletes."""

    ADMIN = "ADMIN"
    MEMBER = "MEMBER"
    VIEWER = "VIEWER"


class PurgeOnDeploy(StrEnum):
    """What a successful deployment removes from the cache (API: PurgeOnDeploy)."""

    OFF = "OFF"
    HTML = "HTML"
    ALL = "ALL"


class RestartPolicyType(StrEnum):
    """When a stopped container is started again (EnvironmentConfig: deploy.restartPolicyType)."""

    ON_FAILURE = "ON_FAILURE"
    ALWAYS = "ALWAYS"
    NEVER = "NEVER"


class UpdateTags(StrEnum):
    """What tells that there is a newer image (EnvironmentConfig: source.autoUpdates.tagMode)."""

    SEMVER = "semver"
    SHA = "sha"
