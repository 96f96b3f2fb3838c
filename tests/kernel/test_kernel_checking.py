"""What is refused of a user's inputs, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_provider.checking import check, check_inputs
from pulumi_provider.conversion import named, typed, wire
from pulumi_provider.declaration import UNKNOWN, Inputs, Nested, Problem, Property
from pulumi_provider.properties import fields_of
from pulumi_provider.values import decode, encode
from tests.kernel.shelf_provider import Lock, Shelf, ShelfInputs, ShelfState, Wood

LOCK = {"keeper": "ann", "code": "sesame"}


@dataclass(frozen=True, kw_only=True)
class Guarded(Inputs):
    token: Annotated[str, Property("A token.", secret=True, check=lambda value: f"must be longer than {value}")]


@dataclass(frozen=True, kw_only=True)
class Doors(Inputs):
    locks: Annotated[
        dict[str, list[Lock]],
        Property("By door.", check=lambda doors: f"must not begin with {doors['north'][0]['code']}"),
    ]


class Talkative(Shelf):
    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        return [Problem(path="room_id", reason=f"must not contain {inputs['pin']}")]


def problems(**inputs: Any) -> dict[str, str]:
    """Path → reason, with everything required given."""
    return {each.path: each.reason for each in check_inputs(ShelfInputs, {"roomId": "r1", **inputs}).problems}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"lable": "x"}, {"lable": 'unknown property; did you mean "label"?'}),
        ({"room_id": "x"}, {"room_id": 'unknown property; did you mean "roomId"?'}),
        ({"lock": {**LOCK, "cod": "x"}}, {"lock.cod": 'unknown property; did you mean "code"?'}),
        ({"lock": {**LOCK, "zzz": 1}}, {"lock.zzz": "unknown property; known are: attempts, code, keeper"}),
        ({"lock": {"code": "c"}}, {"lock.keeper": "is missing: Who holds the key."}),
        ({"widthCm": "80"}, {"widthCm": "must be a whole number, not a string"}),
        ({"widthCm": 80.5}, {"widthCm": "must be a whole number, not a number with a fraction"}),
        ({"widthCm": True}, {"widthCm": "must be a whole number, not true or false"}),
        ({"wheels": 1}, {"wheels": "must be true or false, not a number"}),
        ({"loadKg": "x"}, {"loadKg": "must be a number, not a string"}),
        ({"topics": "x"}, {"topics": "must be a list, not a string"}),
        ({"topics": ["a", 1]}, {"topics[1]": "must be a string, not a number"}),
        ({"topics": ["a", None]}, {"topics[1]": "must be a string, not null"}),
        ({"notes": ["x"]}, {"notes": "must be a map, not a list"}),
        ({"notes": {"a": 1}}, {"notes.a": "must be a string, not a number"}),
        ({"notes": {"b c": {}}}, {'notes["b c"]': "must be a string, not an object"}),
        ({"lock": "x"}, {"lock": "must be an object with keeper, code, attempts, not a string"}),
        ({"wood": "oak"}, {"wood": 'must be one of OAK, PINE, not "oak"; did you mean "OAK"?'}),
        ({"widthCm": 5}, {"widthCm": "must be from 10 to 300, not 5"}),
        ({"lock": {**LOCK, "attempts": 10}}, {"lock.attempts": "must be from 1 to 9, not 10"}),
        ({"loadKg": 5, "notes": {"a": None}, "label": None}, {}),
        ({"__defaults": []}, {}),
    ],
)  # fmt: skip
def test_what_is_refused(inputs: dict[str, Any], expected: dict[str, str]) -> None:
    """Each mistake is named by its path and in the user's words."""
    assert expected == problems(**inputs)


def test_what_is_missing_is_said_with_its_meaning() -> None:
    """The user learns what to give without looking it up."""
    assert [Problem(path="roomId", reason="is missing: Room in which it stands.")] == list(
        check_inputs(ShelfInputs, {}).problems
    )


def test_a_wrong_choice_that_resembles_none_is_not_shown() -> None:
    """It may be a secret that went astray; the engine would print it."""
    assert problems(wood="hunter2-hunter2") == {"wood": "must be one of OAK, PINE"}


@given(st.text(min_size=4, alphabet=st.characters(min_codepoint=0x3B1, max_codepoint=0x3C9)))
def test_no_wrong_value_is_ever_shown(secret: str) -> None:
    """Whatever is given where something else is meant, its text stays out of the reasons."""
    inputs: dict[str, Any] = {"widthCm": secret, "wheels": secret, "wood": secret, "topics": secret, "lock": secret}
    assert not any(secret in reason for reason in problems(**inputs, notes={"a": [secret]}).values())


def test_a_refused_secret_is_not_shown() -> None:
    """A check that quotes its value cannot betray a property that is declared a secret."""
    refused = check_inputs(Guarded, {"token": "hunter2"}).problems
    assert [each.reason for each in refused] == ["must be longer than <secret>"]


