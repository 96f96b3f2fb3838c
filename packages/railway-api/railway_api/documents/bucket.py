"""Operations on buckets. Whether an environment has one, and where, travels in the environment's configuration."""

from __future__ import annotations

from railway_api.operation import mutation, query

_WHERE = {"bucketId": "String!", "environmentId": "String!"}

BUCKET_CREATE = mutation("bucketCreate", {"input": "BucketCreateInput!"}, "{ id name }")
BUCKET_UPDATE = mutation(
    "bucketUpdate", {"id": "String!", "input": "BucketUpdateInput!"}, "{ id name }", repeatable=True
)
BUCKET_CREDENTIALS = query(
    "bucketS3Credentials",
    {**_WHERE, "projectId": "String!"},
    "{ accessKeyId secretAccessKey bucketName endpoint region urlStyle createdAt }",
)
BUCKET_DETAILS = query("bucketInstanceDetails", _WHERE, "{ objectCount }")

OPERATIONS = (BUCKET_CREATE, BUCKET_UPDATE, BUCKET_CREDENTIALS, BUCKET_DETAILS)
