"""The Markdown pages that derive from the declarations."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_provider.generation import derived_files, write
from pulumi_provider.pages import PAGE_HEADER, resource_pages
from pulumi_provider.properties import fields_of
from pulumi_provider.sdk import module_of
from pulumiverse_railway.provider.assembly import build_provider
from tests.kernel.shelf_provider import PROVIDER

SHELF = resource_pages(PROVIDER, {"shelf": 'shelf = Shelf("poems")\n'})["shelf.md"]


def row(page: str, name: str) -> str:
    return next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("room_id", "| `room_id` | `str` | required | Room in which it stands. | replaces |"),
        ("width_cm", "| `width_cm` | `int` | 80 | Width in cm. |  |"),
        ("wood", "| `wood` | [Wood](#wood) | OAK | What it is made of. |  |"),
        ("notes", "| `notes` | map of `str` | none | Notes by name. |  |"),
        ("pin", "| `pin` | `str` | none | Opens the drawer. | secret, write-only |"),
        ("address", "| `address` | `str` | Where to find it. |  |"),
        ("plaque", "| `plaque` | `str`, if any | Only on shelves of oak. |  |"),
        ("code", "| `code` | `str` | required | What opens it. | secret, write-only |"),
    ],
)
def test_a_property_says_all_that_its_declaration_says(name, expected):
    """Type, default, meaning and marks, for inputs, outputs and properties of a group."""
    assert row(SHELF, name) == expected


def test_a_default_that_the_documentation_tells_has_the_column_of_its_own():
    """It is taken out of the text, and the place in the API stays there."""
    pages = resource_pages(build_provider(), {})

    assert row(pages["service_instance.md"], "branch") == (
        "| `branch` | `str` | main | Branch that is deployed, and with each push again (API: source.branch). |  |"
    )


def test_every_property_of_every_resource_is_on_its_page():
    """Inputs and outputs alike."""
    pages = resource_pages(build_provider(), {})
    missing = {
        (module_of(resource), field.name)
        for resource in build_provider().resources
        for field in fields_of(resource.state_type)
        if f"\n| `{field.name}` |" not in pages[f"{module_of(resource)}.md"]
    }

    assert missing == set()


def test_a_page_holds_its_example_and_how_to_import():
    """The form of the id comes from the docstring of the resource."""
    volume = resource_pages(build_provider(), {})["volume.md"]

    assert '```python\nshelf = Shelf("poems")\n```' in SHELF
    assert "pulumi import library:index:Shelf <resource name> '<id>'" in SHELF
    assert "pulumi import railway:index:Volume <resource name> '<project id>/<environment id>/<volume id>'" in volume


def test_the_page_of_a_resource_that_is_gone_goes_too(tmp_path: Path):
    """Pages that a person wrote stay."""
    gone, own = tmp_path / "gone.md", tmp_path / "own.md"
    gone.write_text(PAGE_HEADER)
    own.write_text("# My notes\n")

    write(derived_files(PROVIDER, tmp_path, tmp_path, tmp_path))

    assert (gone.exists(), own.exists()) == (False, True)
    assert (tmp_path / "shelf.md").exists()
