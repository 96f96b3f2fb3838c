"""Values and names: what goes out comes back, for every value that a property can hold."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from pulumi_provider.declaration import UNKNOWN
from pulumi_provider.naming import camel_case, is_convertible, snake_case
from pulumi_provider.values import (
    OUTPUT,
    RESOURCE,
    SECRET,
    SIGNATURE,
    UNKNOWN_TEXT,
    DecodeError,
    Secret,
    contains_unknown,
    decode,
    encode,
)

KEYS = st.text(min_size=1, max_size=12).filter(lambda key: key != SIGNATURE)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False).filter(lambda number: not number.is_integer())
PLAIN = st.text().filter(lambda text: text != UNKNOWN_TEXT) | NUMBERS | st.booleans() | st.just(UNKNOWN)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
STRUCTS = st.dictionaries(KEYS, VALUES, max_size=6)
CAMELS = st.from_regex(r"[a-z][a-z0-9]{0,5}([A-Z][a-z0-9]{0,5}){0,4}", fullmatch=True)
WORDS = st.from_regex(r"[a-z][a-z0-9]{0,5}(_[a-z][a-z0-9]{0,5}){0,4}", fullmatch=True)


def wrapped(value: Any) -> Any:
    """The value with every leaf a secret."""
    if isinstance(value, dict):
        return {key: wrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [wrapped(item) for item in value]
    return Secret(value)


@given(STRUCTS)
def test_values_survive_the_wire(values: dict[str, Any]) -> None:
    """Encoding and decoding gives the same values, of the same types."""
    back = decode(struct_pb2.Struct.FromString(encode(values).SerializeToString()))
    # As JSON, in which 1, 1.0 and true differ; Python calls them equal.
    assert json.dumps(values, sort_keys=True, default=repr) == json.dumps(back, sort_keys=True, default=repr)


@given(STRUCTS)
def test_marks_of_secrets_are_dropped_at_any_depth(values: dict[str, Any]) -> None:
    """A secret decodes to its plain value, wherever the mark stands."""
    assert values == decode(encode(wrapped(values)))


@given(st.integers(-(2**53), 2**53))
def test_whole_numbers_come_back_whole(number: int) -> None:
    """The wire knows only doubles; integral ones are ``int`` again."""
    back = decode(encode({"a": float(number)}))["a"]
    assert (number, int) == (back, type(back))


@given(STRUCTS, KEYS)
def test_unset_keys_are_absent(values: dict[str, Any], key: str) -> None:
    """``None`` means "not set": no key on the wire."""
    assert key not in encode({**values, key: None}).fields


@given(VALUES)
def test_one_unknown_part_makes_a_value_unknown(value: Any) -> None:
    """A value is known only when all of it is, however deep the unknown part stands."""
    assert contains_unknown([{"a": [value, Secret(UNKNOWN)]}])


@given(STRUCTS)
def test_a_value_without_unknown_parts_is_known(values: dict[str, Any]) -> None:
    """Nothing else counts as unknown, whatever its text."""
    known = json.loads(json.dumps(values, default=lambda _: "UNKNOWN"))
    assert not contains_unknown(known)


def test_infinite_numbers_stay_floats() -> None:
    """What is not a whole number is not made one."""
    assert math.inf == decode(encode({"a": math.inf}))["a"]


def test_output_values_and_resources_become_plain() -> None:
    """The engine's other marked values mean their value, their id, or something not known yet."""
    sent = {
        "known": {SIGNATURE: OUTPUT, "value": "a", "secret": True},
        "unknown": {SIGNATURE: OUTPUT},
        "resource": {SIGNATURE: RESOURCE, "urn": "urn:x", "id": "r1"},
        "new": {SIGNATURE: RESOURCE, "urn": "urn:x", "id": ""},
        "secret": {SIGNATURE: SECRET, "value": UNKNOWN_TEXT},
    }
    expected = {"known": "a", "unknown": UNKNOWN, "resource": "r1", "new": UNKNOWN, "secret": UNKNOWN}
    assert expected == decode(encode(sent))


def test_an_asset_is_refused_by_path() -> None:
    """No property holds a file: the error says where it stands."""
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    with pytest.raises(DecodeError, match=r"^a\.b\[1\]: assets and archives are not supported"):
        decode(encode({"a": {"b": [1, asset]}}))


def test_a_secret_never_shows_itself() -> None:
    """Neither in a log nor in an error."""
    assert "<secret>" == f"{Secret('hunter2')!r}" == str(Secret("hunter2"))


@given(WORDS)
def test_names_survive_both_ways(name: str) -> None:
    """snake_case → camelCase → snake_case leads back."""
    assert is_convertible(name)
    assert name == snake_case(camel_case(name))


@given(CAMELS)
def test_camel_case_survives_both_ways(name: str) -> None:
    """camelCase → snake_case → camelCase leads back."""
    assert name == camel_case(snake_case(name))


@pytest.mark.parametrize("name", ["a__b", "_a", "a_", "A", "size_2x", "a b", ""])
def test_names_that_lead_nowhere_are_known(name: str) -> None:
    """A name without a way back is not convertible."""
    assert not is_convertible(name)


def test_names_as_they_are_used() -> None:
    """The usual names look as Pulumi writes them."""
    assert [camel_case(name) for name in ("service_id", "restart_policy_max_retries", "vcpus", "ipv4_address")] == [
        "serviceId",
        "restartPolicyMaxRetries",
        "vcpus",
        "ipv4Address",
    ]
