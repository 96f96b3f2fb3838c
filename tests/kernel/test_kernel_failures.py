"""How failures, bugs, time limits and the wish to stop reach the engine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace

import grpc
import grpc.aio
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from pulumi_provider.declaration import UNKNOWN
from pulumi_provider.values import SIGNATURE, Secret, encode
from tests.kernel.conftest import LOAN, SHELF, Plugin, half_made, stripped
from tests.kernel.shelf_provider import PROVIDER, Library

Run = Callable[..., None]
FAST = replace(PROVIDER, time_scale=lambda: 1000.0)
"""The test provider, whose API lives a thousand times faster than we do."""


async def failure_of(plugin: Plugin, **news: object) -> grpc.aio.AioRpcError:
    """How creating a shelf fails."""
    inputs = await plugin.checked(**{"roomId": "r1", **news})
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.create(inputs)
    return raised.value


def test_a_failure_is_shown_as_it_is(with_plugin: Run) -> None:
    """The text of a known failure reaches the user unchanged, lines and all; nothing is kept."""

    async def scenario(plugin: Plugin) -> None:
        error = await failure_of(plugin, label="refused")
        assert error.details() == "the room is full\ntake down a shelf first"
        assert "grpc-status-details-bin" not in dict(error.trailing_metadata() or ())

    with_plugin(scenario)


def test_a_bug_is_one_clean_sentence(with_plugin: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """The user sees no traceback; it goes to stderr, without the secrets that the declaration knows."""

    async def scenario(plugin: Plugin) -> None:
        error = await failure_of(plugin, label="bug", pin="pin-9876")
        assert error.code() == grpc.StatusCode.INTERNAL
        assert "library failed in Create (KeyError)" in (error.details() or "")
        assert "\n" not in (error.details() or "")

    with_plugin(scenario)
    written = capfd.readouterr().err
    assert "Traceback" in written
    assert ("pin-9876" in written, "<secret>" in written) == (False, True)


def test_reasons_of_half_made_things_hide_secrets(with_plugin: Run) -> None:
    """A secret that slipped into a reason is taken out before the engine prints it."""

    async def scenario(plugin: Plugin) -> None:
        error = await failure_of(plugin, label="half", pin="pin-9876")
        assert list(half_made(error).reasons) == ["it leans (pin <secret>)", "it creaks"]
        assert error.details() == "it leans (pin <secret>)"

    with_plugin(scenario)


def test_check_failures_name_the_path_and_no_property(with_plugin: Run) -> None:
    """The engine prints the value of a named property, secrets too: so the path stands in the reason alone."""

    async def scenario(plugin: Plugin) -> None:
        response = await plugin.check(roomId=7, lock={"code": "sesame", "attempts": 99})
        assert {""} == {failure.property for failure in response.failures}
        assert [failure.reason for failure in response.failures] == [
            "roomId: must be a string, not a number",
            "lock.keeper: is missing: Who holds the key.",
        ]

    with_plugin(scenario)


def test_rules_across_properties_are_applied(with_plugin: Run) -> None:
    """What each property allows by itself may still be refused together."""

    async def scenario(plugin: Plugin) -> None:
        response = await plugin.check(roomId="r", wheels=True, lock={"keeper": "k", "code": "c"})
        assert [each.reason for each in response.failures] == ["wheels: a shelf with a lock cannot have wheels"]

    with_plugin(scenario)


def test_an_asset_is_refused_with_its_path(with_plugin: Run) -> None:
    """A value that no property can hold is an error of the user, not of the provider."""

    async def scenario(plugin: Plugin) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.check(roomId="r", notes={"a": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}})
        assert raised.value.details() == "notes.a: assets and archives are not supported; give a plain value"

    with_plugin(scenario)


def test_an_unknown_type_names_the_known_ones(with_plugin: Run) -> None:
    """A resource type that the provider does not have is refused by name."""

    async def scenario(plugin: Plugin) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.check(SHELF.replace("Shelf", "Chair"), roomId="r")
        expected = "the provider library has no resource type library:index:Chair; it has "
        assert expected + "library:index:Loan, library:index:Shelf" == raised.value.details()

    with_plugin(scenario)


def test_a_create_without_id_is_the_providers_mistake(with_plugin: Run) -> None:
    """An empty id would lose the resource; the provider says whose mistake that is."""

    async def scenario(plugin: Plugin) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.create(encode({"reader": "nobody"}), urn=LOAN)
        assert "this is a mistake of the provider" in (raised.value.details() or "")

    with_plugin(scenario)


def test_a_failed_delete_keeps_the_resource(with_plugin: Run) -> None:
    """A delete that fails says why, and fails."""

    async def scenario(plugin: Plugin) -> None:
        made = await plugin.create(await plugin.checked(roomId="r1", label="nailed"))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.delete(made.id, made.properties)
        assert raised.value.details() == "it is nailed to the wall"

    with_plugin(scenario)


def test_a_function_call_is_refused_by_name(with_plugin: Run) -> None:
    """There are no functions; a program that calls one learns which."""

    async def scenario(plugin: Plugin) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.rpc.Invoke(provider_pb2.InvokeRequest(tok="library:index:getShelf"))
        assert raised.value.details() == (
            "the provider library has no function library:index:getShelf; "
            "it has library:index:findShelves, library:index:getKey"
        )

    with_plugin(scenario)


def test_a_time_limit_is_the_resources_own(with_plugin: Run) -> None:
    """`customTimeouts` reaches the resource, counted in the time of the API; what exists by then is kept."""

    async def scenario(plugin: Plugin) -> None:
        inputs = await plugin.checked(roomId="r1", label="slow")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.create(inputs, timeout=20.0)
        assert list(half_made(raised.value).reasons) == ["not ready in time"]

    with_plugin(scenario, FAST)


def test_the_default_time_limit_holds_without_one(with_plugin: Run) -> None:
    """No custom limit means the one that the resource declares, not none."""

    async def scenario(plugin: Plugin) -> None:
        inputs = await plugin.checked(roomId="r1", label="slow")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.create(inputs)
        assert list(half_made(raised.value).reasons) == ["not ready in time"]

    with_plugin(scenario, FAST)


def test_a_resource_that_ignores_its_limit_is_stopped(with_plugin: Run) -> None:
    """As a last resort the kernel ends the call itself, and says that something may have happened."""

    async def scenario(plugin: Plugin) -> None:
        error = await failure_of(plugin, label="deaf")
        assert "create did not end within 90 s (its time limit is 60 s)" in (error.details() or "")
        assert "pulumi refresh" in (error.details() or "")

    with_plugin(scenario, FAST, grace_s=0.01)


def test_a_stop_ends_waits_and_keeps_what_exists(with_plugin: Run) -> None:
    """Ctrl-C ends a wait at once; what exists by then is kept with the reason."""

    async def scenario(plugin: Plugin) -> None:
        creating = asyncio.ensure_future(plugin.create(await plugin.checked(roomId="r1", label="slow")))
        await plugin.engine.heard.wait()
        await plugin.rpc.Cancel(empty_pb2.Empty())
        await plugin.rpc.Cancel(empty_pb2.Empty())
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await creating
        assert list(half_made(raised.value).reasons) == ["interrupted"]

    with_plugin(scenario)


def test_a_loop_that_ignores_the_stop_blocks_nobody(with_plugin: Run) -> None:
    """A resource that goes on waiting after Ctrl-C neither spins nor holds up other calls."""

    async def scenario(plugin: Plugin) -> None:
        deaf = asyncio.ensure_future(plugin.create(await plugin.checked(roomId="r1", label="deaf")))
        await plugin.rpc.Cancel(empty_pb2.Empty())
        assert list((await plugin.check(roomId="r2")).failures) == []
        deaf.cancel()

    with_plugin(scenario)


def test_a_stop_says_nothing(with_plugin: Run) -> None:
    """The engine also cancels at the end of every good run: that is no interruption to report."""

    async def scenario(plugin: Plugin) -> None:
        await plugin.rpc.Cancel(empty_pb2.Empty())
        assert plugin.engine.said == []

    with_plugin(scenario)


def test_many_creates_run_at_once(with_plugin: Run) -> None:
    """One waiting resource does not hold up the others, nor the wish to stop."""

    async def scenario(plugin: Plugin) -> None:
        slow = await plugin.checked(roomId="r1", label="slow")
        waiting = [asyncio.ensure_future(plugin.create(slow)) for _ in range(100)]
        await plugin.engine.heard.wait()
        quick = await plugin.create(await plugin.checked(roomId="r2"))
        assert quick.id.startswith("r2/")
        await plugin.rpc.Cancel(empty_pb2.Empty())
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert sum(isinstance(each, grpc.aio.AioRpcError) for each in results) == 100

    with_plugin(scenario)


def test_configuration_is_checked_before_anything_runs(with_plugin: Run) -> None:
    """An unknown or mistyped key of the configuration is named, without the values."""

    async def scenario(plugin: Plugin) -> None:
        news = encode({"tokn": "card-1234567", "branches": "no list", "version": "1.2.3"})
        response = await plugin.rpc.CheckConfig(provider_pb2.CheckRequest(news=news))
        assert [failure.reason for failure in response.failures] == [
            'tokn: unknown property; did you mean "token"?',
            "branches: must be a list, not a string",
        ]

    with_plugin(scenario)


def test_configuration_is_understood_in_all_its_shapes(with_plugin: Run) -> None:
    """JSON text, marked secrets and the older form with namespaces all reach the client."""

    async def scenario(plugin: Plugin) -> None:
        await plugin.configure(token=Secret("card-7"), branches='["a"]', pluginDownloadURL="x")
        assert Library(token="card-7") == plugin.servicer.running.client
        await plugin.rpc.Configure(provider_pb2.ConfigureRequest(variables={"library:config:token": "card-8"}))
        assert Library(token="card-8") == plugin.servicer.running.client

    with_plugin(scenario)


def test_bad_configuration_fails_when_the_client_is_needed(with_plugin: Run) -> None:
    """What the client refuses is shown as it is; a preview, which needs no client, still works."""

    async def scenario(plugin: Plugin) -> None:
        await plugin.configure(token="expired-card")
        inputs = await plugin.checked(roomId="r1")
        await plugin.create(inputs, preview=True)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.create(inputs)
        assert "the card has expired" in (raised.value.details() or "")

    with_plugin(scenario)


def test_configuration_that_is_not_known_yet_is_no_mistake(with_plugin: Run) -> None:
    """A token that another resource will make passes the preview; using it then says why it cannot."""

    async def scenario(plugin: Plugin) -> None:
        await plugin.configure(token=UNKNOWN)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.read("r1/1")
        assert "is not known before the run" in (raised.value.details() or "")

    with_plugin(scenario)


def test_another_token_replaces_nothing(with_plugin: Run) -> None:
    """A changed configuration is an update of the provider; a replacement would replace every resource."""

    async def scenario(plugin: Plugin) -> None:
        request = provider_pb2.DiffRequest(old_inputs=encode({"token": "a"}), news=encode({"token": "b"}))
        response = await plugin.rpc.DiffConfig(request)
        assert (
            response.changes,
            list(response.diffs),
            list(response.replaces),
        ) == (provider_pb2.DiffResponse.DIFF_SOME, ["token"], [])
        assert not response.hasDetailedDiff

    with_plugin(scenario)


def test_a_waiting_text_does_not_outlive_the_wait(with_plugin: Run) -> None:
    """The engine leaves the last text in the row of a done resource: "…" is replaced when the call succeeds."""

    async def scenario(plugin: Plugin) -> None:
        made = await plugin.create(await plugin.checked(roomId="r1", label="talking"))
        assert made.id == "r1/1"
        texts = [(re.sub(r"\d+ s$", "some s", text), ephemeral) for _, text, ephemeral in plugin.engine.said]
        assert texts == [("putting it up …", True), ("done in some s", True)]

    with_plugin(scenario)


def test_warnings_stay(with_plugin: Run) -> None:
    """A warning stands under the resource after the run."""

    async def scenario(plugin: Plugin) -> None:
        await plugin.create(await plugin.checked(roomId="r1", label="warned"))
        assert plugin.engine.said == [("WARNING", "mind the step", False)]

    with_plugin(scenario)


def test_an_engine_that_does_not_listen_fails_nothing(with_plugin: Run) -> None:
    """Saying something is never worth failing a create."""

    async def scenario(plugin: Plugin) -> None:
        plugin.servicer.running.log.connect("127.0.0.1:1")
        made = await plugin.create(await plugin.checked(roomId="r1", label="talking"))
        assert made.id == "r1/1"

    with_plugin(scenario)


def test_large_states_fit(with_plugin: Run) -> None:
    """A half-made resource with many settings is kept whole: its details are larger than gRPC's usual limit."""

    async def scenario(plugin: Plugin) -> None:
        notes = {f"note_{number}": "x" * 1000 for number in range(100)}
        kept = half_made(await failure_of(plugin, label="half", notes=notes))
        assert stripped(kept.properties).fields["notes"].struct_value.fields["note_99"].string_value == "x" * 1000

    with_plugin(scenario)
