"""Every GraphQL document of the provider holds against Railway's schema."""

from __future__ import annotations

import importlib
import re
from fnmatch import fnmatchcase
from pathlib import Path
from pkgutil import iter_modules

import graphql
import pytest

from railway_api import documents
from railway_api.documents.environment import progress
from railway_api.operation import Document, Operation
from tests.needs import RAILWAY_SCHEMA
from tests.pages import operations

ROOT = Path(__file__).parents[2]
SANDBOX = ROOT / "packages" / "railway-sandbox" / "railway_sandbox" / "railway" / "schema.graphql"
LEFT_OUT = ROOT / "docs" / "left-out.md"
DOCUMENTS = documents.DOCUMENTS
VARIANTS = [
    (f"progress {snapshot} {count}", progress(snapshot=snapshot, domains=count, deployments=count).text)
    for snapshot in (False, True)
    for count in (0, 1, 3)
]
"""The one document that is put together for each look."""


def mistakes(schema_path: Path) -> dict[str, list[graphql.GraphQLError]]:
    # The real schema deprecates a field that its interface does not, which only a stricter linter minds.
    schema = graphql.build_schema(schema_path.read_text(), assume_valid=True)
    found = {name: graphql.validate(schema, graphql.parse(document)) for name, document in (*DOCUMENTS, *VARIANTS)}
    return {name: errors for name, errors in found.items() if errors}


def test_documents_are_valid_in_the_sandbox() -> None:
    """What the provider sends is what the sandbox understands."""
    assert mistakes(SANDBOX) == {}


@pytest.mark.needs("railway-schema")
def test_documents_are_valid_in_railways_own_schema() -> None:
    """No document uses a field, argument or type that Railway does not have."""
    assert mistakes(RAILWAY_SCHEMA) == {}


@pytest.mark.needs("railway-schema")
def test_what_is_left_out_of_railways_mutations_stands_on_its_page() -> None:
    """Each is sent by us or named there, with a reason; and nothing is named there that is sent, or that is none."""
    root = graphql.build_schema(RAILWAY_SCHEMA.read_text(), assume_valid=True).mutation_type
    assert root is not None
    names = re.findall(r"`([A-Za-z*]+)`", LEFT_OUT.read_text())
    named = {each: [name for name in names if fnmatchcase(each, name)] for each in root.fields}
    sent = set(documents.MUTATIONS)
    assert [each for each in root.fields if each not in sent and not named[each]] == []
    assert [each for each in sent if each in names] == []
    patterns = [name for name in names if "*" in name]
    assert [name for name in patterns if not any(fnmatchcase(each, name) for each in root.fields)] == []


def test_names_are_unique() -> None:
    """A document is known by its name, in the request log and in errors."""
    names = [name for name, _ in DOCUMENTS]
    assert sorted(set(names)) == sorted(names)


def test_no_operation_is_left_out() -> None:
    """What a module declares, it lists: else nobody would check it."""
    modules = [
        importlib.import_module(f"{documents.__name__}.{found.name}") for found in iter_modules(documents.__path__)
    ]
    declared = [each for module in modules for each in vars(module).values() if isinstance(each, Operation | Document)]
    assert [each for each in declared if each not in documents.DECLARED] == []


def test_the_page_of_operations_is_current() -> None:
    """``make generate`` writes it."""
    assert operations.PAGE.read_text() == operations.page()
