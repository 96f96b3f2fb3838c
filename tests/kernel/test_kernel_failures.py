"""How failures, bugs, time limits and the wish to stop reach the engine."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import grpc
import grpc.aio
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from pulumi_provider.declaration import UNKNOWN
from pulumi_provider.values import SIGNATURE, Secret, encode
from tests.kernel.conftest import LOAN, SHELF, Plugin, half_made, serving, stripped
from tests.kernel.shelf_provider import PROVIDER, Library

FAST = replace(PROVIDER, time_scale=lambda: 1000.0)
"""The test provider, whose API lives a thousand times faster than we do."""


async def failure_of(plugin: Plugin, **news: object) -> grpc.aio.AioRpcError:
    """How creating a shelf fails."""
    inputs = await plugin.checked(**{"roomId": "r1", **news})
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.create(inputs)
    return raised.value


async def test_a_failure_is_shown_as_it_is(plugin: Plugin) -> None:
    """The text of a known failure reaches the user unchanged, lines and all; nothing is kept."""
    error = await failure_of(plugin, label="refused")
    assert error.details() == "the room is full\ntake down a shelf first"
    assert "grpc-status-details-bin" not in dict(error.trailing_metadata() or ())


async def test_a_bug_is_one_clean_sentence(plugin: Plugin, capfd: pytest.CaptureFixture[str]) -> None:
    """The user sees no traceback; it goes to stderr, without the secrets that the declaration knows."""
    error = await failure_of(plugin, label="bug", pin="pin-9876")
    assert error.code() == grpc.StatusCode.INTERNAL
    assert "library failed in Create (KeyError)" in (error.details() or "")
    assert "\n" not in (error.details() or "")
    written = capfd.readouterr().err
    assert "Traceback" in written
    assert ("pin-9876" in written, "<secret>" in written) == (False, True)


async def test_reasons_of_half_made_things_hide_secrets(plugin: Plugin) -> None:
    """A secret that slipped into a reason is taken out before the engine prints it."""
    error = await failure_of(plugin, label="half", pin="pin-9876")
    assert list(half_made(error).reasons) == ["it leans (pin <secret>)", "it creaks"]
    assert error.details() == "it leans (pin <secret>)"


async def test_check_failures_name_the_path_and_no_property(plugin: Plugin) -> None:
    """The engine prints the value of a named property, secrets too: so the path stands in the reason alone."""
    response = await plugin.check(roomId=7, lock={"code": "sesame", "attempts": 99})
    assert {""} == {failure.property for failure in response.failures}
    assert [failure.reason for failure in response.failures] == [
        "roomId: must be a string, not a number",
        "lock.keeper: is missing: Who holds the key.",
    ]


async def test_rules_across_properties_are_applied(plugin: Plugin) -> None:
    """What each property allows by itself may still be refused together."""
    response = await plugin.check(roomId="r", wheels=True, lock={"keeper": "k", "code": "c"})
    assert [each.reason for each in response.failures] == ["wheels: a shelf with a lock cannot have wheels"]


async def test_an_asset_is_refused_with_its_path(plugin: Plugin) -> None:
    """A value that no property can hold is an error of the user, not of the provider."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.check(roomId="r", notes={"a": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}})
    assert raised.value.details() == "notes.a: assets and archives are not supported; give a plain value"


async def test_an_unknown_type_names_the_known_ones(plugin: Plugin) -> None:
    """A resource type that the provider does not have is refused by name."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.check(SHELF.replace("Shelf", "Chair"), roomId="r")
    expected = "the provider library has no resource type library:index:Chair; it has "
    assert expected + "library:index:Loan, library:index:Shelf" == raised.value.details()


async def test_a_create_without_id_is_the_providers_mistake(plugin: Plugin) -> None:
    """An empty id would lose the resource; the provider says whose mistake that is."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.create(encode({"reader": "nobody"}), urn=LOAN)
    assert "this is a mistake of the provider" in (raised.value.details() or "")


