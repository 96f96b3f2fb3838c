"""The documentation of settings: the texts under their fields, for pages, schemas and errors.

A run of the program shows none of them, so they are read from the source when they are asked for, and not, as pydantic
would, when a class is made.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise, takewhile
from typing import Any, Final

from pydantic import BaseModel

_DEFAULT: Final = re.compile(r"\s+Default: .*", re.DOTALL)
"""Last sentence of a text that says what holds without the key."""


def docstring(model: type[BaseModel], name: str) -> str:
    """Return the text under a field, in the nearest class that has one, or "" where none has.

    Of an inherited text the default is left out where ``model`` has another one.
    """
    for each in takewhile(lambda each: each is not BaseModel, model.__mro__):
        if text := _texts(each.__module__).get(f"{each.__name__}.{name}"):
            return text if _default(each, name) == _default(model, name) else _DEFAULT.sub("", text)
    return ""


def _default(model: type[BaseModel], name: str) -> Any:
    return model.model_fields[name].get_default(call_default_factory=True)


@cache
def _texts(module: str) -> Mapping[str, str]:
    """Return ``Class.field`` → the text under it, for the classes of a module."""
    classes = [
        each for each in ast.parse(inspect.getsource(sys.modules[module])).body if isinstance(each, ast.ClassDef)
    ]
    return {
        f"{each.name}.{field.target.id}": inspect.cleandoc(text)
        for each in classes
        for field, following in pairwise(each.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if (text := _text(following)) is not None
    }


def _text(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return text
        case _:
            return None
