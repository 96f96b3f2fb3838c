"""A DigitalOcean Spaces bucket with its rules, CDN endpoint and an access key that opens nothing else.

Owns the bucket and what is needed to use it. Does not own its objects. A bucket holds data, so it is protected, and
nothing here ever empties one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import pulumi
from pydantic import Field, model_validator

from components.arguments import Arguments, Decides, Hostname, Many, matching
from components.checking import checked, derived, is_output
from components.existing import ExistingZone
from components.inputs import BucketInputs, LifecycleRuleInputs
from components.packages import cloudflare, digitalocean
from components.wiring import wired
from components.zone import AUTOMATIC_TTL, Zone, holding

SpacesRegion = Literal["ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"]
BucketName = Annotated[
    str, matching(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "3 to 63 lower case letters, digits and hyphens")
]
Folder = Annotated[str, matching(r"([A-Za-z0-9._-]+/)*", "a folder with a slash at its end, such as prod/")]
Days = Annotated[int, Field(ge=1, le=3_650)]
CLOUDFLARE_CERTIFICATE = "needs-cloudflare-cert"
"""DigitalOcean's word for: let its CDN get the certificate. Its Let's Encrypt serves only zones at DigitalOcean."""


class CorsRule(Arguments):
    """Web pages that may use the bucket from a browser."""

    origins: Annotated[
        Many[Annotated[str, matching(r"https?://[^/\s]+|\*", "an origin with scheme and without path, or *")]],
        Decides("whether there is a rule for web pages"),
    ] = ()
    """Origins with scheme, ``https://example.com``. Default: the domains of the system itself."""
    methods: Many[Literal["GET", "PUT", "POST", "DELETE", "HEAD"]] = ("GET", "HEAD")
    """HTTP methods they may use."""
    max_age_seconds: Annotated[int, Field(ge=0, le=86_400)] = 3_600
    """Time for which a browser may remember the answer, in seconds."""


class LifecycleRule(Arguments):
    """A rule by which objects are deleted with time."""

    prefix: Folder = ""
    """Folder that it is about. Default: the whole bucket."""
    expiration_days: Days | None = None
    """Days after which an object is deleted. Default: never."""
    noncurrent_expiration_days: Days | None = None
    """Days after which an overwritten or deleted version goes for good, with versioning. Default: never."""
    abort_incomplete_upload_days: Days | None = None
    """Days after which an upload in parts that never ended is thrown away. Default: never, and it is billed."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.expiration_days or self.noncurrent_expiration_days or self.abort_incomplete_upload_days):
            raise ValueError(
                "at least one of expirationDays, noncurrentExpirationDays and abortIncompleteUploadDays: add one"
            )
        return self


class BucketSettings(Arguments):
    """Settings of a bucket."""

    name: BucketName
    """Name of the bucket: unique among all buckets of all Spaces users."""
    region: SpacesRegion
    """DigitalOcean region."""
    prefix: Folder = ""
    """Folder in which this environment keeps its objects, ``prod/``."""
    versioning: bool = False
    """True if overwritten and deleted objects are kept."""
    lifecycle: Many[LifecycleRule] = ()
    """Rules by which objects expire. Default: none, they stay."""
    cdn: Annotated[bool, Decides("whether there is a CDN endpoint")] = True
    """True if a CDN endpoint serves the bucket's public objects."""
    cdn_ttl_seconds: Literal[60, 600, 3_600, 86_400, 604_800] = 3_600
    """Time for which the CDN keeps an object, in seconds; DigitalOcean knows these five."""
    cdn_domain: Annotated[Hostname | None, Decides("whether the CDN has a record")] = None
    """Own name of the CDN endpoint, in a Cloudflare zone of the stack. Default: the name that DigitalOcean gives."""
    cors: CorsRule | None = CorsRule()
    """Pages that may use it from a browser. Default: those of the system's own domains; null: none."""
    key_version: Annotated[int, Field(ge=1), Decides("which access key there is")] = 1
    """Number of the access key. The next number makes a new key, and the old one goes when the new one is in use."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.cdn_domain and not self.cdn:
            raise ValueError("a cdnDomain only with a CDN: remove it, or set cdn to true")
        if self.cdn_domain and self.cdn_domain.startswith("*."):
            raise ValueError("a cdnDomain without a wildcard: name one host")
        if not self.versioning and any(rule.noncurrent_expiration_days for rule in self.lifecycle):
            raise ValueError("noncurrentExpirationDays only with versioning: set versioning to true, or remove it")
        return self


@dataclass(frozen=True, kw_only=True)
class BucketArgs(BucketInputs):
    """Arguments of a bucket."""

    zone: Zone | ExistingZone | None = None
    """The Cloudflare zone that holds the CDN's own name. Default: none, for a CDN without such a name."""