async def test_a_failed_delete_keeps_the_resource(plugin: Plugin) -> None:
    """A delete that fails says why, and fails."""
    made = await plugin.create(await plugin.checked(roomId="r1", label="nailed"))
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.delete(made.id, made.properties)
    assert raised.value.details() == "it is nailed to the wall"


async def test_a_function_call_is_refused_by_name(plugin: Plugin) -> None:
    """There are no functions; a program that calls one learns which."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.rpc.Invoke(provider_pb2.InvokeRequest(tok="library:index:getShelf"))
    assert raised.value.details() == (
        "the provider library has no function library:index:getShelf; "
        "it has library:index:findShelves, library:index:getKey"
    )


async def test_a_time_limit_is_the_resources_own() -> None:
    """`customTimeouts` reaches the resource, counted in the time of the API; what exists by then is kept."""
    async with serving(FAST) as plugin:
        inputs = await plugin.checked(roomId="r1", label="slow")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.create(inputs, timeout=20.0)
        assert list(half_made(raised.value).reasons) == ["not ready in time"]


async def test_the_default_time_limit_holds_without_one() -> None:
    """No custom limit means the one that the resource declares, not none."""
    async with serving(FAST) as plugin:
        inputs = await plugin.checked(roomId="r1", label="slow")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await plugin.create(inputs)
        assert list(half_made(raised.value).reasons) == ["not ready in time"]


async def test_a_resource_that_ignores_its_limit_is_stopped() -> None:
    """As a last resort the kernel ends the call itself, and says that something may have happened."""
    async with serving(FAST, grace_s=0.01) as plugin:
        error = await failure_of(plugin, label="deaf")
        assert "create did not end within 90 s (its time limit is 60 s)" in (error.details() or "")
        assert "pulumi refresh" in (error.details() or "")


async def test_a_stop_ends_waits_and_keeps_what_exists(plugin: Plugin) -> None:
    """Ctrl-C ends a wait at once; what exists by then is kept with the reason."""
    creating = asyncio.ensure_future(plugin.create(await plugin.checked(roomId="r1", label="slow")))
    await plugin.engine.heard.wait()
    await plugin.rpc.Cancel(empty_pb2.Empty())
    await plugin.rpc.Cancel(empty_pb2.Empty())
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await creating
    assert list(half_made(raised.value).reasons) == ["interrupted"]


async def test_a_loop_that_ignores_the_stop_blocks_nobody(plugin: Plugin) -> None:
    """A resource that goes on waiting after Ctrl-C neither spins nor holds up other calls."""
    deaf = asyncio.ensure_future(plugin.create(await plugin.checked(roomId="r1", label="deaf")))
    await plugin.rpc.Cancel(empty_pb2.Empty())
    assert list((await plugin.check(roomId="r2")).failures) == []
    deaf.cancel()


async def test_a_stop_says_nothing(plugin: Plugin) -> None:
    """The engine also cancels at the end of every good run: that is no interruption to report."""
    await plugin.rpc.Cancel(empty_pb2.Empty())
    assert plugin.engine.said == []


async def test_many_creates_run_at_once(plugin: Plugin) -> None:
    """One waiting resource does not hold up the others, nor the wish to stop."""
    slow = await plugin.checked(roomId="r1", label="slow")
    waiting = [asyncio.ensure_future(plugin.create(slow)) for _ in range(100)]
    await plugin.engine.heard.wait()
    quick = await plugin.create(await plugin.checked(roomId="r2"))
    assert quick.id.startswith("r2/")
    await plugin.rpc.Cancel(empty_pb2.Empty())
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(each, grpc.aio.AioRpcError) for each in results) == 100


async def test_configuration_is_checked_before_anything_runs(plugin: Plugin) -> None:
    """An unknown or mistyped key of the configuration is named, without the values."""
    news = encode({"tokn": "card-1234567", "branches": "no list", "version": "1.2.3"})
    response = await plugin.rpc.CheckConfig(provider_pb2.CheckRequest(news=news))
    assert [failure.reason for failure in response.failures] == [
        'tokn: unknown property; did you mean "token"?',
        "branches: must be a list, not a string",
    ]


async def test_configuration_is_understood_in_all_its_shapes(plugin: Plugin) -> None:
    """JSON text, marked secrets and the older form with namespaces all reach the client."""
    await plugin.configure(token=Secret("card-7"), branches='["a"]', pluginDownloadURL="x")
    assert Library(token="card-7") == plugin.servicer.running.client
    await plugin.rpc.Configure(provider_pb2.ConfigureRequest(variables={"library:config:token": "card-8"}))
    assert Library(token="card-8") == plugin.servicer.running.client


async def test_bad_configuration_fails_when_the_client_is_needed(plugin: Plugin) -> None:
    """What the client refuses is shown as it is; a preview, which needs no client, still works."""
    await plugin.configure(token="expired-card")
    inputs = await plugin.checked(roomId="r1")
    await plugin.create(inputs, preview=True)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.create(inputs)
    assert "the card has expired" in (raised.value.details() or "")


async def test_configuration_that_is_not_known_yet_is_no_mistake(plugin: Plugin) -> None:
    """A token that another resource will make passes the preview; using it then says why it cannot."""
    await plugin.configure(token=UNKNOWN)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.read("r1/1")
    assert "is not known before the run" in (raised.value.details() or "")


async def test_another_token_replaces_nothing(plugin: Plugin) -> None:
    """A changed configuration is an update of the provider; a replacement would replace every resource."""
    request = provider_pb2.DiffRequest(old_inputs=encode({"token": "a"}), news=encode({"token": "b"}))
    response = await plugin.rpc.DiffConfig(request)
    assert (
        response.changes,
        list(response.diffs),
        list(response.replaces),
    ) == (provider_pb2.DiffResponse.DIFF_SOME, ["token"], [])
    assert not response.hasDetailedDiff


async def test_a_waiting_text_does_not_outlive_the_wait(plugin: Plugin) -> None:
    """The engine leaves the last text in the row of a done resource: "…" is replaced when the call succeeds."""
    made = await plugin.create(await plugin.checked(roomId="r1", label="talking"))
    assert made.id == "r1/1"
    texts = [(re.sub(r"\d+ s$", "some s", text), ephemeral) for _, text, ephemeral in plugin.engine.said]
    assert texts == [("putting it up …", True), ("done in some s", True)]


async def test_warnings_stay(plugin: Plugin) -> None:
    """A warning stands under the resource after the run."""
    await plugin.create(await plugin.checked(roomId="r1", label="warned"))
    assert plugin.engine.said == [("WARNING", "mind the step", False)]


async def test_an_engine_that_does_not_listen_fails_nothing(plugin: Plugin) -> None:
    """Saying something is never worth failing a create."""
    await plugin.servicer.running.log.connect("127.0.0.1:1")
    made = await plugin.create(await plugin.checked(roomId="r1", label="talking"))
    assert made.id == "r1/1"


async def test_another_engine_ends_the_connection_to_the_first(plugin: Plugin) -> None:
    """An engine that attaches later gets the messages; no connection stays open that nothing uses."""
    await plugin.create(await plugin.checked(roomId="r1", label="warned"))
    former = vars(plugin.servicer.running.log)["_channel"]
    await plugin.rpc.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    assert former.get_state() == grpc.ChannelConnectivity.SHUTDOWN


async def test_large_states_fit(plugin: Plugin) -> None:
    """A half-made resource with many settings is kept whole: its details are larger than gRPC's usual limit."""
    notes = {f"note_{number}": "x" * 1000 for number in range(100)}
    kept = half_made(await failure_of(plugin, label="half", notes=notes))
    assert stripped(kept.properties).fields["notes"].struct_value.fields["note_99"].string_value == "x" * 1000
