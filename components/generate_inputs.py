"""The generator of ``inputs.py``, what a program may give to components, from the models of their settings.

Owns how a field of a model becomes a field that takes Inputs, and which settings no resource needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.alerts import AlertsSettings
from components.bucket import BucketSettings, CorsRule, LifecycleRule
from components.checking import mark_of
from components.database import DatabaseSettings
from components.docstrings import docstring
from components.domain import DomainSettings
from components.generate import documented
from components.mongodb import MongodbSettings
from components.mysql import MysqlSettings
from components.postgres import PostgresSettings
from components.project import ProjectSettings
from components.railway_bucket import RailwayBucketSettings
from components.redirect import RedirectSettings, RedirectsSettings
from components.redis import RedisSettings
from components.service_kind import ServiceSettings
from components.service_settings import CdnSettings
from components.static_site import StaticSiteSettings
from components.usage_limit import UsageLimitSettings
from components.volume import VolumeSettings
from components.zone import ZoneSettings

FILE: Final = Path(__file__).parent / "inputs.py"
MODELS: Final[tuple[type[BaseModel], ...]] = (
    *(CdnSettings, CorsRule, LifecycleRule, DomainSettings, VolumeSettings, ZoneSettings),
    *(ProjectSettings, ServiceSettings, StaticSiteSettings, BucketSettings, RailwayBucketSettings),
    *(RedirectSettings, RedirectsSettings, AlertsSettings, UsageLimitSettings),
    *(DatabaseSettings, PostgresSettings, MysqlSettings, MongodbSettings, RedisSettings),
)
"""A model comes after those of the groups in it, and after the one that it inherits from."""
NO_INPUTS: Final = frozenset({"health_answer", "outside"})
"""Settings that commands of Railyard read, and no resource has."""


def text() -> str:
    """Return the module, as the formatter leaves it but for the length of its lines."""
    head = [
        '# Generated from the settings of the components. Do not edit: change those, and run "make generate".',
        '"""The settings of components as a program gives them: each may be an Output, unless its type is plain."""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Mapping, Sequence",
        "from dataclasses import dataclass, field",
        "from typing import Literal",
        "",
        "import pulumi",
        "",
        "from components.checking import Inputs",
        "",
        "",
    ]
    return "\n".join([*head, *(line for model in MODELS for line in _class(model))][:-2]) + "\n"


def name_of(model: type[BaseModel]) -> str:
    """Return the name of the class that is made of a model, ``VolumeInputs`` for ``VolumeSettings``."""
    return f"{model.__name__.removesuffix('Settings')}Inputs"


def _class(model: type[BaseModel]) -> Iterator[str]:
    base = next((each for each in model.__mro__[1:] if each in MODELS), None)
    yield "@dataclass(frozen=True, kw_only=True)"
    yield f"class {name_of(model)}({name_of(base) if base else 'Inputs'}):"
    yield documented(" ".join(cleandoc(model.__doc__ or "").partition("\n\n")[0].split()), 4)
    yield ""
    for name, info in model.model_fields.items():
        if name not in NO_INPUTS and not (base and _same(model, base, name)):
            yield f"    {name}: {annotation(model, name)}{_default(info)}"
            yield documented(" ".join(docstring(model, name).split()), 4)
    yield from ("", "")


def _same(model: type[BaseModel], base: type[BaseModel], name: str) -> bool:
    own, inherited = ((each, each.model_fields.get(name)) for each in (model, base))
    written = [(annotation(each, name), _default(info)) for each, info in (own, inherited) if info]
    return len(written) > 1 and written[0] == written[1]


def annotation(model: type[BaseModel], name: str) -> str:
    """Return the type of a field as it is written, with ``pulumi.Input`` around what may be an Output."""
    mark = mark_of(model, name)
    return _written(
        model.model_fields[name].annotation, plain=mark is not None, inside=mark is not None and mark.inside
    )


def _written(hint: Any, *, plain: bool, inside: bool | None = None) -> str:
    inner, optional = unwrapped(hint)
    none = " | None" if optional else ""
    origin, arguments = get_origin(inner), get_args(inner)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return f"{name_of(inner)}{none}"
    if origin is tuple:
        item, _ = unwrapped(arguments[0])
        if isinstance(item, type) and issubclass(item, BaseModel):
            return f"Sequence[{name_of(item)}]{none}"
        held = f"Sequence[{_written(item, plain=plain)}]"
    elif origin is dict:
        values = _written(arguments[1], plain=plain if inside is None else inside)
        held = f"Mapping[{_written(arguments[0], plain=True)}, {values}]"
    elif origin is Literal:
        held = f"Literal[{', '.join(_quoted(each) for each in arguments)}]"
    else:
        held = inner.__name__
    return f"{held}{none}" if plain else f"pulumi.Input[{held}{none}]"


def unwrapped(hint: Any) -> tuple[Any, bool]:
    """Return a type without marks, and whether None is one of its values."""
    if get_origin(hint) is Annotated:
        return unwrapped(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (each for each in get_args(hint) if each is not NoneType)
        return unwrapped(inner)[0], True
    return hint, False


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return ""
    value = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return f" = field(default_factory={name_of(type(value))})"
    if isinstance(value, dict):
        return (
            f" = field(default_factory=dict[str, {_written(get_args(unwrapped(info.annotation)[0])[1], plain=False)}])"
        )
    return f" = {_quoted(value)}"


def _quoted(value: object) -> str:
    if isinstance(value, tuple):
        items = [_quoted(each) for each in cast("tuple[object, ...]", value)]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    return f'"{value}"' if isinstance(value, str) else repr(value)
