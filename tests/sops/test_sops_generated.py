"""Files of any content, written by the helper beside this file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sops
from go_yaml import plain_scalar
from sops.values import text
from tests.sops.encrypting import ENVIRONMENT, encrypted, write

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\u2028\u2029\ufffe\uffff"))
SCALARS = st.one_of(
    TEXT, st.booleans(), st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
KEYS = TEXT.filter(lambda key: key not in ("sops", "<<"))
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
DOCUMENTS = st.dictionaries(KEYS, TREES, min_size=1, max_size=4)
QUICK = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.mark.parametrize("name", ["file.yaml", "file.json"])
@given(tree=DOCUMENTS)
@QUICK
def test_what_is_encrypted_comes_back(tmp_path: Path, name: str, tree: dict[str, Any]) -> None:
    """Every tree of values decrypts to itself."""
    assert tree == sops.read(write(tmp_path / name, encrypted(tree)), ENVIRONMENT).decrypt()


@given(tree=DOCUMENTS, shown=DOCUMENTS, only=st.booleans())
@QUICK
def test_clear_parts_come_back(tmp_path: Path, tree: dict[str, Any], shown: dict[str, Any], only: bool) -> None:
    """Parts that a rule leaves in clear text are read with the same values, whatever the code covers."""
    tree = {**tree, "shown": shown}
    content = encrypted(tree, leave=lambda key: key == "shown", unencrypted_regex="^shown$", mac_only_encrypted=only)

    assert tree == sops.read(write(tmp_path / "file.json", content), ENVIRONMENT).decrypt()


@given(tree=DOCUMENTS, key=KEYS)
@QUICK
def test_keys_equal_those_of_the_content(tmp_path: Path, tree: dict[str, Any], key: str) -> None:
    """The keys that are told without a key are those of the decrypted tree."""
    document = sops.read(write(tmp_path / "file.yaml", encrypted({**tree, key: "x"})), {})

    assert list({**tree, key: "x"}) == list(document.keys())


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_written_without_exponent_and_exactly(value: float) -> None:
    """The text of a float has no exponent and reads back as the same float."""
    assert "e" not in text(value)
    assert math.copysign(1, value) == math.copysign(1, float(text(value)))
    assert value == float(text(value))


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("yes", "yes"), ("n", "n"), ("on", "on"), ("TRUE", True), ("tRUE", "tRUE"), ("~", None), ("null", None),
        ("0", 0), ("010", 8), ("0o17", 15), ("-0o17", -15), ("08", 8.0), ("0x0b", 11), ("-0x1F", -31), ("0b101", 5),
        ("12_000", 12000), ("1__0", 10), ("_1", "_1"), ("+7", 7), ("1e3", 1000.0), (".5", 0.5), ("1.", 1.0),
        ("1.2.3", "1.2.3"),
        ("9223372036854775807", 2**63 - 1), ("9223372036854775808", 2**63), ("-9223372036854775809", -(2.0**63)),
        ("1" * 400, "1" * 400),
        ("0x" + "f" * 80, "0x" + "f" * 80), ("190:20:30", "190:20:30"), (".inf", math.inf), ("-.INF", -math.inf),
        ("2026-1-2", "2026-01-02T00:00:00Z"), ("2026-13-2", "2026-13-2"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.500+02:00", "2026-01-02T03:04:05.5+02:00"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05"),
        ("2026-01-02t3:4:5Z", "2026-01-02T03:04:05Z"), ("-", "-"), ("+", "+"), (".", "."), ("0x", "0x"), ("=", "="),
    ],
)  # fmt: skip
def test_plain_scalars_are_read_as_the_program_reads_them(scalar: str, value: object) -> None:
    """Unquoted scalars have the type and value that go-yaml gives them."""
    found = plain_scalar(scalar)
    assert (value, isinstance(value, bool | int)) == (found, isinstance(found, bool | int))
