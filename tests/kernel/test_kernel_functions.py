"""Functions of a provider: called over the protocol, and from a program through the generated SDK."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc.aio
import pulumi
import pytest
from pulumi.runtime.proto import provider_pb2

from pulumi_provider.generation import derived_files, write
from pulumi_provider.pages import resource_pages
from pulumi_provider.schema import package_schema
from pulumi_provider.values import SECRET, SIGNATURE, UNKNOWN_TEXT, encode
from tests.kernel.conftest import Plugin, plain, serving
from tests.kernel.shelf_provider import PROVIDER
from tests.programs import run

FIND = "library:index:findShelves"
KEY = "library:index:getKey"


async def invoke(plugin: Plugin, token: str, **args: Any) -> provider_pb2.InvokeResponse:
    return await plugin.rpc.Invoke(provider_pb2.InvokeRequest(tok=token, args=encode(args)))


def returned(response: provider_pb2.InvokeResponse) -> Any:
    assert list(response.failures) == []
    return getattr(response, "return")


async def test_a_call_gets_its_answer_from_the_api(plugin: Plugin) -> None:
    """Inputs arrive typed, groups and lists leave as they are declared; what is not set is left out."""
    await plugin.create(await plugin.checked(roomId="r1", label="poems"))
    result = plain(returned(await invoke(plugin, FIND, label="poems", wood="OAK")))
    assert result == {"count": 1, "first": "r1/1", "places": [{"roomId": "r1", "steps": 4}]}
    assert plain(returned(await invoke(plugin, FIND, label="maps"))) == {"count": 0, "places": []}


@pytest.mark.parametrize(
    ("args", "property", "reason"),
    [
        ({}, "label", "is missing: What is written on them."),
        ({"label": ""}, "label", "must not be ''"),
        ({"label": "poems", "wood": "IRON"}, "wood", "must be one of OAK, PINE"),
        ({"label": "poems", "room": ["r"]}, "room", 'did you mean "rooms"'),
        ({"label": "poems", "rooms": []}, "rooms", "must name a room"),
    ],
)
async def test_wrong_inputs_are_refused_before_the_api_is_asked(
    plugin: Plugin, args: Mapping[str, Any], property: str, reason: str
) -> None:
    """The reason names the input."""
    (failure,) = (await invoke(plugin, FIND, **args)).failures
    assert failure.property == property
    assert reason in failure.reason
    assert "find" not in plugin.library.calls


async def test_a_failed_call_is_one_clean_sentence_without_secrets(plugin: Plugin) -> None:
    """What the function says is shown as it is, except for what the declaration calls a secret."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await invoke(plugin, FIND, label="refused", card="card-77-88")
    assert raised.value.details() == "the card <secret> may not look for shelves; ask at the desk"


async def test_an_input_that_is_not_known_is_refused(plugin: Plugin) -> None:
    """The SDK does not call with one; whoever does is told which form to use."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await invoke(plugin, FIND, label=UNKNOWN_TEXT)
    assert "not known before the run" in (raised.value.details() or "")


async def test_a_call_ends_at_its_time_limit() -> None:
    """A function that never answers does not hold up the program for ever."""
    async with serving(replace(PROVIDER, time_scale=lambda: 1_000.0), grace_s=0.0) as plugin:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await invoke(plugin, FIND, label="deaf")
        assert raised.value.details() == (
            "invoke did not end within 90 s (its time limit is 60 s); run the command again"
        )


async def test_a_secret_of_a_result_is_marked(plugin: Plugin) -> None:
    """The engine sees which part of an answer is a secret."""
    answer = returned(await invoke(plugin, KEY))
    assert answer.fields["code"].struct_value.fields[SIGNATURE].string_value == SECRET
    assert answer.fields["door"].string_value == "north"


def test_the_schema_describes_functions() -> None:
    """Inputs, what of them is required, and the outputs with their secrets."""
    functions = package_schema(PROVIDER)["functions"]
    assert list(functions) == [FIND, KEY]
    find, key = functions[FIND], functions[KEY]
    assert find["inputs"]["required"] == ["label"]
    assert find["outputs"]["properties"]["places"]["items"] == {"$ref": "#/types/library:index:Place"}
    assert find["outputs"]["required"] == ["count", "places"]
    assert key["outputs"]["properties"]["code"]["secret"]


def test_a_page_describes_a_function() -> None:
    """Its forms in Python, its inputs and result; the index leads to it."""
    pages = resource_pages(PROVIDER, {"find_shelves": "found = find_shelves()\n"})
    page = pages["find_shelves.md"]
    assert "`pulumi_library.find_shelves(...)`, or `pulumi_library.find_shelves_output(...)`" in page
    assert "in a preview too" in page
    assert "found = find_shelves()" in page
    assert "| `label` | `str` | required | What is written on them. |" in page
    assert "| `steps` | `int` |" in page
    assert "`pulumi_library.get_key(...)`" not in pages["get_key.md"]
    assert "[find_shelves](find_shelves.md): Find shelves by their label." in pages["README.md"]


# --- the SDK ---------------------------------------------------------------------------------------------------------


class Answering(pulumi.runtime.Mocks):
    """Keeps the calls, and answers each in the same way."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.answer = answer
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return "made", {**args.inputs, "address": "r1, poems"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        self.calls.append((args.token, args.args))
        return dict(self.answer), []


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


FOUND = {"count": 2.0, "places": [{"roomId": "r1", "steps": 4.0}]}


def test_a_program_calls_with_plain_values(library: Any) -> None:
    """The result is typed: whole numbers, groups, and None for what is not there."""
    answering = Answering(FOUND)

    def program() -> None:
        result = library.find_shelves(label="poems", wood=library.Wood.OAK)
        assert (result.count, type(result.count)) == (2, int)
        assert (result.places[0].room_id, result.places[0].steps) == ("r1", 4)
        assert result.first is None

    run(answering, program)
    assert answering.calls == [(FIND, {"label": "poems", "wood": "OAK"})]


def test_a_program_calls_with_outputs(library: Any) -> None:
    """Outputs of resources flow in, and the result is an output."""
    answering = Answering(FOUND)

    def program() -> Any:
        shelf = library.Shelf("poems", room_id="r1")
        found = library.find_shelves_output(label=shelf.address)

        def compare(result: Any) -> None:
            assert result.places[0].room_id == "r1"

        return found.apply(compare)

    run(answering, program)
    assert answering.calls == [(FIND, {"label": "r1, poems"})]


def test_a_function_with_a_secret_has_the_form_with_outputs_alone(library: Any) -> None:
    """With plain values Pulumi would hand the secret out in clear, so that form is not there."""
    assert "get_key" not in library.__all__
    answering = Answering({"code": "sesame", "door": "north"})

    def program() -> Any:
        return library.get_key_output().apply(lambda key: key.door)

    run(answering, program)
    assert answering.calls == [(KEY, {})]
