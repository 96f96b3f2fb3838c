# Generated from the declarations of the provider. Do not edit: change those, and generate again.
"""Groups of outputs."""

import pulumi


@pulumi.output_type
class RegistryCredentials:
    """Login of a private image registry (Railway's Pro plan)."""

    username: str = pulumi.property("username")
    """User name at the registry."""
    password: str = pulumi.property("password")
    """Password or token at the registry."""
