"""Omega: a Discord bot that shows what it makes.

Discord Gateway ⇄ bot ─ volume /data
                   ↑ └→ redis (where the settings have one)
browser → Railway domain :3001 (the artifact server)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from components.arguments import Backups, UsageAlerts
from components.redis import RedisSettings
from components.service_settings import Builder, OnFailure
from components.topologies import BotSettings
from components.volume import OffsiteBackups, VolumeSettings
from stacks.backend import REDIS_PASSWORD
from stacks.secrets import Secret, SystemSecrets
from stacks.system import System, SystemSettings


class OmegaVolume(VolumeSettings):
    """The volume on which the bot keeps artifacts, uploads and its SQLite database."""

    mount_path: str = "/data"
    backups: Backups = ("daily",)
    outside: OffsiteBackups | None = OffsiteBackups(recovery_minutes=15)
    usage_alerts: UsageAlerts = (80,)


class OmegaBot(BotSettings):
    """The bot, as its operators describe it."""

    repo: str | None = "thomasdavis/omega"
    branch: str | None = "main"
    # A push whose checks fail on GitHub is not deployed.
    check_suites: bool = True
    builder: Builder | None = "NIXPACKS"
    start_command: str | None = "node apps/bot/dist/index.js"
    healthcheck_path: str | None = "/health"
    healthcheck_timeout: int | None = 300
    health_answer: dict[str, str] = Field(default_factory=lambda: {"discord": "connected", "database": "ready"})
    on_failure: OnFailure = "rollBack"
    memory_mb: int | None = 512
    port: int | None = 3001
    railway_domain: bool = True
    volume: OmegaVolume | None = OmegaVolume()  # pyright: ignore[reportIncompatibleVariableOverride]


class OmegaSettings(SystemSettings):
    """Omega in one stack."""

    bot: OmegaBot = OmegaBot()
    """The bot itself."""
    redis: RedisSettings | None = None
    """A Redis for frequent answers, in REDIS_URL. Default: none, or the one of the secret REDIS_URL."""
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    """Lowest level that it logs."""
    unsandbox_enable_semitrust: bool = True
    """UNSANDBOX_ENABLE_SEMITRUST: whether Unsandbox may run semi-trusted code, where there is its key."""

    @model_validator(mode="after")
    def _has_address(self) -> Self:
        if not self.bot.has_address:
            raise ValueError("an address, for ARTIFACT_SERVER_URL: add bot.domains, or set bot.railwayDomain to true")
        return self


class Omega(System[OmegaSettings]):
    """Omega in one stack."""

    NAME = "omega"
    TOKEN = "railyard:systems:Omega"
    SETTINGS = OmegaSettings

    @classmethod
    def secrets(cls, settings: OmegaSettings) -> Sequence[Secret]:
        """Declare those of Discord and OpenAI; the rest where it is used, Turso's pair whole."""
        return (
            Secret(
                name="DISCORD_BOT_TOKEN",
                meaning="token of the bot, from the Discord developer portal",
                one_per_stack="two gateways answer every message twice, so make a bot for each at the portal",
            ),
            Secret(name="OPENAI_API_KEY", meaning="key of the OpenAI API", prefix="sk-"),
            Secret(
                name="TURSO_DATABASE_URL",
                meaning="address of the Turso database; without it the bot uses SQLite on its volume",
                required=False,
                prefix="libsql://",
                together_with="TURSO_AUTH_TOKEN",
            ),
            Secret(
                name="TURSO_AUTH_TOKEN",
                meaning="token of the Turso database",
                required=False,
                together_with="TURSO_DATABASE_URL",
            ),
            Secret(
                name="UNSANDBOX_API_KEY",
                meaning="key of Unsandbox, which runs code",
                required=False,
                also_sets=("UNSANDBOX_ENABLE_SEMITRUST",),
            ),
            Secret(name="REDIS_URL", meaning="address of a Redis that caches frequent answers", required=False)
            if settings.redis is None
            else REDIS_PASSWORD,
            Secret(name="SENTRY_DSN", meaning="address of the Sentry project", required=False, prefix="https://"),
        )

    def compose(self, settings: OmegaSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make one bot, and before it the Redis that it uses, where the settings have one."""
        redis = settings.redis and self.redis("redis", settings.redis, secrets["REDIS_PASSWORD"])
        own = [secret.name for secret in self.secrets(settings) if secret is not REDIS_PASSWORD]
        port = {"ARTIFACT_SERVER_PORT": str(settings.bot.port)} if settings.bot.port else {}
        semitrust = {"UNSANDBOX_ENABLE_SEMITRUST": str(settings.unsandbox_enable_semitrust).lower()}
        self.service(
            "bot",
            settings.bot,
            variables={
                "NODE_ENV": "production",
                "LOG_LEVEL": settings.log_level,
                **port,
                **secrets.variables(*own),
                **({"REDIS_URL": redis.url} if redis else {}),
                **(semitrust if "UNSANDBOX_API_KEY" in secrets else {}),
            },
            own_address=("ARTIFACT_SERVER_URL",),
            uses=[redis] if redis else [],
        )
        return {}
