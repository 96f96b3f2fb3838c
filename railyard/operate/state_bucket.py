"""``railyard state``: where Pulumi keeps the states of the stacks.

Owns the one bucket that has to exist before Pulumi can run: nothing that Pulumi makes can hold the state of what made
it. Does not log in and reads no state.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, get_args

import typer

from components.bucket import SpacesRegion
from railyard.accounts.spaces_client import (
    SIGNING_REGION,
    refusal_code,
    spaces_client,
    spaces_endpoint,
    spaces_errors,
)
from railyard.shared.console import CallError, OperationError, reported_errors

application = typer.Typer(no_args_is_help=True, help="The bucket in which Pulumi keeps the states of the stacks.")

OLD_STATES_DAYS: Final = 90
"""Days for which an overwritten state can be restored."""


@application.command()
def init(
    bucket: Annotated[str, typer.Option("--bucket", help="Its name, unique among all users of Spaces.")],
    region: Annotated[str, typer.Option("--region", help="DigitalOcean region, such as sfo3.")],
) -> None:
    """Make a private bucket for states that keeps old versions, and print the commands that use it."""
    with reported_errors(json=False):
        if region not in get_args(SpacesRegion):
            raise CallError(f"there is no region {region!r}: name one of {', '.join(get_args(SpacesRegion))}")
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
    """Make the bucket and its rules, or complete those of one that is ours; whether it is new."""
    try:
        new = _create(client, bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        rule = {
            "ID": "old-states",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_STATES_DAYS},
        }
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    except spaces_errors() as failure:
        code = refusal_code(failure)
        if not code:
            raise OperationError(f"Spaces cannot be reached: {failure}") from None
        advice = "choose another name" if code == "BucketAlreadyExists" else "check the Spaces key"
        message = str(getattr(failure, "response", {})["Error"].get("Message") or code)
        raise OperationError(f"{bucket}: {message}: {advice}") from None
    return new


def _create(client: Any, bucket: str) -> bool:
    try:
        client.create_bucket(Bucket=bucket, ACL="private")
    except spaces_errors() as failure:
        if refusal_code(failure) != "BucketAlreadyOwnedByYou":
            raise
        return False
    return True
