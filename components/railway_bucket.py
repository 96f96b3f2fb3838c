"""A bucket of Railway's own: an object store that speaks S3, inside the project, with credentials of its own.

Owns the bucket. Does not own its objects. A bucket holds data, so it is protected; another region would be another,
empty bucket. Unlike a bucket in Spaces it has no public address, no CDN and no rules for its objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pulumi

import pulumiverse_railway as railway
from components.arguments import Arguments, Name
from components.checking import checked, derived
from components.existing import ExistingProject
from components.inputs import RailwayBucketInputs
from components.project import Project
from components.wiring import wired

RailwayBucketRegion = Literal["sjc", "iad", "ams", "sin"]


class RailwayBucketSettings(Arguments):
    """Settings of a bucket of Railway's own."""

    region: RailwayBucketRegion
    """Region: sjc (California), iad (Virginia), ams (Amsterdam) or sin (Singapore)."""
    name: Name | None = None
    """Its name in the project. Default: its key in the settings."""


VARIABLES: Final = {
    "bucket": "AWS_S3_BUCKET_NAME",
    "region": "AWS_DEFAULT_REGION",
    "endpoint": "AWS_ENDPOINT_URL",
    "accessKeyId": "AWS_ACCESS_KEY_ID",
    "secretAccessKey": "AWS_SECRET_ACCESS_KEY",
}
"""Property of a bucket → the variable by which a service gets it."""


@dataclass(frozen=True, kw_only=True)
class RailwayBucketArgs(RailwayBucketInputs):
    """Arguments of a bucket of Railway's own."""

    project: Project | ExistingProject
    """The project, and in it the environment, in which it is."""


class RailwayBucket(pulumi.ComponentResource):
    """An object store in one environment, with the credentials to use it."""

    bucket_name: pulumi.Output[str]
    """Name by which S3 clients address it, which Railway makes."""
    endpoint: pulumi.Output[str]
    """Address for S3 clients."""
    variables: Mapping[str, pulumi.Input[str]]
    """The environment variables with which a service uses the bucket.

    AWS SDKs read all of these except AWS_S3_BUCKET_NAME; Railway uses that name, so we do.
    """

    def __init__(self, name: str, args: RailwayBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args = checked(name, wired(name, args, RailwayBucketArgs), RailwayBucketSettings).args
        super().__init__("railyard:components:RailwayBucket", name, None, opts)
        bucket = railway.Bucket(
            f"{name}-store",
            project_id=args.project.project_id,
            environment_id=args.project.environment_id,
            name=derived(_or_default, args.name, name),
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        self.bucket_name, self.endpoint = bucket.bucket_name, bucket.endpoint
        values = {
            "bucket": self.bucket_name,
            "region": bucket.signing_region,
            "endpoint": self.endpoint,
            "accessKeyId": bucket.access_key_id,
            "secretAccessKey": bucket.secret_access_key,
        }
        self.variables = {variable: values[name] for name, variable in VARIABLES.items()}
        self.register_outputs({"bucketName": self.bucket_name, "endpoint": self.endpoint})


def _or_default(name: str | None, default: str) -> str:
    return name or default
