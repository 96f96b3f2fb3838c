# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""Groups of inputs."""

import pulumi


@pulumi.input_type
class RegistryCredentialsArgs:
    """Login of a private image registry (Railway's Pro plan)."""

    username: pulumi.Input[str] = pulumi.property("username")
    password: pulumi.Input[str] = pulumi.property("password")

    def __init__(
        self,
        *,
        username: pulumi.Input[str],
        password: pulumi.Input[str],
    ) -> None:
        """Give it as an input.

        :param username: User name at the registry.
        :param password: Password or token at the registry.
        """
        self.__dict__.update(
            username=username,
            password=pulumi.Output.secret(password),
        )
