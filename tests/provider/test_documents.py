"""Every GraphQL document of the provider holds against Railway's schema."""

from __future__ import annotations

from pathlib import Path

import graphql
import pytest

from pulumiverse_railway.provider.api.documents import DOCUMENTS

ROOT = Path(__file__).parents[2]
SANDBOX = ROOT / "sandbox" / "railway" / "schema.graphql"
REAL = ROOT.parent / "shared" / "railway-schema.graphql"


def mistakes(schema_path: Path) -> dict[str, list[graphql.GraphQLError]]:
    # The real schema deprecates a field that its interface does not, which only a stricter linter minds.
    schema = graphql.build_schema(schema_path.read_text(), assume_valid=True)
    found = {name: graphql.validate(schema, graphql.parse(document)) for name, document in DOCUMENTS}
    return {name: errors for name, errors in found.items() if errors}


def test_documents_are_valid_in_the_sandbox() -> None:
    """What the provider sends is what the sandbox understands."""
    assert mistakes(SANDBOX) == {}


@pytest.mark.skipif(not REAL.exists(), reason="Railway's full schema is not part of the repository")
def test_documents_are_valid_in_railways_own_schema() -> None:
    """No document uses a field, argument or type that Railway does not have."""
    assert mistakes(REAL) == {}


def test_names_are_unique() -> None:
    """A document is known by its name, in the request log and in errors."""
    names = [name for name, _ in DOCUMENTS]
    assert sorted(set(names)) == sorted(names)
