# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""Closed sets of values."""

from enum import StrEnum


class AutoUpdates(StrEnum):
    """The newer versions of an image that Railway deploys by itself (EnvironmentConfig: source.autoUpdates.type)."""

    DISABLED = "disabled"
    PATCH = "patch"
    MINOR = "minor"


class BackupSchedule(StrEnum):
    """The schedule of a volume's backups (API: VolumeInstanceBackupScheduleKind)."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class Builder(StrEnum):
    """The builder of a repository (EnvironmentConfig: build.builder)."""

    RAILPACK = "RAILPACK"
    NIXPACKS = "NIXPACKS"
    DOCKERFILE = "DOCKERFILE"
    HEROKU = "HEROKU"
    PAKETO = "PAKETO"


class HtmlCaching(StrEnum):
    """The rule by which HTML is cached (API: EdgeCachingConfig.htmlCaching)."""

    AUTO = "auto"
    FORCE = "force"
    NEVER = "never"


class NotificationSeverity(StrEnum):
    """The severity of an event (API: NotificationSeverity)."""

    INFO = "INFO"
    NOTICE = "NOTICE"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class OnFailure(StrEnum):
    """The reaction when a new deployment fails, crashes, is unhealthy or does not end in time."""

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
    """The role of a member (API: ProjectRole): a VIEWER looks, a MEMBER changes, an ADMIN also deletes."""

    ADMIN = "ADMIN"
    MEMBER = "MEMBER"
    VIEWER = "VIEWER"


class PurgeOnDeploy(StrEnum):
    """The part of the cache that a successful deployment removes (API: PurgeOnDeploy)."""

    OFF = "OFF"
    HTML = "HTML"
    ALL = "ALL"


class RestartPolicyType(StrEnum):
    """The rule by which a stopped container is started again (EnvironmentConfig: deploy.restartPolicyType)."""

    ON_FAILURE = "ON_FAILURE"
    ALWAYS = "ALWAYS"
    NEVER = "NEVER"


class UpdateTags(StrEnum):
    """The tags that mark a newer image (EnvironmentConfig: source.autoUpdates.tagMode)."""

    SEMVER = "semver"
    SHA = "sha"