def test_a_refused_secret_in_a_list_is_not_shown() -> None:
    """Nor can it betray one in a group, however deep that is in lists and maps."""
    refused = check_inputs(Doors, {"locks": {"north": [LOCK], "south": []}}).problems
    assert [each.reason for each in refused] == ["must not begin with <secret>"]


def test_a_rule_across_properties_shows_no_secret() -> None:
    """A rule of the whole resource that quotes a secret is cleared of it as well."""
    refused = check(Talkative(), {"roomId": "r1", "pin": "hunter2"}).problems
    assert list(refused) == [Problem(path="roomId", reason="must not contain <secret>")]


def test_rules_across_properties_wait_until_each_is_right() -> None:
    """A cross-property rule never sees a value of a wrong type."""
    checked = check(Shelf(), {"roomId": "r", "wheels": True, "lock": {**LOCK, "attempts": "x"}})
    assert [problem.path for problem in checked.problems] == ["lock.attempts"]


def test_defaults_are_filled_at_every_depth() -> None:
    """What is not given and has a default is there after the check; the rest stays unset."""
    values = check_inputs(ShelfInputs, {"roomId": "r", "lock": LOCK}).values
    assert (values["width_cm"], values["wood"], values["notes"], values["label"]) == (80, Wood.OAK, {}, None)
    assert values["lock"] == {**LOCK, "attempts": 3}


def test_unknown_values_pass_and_stay() -> None:
    """Nothing is said of a value that only the real run will know."""
    checked = check_inputs(ShelfInputs, {"roomId": UNKNOWN, "widthCm": UNKNOWN, "lock": {**LOCK, "attempts": UNKNOWN}})
    assert (list(checked.problems), checked.values["lock"]["attempts"]) == ([], UNKNOWN)


LOCKS = st.builds(Lock, keeper=st.text(), code=st.text(), attempts=st.integers(1, 9))
SHELVES = st.builds(
    ShelfState,
    room_id=st.text(),
    label=st.none() | st.text(),
    width_cm=st.integers(10, 300),
    load_kg=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    wood=st.sampled_from(Wood),
    wheels=st.booleans(),
    topics=st.none() | st.lists(st.text(), max_size=3),
    notes=st.dictionaries(st.text(min_size=1, max_size=5).filter(lambda key: not key.startswith("__")), st.text()),
    lock=st.none() | LOCKS,
    pin=st.none() | st.text(),
    shelf_id=st.text(),
    address=st.text(),
    serial=st.text(),
    plaque=st.none() | st.text(),
)


@given(SHELVES)
def test_states_survive_the_wire(state: ShelfState) -> None:
    """A typed state comes back equal after it was stored by the engine, secrets and all."""
    fields = fields_of(ShelfState)
    stored = decode(encode(wire(fields, state, mark_secrets=True)))
    assert state == typed(ShelfState, named(fields, stored))


@given(SHELVES)
def test_checked_inputs_pass_a_second_check_unchanged(state: ShelfState) -> None:
    """The engine checks again what was checked: nothing may change, or every import would show a difference."""
    fields = fields_of(ShelfInputs)
    once = wire(fields, state, mark_secrets=False)
    checked = check_inputs(ShelfInputs, once)
    assert ([], once) == (list(checked.problems), wire(fields, checked.values, mark_secrets=False))


class Hue(StrEnum):
    """For declarations that are wrong."""

    RED = "RED"


@dataclass(frozen=True, kw_only=True)
class Unmarked(Inputs):
    colour: str


@dataclass(frozen=True, kw_only=True)
class Misnamed(Inputs):
    size_2x: Annotated[int, Property("Twice the size.")]


@dataclass(frozen=True, kw_only=True)
class Mixed(Inputs):
    either: Annotated[int | str, Property("One or the other.")]


@dataclass(frozen=True, kw_only=True)
class Taken(Inputs):
    id: Annotated[str, Property("Its id.")]


@dataclass(frozen=True, kw_only=True)
class Unserved(Nested):
    hues: Annotated[set[Hue], Property("A set.")]


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (Unmarked, r'Unmarked\.colour must be declared as Annotated\[<type>, Property\("…"\)\]'),
        (Misnamed, r"Misnamed\.size_2x: the name has no camelCase form that leads back to it"),
        (Mixed, r"Mixed\.either: int \| str is no type of a property"),
        (Taken, r"Taken\.id: every resource has an id already"),
        (Unserved, r"Unserved\.hues: set\[.*\] is no type of a property"),
    ],
)
def test_wrong_declarations_are_refused(declared: type[Inputs], reason: str) -> None:
    """A declaration that cannot be served is an error when the provider starts, and says where."""
    with pytest.raises(TypeError, match=reason):
        fields_of(declared)
