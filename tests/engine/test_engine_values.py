"""Property values: the way to the wire and back, paths, and what differs."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from pulumi_operations.events import Change
from pulumi_operations.values import (
    SECRET,
    SIGNATURE,
    UNKNOWN,
    UNKNOWNS_ON_THE_WIRE,
    Secret,
    contains_secret,
    contains_unknown,
    covers,
    differences,
    from_struct,
    keep_old,
    mark_like,
    parse_path,
    plain,
    references_to_ids,
    secret,
    to_struct,
)
from pulumi_provider.values import UNKNOWN_TEXTS, decode
from pulumi_provider.values import contains_unknown as provider_contains_unknown

LEAVES = st.none() | st.booleans() | st.integers(-(2**52), 2**52) | st.text(max_size=5) | st.just(UNKNOWN)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3) | inner.map(secret)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), VALUES.filter(lambda value: value is not None), max_size=4))
def test_values_survive_the_wire(properties: dict[str, Any]) -> None:
    """What is sent comes back as it was, marks and unknowns included."""
    assert properties == from_struct(to_struct(properties))


def test_null_properties_are_absent() -> None:
    """Pulumi knows no difference between null and absent at the top; inside, null is a value."""
    assert from_struct(to_struct({"a": {"b": None}, "c": None})) == {"a": {"b": None}}


def test_integral_numbers_come_back_as_integers() -> None:
    """Doubles on the wire must not make 1 differ from 1."""
    decoded = from_struct(to_struct({"a": 1.0, "b": 1.5, "c": 2.0**60}))

    assert [int, float, float] == [type(value) for value in decoded.values()]


def test_output_values_are_understood() -> None:
    """An SDK may send an output with its dependencies: the value, secret or unknown, is what counts."""
    output = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
    struct = struct_pb2.Struct()
    struct.update({"known": {SIGNATURE: output, "value": 1, "secret": True}, "unknown": {SIGNATURE: output}})

    assert {"known": Secret(1), "unknown": UNKNOWN} == from_struct(struct)


@pytest.mark.parametrize("text", sorted(UNKNOWNS_ON_THE_WIRE))
def test_an_unknown_value_of_any_kind_is_understood(text: str) -> None:
    """Each of the ids that Pulumi's Go code declares is an unknown value, for the engine and for the provider."""
    struct = struct_pb2.Struct()
    struct.update({"size": text})

    assert from_struct(struct) == {"size": UNKNOWN}
    assert provider_contains_unknown(decode(struct))


def test_engine_and_provider_know_the_same_unknowns() -> None:
    """Neither package may import the other, so each has the seven ids: one for each kind of value."""
    assert UNKNOWNS_ON_THE_WIRE == UNKNOWN_TEXTS
    assert len(UNKNOWN_TEXTS) == 7


def test_secrets_are_left_out_on_request() -> None:
    """Without marks the value goes plainly, at any depth."""
    sent = to_struct({"a": [Secret({"b": "x"})]}, secrets=False)

    assert from_struct(sent) == {"a": [{"b": "x"}]}
    assert SECRET not in str(sent)


def test_secret_shows_nothing() -> None:
    """Neither alone nor inside of anything."""
    assert "hidden" not in repr({"a": [Secret("hidden")]}) + str(Secret("hidden"))


def test_marks_and_unknowns_are_found_at_any_depth() -> None:
    """Inside of lists, objects and secrets."""
    value = {"a": [{"b": Secret([UNKNOWN])}]}

    assert contains_unknown(value)
    assert contains_secret(value)
    assert plain(value) == {"a": [{"b": [UNKNOWN]}]}


def test_marks_are_put_back_as_pulumi_does() -> None:
    """Objects field by field, lists as a whole, absent fields not at all."""
    inputs = {
        "password": Secret("x"),
        "object": {"key": Secret("y"), "open": 1},
        "list": [1, Secret(2)],
        "gone": Secret(1),
    }
    outputs = {"password": "x", "object": {"key": "y", "open": 1}, "list": [1, 2], "url": "z"}

    marked = mark_like(outputs, inputs)

    assert {"key": Secret("y"), "open": 1} == marked["object"]
    assert (Secret("x"), Secret([1, 2]), "z") == (marked["password"], marked["list"], marked["url"])
    assert "gone" not in marked


