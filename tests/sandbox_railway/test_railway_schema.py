"""The simulated schema is part of Railway's own, and all of it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
)

from railway_sandbox.railway import operations
from railway_sandbox.railway.wire import SCHEMA_PATH, schema
from tests.needs import RAILWAY_SCHEMA

NEWER = {"EnvironmentPatchStatus": {"FAILED"}}
"""Values that Railway answers (seen in September 2026) and its command line's copy of the schema does not list yet."""
OF_RAILWAY = pytest.mark.needs("railway-schema")


@pytest.fixture(scope="module")
def real() -> GraphQLSchema:
    return build_schema(RAILWAY_SCHEMA.read_text())


def _named(found: GraphQLSchema) -> dict[str, Any]:
    return {name: kind for name, kind in found.type_map.items() if not name.startswith("__")}


@OF_RAILWAY
def test_every_type_exists_in_railways_schema_as_the_same_kind(real: GraphQLSchema):
    """Nothing is invented."""
    theirs = _named(real)

    assert [name for name, kind in _named(schema()).items() if type(theirs.get(name)) is not type(kind)] == []


@OF_RAILWAY
def test_every_field_and_argument_has_railways_type(real: GraphQLSchema):
    """Fields and arguments exist there with the same type and nullability."""
    theirs = _named(real)
    wrong: list[str] = []
    for name, kind in _named(schema()).items():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for field_name, field in kind.fields.items():
            same = theirs[name].fields.get(field_name)
            if same is None or str(same.type) != str(field.type):
                wrong.append(f"{name}.{field_name}")
                continue
            shown = {key: (str(argument.type), argument.default_value) for key, argument in field.args.items()}
            if shown != {key: (str(argument.type), argument.default_value) for key, argument in same.args.items()}:
                wrong.append(f"{name}.{field_name}()")
    assert wrong == []


@OF_RAILWAY
def test_inputs_and_enums_are_railways_in_full(real: GraphQLSchema):
    """What Railway would accept is accepted, and what it could answer can be expected."""
    theirs = _named(real)
    wrong: list[str] = []
    for name, kind in _named(schema()).items():
        if isinstance(kind, GraphQLInputObjectType):
            mine = {key: str(field.type) for key, field in kind.fields.items()}
            if mine != {key: str(field.type) for key, field in theirs[name].fields.items()}:
                wrong.append(name)
        if isinstance(kind, GraphQLEnumType) and set(kind.values) - NEWER.get(name, set()) != set(theirs[name].values):
            wrong.append(name)
    assert wrong == []


def test_no_description_is_taken_over():
    """The schema holds facts, not Railway's texts."""
    assert '"""' not in SCHEMA_PATH.read_text()


@pytest.mark.parametrize(
    ("root", "answered"),
    [
        ("Query", operations.QUERIES),
        ("Mutation", operations.MUTATIONS),
        ("Subscription", operations.SUBSCRIPTIONS),
    ],
    ids=["query", "mutation", "subscription"],
)
def test_every_operation_of_the_schema_has_an_answer(root: str, answered: dict[str, Callable[..., Any]]):
    """An operation is offered exactly when it is simulated."""
    kind = schema().type_map[root]
    assert isinstance(kind, GraphQLObjectType)

    assert set(kind.fields) == set(answered)


def test_every_reader_belongs_to_a_field_of_the_schema():
    """No reader is left over from a field that is gone."""
    kinds = schema().type_map
    known = {f"{name}.{field}" for name, kind in kinds.items() for field in getattr(kind, "fields", {})}

    assert set() == set(operations.FIELDS) - known


def test_scalars_are_opaque():
    """Railway's own scalars carry any JSON."""
    own = {name for name, kind in _named(schema()).items() if isinstance(kind, GraphQLScalarType)}

    assert {"EnvironmentConfig", "DeploymentMeta", "DateTime", "EnvironmentVariables"} <= own
