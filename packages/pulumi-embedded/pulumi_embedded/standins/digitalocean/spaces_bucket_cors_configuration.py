"""``digitalocean.SpacesBucketCorsConfiguration``: which web pages may use a bucket from a browser.

Requests of the real plugin: PUT and GET for create and update, GET on refresh, DELETE. A configuration that is gone is
an error on refresh there too, not a removal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from pulumi_embedded.standins.digitalocean.bucket_documents import CorsRule, cors_document, cors_of
from pulumi_embedded.standins.digitalocean.spaces_client import SpacesClient, check, document, error_code
from pulumi_provider.declaration import Context, Inputs, Property, Resource


@dataclass(frozen=True, kw_only=True)
class CorsConfigurationInputs(Inputs):
    """Hold what a program gives."""

    bucket: Annotated[str, Property("Name of the bucket.")]
    region: Annotated[str, Property("Region of the bucket.", replaces=True)]
    cors_rules: Annotated[list[CorsRule], Property("The rules; their order does not matter.")]


@dataclass(frozen=True, kw_only=True)
class CorsConfigurationState(CorsConfigurationInputs):
    """Nothing is added."""


class SpacesBucketCorsConfiguration(Resource[CorsConfigurationInputs, CorsConfigurationState]):
    """The CORS rules of one bucket."""

    token = "digitalocean:index/spacesBucketCorsConfiguration:SpacesBucketCorsConfiguration"
    inputs_type, state_type = CorsConfigurationInputs, CorsConfigurationState

    async def create(self, context: Context, new: CorsConfigurationInputs) -> tuple[str, CorsConfigurationState]:
        return new.bucket, await _put(context, new)

    async def read(
        self, context: Context, id: str, old: CorsConfigurationState | None
    ) -> CorsConfigurationState | None:
        """Return the rules; the id of an import is ``REGION,NAME``."""
        region, _, bucket = id.rpartition(",")
        return await _read(context, old.region if old else region, old.bucket if old else bucket, old)

    async def update(
        self, context: Context, id: str, old: CorsConfigurationState, new: CorsConfigurationInputs
    ) -> CorsConfigurationState:
        return await _put(context, new)

    async def delete(self, context: Context, id: str, old: CorsConfigurationState) -> None:
        answer = await _spaces(context).ask("DELETE", old.region, old.bucket, "/?cors=")
        if error_code(answer) != "NoSuchBucket":  # with the bucket its rules are gone
            check(f"Error deleting the CORS rules of {old.bucket}", answer)


def _spaces(context: Context) -> SpacesClient:
    return cast("SpacesClient", context.client.spaces)


async def _put(context: Context, new: CorsConfigurationInputs) -> CorsConfigurationState:
    body = cors_document(new.cors_rules)
    check("Error putting CORS rules", await _spaces(context).ask("PUT", new.region, new.bucket, "/?cors=", body))
    return await _read(context, new.region, new.bucket, new)


async def _read(
    context: Context, region: str, bucket: str, inputs: CorsConfigurationInputs | None
) -> CorsConfigurationState:
    """Return what Spaces has; in the order of ``inputs``, and as it was written there, when both mean the same."""
    answer = await _spaces(context).ask("GET", region, bucket, "/?cors=")
    rules = cors_of(document(check(f"Error reading the CORS rules of {bucket}", answer)))
    if inputs and sorted(map(_meaning, rules)) == sorted(map(_meaning, inputs.cors_rules)):
        rules = inputs.cors_rules
    return CorsConfigurationState(bucket=bucket, region=region, cors_rules=rules)


def _meaning(rule: CorsRule) -> tuple[list[str], list[str], list[str], list[str], str, int]:
    """Return a rule without the accidents of its spelling."""
    return (
        sorted(rule.allowed_methods),
        sorted(rule.allowed_origins),
        sorted(rule.allowed_headers or []),
        sorted(rule.expose_headers or []),
        rule.id or "",
        rule.max_age_seconds or 0,
    )