def test_references_become_ids_for_plugins_that_want_none() -> None:
    """A resource as an input is its id; one that does not exist yet is unknown; a component is its URN."""
    reference = {SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:x"}

    assert references_to_ids([{**reference, "id": "i"}, {**reference, "id": ""}, reference]) == ["i", UNKNOWN, "urn:x"]


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('a["b.c"][*]', ("a", "b.c", "*")),
        ('["x y"].z', ("x y", "z")),
        ("*", ("*",)),
        ("", ()),
    ],
)
def test_paths_are_parsed(path: str, parts: tuple[str | int, ...]) -> None:
    """Names, quoted names, indexes, wildcards."""
    assert parts == parse_path(path)


def test_pattern_covers_what_lies_below_it() -> None:
    """A prefix covers; a longer pattern does not cover what is above it."""
    assert covers(("a", "*"), ("a", 0, "b"))
    assert not covers(("a", "b"), ("a",))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", {"a": 1, "list": [9, 8], "nested": {"x": 9, "new": 9}, "added": 9}),
        ("nested.x", {"a": 9, "list": [9, 8], "nested": {"x": 1, "new": 9}, "added": 9}),
        ("list[0]", {"a": 9, "list": [1, 8], "nested": {"x": 9, "new": 9}, "added": 9}),
        ("list[*]", {"a": 9, "list": [1, 2], "nested": {"x": 9, "new": 9}, "added": 9}),
        ("nested.*", {"a": 9, "list": [9, 8], "nested": {"x": 1}, "added": 9}),
        ("added", {"a": 9, "list": [9, 8], "nested": {"x": 9, "new": 9}}),
        ("gone", {"a": 9, "list": [9, 8], "nested": {"x": 9, "new": 9}, "added": 9, "gone": 1}),
        ("nowhere.at.all", {"a": 9, "list": [9, 8], "nested": {"x": 9, "new": 9}, "added": 9}),
    ],
)
def test_ignored_paths_keep_the_old_value(path: str, expected: dict[str, Any]) -> None:
    """Present, nested, by index, by wildcard, added, removed, and not there at all."""
    old = {"a": 1, "list": [1, 2], "nested": {"x": 1}, "gone": 1}
    new = {"a": 9, "list": [9, 8], "nested": {"x": 9, "new": 9}, "added": 9}

    assert expected == keep_old(new, old, parse_path(path))


def test_ignored_field_of_a_new_object_is_left_out() -> None:
    """As with the CLI: the old value of ``nested.a`` is none, although ``nested`` is new as a whole."""
    assert keep_old({"nested": {"a": 1, "b": 2}}, {}, parse_path("nested.a")) == {"nested": {"b": 2}}


@pytest.mark.parametrize("path", ["nested.key", "nested.*", "nested.list[0]"])
def test_what_is_kept_of_an_old_secret_stays_secret(path: str) -> None:
    """An object that was secret as a whole shows no part of itself when the program's new one is not secret."""
    old = {"nested": Secret({"key": "hunter2", "list": ["hunter2"]})}

    kept = keep_old({"nested": {"key": "new", "list": ["new"]}}, old, parse_path(path))

    assert "hunter2" not in repr(kept)
    assert "hunter2" in str(plain(kept))


def test_differences_name_the_smallest_paths() -> None:
    """Added, deleted and changed, deep inside and with odd names; secrets count by value."""
    old = {"same": Secret(1), "list": [1, 2, 3], "nested": {"a.b": 1, "gone": 1}, "kind": "x"}
    new = {"same": 1, "list": [1, 5], "nested": {"a.b": 2}, "kind": {"now": "object"}, "unknown": UNKNOWN}

    assert differences(old, new) == {
        "list[1]": Change.UPDATE,
        "list[2]": Change.DELETE,
        'nested["a.b"]': Change.UPDATE,
        "nested.gone": Change.DELETE,
        "kind": Change.UPDATE,
        "unknown": Change.ADD,
    }


@given(VALUES)
def test_nothing_differs_from_itself_unless_unknown(value: Any) -> None:
    """Equal values have no difference; an unknown one may become anything."""
    assert bool(differences({"a": value}, {"a": value})) is contains_unknown(value)
