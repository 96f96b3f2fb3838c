"""What all component arguments share: how they are read, checked and documented.

Owns the base model and the value types that several components use. Arguments hold plain values alone, so one
object is at once the settings of an environment (parsed from YAML) and the arguments of a component.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeGuard, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from typing_extensions import override


def _declares(base: type, name: str) -> TypeGuard[type[BaseModel]]:
    return issubclass(base, BaseModel) and name in base.model_fields


ItemT = TypeVar("ItemT")

Many = Annotated[tuple[ItemT, ...], Field(strict=False)]
"""A list in a file, a tuple in code."""


def matching(pattern: str, meaning: str) -> AfterValidator:
    """A rule for texts: ``pattern`` is what is allowed, ``meaning`` is how a person would say it."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(meaning)
        return value

    return AfterValidator(check)


class Arguments(BaseModel):
    """Base of every component's arguments: immutable, strict, unknown keys refused, camelCase in files."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        use_attribute_docstrings=True,
    )

    @classmethod
    @override
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Let a field whose default a subclass changes keep its documentation."""
        inherited = False
        for name, field in cls.model_fields.items():
            known = [base.model_fields[name].description for base in cls.__mro__[1:] if _declares(base, name)]
            if field.description is None and known:
                field.description, inherited = known[0], True
        if inherited:
            cls.model_rebuild(force=True)


_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

Name = Annotated[
    str,
    matching(_LABEL, "lower case letters, digits and hyphens, at most 63, no hyphen first or last"),
    WithJsonSchema({"type": "string", "pattern": f"^{_LABEL}$"}),
]
"""A name that can be part of an address."""

_HOSTNAME = rf"(?=.{{1,253}}$)(\*\.)?({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]"

Hostname = Annotated[
    str,
    matching(
        _HOSTNAME,
        "a full domain name in lower case without scheme, path or final dot, such as backend.example.com, and other "
        "letters as xn--…",
    ),
    WithJsonSchema({"type": "string", "pattern": f"^{_HOSTNAME}$"}),
]
"""A full domain name; a wildcard starts with ``*.``."""

Port = Annotated[int, Field(ge=1, le=65_535)]
"""A TCP port."""

AbsolutePath = Annotated[
    str,
    matching(r"/\S*", "a path that starts with / and holds no space"),
    WithJsonSchema({"type": "string", "pattern": r"^/\S*$"}),
]
"""A path in a container or of an address."""

_MOUNT_PATH = r"/\S*[^/\s]\S*"

MountPath = Annotated[
    str,
    matching(_MOUNT_PATH, "a path below /, which is the container's own, and without a space"),
    WithJsonSchema({"type": "string", "pattern": f"^{_MOUNT_PATH}$"}),
]
"""Where a container sees a volume."""

VariableName = Annotated[
    str,
    matching(r"[A-Za-z_][A-Za-z0-9_]*", "a variable name of letters, digits and underscores that starts with no digit"),
]

Variables = dict[VariableName, str]
"""Environment variables in clear. Secrets never stand here: they come from the SOPS file."""

Image = Annotated[
    str,
    matching(
        r"([\w.-]+(:\d+)?/)?[\w./-]+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?",
        "a Docker image with its tag, such as valkey/valkey:8",
    ),
]
"""A Docker image with its tag or digest; in another registry than Docker Hub with its host."""

Repository = Annotated[str, matching(r"[\w.-]+/[\w.-]+", "a GitHub repository as owner/name")]
"""A GitHub repository."""

Commit = Annotated[str, matching(r"[0-9a-f]{7,40}", "a git commit of 7 to 40 hexadecimal digits, in quotes")]
"""A git commit, short or whole."""

MemoryMb = Annotated[int, Field(ge=128, le=2_400_000)]
"""A memory limit in MB."""

VolumeGb = Annotated[int, Field(ge=1, le=5_000)]
"""The size of a volume in GB."""

Text = Annotated[str, matching(r"(?s).*\S.*", "a text that is not empty: write one, or remove the key")]
"""A text where an empty one would mean nothing."""


def _each_once(values: tuple[ItemT, ...]) -> tuple[ItemT, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each schedule once: remove one")
    return values


Backups = Annotated[Many[Literal["daily", "weekly", "monthly"]], AfterValidator(_each_once)]
"""Backup schedules of a volume. Railway keeps daily backups 6 days, weekly ones a month, monthly ones three."""

Seconds = Annotated[int, Field(ge=1, le=3_600)]
"""A time in seconds, an hour at most."""

Retries = Annotated[int, Field(ge=0, le=1_000)]
"""How often something is tried again."""

Builder = Literal["RAILPACK", "NIXPACKS", "DOCKERFILE"]
"""Who builds a repository on Railway."""
