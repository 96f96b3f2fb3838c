"""``railyard state``: where Pulumi keeps the states of the stacks.

Owns the one bucket that has to exist before Pulumi can run, so Pulumi cannot make it. Does not log in and reads no
state.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from components.bucket import SpacesRegion
from railyard.accounts.spaces_client import (
    SIGNING_REGION,
    refusal_code,
    spaces_client,
    spaces_endpoint,
    spaces_errors,
    spaces_refusals,
)
from railyard.shared.console import OperationError, reported_errors

application = typer.Typer(no_args_is_help=True, help="The bucket in which Pulumi keeps the states of the stacks.")

OLD_STATES_DAYS: Final = 90
"""Days for which an overwritten state can be restored."""


@application.command()
def init(
    bucket: Annotated[str, typer.Option("--bucket", help="Its name, unique among all users of Spaces.")],
    region: Annotated[SpacesRegion, typer.Option("--region", help="DigitalOcean region, such as sfo3.")],
) -> None:
    """Make a private bucket for states that keeps old versions, and print the commands that use it."""
    with reported_errors(json=False):
        created = _make(spaces_client(region), bucket)
        typer.echo(f"{'made' if created else 'found'} bucket {bucket} in {region}: private, keeps versions")
        typer.echo("\nFor each shell that runs pulumi:\n")
        typer.echo(
            '  export AWS_ACCESS_KEY_ID="$SPACES_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$SPACES_SECRET_ACCESS_KEY"'
        )
        typer.echo(f"\nOnce:\n\n  pulumi login '{login_address(bucket, region)}'")


def login_address(bucket: str, region: str) -> str:
    """Return what ``pulumi login`` takes."""
    endpoint = spaces_endpoint(region).removeprefix("https://")
    return f"s3://{bucket}?endpoint={endpoint}&region={SIGNING_REGION}&s3ForcePathStyle=true"


def _make(client: Any, bucket: str) -> bool:
    """Make the bucket with its rules, or set them on a bucket of the account; return True when it is new."""
    with spaces_refusals():
        new = _create(client, bucket)
        client.put_bucket_acl(Bucket=bucket, ACL="private")
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        rule = {
            "ID": "old-states",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_STATES_DAYS},
        }
        rules = [*(each for each in _rules(client, bucket) if each.get("ID") != rule["ID"]), rule]
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    return new


def _create(client: Any, bucket: str) -> bool:
    """Return True when the bucket was made, False when the account has it already."""
    try:
        client.create_bucket(Bucket=bucket, ACL="private")
    except spaces_errors() as failure:
        if refusal_code(failure) == "BucketAlreadyExists":
            raise OperationError(f"the name {bucket} is taken by another account: choose another one") from None
        if refusal_code(failure) != "BucketAlreadyOwnedByYou":
            raise
        return False
    return True


def _rules(client: Any, bucket: str) -> list[dict[str, Any]]:
    """Return the lifecycle rules that the bucket has, none for a new one."""
    try:
        return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except spaces_errors() as failure:
        if refusal_code(failure) != "NoSuchLifecycleConfiguration":
            raise
        return []
