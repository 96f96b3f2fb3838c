"""A DigitalOcean Spaces bucket with its CORS rules, CDN endpoint and an access key that opens nothing else.

Owns the bucket and what is needed to use it. Does not own its objects. A bucket holds data, so it is protected.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pulumi
import pulumi_digitalocean as digitalocean
from pydantic import Field

from components.arguments import Arguments, Hostname, Many, matching

SpacesRegion = Literal["ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"]


class CorsRule(Arguments):
    """Which web pages may use the bucket from a browser."""

    origins: Many[str]
    """Origins with scheme, ``https://example.com``."""
    methods: Many[Literal["GET", "PUT", "POST", "DELETE", "HEAD"]] = ("GET", "HEAD")
    """HTTP methods they may use."""
    max_age_seconds: Annotated[int, Field(ge=0, le=86_400)] = 3_600
    """How long a browser may remember the answer, in seconds."""


class BucketArgs(Arguments):
    """What a bucket needs."""

    name: Annotated[str, matching(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "3 to 63 lower case letters, digits and hyphens")]
    """Name of the bucket: unique among all buckets of all Spaces users."""
    region: SpacesRegion
    """DigitalOcean region."""
    prefix: Annotated[str, matching(r"([a-z0-9-]+/)*", "a folder with a slash at its end, such as prod/")] = ""
    """Folder in which this environment keeps its objects, ``prod/``."""
    versioning: bool = False
    """Whether overwritten objects are kept."""
    cdn: bool = True
    """Whether a CDN endpoint serves the bucket."""
    cdn_ttl_seconds: Literal[60, 600, 3_600, 86_400, 604_800] = 3_600
    """How long the CDN keeps an object, in seconds; DigitalOcean knows these five."""
    cdn_domain: Hostname | None = None
    """Own name of the CDN endpoint. Default: the name that DigitalOcean gives."""
    cors: CorsRule | None = None
    """Who may use it from a browser. Default: nobody."""


class Bucket(pulumi.ComponentResource):
    """An object store with its CDN and a key of its own."""

    bucket_name: pulumi.Output[str]
    """Name of the bucket, known once it exists."""
    cdn_endpoint: pulumi.Output[str] | None
    """Host of the CDN endpoint, None without one."""
    args: BucketArgs
    """What it was made of."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("railyard:components:Bucket", name, None, opts)
        mine = pulumi.ResourceOptions(parent=self)
        self.args = args
        bucket = digitalocean.SpacesBucket(
            f"{name}-space",
            name=args.name,
            region=args.region,
            acl="private",
            versioning={"enabled": True} if args.versioning else None,
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        self.bucket_name = bucket.name
        if args.cors:
            digitalocean.SpacesBucketCorsConfiguration(
                f"{name}-cors",
                bucket=bucket.name,
                region=args.region,
                cors_rules=[
                    {
                        "allowed_origins": list(args.cors.origins),
                        "allowed_methods": list(args.cors.methods),
                        "allowed_headers": ["*"],
                        "max_age_seconds": args.cors.max_age_seconds,
                    }
                ],
                opts=mine,
            )
        self.cdn_endpoint = self._cdn(name, args, bucket, mine) if args.cdn else None
        self._key = digitalocean.SpacesKey(
            f"{name}-key",
            name=args.name,
            grants=[{"bucket": bucket.name, "permission": "readwrite"}],
            opts=mine,
        )
        self.register_outputs({"bucketName": self.bucket_name, "cdnEndpoint": self.cdn_endpoint})

    def variables(self) -> dict[str, pulumi.Input[str]]:
        """The environment variables with which a service uses the bucket."""
        found: dict[str, pulumi.Input[str]] = {
            "SPACES_BUCKET": self.bucket_name,
            "SPACES_REGION": self.args.region,
            "SPACES_ENDPOINT": f"https://{self.args.region}.digitaloceanspaces.com",
            "SPACES_PREFIX": self.args.prefix,
            "SPACES_ACCESS_KEY_ID": self._key.access_key,
            "SPACES_SECRET_ACCESS_KEY": pulumi.Output.secret(self._key.secret_key),
        }
        if self.cdn_endpoint:
            found["SPACES_CDN_URL"] = pulumi.Output.concat("https://", self.cdn_endpoint)
        return found

    @staticmethod
    def _cdn(
        name: str, args: BucketArgs, bucket: digitalocean.SpacesBucket, opts: pulumi.ResourceOptions
    ) -> pulumi.Output[str]:
        cdn = digitalocean.Cdn(
            f"{name}-cdn",
            origin=bucket.bucket_domain_name,
            ttl=args.cdn_ttl_seconds,
            custom_domain=args.cdn_domain,
            certificate_name="needs-cloudflare-cert" if args.cdn_domain else None,
            opts=opts,
        )
        return pulumi.Output.from_input(args.cdn_domain) if args.cdn_domain else cdn.endpoint
