"""Pulumi.yaml and the stack's configuration, in the form in which Pulumi hands them to a program."""

from __future__ import annotations

import pulumi
import pytest

from pulumi_embedded import runner
from pulumi_operations.project import config_texts
from tests.engine.harness import Stack, things


def test_configuration_reaches_the_program_as_texts(stack: Stack) -> None:
    """Structured values are JSON, flags and numbers are texts, keys have their namespace."""
    (stack.root / "Pulumi.test.yaml").write_text(
        "config:\n  lab:name: lamp\n  size: 3\n  lab:flag: true\n"
        "  lab:tree: {b: [1, x], a: true}\n  things:region: north\n"
    )
    seen: dict[str, object] = {}

    def program() -> None:
        config = pulumi.Config()
        seen.update(name=config.require("name"), size=config.require_int("size"), flag=config.require_bool("flag"))
        seen.update(tree=config.require_object("tree"), region=pulumi.Config("things").require("region"))

    assert stack.preview(program, config=None).succeeded
    assert seen == {"name": "lamp", "size": 3, "flag": True, "tree": {"b": [1, "x"], "a": True}, "region": "north"}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("[1, 2.0, 1.5, -2.50]", "[1,2,1.5,-2.5]"),
        ("[1e-05, 0.000123, 1e-6]", "[0.00001,0.000123,0.000001]"),
        ("[1e-07, 2.5e-10, 0.0]", "[1e-7,2.5e-10,0]"),
        ("[1e20, 1e21, 1.5e300]", "[100000000000000000000,1e+21,1.5e+300]"),
        ("[\"<a href='x'> & ü\"]", "[\"\\u003ca href='x'\\u003e \\u0026 ü\"]"),
        ('["\\u2028"]', '["\\u2028"]'),
        ("{b: null, a<: true}", '{"a\\u003c":true,"b":null}'),
    ],
)
def test_structured_configuration_is_the_json_that_go_writes(written: str, text: str) -> None:
    """A program that compares or hashes the string gets the same one under the Pulumi CLI and here."""
    assert {"lab:tree": text} == config_texts("Pulumi.test.yaml", f"config:\n  tree: {written}\n", "lab")


def test_defaults_of_the_project_apply(stack: Stack) -> None:
    """Pulumi.yaml's ``config`` gives defaults; the stack's settings outweigh them."""
    path = stack.root / "Pulumi.yaml"
    path.write_text(path.read_text() + "config:\n  size: {type: integer, default: 1}\n  colour: {default: red}\n")
    (stack.root / "Pulumi.test.yaml").write_text("config: {lab:size: 2}\n")
    seen: list[object] = []

    stack.preview(lambda: seen.extend([pulumi.Config().get("size"), pulumi.Config().get("colour")]), config=None)

    assert seen == ["2", "red"]


def test_missing_configuration_is_named(stack: Stack) -> None:
    """Key and file, before anything runs."""
    path = stack.root / "Pulumi.yaml"
    path.write_text(path.read_text() + "config:\n  size: {type: integer}\n")

    with pytest.raises(runner.EngineError, match=r"missing the configuration 'lab:size'.*Pulumi\.test\.yaml"):
        stack.preview(things(), config=None)


@pytest.mark.parametrize("value", ["{secure: v1:abc}", "{deep: [{secure: v1:abc}]}"])
def test_secret_configuration_is_refused_by_name(stack: Stack, value: str) -> None:
    """Encrypted values are the CLI's; the key is named, the value is not."""
    (stack.root / "Pulumi.test.yaml").write_text(f"config:\n  lab:password: {value}\n")

    with pytest.raises(runner.EngineError, match=r"lab:password.*needs the Pulumi CLI") as caught:
        stack.preview(things(), config=None)
    assert "v1:abc" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "does not exist"),
        ("a: [", "is not valid YAML"),
        ("runtime: python", "^Pulumi.yaml has no name"),
        ("name: {a: b}", "name should be a string"),
        ("name: a\nconfig: 5", "config should be a group"),
        ("name: a\nplugins: [b]", "plugins should be a group"),
        ("- a", "should be a group of keys"),
        ("name: a\nplugins: {providers: 5}", "plugins.providers should be a list"),
        ("name: a\nplugins: {providers: [b]}", "plugins.providers should be a list"),
        ("name: a\nplugins: {providers: [{name: b}]}", "each with a name and a path"),
        ("name: a\n1: b", "the key 1 is a number"),
        ("name: !x a", "the tag !x is not read"),
    ],
)
def test_unusable_project_is_explained(stack: Stack, text: str | None, message: str) -> None:
    """One sentence, no traceback."""
    path = stack.root / "Pulumi.yaml"
    path.unlink() if text is None else path.write_text(text)

    with pytest.raises(runner.EngineError, match=message):
        stack.preview(things())


def test_a_folder_in_the_place_of_the_settings_is_explained(stack: Stack) -> None:
    """One sentence, no traceback."""
    (stack.root / "Pulumi.test.yaml").mkdir()

    with pytest.raises(runner.EngineError, match=r"^Pulumi\.test\.yaml cannot be read: Is a directory$"):
        stack.preview(things(), config=None)


def test_given_configuration_replaces_the_file(stack: Stack) -> None:
    """With ``config`` in the options no file is read."""
    (stack.root / "Pulumi.test.yaml").write_text("config: {lab:size: {secure: x}}\n")
    seen: list[object] = []

    stack.preview(lambda: seen.append(pulumi.Config().get("size")), config={"lab:size": "7"})

    assert seen == ["7"]
