"""Groups of settings whose model one of their keys chooses: the topology of a service, the kind of a database.

Owns the choice, for reading and for the schema that editors use, and the marks by which errors name the chosen model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

MARKED: Final[dict[str, type[BaseModel]]] = {}
"""Mark in the place of an error, which is in no file → the model that was chosen there."""
NO_CHOICE: Final = "no_choice"
"""Type of the error about a key that chooses no model; its context holds ``key`` and ``choices``."""


@dataclass(frozen=True)
class ByKey:
    """Chooses the model of a group by one of its keys, as ``Annotated[Model, ByKey("topology", …)]``."""

    key: str
    models: Mapping[str, type[BaseModel]]
    default: str = ""
    """Value of the key where it is left out. Default: the key is required."""
    alike: bool = False
    """True when editors need only the first of the models with the same keys."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema that reads a group by the model that its key names."""
        del source
        MARKED.update({_mark(model): model for model in self.models.values()})
        return core_schema.tagged_union_schema(
            {_mark(model): handler.generate_schema(model) for model in self.models.values()},
            discriminator=self._chosen,
            custom_error_type=NO_CHOICE,
            custom_error_message="no model",
            custom_error_context={"key": self.key, "choices": ", ".join(self.models)},
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of any of the models, or of the first of those with the same keys."""
        every = cast("dict[str, Any]", cast("Any", schema)["choices"])
        firsts = {frozenset(model.model_fields): _mark(model) for model in reversed([*self.models.values()])}
        needed = {mark: each for mark, each in every.items() if not self.alike or mark in firsts.values()}
        return {"anyOf": handler(cast("CoreSchema", {**schema, "choices": needed}))["oneOf"]}

    def _chosen(self, value: Any) -> str | None:
        if isinstance(value, BaseModel):
            return _mark(type(value))
        if not isinstance(value, Mapping):  # the first model refuses it as no group
            return _mark(next(iter(self.models.values())))
        model = self.models.get(str(cast("Mapping[str, object]", value).get(self.key) or self.default))
        return model and _mark(model)


def _mark(model: type[BaseModel]) -> str:
    # No key of a YAML file holds this character.
    return f"\0{model.__name__}"
