"""The form of a change set, as far as the sandbox reads it.

What a change means stands in ``resources``; the settings in it are validated with the patch that it becomes.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from railway_sandbox.railway.errors import Refused


def malformed() -> Refused:
    """Return the refusal of a value that is not a valid change set."""
    return Refused("Invalid RailwayChangeSet patch")


class _Form(BaseModel):
    model_config = ConfigDict(strict=True, alias_generator=to_camel)


class _Attachment(_Form):
    volume: str
    mount_path: str
    backup_schedules: list[str] | None = None


class _Resource(_Form):
    name: str | None = None
    group_id: str | None = None
    source: dict[str, Any] | None = None
    build: dict[str, Any] | None = None
    deploy: dict[str, Any] | None = None
    networking: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None
    config: dict[str, Any] | None = None
    volume_attachments: dict[str, _Attachment] | None = None


class _Change(_Form):
    kind: str
    address: str = ""
    field: str | None = None
    before: Any = None
    after: Any = None
    variable: str | None = None
    resource: _Resource | None = None

    @model_validator(mode="after")
    def _check_by_kind(self) -> Self:
        if self.kind.startswith("variable.") and self.variable is None:
            raise ValueError("variable is missing")
        if self.kind == "resource.update" and self.field is not None:
            for value in (self.before, self.after):
                _Resource.model_validate({self.field: value})
            if self.field == "name" and self.after is None:
                raise ValueError("after is missing")
        return self


class _ChangeSet(_Form):
    version: Literal[1]
    changes: list[_Change]


def changes_of(change_set: Any) -> list[dict[str, Any]]:
    """Return the changes of a change set of version 1. Raises ``Refused`` for any other value."""
    try:
        _ChangeSet.model_validate(change_set)
    except ValidationError:
        raise malformed() from None
    return change_set["changes"]
