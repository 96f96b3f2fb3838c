"""The page of doubtful points and the live suite hold each other; its documents hold against Railway's schema."""

from __future__ import annotations

import re
from pathlib import Path

import graphql
import pytest

from railyard.contract.checks import POINTS
from railyard.contract.graphql_documents import OPERATIONS
from railyard.contract.skipped import SKIPPED
from tests.needs import RAILWAY_SCHEMA

ROOT = Path(__file__).parents[2]
PROVIDER = ROOT / "packages" / "pulumiverse-railway" / "pulumiverse_railway" / "provider"
SIMULATOR = ROOT / "packages" / "railway-sandbox" / "railway_sandbox"
CLIENT = ROOT / "packages" / "railway-api" / "railway_api"
PAGE = (ROOT / "docs" / "doubtful-points.md").read_text(encoding="utf-8")
SANDBOX = ROOT / "packages" / "railway-sandbox" / "railway_sandbox" / "railway" / "schema.graphql"
SECTIONS = {
    int(number): (question, text)
    for number, question, text in re.findall(r"^### (\d+)\. (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


def test_each_point_of_the_page_is_tried_or_has_a_reason_why_not():
    """A new point needs a function in ``railyard/contract/checks`` or a line in ``railyard/contract/skipped.py``."""
    numbers = [each.number for each in POINTS]

    assert len(set(numbers)) == len(numbers)
    assert sorted([*numbers, *SKIPPED]) == sorted(SECTIONS)


@pytest.mark.parametrize("point", POINTS, ids=lambda each: str(each.number))
def test_a_point_asks_what_the_page_asks(point):
    """The same question; and each file to change is one that the page names for it, and exists."""
    question, text = SECTIONS[point.number]
    assert point.question == question

    for path in point.change:
        inside = path.removeprefix("railway/")
        assert any((place / path).exists() for place in (SIMULATOR, PROVIDER, CLIENT, ROOT)), path
        assert f"`{inside}`" in text, f"the page does not name {inside}"


def test_the_page_says_what_is_not_tried():
    """With the same points."""
    said = [number for number, (_, text) in SECTIONS.items() if "- **Not tried" in text]

    assert sorted(said) == sorted(SKIPPED)


@pytest.mark.parametrize(
    "path",
    [
        SANDBOX,
        pytest.param(RAILWAY_SCHEMA, marks=pytest.mark.needs("railway-schema")),
    ],
    ids=["sandbox", "railway"],
)
def test_documents_are_valid(path):
    """What only the live suite sends; the rest is the provider's and is held by its own test."""
    schema = graphql.build_schema(path.read_text(), assume_valid=True)
    found = {each.field: graphql.validate(schema, graphql.parse(each.document())) for each in OPERATIONS}

    assert {name: errors for name, errors in found.items() if errors} == {}
