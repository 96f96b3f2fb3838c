"""YAML as go-yaml version 3 reads it: the values below are those of go-yaml 3.0.1."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import go_yaml

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SERVICE = "base: &service {repo: a/b, replicas: 1}\n"
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"b{i}: &b{i} [{','.join(['*' + ('a' if i == 0 else f'b{i - 1}')] * 10)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k: yes", {"k": "yes"}), ("k: NO", {"k": "NO"}), ("NO: x\non: y", {"NO": "x", "on": "y"}),
        ("k: 0123456", {"k": 42798}), ("k: 0755", {"k": 493}), ("k: 0o17", {"k": 15}), ("k: 08", {"k": 8.0}),
        ("k: 1.10", {"k": 1.1}), ("k: 12345e7", {"k": 123450000000.0}), ("k: 17:04", {"k": "17:04"}),
        ("k: 1_000", {"k": 1000}), ("k: 18446744073709551615", {"k": 2**64 - 1}),
        ("k: 18446744073709551616", {"k": 2.0**64}), ("k: +9223372036854775808", {"k": 2.0**63}),
        ("k: 0xffffffffffffffff", {"k": 2**64 - 1}), ("k: '1'", {"k": "1"}),
        ("k: 2026-1-2", {"k": "2026-01-02T00:00:00Z"}),
        ("k: !!str 1", {"k": "1"}), ("k: ! 1", {"k": 1}), ("k: ! '1'", {"k": "1"}),
        ("k:", {"k": None}), ("", None), ("# none\n", None),
        (f"{SERVICE}k: {{<<: *service, replicas: 2}}", {"repo": "a/b", "replicas": 2}),
        (f"{SERVICE}k: {{replicas: 2, <<: *service}}", {"repo": "a/b", "replicas": 2}),
        (f"{SERVICE}k: {{<<: [{{repo: c/d}}, *service]}}", {"repo": "c/d", "replicas": 1}),
        (f"{SERVICE}k: *service", {"repo": "a/b", "replicas": 1}),
        ('k: {"<<": x}', {"<<": "x"}),
    ],
)  # fmt: skip
def test_values_are_those_of_go_yaml(text: str, value: Any) -> None:
    """Words, numbers, dates, tags and merges."""
    found: Any = go_yaml.load(text)

    found = found["k"] if text.startswith(SERVICE) or '"<<"' in text else found
    assert json.dumps(value, sort_keys=True) == json.dumps(found, sort_keys=True)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\n\tb: 2", 2, "a tab stands where spaces are needed"),
        ("a: [1", 1, "expected"),
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' stands twice"),
        ("v: {A: x, 1: y}", 1, 'the key 1 is a number in YAML, and needs to be a string: write "1" in quotes'),
        ("2026-01-02: x", 1, "the key 2026-01-02 is a date"),
        ("true: x", 1, "the key true is a flag"),
        ("~: x", 1, "the key ~ is nothing"),
        ("? \n: x", 1, "the key of no characters is nothing"),
        ("a: b\n? [a]\n: b", 2, "a key is a list or a group"),
        ("a: !!binary aGk=", 1, "the tag !!binary is not read here"),
        ("a: !mine x", 1, "the tag !mine is not read here"),
        ("a: 1\n---\nb: 1", 2, "a second document"),
        ("a: *b", 1, "there is no anchor &b"),
        ("a: &a [*a]", 1, "the anchor &a contains itself"),
        ("a: {<<: 3}", 1, "<< merges groups of keys"),
        ("a: 1\nb: \x00", 2, "U+0000"),
        ('a: "\\ud800"', 1, "half of a character"),
        ('a: "\\U99999999"', None, "not a character"),
        ("[" * 3_000, 1, "nested more than 100 levels"),
        ("a: x\n" * 1 + "b: " + "y" * 250_001, None, "more than 250,000 characters"),
        (LAUGHS, 5, "100,000 values"),
        ("- &b0 x\n" + "".join(f"- &b{i} [*b{i - 1}]\n" for i in range(1, 200)), 100, "100 levels"),
        ("\u202e: [", 1, "expected"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_refused_with_its_line(text: str, line: int | None, said: str) -> None:
    """Each with a sentence on one line; nothing is expanded that has no end."""
    began = time.process_time()

    with pytest.raises(go_yaml.YamlError) as refused:
        go_yaml.load(text)

    assert said in refused.value.problem
    assert refused.value.problem.isprintable()
    assert line == refused.value.line
    assert time.process_time() - began < 5


def test_a_node_has_its_place_and_its_characters() -> None:
    """Through aliases and merges, so that a message quotes what stands in the file."""
    text = 'a: &a {commit: 0123456, name: "x"}\nb:\n  <<: *a\n  list: [1.10, &n 2026-01-02]\n'
    document = go_yaml.compose(text)

    shown = [
        (node.line, go_yaml.written(node), text[node.start : node.end])
        for path in (("b", "commit"), ("a", "name"), ("b", "list", 0), ("b", "list", 1))
        if (node := go_yaml.find(document, path))
    ]

    assert shown == [
        (1, "0123456", "0123456"),
        (1, '"x"', '"x"'),
        (4, "1.10", "1.10"),
        (4, "2026-01-02", "2026-01-02"),
    ]
    assert go_yaml.find(document, ("b", "absent")) is None
    assert go_yaml.find(document, ("b", "list", 2)) is None


TEXT = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12
)  # JSON's pairs are not YAML's
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT | st.floats(allow_nan=False)
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


@given(tree=TREES)
@QUICK
def test_json_is_yaml(tree: Any) -> None:
    """Every JSON document is read as the same values; infinite numbers, which JSON lacks, are texts."""
    text = json.dumps(tree)

    assert json.loads(text, parse_constant=str) == go_yaml.load(text)


PIECES = st.sampled_from(
    [*"[]{}&*!|>'\"%@`:-?#,<\n\t \\~=.", "a", "b: ", "- ", "&a ", "*a", "<<: ", "!!str ", "0x", "1e9", "\n  ", "---\n",
     "...", "2026-01-02", "\u2028", "\x85", "\ufeff", "\x00", "é", "null", "yes", '"\\x41"', "? "]
)  # fmt: skip


@given(text=st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=80))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text ends in anything but a value or a ``YamlError``."""
    try:
        value = go_yaml.load(text)
    except go_yaml.YamlError as error:
        value = error.problem

    assert json.dumps(value).encode()


def test_numbers_that_are_none() -> None:
    """Not a number and infinity are read as such."""
    numbers: Any = go_yaml.load("[.nan, -.inf]")
    not_a_number, infinite = numbers
    assert math.isnan(not_a_number)
    assert infinite == -math.inf
