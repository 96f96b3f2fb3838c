"""Takes the body of a GraphQL answer apart: its data, and its errors as types.

Decides what counts as a response: one of another form than GraphQL's or the document's becomes ``UnexpectedResponse``.
Sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from railway_api.errors import (
    LeftOut,
    OutcomeUnknown,
    RailwayError,
    UnexpectedResponse,
    Unreachable,
    advice_for,
    classify,
)
from railway_api.json_objects import is_list, is_object
from railway_api.operation import Answer, Operation
from railway_api.redaction import redact, secrets_in
from railway_api.shapes import document_mismatch, kind_of, mismatch


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
        """Return the answer under a key, or the error in its place."""
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
        """Return the answers under all keys; raises the first error among them."""
        for error in self.errors.values():
            raise error
        if self.data is None:
            raise Unreachable(f"Railway answered {self.name} with neither data nor an error: run the command again")
        for key, value in self.data.items():
            if not (is_object(value) or is_list(value)):
                raise UnexpectedResponse(self.name, f"{key} is {kind_of(value)}")
        if problem := document_mismatch(self.name, self.data):
            raise UnexpectedResponse(self.name, problem)
        return self.data


def decoded(name: str, body: Mapping[str, object], variables: Mapping[str, object]) -> Body:
    """Take a body apart; secrets among ``variables`` stay out of the errors. Raises ``UnexpectedResponse``."""
    data, errors = body.get("data"), body.get("errors")
    if data is not None and not is_object(data):
        raise UnexpectedResponse(name, f"data is {kind_of(data)}")
    if errors is not None and not is_list(errors):
        raise UnexpectedResponse(name, f"errors is {kind_of(errors)}")
    hidden = secrets_in(variables)
    by_key: dict[str, RailwayError] = {}
    for error in errors or ():
        if not is_object(error):
            raise UnexpectedResponse(name, f"an error is {kind_of(error)}")
        clean = {**error, "message": redact(str(error.get("message") or ""), hidden)}
        path = error.get("path")
        key = str(path[0]) if is_list(path) and path else ""
        by_key.setdefault(key, classify(name, clean))
    return Body(name, data, by_key)


def _checked(operation: Operation[Answer], value: object) -> Answer | UnexpectedResponse:
    """Return an answer as it is if it has the form that the operation asks for."""
    problem = None
    if value is None:
        problem = None if operation.nullable else "null"
    elif operation.selection and not (is_object(value) or is_list(value)):
        problem = kind_of(value)
    elif operation.kind == "mutation" and value == "":
        problem = kind_of(value)  # an id of what is under way, or a secret
    elif operation.kind == "mutation" and is_object(value) and operation.selection.startswith("{ id"):
        identifier = value.get("id")
        problem = None if identifier and isinstance(identifier, str) else f"an object whose id is {kind_of(identifier)}"
    if problem is None and value is not None:
        problem = mismatch(operation, value)
    return cast("Answer", value) if problem is None else UnexpectedResponse(operation.field, problem)
