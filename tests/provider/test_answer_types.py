"""The types of Railway's answers are those of its schema, and each document is declared with its own."""

from __future__ import annotations

import graphql
import pytest

from railway_api import documents
from railway_api.operation import Document, query
from tests.needs import RAILWAY_SCHEMA
from tools import railway_answers

SCHEMA = """
enum Colour { RED GREEN }
scalar Anything
type Query { house(id: ID!): House }
type House { id: ID!, floors: [Floor!], colour: Colour!, note: Anything, tenants: TenantConnection! }
type Floor { rooms: [Int]! , height: Float }
type TenantConnection { edges: [TenantEdge!]!, pageInfo: PageInfo! }
type TenantEdge { node: Tenant! }
type Tenant { name: String!, since: DateTime }
type PageInfo { hasNextPage: Boolean!, endCursor: String }
scalar DateTime
"""
HOUSE = "{ id floors { rooms height } colour note tenants(first: 2) { edges { node { name since } } TAIL } }"


def test_the_types_are_current() -> None:
    """``make generate`` writes them, and ``make check`` says when they are out of date."""
    assert railway_answers.ANSWERS.read_text() == railway_answers.generated().module()


def test_each_document_is_declared_with_its_answer() -> None:
    """An operation of the wrong type is told by name, with the right one."""
    assert [*railway_answers.wrongly_declared(railway_answers.generated())] == []


@pytest.mark.needs("railway-schema")
def test_railways_own_schema_says_the_same() -> None:
    """What the sandbox's part of the schema makes nullable, a list or an enum is so at Railway, too."""
    # FAILED is a status that Railway has had since September 2026; its command line's copy of the schema lacks it.
    text = RAILWAY_SCHEMA.read_text().replace("  COMMITTED\n", "  COMMITTED\n  FAILED\n")
    real = railway_answers.Answers(graphql.build_schema(text, assume_valid=True), [*documents.DECLARED])
    assert real.module() == railway_answers.generated().module()


def test_null_lists_enums_and_scalars() -> None:
    """What may be null is so in the type, in a list too, and of an unknown scalar nothing is claimed."""
    house = query("house", {"id": "ID!"}, HOUSE.replace("TAIL", ""))
    answers = railway_answers.Answers(graphql.build_schema(SCHEMA), [house])
    text = answers.module()
    assert answers.of(house) == "House | None"
    assert 'Colour: TypeAlias = Literal["RED", "GREEN"]' in text
    for line in (
        "floors: list[Floor] | None",
        "colour: Colour",
        "note: Json | None",
        "tenants: Connection[Tenant]",
        "rooms: list[int | None]",
        "height: float | None",
        "since: str | None",
    ):
        assert f"\n    {line}\n" in text


def test_two_selections_of_one_type_are_two_types() -> None:
    """What one document does not select cannot be read of its answer, whatever another one selects."""
    house = query("house", {"id": "ID!"}, HOUSE.replace("TAIL", "pageInfo { hasNextPage endCursor }"))
    both = Document[object](
        name="twoHouses",
        text="query twoHouses($id: ID!, $all: Boolean!) { house(id: $id) { id colour @include(if: $all) } }",
    )
    answers = railway_answers.Answers(graphql.build_schema(SCHEMA), [both, house])
    text = answers.module()
    assert answers.of(both) == "TwoHouses"
    assert answers.of(house) == "House | None"
    assert "class HouseInTwoHouses(TypedDict):" in text
    assert "\n    colour: NotRequired[Colour]\n" in text
    assert "\n    house: HouseInTwoHouses | None\n" in text
    assert "\n    tenants: Page[Tenant]\n" in text
