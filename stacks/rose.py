"""Rose: a voice companion in one process, with its conversations in SQLite.

browser → web (FastAPI and its React pages) ─ volume /app/data, backed up daily
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from components.arguments import Backups, Many, UsageAlerts, matching
from components.service_settings import Builder
from components.topologies import BackendSettings
from components.volume import OffsiteBackups, VolumeSettings
from stacks.secrets import Secret, SystemSecrets
from stacks.system import System, SystemSettings

Origin = Annotated[str, matching(r"https?://[a-z0-9.-]+(:\d+)?|\*", "an origin such as https://example.com")]

WORKER_MB = 200
"""Memory that a worker takes under load."""
UVICORN = "uvicorn ai_companion.interfaces.web.app:app --host 0.0.0.0 --port $PORT"


class RoseVolume(VolumeSettings):
    """The volume on which Rose keeps conversations, sessions and its own backups."""

    mount_path: str = "/app/data"
    size_gb: int | None = 1
    # Seven days are asked for, and Railway keeps daily backups six.
    backups: Backups = ("daily",)
    outside: OffsiteBackups | None = OffsiteBackups(keep_days=7)
    usage_alerts: UsageAlerts = (80,)


class RoseWeb(BackendSettings):
    """The web process; its workers are the settings' ``workers``."""

    builder: Builder | None = "NIXPACKS"
    build_command: str | None = "uv sync --frozen && cd frontend && npm install && npm run build"
    healthcheck_path: str | None = "/api/health"
    # Railway has neither a start period nor an interval: its timeout is the whole window in which a deployment may
    # become healthy. The 40 s of grace and the 30 s for an answer that Rose's operators ask for are one timeout.
    healthcheck_timeout: int | None = 70
    restart_policy_max_retries: int = 3
    port: int | None = 8080
    volume: RoseVolume | None = RoseVolume()  # pyright: ignore[reportIncompatibleVariableOverride]


class RoseSettings(SystemSettings):
    """Rose in one stack."""

    web: RoseWeb
    """The web process."""
    workers: Annotated[int, Field(ge=1, le=32)] = 2
    """Uvicorn workers; each takes 150 to 200 MB. Two for each vCPU and one more are the most that are of use."""
    environment: Literal["development", "staging", "production"]
    """ENVIRONMENT of the application."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """LOG_LEVEL."""
    log_format: Literal["json", "console"] = "json"
    """LOG_FORMAT."""
    allowed_origins: Many[Origin] = ()
    """Origins that may call the API (CORS); in development * for any. Default: the service's own domains."""
    rate_limit_enabled: bool = True
    """RATE_LIMIT_ENABLED."""
    rate_limit_per_minute: Annotated[int, Field(ge=1, le=10_000)] = 10
    """RATE_LIMIT_PER_MINUTE."""
    enable_api_docs: bool = False
    """ENABLE_API_DOCS: whether /docs is served."""
    workflow_timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 60
    """WORKFLOW_TIMEOUT_SECONDS."""
    session_retention_days: Annotated[int, Field(ge=1, le=365)] = 7
    """SESSION_RETENTION_DAYS."""

    @model_validator(mode="after")
    def _someone_may_call(self) -> Self:
        if not (self.allowed_origins or self.web.domains):
            raise ValueError("at least one origin that may call the API: add web.domains, or allowedOrigins")
        if "*" in self.allowed_origins and self.environment != "development":
            raise ValueError("origins by name outside of development, not *: name those that may call the API")
        return self

    @model_validator(mode="after")
    def _workers_fit(self) -> Self:
        memory_mb, vcpus = self.web.memory_mb, self.web.vcpus
        if self.web.start_command:  # which says itself how many there are
            return self
        if memory_mb is not None and self.workers * WORKER_MB > memory_mb:
            raise ValueError(
                f"at most {memory_mb // WORKER_MB} workers in {memory_mb} MB, since each takes up to {WORKER_MB} MB, "
                f"and not {self.workers}: lower workers, or raise web.memoryMb to {self.workers * WORKER_MB}"
            )
        if vcpus is not None and self.workers > 2 * vcpus + 1:
            raise ValueError(
                f"at most {int(2 * vcpus + 1)} workers on {vcpus:g} vCPUs, two for each and one more, and not "
                f"{self.workers}: lower workers, or raise web.vcpus"
            )
        return self

    def variables(self) -> dict[str, str]:
        """Return the settings as the application reads them."""
        origins = self.allowed_origins or tuple(f"https://{domain.hostname}" for domain in self.web.domains)
        return {
            "ENVIRONMENT": self.environment,
            "LOG_LEVEL": self.log_level,
            "LOG_FORMAT": self.log_format,
            "ALLOWED_ORIGINS": ",".join(origins),
            "RATE_LIMIT_ENABLED": str(self.rate_limit_enabled).lower(),
            "RATE_LIMIT_PER_MINUTE": str(self.rate_limit_per_minute),
            "ENABLE_API_DOCS": str(self.enable_api_docs).lower(),
            "WORKFLOW_TIMEOUT_SECONDS": str(self.workflow_timeout_seconds),
            "SESSION_RETENTION_DAYS": str(self.session_retention_days),
        }


class Rose(System[RoseSettings]):
    """Rose in one stack."""

    NAME = "rose"
    TOKEN = "railyard:systems:Rose"
    SETTINGS = RoseSettings

    @classmethod
    def secrets(cls, settings: RoseSettings) -> Sequence[Secret]:
        """Declare the keys of the services whose state Rose's own health check reports."""
        del settings
        return (
            Secret(name="GROQ_API_KEY", meaning="key of Groq, for language and speech recognition"),
            Secret(name="ELEVENLABS_API_KEY", meaning="key of ElevenLabs, for speech"),
            Secret(name="QDRANT_URL", meaning="address of the Qdrant cluster", prefix="https://"),
            Secret(name="QDRANT_API_KEY", meaning="key of the Qdrant cluster"),
        )

    def compose(self, settings: RoseSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make one web process."""
        args = (
            settings.web
            if settings.web.start_command
            else settings.web.model_copy(update={"start_command": f"{UVICORN} --workers {settings.workers}"})
        )
        secret = secrets.variables(*(secret.name for secret in self.secrets(settings)))
        self.service("web", args, variables={**settings.variables(), **secret})
        return {}
