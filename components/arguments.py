"""The base of all components' settings: how they are read, checked and documented.

Owns the base model and the value types that several components use. Settings hold plain values alone, as a file does;
what a program gives, Outputs too, is validated by the same models (``checking``). Rules for single values are the
provider's own (``pulumiverse_railway.rules``), so that both refuse the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeGuard, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from typing_extensions import override

from components.docstrings import docstring
from components.templates import TemplateText
from pulumiverse_railway import rules
from pulumiverse_railway.rules import Between, Matching, Rule

Path = tuple[str | int, ...]
"""Keys, and indices of lists, from the top of the settings to a place in them."""

ItemT = TypeVar("ItemT")

Many = Annotated[tuple[ItemT, ...], Field(strict=False)]
"""A list in a file, a tuple in code."""


@dataclass(frozen=True)
class Obeys:
    """Lets a field obey a rule, as ``Annotated[str, Obeys(rules.image)]``."""

    rule: Rule
    fix: str = ""
    """Next step for a value that breaks it. Default: to correct the key."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema that validates the value once its type is right."""
        return core_schema.no_info_after_validator_function(self._validated, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the JSON Schema with as much of the rule as its keywords can express."""
        return {**handler(schema), **self.rule.json_schema}

    def _validated(self, value: Any) -> Any:
        demand = self.rule.broken_by(value)
        if demand is None:
            return value
        if isinstance(value, str) and not value.strip():
            raise _broken("a string that is not empty", "write one, or remove the key")
        raise _broken(demand.removeprefix("be ") if demand.startswith("be ") else f"it must {demand}", self.fix)


BROKEN_RULE: Final = "broken_rule"
"""Type of pydantic's error about a value that breaks a rule; its context holds ``allowed`` and ``fix``."""


def _broken(allowed: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError(BROKEN_RULE, "{allowed}", {"allowed": allowed, "fix": fix})


@dataclass(frozen=True)
class Decides:
    """Marks a field that cannot be an Output, as ``Annotated[int, Decides("how many instances run where")]``."""

    what: str
    """Resources whose existence it decides."""
    inside: bool = True
    """True when the values of a mapping decide it, not only its keys."""


def matching(pattern: str, meaning: str, fix: str = "") -> Obeys:
    """Return a rule for strings: ``pattern`` is the regular expression, ``meaning`` what messages call it."""
    return Obeys(Matching(pattern, meaning), fix)


class Arguments(BaseModel):
    """Base of every component's settings: immutable, strict, unknown keys refused, camelCase in files."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        defer_build=True,  # a run reads a few models, and those with what they hold
    )

    @classmethod
    @override
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Keep the rule of a field whose default a subclass changes."""
        for name, field in cls.model_fields.items():
            base = next((base.model_fields[name] for base in cls.__mro__[1:] if _declares(base, name)), None)
            if base is None or _has_rule(field) or not _has_rule(base):
                continue
            if _plain(field.annotation) == _plain(base.annotation):
                field.annotation, field.metadata = base.annotation, base.metadata

    @classmethod
    @override
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe each key in the JSON Schema by the text under its field."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, field in cls.model_fields.items():
            if text := docstring(cls, name):
                properties[field.alias or name].setdefault("description", text)
        return schema


def _declares(base: type, name: str) -> TypeGuard[type[BaseModel]]:
    return issubclass(base, BaseModel) and name in base.model_fields


def _has_rule(field: FieldInfo) -> bool:
    return bool(field.metadata) or any(get_origin(each) is Annotated for each in get_args(field.annotation))


def _plain(annotation: Any) -> Any:
    """Return a type without the rules in it, in a form that can be compared."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return frozenset(map(_plain, get_args(annotation)))
    return annotation


Name = Annotated[str, Obeys(rules.label)]
"""A name that can be part of an address."""

Hostname = Annotated[str, Obeys(rules.hostname)]
"""A full domain name; a wildcard starts with ``*.``."""

Port = Annotated[int, Obeys(rules.port)]
"""A TCP port."""

MountPath = Annotated[str, Obeys(rules.mount_path)]
"""Directory of a container at which a volume is mounted."""

VariableName = Annotated[str, Obeys(rules.variable_name)]

Variables = dict[VariableName, Annotated[TemplateText, Obeys(rules.variable_value)]]
"""Environment variables in clear. Secrets do not belong here: they come from the SOPS file."""

Image = Annotated[str, Obeys(rules.image)]
"""A Docker image with its tag or digest; in another registry than Docker Hub with its host."""

Commit = Annotated[str, Obeys(rules.commit)]
"""A git commit, short or whole; in quotes in a file, since YAML reads some of them as numbers."""

MemoryMb = Annotated[int, Obeys(rules.memory_mb)]
"""A memory limit in MB of 1,000,000 bytes."""

VolumeGb = Annotated[int, Obeys(Between(1, rules.volume_mb.high // 1_000, "GB"))]
"""The size of a volume in GB."""

Text = Annotated[str, Obeys(rules.text)]
"""A string that is not empty."""


def _each_once(values: tuple[ItemT, ...]) -> tuple[ItemT, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each schedule once: remove one")
    return values


def _each_share_once(values: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each percentage once: remove one")
    return values


UsageAlerts = Annotated[Many[Annotated[int, Field(ge=1, le=100)]], AfterValidator(_each_share_once)]
"""Percentages of the capacity of a volume."""

Backups = Annotated[Many[Literal["daily", "weekly", "monthly"]], AfterValidator(_each_once)]
"""Backup schedules of a volume. Railway keeps daily backups 6 days, weekly ones a month, monthly ones three."""
