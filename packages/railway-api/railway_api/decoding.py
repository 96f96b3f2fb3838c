"""Takes the body of a GraphQL answer apart: its data, and its errors as types.

Owns what counts as an answer: whatever has another form than GraphQL's or the document's becomes ``Unexpected``, so
that nobody builds on it. Of an operation's answer the root alone is looked at. Does not send anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from railway_api.errors import (
    LeftOut,
    OutcomeUnknown,
    RailwayError,
    Unexpected,
    Unreachable,
    advice_for,
    classify,
)
from railway_api.operation import Answer, Operation
from railway_api.redaction import redact, secrets_in
from railway_api.scalars import table


@dataclass(frozen=True)
class Body:
    """The body of an answer."""

    name: str
    """The name of the document that it answers."""
    data: Mapping[str, object] | None
    """None where Railway gave none."""
    errors: Mapping[str, RailwayError]
    """Errors by the key of the root field that they belong to; "" for those of the whole document."""

    def answer(self, operation: Operation[Answer], key: str) -> Answer | RailwayError:
        """Return what stands under a key, or the error in its place."""
        data = self.data or {}
        if key in self.errors:
            return self.errors[key]
        if data.get(key) is None and "" in self.errors:
            return self.errors[""]
        if key in data:
            return _checked(operation, data[key])
        # A failed field that may not be null empties the whole answer, and says nothing about its neighbours.
        text = f"Railway left out the answer to {operation.field}"
        if operation.safe_to_repeat:
            return LeftOut(text)
        return OutcomeUnknown(f"{text}{advice_for(OutcomeUnknown)}", reason=text)

    def answers(self) -> Mapping[str, object]:
        """Return what stands under all keys; raises the first error in it."""
        for error in self.errors.values():
            raise error
        if self.data is None:
            raise Unreachable(f"Railway answered {self.name} with neither data nor an error: run the command again")
        for key, value in self.data.items():
            if not isinstance(value, Mapping | list):
                raise Unexpected(self.name, f"{key} is {_kind(value)}")
        return self.data


def decoded(name: str, body: Mapping[str, object], variables: Mapping[str, object]) -> Body:
    """Take a body apart; secrets among ``variables`` stay out of the errors. Raises ``Unexpected``."""
    data, errors = body.get("data"), body.get("errors")
    if not isinstance(data, Mapping | None):
        raise Unexpected(name, f"data is {_kind(data)}")
    if not isinstance(errors, list | None):
        raise Unexpected(name, f"errors is {_kind(errors)}")
    hidden = {f"secret {index}": text for index, text in enumerate(secrets_in(variables))}
    by_key: dict[str, RailwayError] = {}
    for error in cast("Sequence[object]", errors or ()):
        if not isinstance(error, Mapping):
            raise Unexpected(name, f"an error is {_kind(error)}")
        entry = table(cast("object", error))
        clean = {**entry, "message": redact(str(entry.get("message") or ""), hidden)}
        path = entry.get("path")
        key = str(cast("object", path[0])) if isinstance(path, list) and path else ""
        by_key.setdefault(key, classify(name, clean))
    return Body(name, None if data is None else cast("Mapping[str, object]", data), by_key)


def _checked(operation: Operation[Answer], value: object) -> Answer | Unexpected:
    """Return an answer as it is, as far as its root has the form that the operation asks for."""
    wrong = None
    if value is None:
        wrong = None if operation.nullable else "null"
    elif operation.selection and not isinstance(value, Mapping | list):
        wrong = _kind(value)
    elif operation.kind == "mutation" and isinstance(value, Mapping) and operation.selection.startswith("{ id"):
        made = table(cast("object", value)).get("id")
        wrong = None if made and isinstance(made, str) else f"an object whose id is {_kind(made)}"
    return cast("Answer", value) if wrong is None else Unexpected(operation.field, wrong)


def _kind(value: object) -> str:
    """Say what a JSON value is, without its contents: they may be secret."""
    kinds: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "text" if value else "empty",
        bool: "true or false",
    }
    return "null" if value is None else kinds.get(type(value), "a number")
