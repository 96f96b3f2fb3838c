"""Railway's template syntax in the values of variables: references, and functions of templates.

Owns the syntax alone. Railway fills ``${{service.NAME}}``, ``${{shared.NAME}}`` and ``${{NAME}}`` in when it deploys
(https://docs.railway.com/variables#template-syntax). Functions, ``${{secret(32)}}``, are for its templates: they are
evaluated when a template is deployed, only then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator

SHARED: Final = "shared"
"""Owner of the variables that all services of an environment have."""

_EXPRESSION: Final = re.compile(r"\$\{\{(?P<inside>(?:\"[^\"]*\"|'[^']*'|(?!\}\}).)*)\}\}", re.DOTALL)
_OWNER: Final = r"(?:\"(?P<quoted>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\"'(){}]*?))"
_NAME: Final = r"[\"']?(?P<name>[A-Za-z_]\w*)[\"']?"
_REFERENCE: Final = re.compile(rf"\s*(?:{_OWNER}\s*\.\s*)?{_NAME}\s*")
_FUNCTION: Final = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*\(.*\)\s*", re.DOTALL)


@dataclass(frozen=True)
class Reference:
    """One reference to a variable."""

    owner: str
    """Name of a service, ``shared``, or empty for the variables of the service itself."""
    variable: str
    text: str
    """The whole expression as it is written, ``${{ db.PASSWORD }}``."""
    quoted: bool = False
    """True when the owner is in quotes, as one with a dot must be."""


@dataclass(frozen=True)
class TemplateFunction:
    """A call of a function, ``${{secret(32)}}``."""

    name: str
    text: str

    @property
    def advice(self) -> str:
        """Return what to write in its place."""
        if self.name == "randomInt":
            return "write a number, in quotes"
        return (
            'make the value yourself (openssl rand -hex 32, or "railyard secrets generate" for a secret of a system), '
            "keep it in the SOPS file, and let the program hand it over"
        )


@dataclass(frozen=True)
class Unreadable:
    """Neither a reference nor a function, or not closed: Railway leaves it as text or replaces it with nothing."""

    text: str


Expression = Reference | TemplateFunction | Unreadable


def expressions(value: str) -> list[Expression]:
    """Return every expression in the value of a variable, in order, without duplicates."""
    by_text: dict[str, Expression] = {}
    end = 0
    for match in _EXPRESSION.finditer(value):
        by_text.setdefault(match[0], _read(match[0], match["inside"]))
        end = match.end()
    if (start := value.find("${{", end)) >= 0:
        by_text.setdefault(value[start:], Unreadable(value[start:]))
    return list(by_text.values())


def _read(text: str, inside: str) -> Expression:
    if match := _FUNCTION.fullmatch(inside):
        return TemplateFunction(match["name"], text)
    match = _REFERENCE.fullmatch(inside)
    if match is None:
        return Unreadable(text)
    quoted = match["quoted"] or match["single"]
    owner = quoted or (match["bare"] or "").strip()
    # "${{.NAME}}" names no owner at all, which differs from the service itself.
    return Unreadable(text) if not owner and "." in inside else Reference(owner, match["name"], text, bool(quoted))


def refused_function(value: str) -> str | None:
    """Return why a value with a function of templates cannot be a variable, and what to write; None for any other."""
    function = next((each for each in expressions(value) if isinstance(each, TemplateFunction)), None)
    if function is None:
        return None
    allowed = f"a value without {function.text}, which Railway evaluates in templates alone, when they are deployed"
    return f"{allowed}: {function.advice}"


def _without_functions(value: str) -> str:
    if refused := refused_function(value):
        raise ValueError(refused)
    return value


TemplateText = Annotated[str, AfterValidator(_without_functions)]
"""The value of a variable: a string that may hold references."""
