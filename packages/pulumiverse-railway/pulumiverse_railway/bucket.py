# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""The resource Bucket of Railway."""

from typing import Any, Self, cast

import pulumi

_TOKEN = "railway:index:Bucket"


@pulumi.input_type
class _BucketInputs:
    project_id: pulumi.Input[str] = pulumi.property("projectId")
    environment_id: pulumi.Input[str] = pulumi.property("environmentId")
    name: pulumi.Input[str] = pulumi.property("name")
    region: pulumi.Input[str] = pulumi.property("region")


class Bucket(pulumi.CustomResource):
    """An object store of Railway's own, for S3 clients. Deleting it deletes its objects: protect it.

    Its id is <project id>/<environment id>/<bucket id>.
    """

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    """Railway's id of the project (API: projectId)."""
    environment_id: pulumi.Output[str] = pulumi.property("environmentId")
    """Railway's id of the environment in that project (API: environmentId)."""
    name: pulumi.Output[str] = pulumi.property("name")
    """Name of the bucket in its project, which all environments that have it share; references to its credentials use
    it, ${{name.ACCESS_KEY_ID}} (API: name).
    """
    region: pulumi.Output[str] = pulumi.property("region")
    """Region: sjc (California), iad (Virginia), ams (Amsterdam) or sin (Singapore). Another one makes a new, empty
    bucket (API: EnvironmentConfig buckets.region).
    """
    bucket_id: pulumi.Output[str] = pulumi.property("bucketId")
    """Railway's id of the bucket (API: Bucket.id)."""
    bucket_name: pulumi.Output[str] = pulumi.property("bucketName")
    """Name by which S3 clients address it, unlike name unique worldwide (API: bucketName)."""
    endpoint: pulumi.Output[str] = pulumi.property("endpoint")
    """Address for S3 clients (API: endpoint)."""
    signing_region: pulumi.Output[str] = pulumi.property("signingRegion")
    """Region that S3 clients sign for (API: region)."""
    url_style: pulumi.Output[str] = pulumi.property("urlStyle")
    """Style by which S3 clients put the bucket's name in the address: virtual or path (API: urlStyle)."""
    access_key_id: pulumi.Output[str] = pulumi.property("accessKeyId")
    """S3 access key (API: accessKeyId)."""
    secret_access_key: pulumi.Output[str] = pulumi.property("secretAccessKey")
    """S3 secret access key (API: secretAccessKey)."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        environment_id: pulumi.Input[str],
        name: pulumi.Input[str],
        region: pulumi.Input[str],
    ) -> None:
        """Declare the resource.

        :param resource_name: Its name in the program.
        :param opts: Options of the resource.
        :param project_id: Railway's id of the project (API: projectId). A change makes a new resource.
        :param environment_id: Railway's id of the environment in that project (API: environmentId). A change makes a
          new resource.
        :param name: Name of the bucket in its project, which all environments that have it share; references to its
          credentials use it, ${{name.ACCESS_KEY_ID}} (API: name).
        :param region: Region: sjc (California), iad (Virginia), ams (Amsterdam) or sin (Singapore). Another one makes a
          new, empty bucket (API: EnvironmentConfig buckets.region). A change makes a new resource.
        """
        # As in SDKs that Pulumi generates: outputs are keys without values, and no parameters.
        values = _BucketInputs.__new__(_BucketInputs)
        values.__dict__.update(
            dict.fromkeys(Bucket.__annotations__),
            project_id=project_id,
            environment_id=environment_id,
            name=name,
            region=region,
        )
        super().__init__(_TOKEN, resource_name, cast("Any", values), opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up an existing Bucket by its id: it is read, and never changed by the program."""
        values = _BucketInputs.__new__(_BucketInputs)
        values.__dict__.update(dict.fromkeys(Bucket.__annotations__))
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        resource = cls.__new__(cls)
        pulumi.CustomResource.__init__(resource, _TOKEN, resource_name, cast("Any", values), merged)
        return resource
