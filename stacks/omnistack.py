"""OmniStack: a FastAPI backend with a worker for its background jobs.

internet → api ────┬→ PostgreSQL 16 ─ volume
           worker ─┴→ Redis
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

import pulumi
from pydantic import Field, model_validator

from components.arguments import Arguments, matching
from components.postgres import PostgresSettings
from components.redis import RedisSettings
from components.service_settings import Builder
from components.topologies import BackendSettings
from stacks.backend import POSTGRES_PASSWORD, REDIS_PASSWORD, refuse_too_many_connections
from stacks.secrets import Generated, Secret, SystemSecrets
from stacks.system import System, SystemSettings

HttpsAddress = Annotated[str, matching(r"https://\S+", "an address that starts with https://")]


EXTERNAL_DATABASE = Secret(
    name="DATABASE_URL", meaning="address of the database elsewhere", prefix="postgresql+asyncpg://"
)
"""The secret of a stack without a database of its own."""


class OmnistackService(BackendSettings):
    """Settings that api and worker share: one repository, one Dockerfile."""

    builder: Builder | None = "DOCKERFILE"
    dockerfile_path: str | None = "docker/Dockerfile"
    restart_policy_max_retries: int = 3


class OmnistackApi(OmnistackService):
    """The API; its migrations run before its new code takes traffic."""

    # A Dockerfile's command runs without a shell, and only a shell knows $PORT.
    start_command: str | None = '/bin/sh -c "exec uvicorn app.main:app --host 0.0.0.0 --port $PORT"'
    pre_deploy_command: str | None = "python scripts/migrate_production.py"
    healthcheck_path: str | None = "/api/v1/public/health"
    healthcheck_timeout: int | None = 30
    port: int | None = 8000
    railway_domain: bool = True


class OmnistackWorker(OmnistackService):
    """The worker for background jobs."""

    start_command: str | None = "arq app.jobs.worker.WorkerSettings"


class Authentication(Arguments):
    """The service that signs users in: exactly one provider, with the address that belongs to it."""

    provider: Literal["supabase", "clerk"]
    """AUTH_PROVIDER."""
    supabase_project_url: HttpsAddress | None = None
    """SUPABASE_PROJECT_URL, for supabase."""
    clerk_issuer_url: HttpsAddress | None = None
    """CLERK_ISSUER_URL, for clerk."""

    @model_validator(mode="after")
    def _matching_address(self) -> Self:
        addresses = {
            "supabase": ("supabaseProjectUrl", self.supabase_project_url),
            "clerk": ("clerkIssuerUrl", self.clerk_issuer_url),
        }
        needed, value = addresses.pop(self.provider)
        ((other, unneeded),) = addresses.values()
        if value is None:
            raise ValueError(f"{self.provider} only with its address: add {needed}")
        if unneeded is not None:
            raise ValueError(f"{self.provider} without {other}, which belongs to the other provider: remove {other}")
        return self

    def variables(self) -> dict[str, str]:
        """Return the environment variables that say so to the application."""
        variables = {"AUTH_PROVIDER": self.provider}
        if self.supabase_project_url:
            variables["SUPABASE_PROJECT_URL"] = self.supabase_project_url
        if self.clerk_issuer_url:
            variables["CLERK_ISSUER_URL"] = self.clerk_issuer_url
        return variables


class OmnistackSettings(SystemSettings):
    """OmniStack in one stack."""

    environment: Literal["development", "staging", "production"]
    """ENVIRONMENT of the application."""
    api: OmnistackApi
    """The API: 1 or 2 instances on staging, 2 to 4 in production."""
    worker: OmnistackWorker
    """The worker: 1 instance on staging, 2 in production."""
    postgres: PostgresSettings | None = PostgresSettings(version="16")
    """The database: 1 GB in development, 5 GB on staging, 20 GB or more in production. null: a database elsewhere, such
    as Neon or Supabase, whose address is the secret DATABASE_URL; set dbPoolSize to 5 and dbUseNullPool to true.
    """
    redis: RedisSettings = RedisSettings(size_gb=1)
    """Cache and job queue; its volume keeps queued jobs over a restart."""
    authentication: Authentication
    """Service that signs users in."""
    db_pool_size: Annotated[int, Field(ge=1, le=97)] = 20
    """DB_POOL_SIZE: connections to the database that each instance of api and worker keeps."""
    db_use_null_pool: bool = False
    """DB_USE_NULL_POOL: true for a serverless database, which pools connections itself."""
    sentry_traces_sample_rate: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share of requests that Sentry traces, 0 to 1."""

    @model_validator(mode="after")
    def _connections(self) -> Self:
        if self.postgres is not None and not self.db_use_null_pool:
            instances = self.api.instances + self.worker.instances
            refuse_too_many_connections(instances, self.db_pool_size, setting="dbPoolSize")
        return self


