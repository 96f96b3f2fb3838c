"""Netia: customer chat on Phoenix.

internet → app :4000 ─┬→ PostgreSQL (TLS) ─ volume
                      └→ Redis, when there is more than one node
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

import pulumi
from pydantic import Field, model_validator

from components.arguments import Port, Text
from components.postgres import PostgresSettings
from components.redis import RedisSettings
from components.service_settings import Builder
from components.topologies import BackendSettings
from stacks.backend import POSTGRES_PASSWORD, REDIS_PASSWORD, refuse_too_many_connections
from stacks.secrets import Generated, Secret, SystemSecrets
from stacks.system import System, SystemSettings

INTEGRATIONS = {
    "OPENAI_API_KEY": "key of the OpenAI API",
    "SMTP_USERNAME": "user of the mail server",
    "SMTP_PASSWORD": "password of the mail server",
    "PAPERCUPS_STRIPE_SECRET": "secret key of Stripe",
    "PAPERCUPS_SLACK_CLIENT_ID": "client of the Slack app",
    "PAPERCUPS_SLACK_CLIENT_SECRET": "secret of the Slack app's client",
    "PAPERCUPS_GOOGLE_CLIENT_ID": "client of the Google project, for Gmail",
    "PAPERCUPS_GOOGLE_CLIENT_SECRET": "secret of the Google project's client, for Gmail",
    "REDIS_TLS_URL": "address of a Redis elsewhere, with TLS; the one of the settings is on the private network",
}
"""Optional secrets of what Netia talks to, and what each is."""


ECTO_POOL_SIZE = 10
"""Connections to the database that a node keeps, unless the variable POOL_SIZE says another number."""


class NetiaApp(BackendSettings):
    """The Phoenix application; its migrations run before its new code takes traffic."""

    builder: Builder | None = "DOCKERFILE"
    dockerfile_path: str | None = "Dockerfile"
    pre_deploy_command: str | None = "/entrypoint.sh db migrate"
    start_command: str | None = "/entrypoint.sh run"
    # Netia's document names no health check. "/" is the page that Phoenix serves, and two minutes are what a release
    # takes to start on a small instance: without a check a version that does not start would take the traffic.
    healthcheck_path: str | None = "/"
    healthcheck_timeout: int | None = 120
    port: int | None = 4000


class NetiaSettings(SystemSettings):
    """Netia in one stack."""

    app: NetiaApp
    """The Phoenix application; each replica is a node."""
    postgres: PostgresSettings = PostgresSettings(version="16")
    """The database."""
    redis: RedisSettings | None = None
    """Carries messages between nodes: needed for more than one, of no use for a single one."""
    llm_model: str = "gpt-4o-mini"
    """LLM_MODEL."""
    llm_max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 500
    """LLM_MAX_TOKENS."""
    llm_temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    """LLM_TEMPERATURE."""
    smtp_host: Text = "smtp.gmail.com"
    """SMTP_HOST: the mail server, where there is SMTP_USERNAME."""
    smtp_port: Port = 587
    """SMTP_PORT."""
    stripe_public_key: str | None = None
    """REACT_APP_STRIPE_PUBLIC_KEY, which browsers see."""

    @model_validator(mode="after")
    def _redis_between_nodes(self) -> Self:
        if self.app.instances > 1 and self.redis is None:
            raise ValueError(
                f"{self.app.instances} nodes only with Redis, through which they find each other: "
                "add redis, or set app.replicas to 1"
            )
        if self.app.instances == 1 and self.redis is not None:
            raise ValueError(
                "redis only for more than one node, and app runs on one: remove redis, or raise app.replicas"
            )
        return self

    @model_validator(mode="after")
    def _connections(self) -> Self:
        pool = self.app.variables.get("POOL_SIZE", str(ECTO_POOL_SIZE))
        if re.fullmatch(r"[1-9][0-9]{0,8}", pool):
            refuse_too_many_connections(self.app.instances, int(pool), setting="app.variables.POOL_SIZE")
        elif "${{" not in pool:
            raise ValueError(
                f"POOL_SIZE in app.variables is the number of connections to the database: write a number such as "
                f'"{ECTO_POOL_SIZE}", without blanks'
            )
        return self

    @model_validator(mode="after")
    def _has_address(self) -> Self:
        if not self.app.has_address:
            raise ValueError(
                "an address, for BACKEND_URL and REACT_APP_URL: add app.domains, or set app.railwayDomain to true"
            )
        return self


class Netia(System[NetiaSettings]):
    """Netia in one stack."""

    NAME = "netia"
    TOKEN = "railyard:systems:Netia"
    SETTINGS = NetiaSettings

    @classmethod
    def secrets(cls, settings: NetiaSettings) -> Sequence[Secret]:
        """Declare Phoenix's key and the passwords of its stores; the rest where it is used."""
        return (
            Secret(
                name="SECRET_KEY_BASE",
                meaning="key that signs and encrypts sessions (mix phx.gen.secret)",
                min_bytes=64,
                generated=Generated(length=64),
                rotation="it ends all sessions, and what it encrypted can no longer be read",
            ),
            POSTGRES_PASSWORD,
            REDIS_PASSWORD.model_copy(update={"required": settings.redis is not None}),
            *(Secret(name=name, meaning=meaning, required=False) for name, meaning in INTEGRATIONS.items()),
        )

    def compose(self, settings: NetiaSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make the stores, then the application."""
        postgres = self.postgres(settings.postgres, secrets["POSTGRES_PASSWORD"])
        redis = settings.redis and self.redis("redis", settings.redis, secrets["REDIS_PASSWORD"])
        self.service(
            "app",
            settings.app,
            variables={
                **self._variables(settings, secrets),
                "DATABASE_URL": postgres.url(query="?sslmode=require"),
                **({"REDIS_URL": redis.url} if redis else {}),
            },
            own_address=("BACKEND_URL", "REACT_APP_URL"),
            uses=[postgres, redis] if redis else [postgres],
        )
        return {}

    @staticmethod
    def _variables(settings: NetiaSettings, secrets: SystemSecrets) -> dict[str, pulumi.Input[str]]:
        variables: dict[str, pulumi.Input[str]] = {
            "MIX_ENV": "prod",
            "REQUIRE_DB_SSL": "true",
            "LLM_MODEL": settings.llm_model,
            "LLM_MAX_TOKENS": str(settings.llm_max_tokens),
            "LLM_TEMPERATURE": str(settings.llm_temperature),
            **secrets.variables("SECRET_KEY_BASE", *INTEGRATIONS),
        }
        if "SMTP_USERNAME" in secrets:
            variables |= {"SMTP_HOST": settings.smtp_host, "SMTP_PORT": str(settings.smtp_port)}
        if settings.stripe_public_key:
            variables["REACT_APP_STRIPE_PUBLIC_KEY"] = settings.stripe_public_key
        return variables
