"""The kinds of services that take other arguments than a service of no special kind."""

from __future__ import annotations

from components.service import ServiceArgs
from components.service_kind import ServiceSettings
from components.static_site import StaticSiteArgs, StaticSiteSettings


def args_class(settings: ServiceSettings) -> type[ServiceArgs]:
    """Return the class of the arguments that a program gives to a service with these settings."""
    return StaticSiteArgs if isinstance(settings, StaticSiteSettings) else ServiceArgs
