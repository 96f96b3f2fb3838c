"""The documentation of settings: the texts under their fields, for pages, schemas and errors.

A run of the program shows none of them, so they are read from the source when they are asked for, and not, as pydantic
would, when a class is made.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise, takewhile

from pydantic import BaseModel


def docstring(model: type[BaseModel], name: str) -> str:
    """Return the text under a field, in the nearest class that has one, or "" where none has."""
    classes = takewhile(lambda each: each is not BaseModel, model.__mro__)
    texts = (_texts(each.__module__).get(f"{each.__name__}.{name}") for each in classes)
    return next(filter(None, texts), "")


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
