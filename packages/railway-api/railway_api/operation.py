"""GraphQL operations as values: one root field that can be sent alone or several times in one document.

Owns the text of a document. Does not send anything and does not know what an operation is for; the operations
themselves are in ``documents``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

Answer = TypeVar("Answer")
"""The type of an answer, mostly one of those in ``answers``."""
Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Answer_co]):
    """Hold one root field of Railway's schema with its arguments and what is read of the answer."""

    kind: Literal["query", "mutation"]
    field: str
    arguments: Mapping[str, str]
    """Argument names with their GraphQL types."""
    selection: str = ""
    """Fields of the answer in braces; empty for a scalar."""
    repeatable: bool = False
    """Sending it twice has the effect of once, so a lost answer may simply be asked for again."""
    alone: bool = False
    """Never sent together with others: Railway counts how many of it arrive in a short time."""
    nullable: bool = False
    """Railway's schema lets it answer null."""
    called: str = ""
    """The name of its document, where another operation has the same field."""

    @property
    def name(self) -> str:
        """Return the name of its document."""
        return self.called or self.field

    @property
    def safe_to_repeat(self) -> bool:
        """Tell whether a lost answer is a reason to send it again."""
        return self.repeatable or self.kind == "query"

    def document(self, count: int = 1) -> str:
        """Return the document that executes the field ``count`` times, under the aliases of ``keys``."""
        declared: list[str] = []
        fields: list[str] = []
        for index, key in enumerate(self.keys(count)):
            suffix = f"_{index}" if count > 1 else ""
            declared += [f"${name}{suffix}: {type_}" for name, type_ in self.arguments.items()]
            passed = ", ".join(f"{name}: ${name}{suffix}" for name in self.arguments)
            call = f"{self.field}({passed})" if passed else self.field
            fields.append(f"  {call if count == 1 else f'{key}: {call}'} {self.selection}".rstrip())
        head = f"({', '.join(declared)})" if declared else ""
        return f"{self.kind} {self.name}{head} {{\n" + "\n".join(fields) + "\n}"

    def keys(self, count: int = 1) -> Sequence[str]:
        """Return the keys of the answer's data, in order."""
        return [self.field] if count == 1 else [f"call_{index}" for index in range(count)]

    def variables(self, calls: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """Return the variables for ``document(len(calls))``."""
        if len(calls) == 1:
            return dict(calls[0])
        return {f"{name}_{index}": value for index, call in enumerate(calls) for name, value in call.items()}


@dataclass(frozen=True, kw_only=True)
class Document(Generic[Answer_co]):
    """Hold a query with several root fields, sent as it is."""

    name: str
    text: str


def query(
    field: str,
    arguments: Mapping[str, str] | None = None,
    selection: str = "",
    *,
    nullable: bool = False,
    called: str = "",
) -> Operation[Any]:
    """Declare a root field that reads."""
    query_arguments = arguments or {}
    return Operation(
        kind="query", field=field, arguments=query_arguments, selection=selection, nullable=nullable, called=called
    )


def mutation(
    field: str,
    arguments: Mapping[str, str],
    selection: str = "",
    *,
    repeatable: bool = False,
    alone: bool = False,
) -> Operation[Any]:
    """Declare a root field that writes."""
    return Operation(
        kind="mutation", field=field, arguments=arguments, selection=selection, repeatable=repeatable, alone=alone
    )