class Bucket(pulumi.ComponentResource):
    """An object store with its CDN and a key of its own."""

    bucket_name: pulumi.Output[str]
    """Name of the bucket, known once it exists."""
    cdn_endpoint: pulumi.Output[str] | None
    """Host of the CDN endpoint, None without one."""
    variables: Mapping[str, pulumi.Input[str]]
    """The environment variables with which a service uses the bucket."""
    args: BucketArgs
    """Checked arguments."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the bucket. No web page may use it before ``allow``."""
        checked_args = checked(name, wired(name, args, BucketArgs), BucketSettings)
        args = checked_args.args
        if args.cdn_domain and args.zone is None:
            raise pulumi.RunError(f"{name}: {args.cdn_domain} needs the zone that holds it: give it as zone")
        if args.cdn_domain and args.zone:
            holding([args.zone], args.cdn_domain)
        super().__init__("railyard:components:Bucket", name, None, opts)
        self._name, self.args = name, args
        self._mine = pulumi.ResourceOptions(parent=self)
        bucket = digitalocean.SpacesBucket(
            f"{name}-space",
            name=args.name,
            region=args.region,
            acl="private",
            versioning=derived(_versioning, args.versioning),
            lifecycle_rules=[_lifecycle(index, rule) for index, rule in enumerate(args.lifecycle)] or None,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=True,
                depends_on=checked_args.depends_on,
                # DigitalOcean's provider takes a new name for the same bucket: all would go to one that does not exist.
                replace_on_changes=["name"],
                # For another region it would delete CDN, key and bucket first, and stop half-way at one with objects.
                delete_before_replace=False,
            ),
        )
        self.bucket_name = bucket.name
        self.cdn_endpoint = self._cdn(bucket) if args.cdn else None
        # A key of its own for each version: the new one is made, the service gets it, and the old one goes at the end.
        key = digitalocean.SpacesKey(
            f"{name}-key-{args.key_version}",
            name=pulumi.Output.format("{0}-{1}", args.name, args.key_version)
            if is_output(args.name)
            else f"{args.name}-{args.key_version}",
            grants=[{"bucket": bucket.name, "permission": "readwrite"}],
            # For another bucket too: what still runs goes on with the old one until the service has been deployed.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["grants"]),
        )
        self.variables = self._variables(key)
        self.register_outputs({"bucketName": self.bucket_name, "cdnEndpoint": self.cdn_endpoint})

    def _variables(self, key: digitalocean.SpacesKey) -> dict[str, pulumi.Input[str]]:
        variables: dict[str, pulumi.Input[str]] = {
            "SPACES_BUCKET": self.bucket_name,
            "SPACES_REGION": self.args.region,
            "SPACES_ENDPOINT": derived("https://{}.digitaloceanspaces.com".format, self.args.region),
            "SPACES_PREFIX": self.args.prefix,
            "SPACES_ACCESS_KEY_ID": key.access_key,
            "SPACES_SECRET_ACCESS_KEY": pulumi.Output.secret(key.secret_key),
        }
        if self.cdn_endpoint:
            variables["SPACES_CDN_URL"] = pulumi.Output.concat("https://", self.cdn_endpoint)
        return variables

    def allow(self, origins: Sequence[str], *, after: Sequence[pulumi.Resource] = ()) -> None:
        """Let pages of ``origins`` use it from a browser, or of those that its settings name, once ``after`` is done.

        ``after`` are the domains of the pages: until a new one works, pages come from the one that it replaces.
        """
        rule = self.args.cors
        allowed = rule and (rule.origins or origins)
        if not rule or not allowed:
            return
        digitalocean.SpacesBucketCorsConfiguration(
            f"{self._name}-cors",
            bucket=self.bucket_name,
            region=self.args.region,
            cors_rules=[
                {
                    "allowed_origins": list(allowed),
                    "allowed_methods": rule.methods,
                    "allowed_headers": ["*"],
                    "max_age_seconds": rule.max_age_seconds,
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after), replace_on_changes=["bucket"]),
        )

    def _cdn(self, bucket: digitalocean.SpacesBucket) -> pulumi.Output[str]:
        args = self.args
        cdn = digitalocean.Cdn(
            f"{self._name}-cdn",
            origin=bucket.bucket_domain_name,
            ttl=args.cdn_ttl_seconds,
            custom_domain=args.cdn_domain,
            certificate_name=CLOUDFLARE_CERTIFICATE if args.cdn_domain else None,
            opts=self._mine,
        )
        if args.cdn_domain is None or args.zone is None:
            return cdn.endpoint
        cloudflare.DnsRecord(
            f"{self._name}-cdn-cname",
            zone_id=args.zone.zone_id,
            type="CNAME",
            name=args.cdn_domain,
            content=cdn.endpoint,
            ttl=AUTOMATIC_TTL,
            # DigitalOcean's CDN is behind Cloudflare itself, and Cloudflare refuses a proxy before it (error 1014).
            proxied=False,
            opts=self._mine,
        )
        return pulumi.Output.from_input(args.cdn_domain)


def _versioning(enabled: bool) -> digitalocean.SpacesBucketVersioningArgsDict | None:
    return {"enabled": True} if enabled else None


def _lifecycle(index: int, rule: LifecycleRuleInputs) -> digitalocean.SpacesBucketLifecycleRuleArgsDict:
    rule_args: digitalocean.SpacesBucketLifecycleRuleArgsDict = {"id": f"rule-{index + 1}", "enabled": True}
    if is_output(rule.prefix) or rule.prefix:
        rule_args["prefix"] = rule.prefix
    if rule.expiration_days is not None:
        rule_args["expiration"] = {"days": rule.expiration_days}
    if rule.noncurrent_expiration_days is not None:
        rule_args["noncurrent_version_expiration"] = {"days": rule.noncurrent_expiration_days}
    if rule.abort_incomplete_upload_days is not None:
        rule_args["abort_incomplete_multipart_upload_days"] = rule.abort_incomplete_upload_days
    return rule_args
