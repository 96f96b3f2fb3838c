"""Operations on buckets. Whether an environment has one, and where, travels in the environment's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import Bucket, BucketInstanceDetails, BucketS3CompatibleCredentials

_WHERE = {"bucketId": "String!", "environmentId": "String!"}

BUCKET_CREATE: Operation[Bucket] = mutation("bucketCreate", {"input": "BucketCreateInput!"}, "{ id name }")
BUCKET_UPDATE: Operation[Bucket] = mutation(
    "bucketUpdate", {"id": "String!", "input": "BucketUpdateInput!"}, "{ id name }", repeatable=True
)
BUCKET_CREDENTIALS: Operation[list[BucketS3CompatibleCredentials]] = query(
    "bucketS3Credentials",
    {**_WHERE, "projectId": "String!"},
    "{ accessKeyId secretAccessKey bucketName endpoint region urlStyle createdAt }",
)
BUCKET_DETAILS: Operation[BucketInstanceDetails | None] = query(
    "bucketInstanceDetails", _WHERE, "{ objectCount }", nullable=True
)

OPERATIONS = (BUCKET_CREATE, BUCKET_UPDATE, BUCKET_CREDENTIALS, BUCKET_DETAILS)
