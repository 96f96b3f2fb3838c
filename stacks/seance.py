"""Seance: collaboration over WebRTC, with an LLM gateway and a reverse proxy for its analytics.

browser → Cloudflare ─┬→ landing     seance.dev
                      ├→ backend     backend.    ─┬→ valkey (private)
                      │                           └→ Spaces bucket → CDN
                      ├→ signaling   signaling.
                      ├→ beholder    beholder.   → PostHog      (proxy)
                      └→ litellm     litellm.    → LLM providers (gateway)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import model_validator
from typing_extensions import override

from components.arguments import Commit
from components.bucket import BucketSettings
from components.redis import RedisSettings
from components.service_kind import ServiceSettings
from components.topologies import BackendSettings, GatewaySettings, ProxySettings
from stacks.releases import Release, releases_of, untagged
from stacks.secrets import Generated, Secret, SystemSecrets
from stacks.system import System, SystemSettings

BUILT_FROM_COMMIT = ("backend", "landing", "beholder", "litellm")
"""The services whose images are built from Seance's repository and tagged with its commit."""


class SeanceBackend(BackendSettings):
    """The API server."""

    port: int | None = 8765
    healthcheck_path: str | None = "/"


class SeanceLanding(ServiceSettings):
    """The website."""

    port: int | None = 80
    healthcheck_path: str | None = "/"


class SeanceSignaling(ServiceSettings):
    """The WebRTC signaling server."""

    image: str | None = "funnyzak/y-webrtc-signaling:latest"
    port: int | None = 4444
    healthcheck_path: str | None = "/health"


class SeanceBeholder(ProxySettings):
    """The reverse proxy for PostHog."""

    port: int | None = 80
    healthcheck_path: str | None = "/health"


class SeanceLitellm(GatewaySettings):
    """The LLM gateway."""

    port: int | None = 4000
    healthcheck_path: str | None = "/health"


class SeanceValkey(RedisSettings):
    """The cache of the backend."""

    image: str = "valkey/valkey:latest"


class SeanceSettings(SystemSettings):
    """Seance in one stack."""

    commit: Commit
    """Commit of Seance's repository: the tag of its images."""
    backend: SeanceBackend
    """The API server."""
    landing: SeanceLanding
    """The website."""
    signaling: SeanceSignaling
    """The WebRTC signaling server."""
    beholder: SeanceBeholder
    """The reverse proxy for PostHog."""
    litellm: SeanceLitellm
    """The LLM gateway."""
    valkey: SeanceValkey = SeanceValkey()
    """The cache of the backend."""
    bucket: BucketSettings
    """Bucket in which the backend keeps build artifacts."""

    @model_validator(mode="before")
    @classmethod
    def _images_of_the_commit(cls, given: Any) -> Any:
        if not isinstance(given, dict):  # refused as what it is, below
            return given
        given = cast("dict[str, Any]", given)
        commit = given.get("commit")
        services: dict[str, Any] = {
            name: {"image": _image(name, commit), **given[name]}
            for name in BUILT_FROM_COMMIT
            if isinstance(given.get(name), dict) and not given[name].get("repo")
        }
        return {**given, **services}


def _image(service: str, commit: object) -> str:
    return f"fractalhuman1/seance-{service}:{commit}"


class Seance(System[SeanceSettings]):
    """Seance in one stack."""

    NAME = "seance"
    TOKEN = "railyard:systems:Seance"
    SETTINGS = SeanceSettings

    @classmethod
    def secrets(cls, settings: SeanceSettings) -> Sequence[Secret]:
        """Declare those of Stripe and the builder key; the bucket's key is made here and stands in no file."""
        del settings
        return (
            Secret(name="STRIPE_SECRET_KEY", meaning="secret key of Stripe", prefix="sk_"),
            Secret(
                name="BUILDER_KEY",
                meaning="key with which builds are uploaded (X-Builder-Key)",
                min_bytes=16,
                generated=Generated(length=48),
                rotation="uploaders of builds need the new one",
            ),
            Secret(
                name="LITELLM_MASTER_KEY",
                meaning="key that LiteLLM asks its callers for; with it /health asks for the key too, so set "
                "litellm.healthcheckPath to /health/liveliness",
                required=False,
                prefix="sk-",
                generated=Generated(length=48),
                rotation="callers of LiteLLM need the new one",
            ),
            Secret(name="SENTRY_DSN", meaning="address of the Sentry project", required=False, prefix="https://"),
            Secret(name="OPENAI_API_KEY", meaning="key of the OpenAI API, for LiteLLM", required=False, prefix="sk-"),
            Secret(
                name="ANTHROPIC_API_KEY",
                meaning="key of the Anthropic API, for LiteLLM",
                required=False,
                prefix="sk-ant-",
            ),
        )

    @classmethod
    @override
    def releases(cls, settings: SeanceSettings) -> Sequence[Release]:
        """Let the commit decide about the images that are tagged with it, every other image about itself."""
        tagged = {
            service: untagged(image)
            for service in BUILT_FROM_COMMIT
            if (image := _image(service, settings.commit)) == getattr(settings, service).image
        }
        others = [each for each in releases_of(settings) if not tagged.keys() & each.sources.keys()]
        return [Release(kind="tag", keys=(("commit",),), sources=tagged), *others] if tagged else others

    def compose(self, settings: SeanceSettings, secrets: SystemSecrets) -> Mapping[str, Any]:
        """Make six services and a bucket."""
        bucket = self.bucket("bucket", settings.bucket)
        valkey = self.redis("valkey", settings.valkey)
        self.service(
            "backend",
            settings.backend,
            variables={**secrets.variables("STRIPE_SECRET_KEY", "BUILDER_KEY", "SENTRY_DSN"), "REDIS_URL": valkey.url},
            bucket=bucket,
            uses=[valkey],
        )
        self.service("landing", settings.landing)
        self.service("signaling", settings.signaling)
        self.service("beholder", settings.beholder)
        keys = secrets.variables("LITELLM_MASTER_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")
        self.service("litellm", settings.litellm, variables=keys)
        return {"bucket": bucket.bucket_name, **({"cdn": bucket.cdn_endpoint} if bucket.cdn_endpoint else {})}
