"""Parts that another program made, by their ids: projects and zones into which this one puts its services and names.

For a project of another stack, and for programs in other languages, which hand components over by their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pulumi

import pulumiverse_railway as railway
from components.references import ProjectReferences


@dataclass(frozen=True, kw_only=True)
class ExistingProject:
    """A project that this program does not make.

    What variables refer to in it is not known here: ``uses`` of a service says what has to be deployed before.
    """

    project_id: pulumi.Input[str]
    """Railway's id of the project."""
    environment_id: pulumi.Input[str]
    """Railway's id of the environment in it."""
    shared_variables: ClassVar[None] = None
    references: ProjectReferences = field(
        init=False, default_factory=lambda: ProjectReferences("the project", {}, whole=False)
    )


@dataclass(frozen=True, kw_only=True)
class ExistingZone:
    """A Cloudflare zone whose settings this program leaves alone."""

    name: str
    """Its name, ``example.com``."""
    zone_id: pulumi.Input[str]
    """Cloudflare's id of it."""
    settings: ClassVar[Sequence[pulumi.Resource]] = ()


ServiceReference = railway.Service | pulumi.Input[str]
"""A service of Railway: its resource, or its id."""


def service_id_of(service: ServiceReference) -> pulumi.Input[str]:
    """Return Railway's id of a service."""
    return service.service_id if isinstance(service, railway.Service) else service


def resource_of(service: ServiceReference) -> railway.Service | None:
    """Return the resource with which all that belongs to a service is deleted; None where only its id is known."""
    return service if isinstance(service, railway.Service) else None
