"""The Python SDK and the schema, generated from the declarations of a test provider."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest

from pulumi_provider.generation import derived_files, outdated, write
from pulumi_provider.schema import package_schema
from tests.kernel.shelf_provider import PROVIDER
from tests.programs import run

ROOT = Path(__file__).parents[2]


class Recorder(pulumi.runtime.Mocks):
    """Keeps the inputs as they would travel, and answers with them."""

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        self.outputs = outputs
        self.inputs: dict[str, Mapping[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.inputs[args.name] = args.inputs
        return args.resource_id or "made", {**args.inputs, **self.outputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        raise NotImplementedError(args.token)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The generated package, imported."""
    package = tmp_path / "pulumi_library"
    package.mkdir()
    write(derived_files(PROVIDER, tmp_path, package))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("pulumi_library")
    for name in [name for name in sys.modules if name.startswith("pulumi_library")]:
        del sys.modules[name]


def test_inputs_travel_in_camel_case(library: Any) -> None:
    """Names of properties are converted at every depth; keys of the user's own are left alone."""
    recorder = Recorder({})

    def program() -> None:
        lock = library.LockArgs(keeper="ann", code="sesame")
        library.Shelf("poems", room_id="r1", width_cm=90, notes={"my_key": "1"}, lock=lock, wood=library.Wood.PINE)

    run(recorder, program)
    expected = {"roomId": "r1", "widthCm": 90, "notes": {"my_key": "1"}, "wood": "PINE"}
    sent = dict(recorder.inputs["poems"])
    lock = sent.pop("lock")["value"]
    assert expected == sent
    assert lock == {"keeper": "ann", "code": "sesame"}


def test_outputs_have_their_types(library: Any) -> None:
    """Whole numbers are ints, enums are members, groups have attributes, absent ones are None."""
    recorder = Recorder({"widthCm": 90.0, "wood": "OAK", "lock": {"keeper": "ann", "code": "c", "attempts": 3.0}})

    def program() -> Any:
        shelf = library.Shelf("poems", room_id="r1")

        def compare(found: list[Any]) -> None:
            width, wood, lock, plaque = found
            assert (90, int) == (width, type(width))
            assert library.Wood.OAK is wood
            assert (lock.keeper, lock.attempts) == ("ann", 3)
            assert plaque is None

        return pulumi.Output.all(shelf.width_cm, shelf.wood, shelf.lock, shelf.plaque).apply(compare)

    run(recorder, program)


def test_get_finds_by_id(library: Any) -> None:
    """`get` asks for an existing resource by its id, and gives its outputs."""
    recorder = Recorder({"shelfId": "7"})

    def compare(found: list[Any]) -> None:
        assert found == ["r1/7", "7"]

    def program() -> Any:
        shelf = library.Shelf.get("poems", "r1/7")
        return pulumi.Output.all(shelf.id, shelf.shelf_id).apply(compare)

    run(recorder, program)


def test_declared_secrets_are_secret_in_the_program(library: Any) -> None:
    """A value for a secret property is a secret before it leaves the program, given plainly or not."""
    recorder = Recorder({})

    run(recorder, lambda: library.Shelf("poems", room_id="r1", pin="1234").pin)
    assert recorder.inputs["poems"]["pin"]["value"] == "1234"


def test_a_provider_sends_everything_as_text(library: Any) -> None:
    """The engine knows only texts for a provider: lists travel as JSON."""
    recorder = Recorder({})
    run(recorder, lambda: library.Provider("library", branches=["a", "b"]))
    assert recorder.inputs["library"]["branches"] == '["a", "b"]'


def test_generated_files_pass_the_formatter(tmp_path: Path) -> None:
    """What is generated needs no second pass: formatter and linter leave it as it is."""
    write(derived_files(PROVIDER, tmp_path, tmp_path))
    settings = ["--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run([*ruff, *command, *settings], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_generated_files_pass_the_type_checker(tmp_path: Path) -> None:
    """The SDK is fully typed, under strict rules."""
    package = tmp_path / "pulumi_library"
    package.mkdir()
    write(derived_files(PROVIDER, tmp_path, package))
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "reportMissingTypeStubs": False}
    settings |= {"venvPath": str(ROOT), "venv": ".venv"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    program = "import pulumi_library as library\nshelf = library.Shelf('a', room_id='r', wood='OAK')\n"
    program += "other = library.Shelf('b', room_id=shelf.shelf_id, notes={'a': shelf.address})\n"
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "-p", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_generation_is_stable_and_removes_what_is_gone(tmp_path: Path) -> None:
    """A second run changes nothing; a module of a resource that is gone goes."""
    write(derived_files(PROVIDER, tmp_path, tmp_path))
    assert outdated(derived_files(PROVIDER, tmp_path, tmp_path)) == []
    gone = tmp_path / "gone.py"
    gone.write_text((tmp_path / "loan.py").read_text(encoding="utf-8"), encoding="utf-8")
    kept = tmp_path / "mine.py"
    kept.write_text('"""Written by hand."""\n', encoding="utf-8")
    assert [gone] == write(derived_files(PROVIDER, tmp_path, tmp_path))
    assert kept.exists()


def test_the_schema_says_what_is_declared() -> None:
    """Types, defaults, secrets, replacement and what is required reach the schema."""
    schema = package_schema(PROVIDER)
    shelf = schema["resources"]["library:index:Shelf"]
    assert shelf["requiredInputs"] == ["roomId"]
    assert shelf["inputProperties"]["roomId"] == {
        "type": "string",
        "description": "Room in which it stands.",
        "willReplaceOnChanges": True,
    }
    assert (shelf["properties"]["widthCm"]["type"], shelf["properties"]["widthCm"]["default"]) == ("integer", 80)
    assert shelf["inputProperties"]["wood"] == {
        "$ref": "#/types/library:index:Wood",
        "description": "What it is made of.",
        "default": "OAK",
    }
    assert shelf["properties"]["serial"]["secret"]
    assert {key: shelf["properties"]["topics"][key] for key in ("type", "items")} == {
        "type": "array",
        "items": {"type": "string"},
    }
    assert {"keeper", "code"} == set(schema["types"]["library:index:Lock"]["required"])
    assert [each["value"] for each in schema["types"]["library:index:Wood"]["enum"]] == ["OAK", "PINE"]
    assert schema["provider"]["inputProperties"]["token"]["secret"]
    assert {"shelfId", "address", "serial"} < set(shelf["required"])
    assert "plaque" not in shelf["required"]


def test_the_schema_has_no_dangling_references() -> None:
    """Every reference leads to a type of the schema."""
    text = json.dumps(package_schema(PROVIDER))
    found = {part.split('"')[0] for part in text.split("#/types/")[1:]}
    assert found == set(package_schema(PROVIDER)["types"])