INTEGRATIONS: Final = (
    Secret(
        name="SENTRY_DSN",
        meaning="address of the Sentry project",
        required=False,
        prefix="https://",
        also_sets=("SENTRY_TRACES_SAMPLE_RATE",),
    ),
    Secret(name="OPENAI_API_KEY", meaning="key of the OpenAI API", required=False, prefix="sk-"),
    Secret(name="ANTHROPIC_API_KEY", meaning="key of the Anthropic API", required=False, prefix="sk-ant-"),
    Secret(
        name="RESEND_API_KEY",
        meaning="key of Resend, for e-mail",
        required=False,
        prefix="re_",
        also_sets=("EMAIL_PROVIDER",),
    ),
    Secret(
        name="STRIPE_SECRET_KEY",
        meaning="secret key of Stripe",
        required=False,
        prefix="sk_",
        together_with="STRIPE_WEBHOOK_SECRET",
    ),
    Secret(
        name="STRIPE_WEBHOOK_SECRET",
        meaning="secret of Stripe's webhook",
        required=False,
        prefix="whsec_",
        together_with="STRIPE_SECRET_KEY",
    ),
)
"""Secrets of services that OmniStack can do without."""


class Omnistack(System[OmnistackSettings]):
    """OmniStack in one stack."""

    NAME = "omnistack"
    TOKEN = "railyard:systems:Omnistack"
    SETTINGS = OmnistackSettings

    @classmethod
    def secrets(cls, settings: OmnistackSettings) -> Sequence[Secret]:
        """Declare the application's key and the passwords of its stores; the rest where it is used."""
        return (
            Secret(
                name="SECRET_KEY",
                meaning="key that signs sessions",
                min_bytes=32,
                generated=Generated(length=64),
                rotation="it ends all sessions",
            ),
            POSTGRES_PASSWORD if settings.postgres else EXTERNAL_DATABASE,
            REDIS_PASSWORD,
            *INTEGRATIONS,
        )

    def compose(self, settings: OmnistackSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make database and Redis, then the API, then the worker: its new code needs the API's migrations."""
        postgres = self.postgres(settings.postgres, secrets["POSTGRES_PASSWORD"]) if settings.postgres else None
        redis = self.redis("redis", settings.redis, secrets["REDIS_PASSWORD"])
        variables = {
            "DATABASE_URL": postgres.url(scheme="postgresql+asyncpg") if postgres else secrets["DATABASE_URL"],
            "REDIS_URL": redis.url,
            **self._variables(settings, secrets),
        }
        stores = [postgres, redis] if postgres else [redis]
        api = self.service("api", settings.api, variables=variables, uses=stores)
        self.service("worker", settings.worker, variables=variables, uses=[*stores, api])
        return {}

    @staticmethod
    def _variables(settings: OmnistackSettings, secrets: SystemSecrets) -> dict[str, pulumi.Input[str]]:
        variables: dict[str, pulumi.Input[str]] = {
            "ENVIRONMENT": settings.environment,
            "DB_POOL_SIZE": str(settings.db_pool_size),
            "DB_USE_NULL_POOL": str(settings.db_use_null_pool).lower(),
            **settings.authentication.variables(),
            **secrets.variables("SECRET_KEY", *(secret.name for secret in INTEGRATIONS)),
        }
        if "SENTRY_DSN" in secrets:
            variables["SENTRY_TRACES_SAMPLE_RATE"] = str(settings.sentry_traces_sample_rate)
        if "RESEND_API_KEY" in secrets:
            variables["EMAIL_PROVIDER"] = "resend"
        return variables
