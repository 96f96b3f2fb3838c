"""The conversion of settings, as a file holds them, into the arguments of components."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from pydantic import BaseModel

from components import inputs
from components.checking import Inputs
from components.service import ServiceArgs
from components.service_kind import ServiceSettings
from components.static_site import StaticSiteArgs, StaticSiteSettings


def inputs_of(settings: BaseModel, **instead: Any) -> dict[str, Any]:
    """Return settings as keyword arguments, for ``ServiceArgs(**inputs_of(settings), project=project)``.

    ``instead`` replaces values of the settings, by their names in Python.
    """
    fields = dataclasses.fields(_inputs_class(type(settings)))
    return {field.name: _converted(getattr(settings, field.name)) for field in fields} | instead


def _inputs_class(settings: type[BaseModel]) -> type[Inputs]:
    names = [f"{each.__name__.removesuffix('Settings')}Inputs" for each in settings.__mro__]
    return next(vars(inputs)[name] for name in names if name in vars(inputs))


def _converted(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _inputs_class(type(value))(**inputs_of(value))
    if isinstance(value, tuple):
        return tuple(_converted(each) for each in cast("tuple[Any, ...]", value))
    return value


def args_class(settings: ServiceSettings) -> type[ServiceArgs]:
    """Return the Args class that a service with these settings needs: StaticSiteArgs or ServiceArgs."""
    return StaticSiteArgs if isinstance(settings, StaticSiteSettings) else ServiceArgs
