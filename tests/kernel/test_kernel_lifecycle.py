"""The life of a resource over real gRPC, as the engine leads it."""

from __future__ import annotations

from typing import Any

import grpc.aio
import pytest
from pulumi.runtime.proto import provider_pb2

from pulumi_provider.declaration import UNKNOWN
from pulumi_provider.diffs import Difference
from pulumi_provider.diffs import Kind as DifferenceKind
from pulumi_provider.responses import diff_response
from pulumi_provider.retained_ids import RetainedIds
from pulumi_provider.values import SECRET, SIGNATURE, encode
from tests.kernel.conftest import LOAN, SHELF, Plugin, half_made, plain, stripped
from tests.kernel.shelf_provider import Shelf

Kind = provider_pb2.PropertyDiff
NONE, SOME = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME


class Nailed(Shelf):
    delete_before_replace = True
    identity = frozenset({"room_id"})


def kinds(response: provider_pb2.DiffResponse) -> dict[str, str]:
    """Path → kind, by name."""
    return {path: Kind.Kind.Name(each.kind) for path, each in response.detailedDiff.items()}


async def test_the_whole_life(plugin: Plugin) -> None:
    """Check, preview, create, no-op, update, clear, delete and delete again: each does its part and no more."""
    inputs = await plugin.checked(roomId="r1", label="poems", notes={"a": "1"})
    preview = await plugin.create(inputs, preview=True)
    assert (preview.id, plugin.library.calls) == ("", [])

    made = await plugin.create(inputs)
    assert made.id == "r1/1"
    assert (await plugin.diff(inputs, inputs)).changes == NONE

    changed = await plugin.checked(roomId="r1", label="prose", notes={"a": "1", "b": "2"})
    assert kinds(await plugin.diff(inputs, changed)) == {"label": "UPDATE", "notes.b": "ADD"}
    updated = await plugin.update(made.id, made.properties, changed)
    assert plain(updated.properties)["address"] == "r1, prose"

    cleared = await plugin.checked(roomId="r1")
    assert kinds(await plugin.diff(changed, cleared)) == {"label": "DELETE", "notes": "DELETE"}
    emptied = await plugin.update(made.id, updated.properties, cleared)
    assert "label" not in plain(emptied.properties)

    await plugin.delete(made.id, emptied.properties)
    await plugin.delete(made.id, emptied.properties)
    assert plugin.library.calls == ["create", "update", "update", "delete", "delete"]


async def test_what_stays_is_not_deleted(plugin: Plugin) -> None:
    """Neither what another create of the run took over, nor what is old and new at once after a killed replacement."""
    inputs = await plugin.checked(roomId="r1")
    made = await plugin.create(inputs)
    await plugin.delete(made.id, made.properties, urn=f"{SHELF}-as-before", same_run=True)
    assert "delete" not in plugin.library.calls
    assert [severity for severity, text, _ in plugin.engine.said if "is not deleted" in text] == ["WARNING"]

    plugin.servicer.retained = RetainedIds()  # the next run
    await plugin.checked(roomId="r1")
    await plugin.diff(inputs, inputs, id=made.id)
    await plugin.delete(made.id, made.properties, same_run=True)
    assert "delete" not in plugin.library.calls

    await plugin.delete(made.id, made.properties, urn=f"{SHELF}-of-the-same-id", same_run=True)
    assert plugin.library.calls[-1] == "delete"


@pytest.mark.parametrize("first", ["the new one is made", "the old one is deleted"])
async def test_what_only_the_engine_replaces_is_deleted(plugin: Plugin, first: str) -> None:
    """``replaceOnChanges``: the difference would be an update, and the engine makes a replacement of it."""
    inputs, relabelled = await plugin.checked(roomId="r1"), await plugin.checked(roomId="r1", label="prose")
    old = await plugin.create(inputs)
    plugin.servicer.retained = RetainedIds()  # the next run
    await plugin.checked(roomId="r1", label="prose")
    answer = await plugin.diff(inputs, relabelled, id=old.id)
    assert (answer.changes, list(answer.replaces)) == (SOME, [])
    if first == "the new one is made":
        assert (await plugin.create(relabelled)).id != old.id
    await plugin.delete(old.id, old.properties, same_run=True)
    assert plugin.library.calls[-1] == "delete"


async def test_what_is_updated_in_place_is_not_deleted(plugin: Plugin) -> None:
    """After a killed replacement the next run may find a difference as well; and the update may even fail."""
    inputs, relabelled = await plugin.checked(roomId="r1"), await plugin.checked(roomId="r1", label="prose")
    made = await plugin.create(inputs)
    plugin.servicer.retained = RetainedIds()  # the next run
    await plugin.diff(inputs, relabelled, id=made.id)
    await plugin.update(made.id, made.properties, relabelled)
    await plugin.delete(made.id, made.properties, same_run=True)
    assert plugin.library.calls[-1] == "update"


async def test_what_a_refresh_compared_is_deleted(plugin: Plugin) -> None:
    """``destroy --refresh``, and ``up --refresh`` without the resource: compared, and not in the program any more."""
    inputs = await plugin.checked(roomId="r1")
    made = await plugin.create(inputs)
    plugin.servicer.retained = RetainedIds()  # the next run
    await plugin.diff(inputs, inputs, id=made.id)
    await plugin.delete(made.id, made.properties, same_run=True)
    assert plugin.library.calls[-1] == "delete"


async def test_what_is_replaced_is_deleted(plugin: Plugin) -> None:
    """A difference that replaces, with the new one made first; and a provider configured anew is another run."""
    inputs, elsewhere = await plugin.checked(roomId="r1"), await plugin.checked(roomId="r2")
    old = await plugin.create(inputs)
    plugin.servicer.retained = RetainedIds()
    await plugin.diff(inputs, inputs, id=old.id)
    assert list((await plugin.diff(inputs, elsewhere, id=old.id)).replaces) == ["roomId"]
    new = await plugin.create(elsewhere)
    await plugin.delete(old.id, old.properties, same_run=True)
    assert plugin.library.calls[-1] == "delete"

    library = plugin.library
    await plugin.configure(token="card-1234567")
    plugin.library = plugin.servicer.running.client
    await plugin.delete(new.id, new.properties, same_run=True)
    assert (library.calls.count("delete"), plugin.library.calls) == (1, ["delete"])


async def test_a_preview_of_a_create_tells_what_is_known(plugin: Plugin) -> None:
    """Inputs and computable outputs are known to dependents in a preview; the others are unknown, not missing."""
    inputs = await plugin.checked(roomId="r1", label="poems")
    outputs = plain((await plugin.create(inputs, preview=True)).properties)
    assert (outputs["address"], outputs["widthCm"]) == ("r1, poems", 80)
    assert [outputs["shelfId"], outputs["serial"], outputs["plaque"]] == [UNKNOWN] * 3


async def test_unknown_inputs_are_never_judged(plugin: Plugin) -> None:
    """A value that another resource will give passes every check and comes back unknown in the preview."""
    unknown = dict.fromkeys(
        ("roomId", "label", "widthCm", "loadKg", "wood", "wheels", "topics", "notes", "lock", "pin"), UNKNOWN
    )
    inputs = await plugin.checked(**unknown)
    outputs = plain((await plugin.create(inputs, preview=True)).properties)
    assert {UNKNOWN} == set(outputs.values())
    nested = await plugin.checked(
        roomId="r", lock={"keeper": UNKNOWN, "code": UNKNOWN}, notes={"a": UNKNOWN}, topics=[UNKNOWN]
    )
    assert plain(nested)["lock"] == {"keeper": UNKNOWN, "code": UNKNOWN, "attempts": 3}


async def test_an_unknown_input_counts_as_changed(plugin: Plugin) -> None:
    """What may change is shown as changing: an update, or a replacement where the property replaces."""
    old = await plugin.checked(roomId="r1", notes={"a": "1"})
    new = await plugin.checked(roomId=UNKNOWN, notes={"a": UNKNOWN}, label=UNKNOWN)
    response = await plugin.diff(old, new)
    assert kinds(response) == {"roomId": "UPDATE_REPLACE", "notes.a": "UPDATE", "label": "ADD"}


async def test_a_preview_of_an_update_keeps_stable_outputs(plugin: Plugin) -> None:
    """Dependents of a resource that is only updated are not disturbed by outputs that never change."""
    inputs = await plugin.checked(roomId="r1", wood="PINE")
    made = await plugin.create(inputs)
    changed = await plugin.checked(roomId="r1", wood="PINE", label="x")
    outputs = plain((await plugin.update(made.id, made.properties, changed, preview=True)).properties)
    assert (outputs["shelfId"], outputs["address"], outputs["serial"]) == ("1", "r1, x", UNKNOWN)
    assert "plaque" not in outputs
    assert plugin.library.calls == ["create"]


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ({"roomId": "r2"}, {"roomId": "UPDATE_REPLACE"}),
        ({"roomId": "r1", "widthCm": 50}, {"widthCm": "UPDATE_REPLACE"}),
        ({"roomId": "r1", "widthCm": 90}, {"widthCm": "UPDATE"}),
        ({"roomId": "r1", "lock": {"keeper": "k", "code": "c"}}, {"lock": "ADD"}),
        ({"roomId": "r1", "topics": ["a"]}, {"topics": "ADD"}),
    ],
)
async def test_what_replaces(plugin: Plugin, news: dict[str, Any], expected: dict[str, str]) -> None:
    """Only a property that replaces, or a change that the resource says replaces, makes a new one."""
    inputs = await plugin.checked(roomId="r1")
    made = await plugin.create(inputs)
    response = await plugin.diff(inputs, await plugin.checked(**news), outputs=stripped(made.properties))
    assert expected == kinds(response)
    assert [path for path, kind in expected.items() if kind.endswith("REPLACE")] == list(response.replaces)
    assert not response.deleteBeforeReplace


async def test_nested_differences_have_paths(plugin: Plugin) -> None:
    """The plan names the nested property, list item or map key that changes, quoted where its name needs it."""
    lock = {"keeper": "k", "code": "c"}
    old = await plugin.checked(roomId="r", lock=lock, topics=["a", "b"], notes={"my key": "1"})
    new = await plugin.checked(
        roomId="r", lock={**lock, "keeper": "l", "attempts": 5}, topics=["a"], notes={"my key": "2"}
    )
    assert kinds(await plugin.diff(old, new)) == {
        "lock.keeper": "UPDATE_REPLACE",
        "lock.attempts": "UPDATE",
        "topics[1]": "DELETE",
        'notes["my key"]': "UPDATE",
    }


async def test_ignored_changes_do_not_show(plugin: Plugin) -> None:
    """`ignoreChanges` covers a property and everything below it."""
    old = await plugin.checked(roomId="r", notes={"a": "1"})
    new = await plugin.checked(roomId="r", notes={"a": "2"})
    assert (await plugin.diff(old, new, ignoreChanges=["notes"])).changes == NONE


async def test_a_state_of_an_earlier_version_shows_no_difference(plugin: Plugin) -> None:
    """A new property with a default, or one that is gone, changes nothing by itself."""
    new = await plugin.checked(roomId="r")
    assert (await plugin.diff(encode({"roomId": "r", "retired": True}), new)).changes == NONE


async def test_a_resource_without_update_is_replaced(plugin: Plugin) -> None:
    """Where nothing can be changed in place every change replaces, old one first if there can only be one."""
    response = await plugin.diff(encode({"reader": "a"}), encode({"reader": "b"}), urn=LOAN)
    assert kinds(response) == {"reader": "UPDATE_REPLACE"}
    assert response.deleteBeforeReplace


def test_another_identity_can_exist_beside_the_old_one() -> None:
    """The old one is deleted first only while its identity, declared in snake_case, stays the same."""
    changed = Difference(DifferenceKind.UPDATE, replaces=True)
    assert not diff_response(Nailed(), {"roomId": changed}).deleteBeforeReplace
    assert diff_response(Nailed(), {"widthCm": changed}).deleteBeforeReplace


async def test_an_update_of_what_cannot_be_updated_looks_again(plugin: Plugin) -> None:
    """The engine updates what was half made even without a difference: the resource is read, not failed."""
    response = await plugin.update("loan", encode({"reader": "a"}), encode({"reader": "a"}), urn=LOAN)
    assert plain(response.properties) == {"reader": "a"}


async def test_an_import_previews_as_unchanged(plugin: Plugin) -> None:
    """What was imported by id alone equals a program that says the same."""
    inputs = await plugin.checked(roomId="r1", label="poems", topics=["a"], loadKg=5)
    made = await plugin.create(inputs)
    imported = await plugin.read(made.id)
    assert (imported.id, plugin.library.calls[-1]) == ("r1/1", "read for import")
    assert (await plugin.diff(stripped(imported.inputs), inputs)).changes == NONE
    assert list((await plugin.check(**plain(imported.inputs))).failures) == []


async def test_what_is_kept_when_not_set_is_no_difference(plugin: Plugin) -> None:
    """An import knows more than a program needs to say; another value is still a difference."""
    old = await plugin.checked(roomId="r", loadKg=5)
    assert (await plugin.diff(old, await plugin.checked(roomId="r"))).changes == NONE
    assert kinds(await plugin.diff(old, await plugin.checked(roomId="r", loadKg=6))) == {"loadKg": "UPDATE"}


async def test_get_reads_by_id_alone(plugin: Plugin) -> None:
    """`Shelf.get` sends empty inputs and properties: nothing is known before."""
    made = await plugin.create(await plugin.checked(roomId="r1"))
    got = await plugin.read(made.id, inputs=encode({}), properties=encode({}))
    assert (got.id, plugin.library.calls[-1]) == ("r1/1", "read for import")


async def test_a_refresh_keeps_write_only_values(plugin: Plugin) -> None:
    """What the API never gives back is no drift: inputs and outputs keep it, at any depth."""
    inputs = await plugin.checked(roomId="r1", pin="1234", lock={"keeper": "k", "code": "sesame"})
    made = await plugin.create(inputs)
    read = await plugin.read(made.id, inputs=inputs, properties=stripped(made.properties))
    assert plain(inputs) == plain(read.inputs)
    assert plain(made.properties) == plain(read.properties)


async def test_a_refresh_reports_drift_only_of_what_the_user_set(plugin: Plugin) -> None:
    """A property that the program never set is the API's business; one that it set drifts."""
    inputs = await plugin.checked(roomId="r1", label="poems")
    made = await plugin.create(inputs)
    await plugin.update(made.id, made.properties, await plugin.checked(roomId="r1", label="prose", topics=["x"]))
    read = await plugin.read(made.id, inputs=inputs, properties=stripped(made.properties))
    assert plain(read.inputs)["label"] == "prose"
    assert ("topics" in plain(read.inputs), ["x"]) == (False, plain(read.properties)["topics"])


async def test_gone_is_gone(plugin: Plugin) -> None:
    """Only a proven "not found" empties the answer, which takes the resource out of the state."""
    assert (await plugin.read("r1/9", inputs=encode({"roomId": "r1"}))).id == ""


async def test_a_failed_read_is_not_gone(plugin: Plugin) -> None:
    """When the API does not answer the refresh fails, and the state stays as it was."""
    made = await plugin.create(await plugin.checked(roomId="r1", label="unreachable"))
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.read(made.id)
    assert raised.value.details() == "the catalogue does not answer (503); try again"


async def test_an_unhealthy_thing_without_report_is_not_gone(plugin: Plugin) -> None:
    """A read that only says "unwell" keeps the old state; with none to keep it fails. It never removes."""
    inputs = await plugin.checked(roomId="r1", label="mute")
    made = await plugin.create(inputs)
    with pytest.raises(grpc.aio.AioRpcError) as refreshed:
        await plugin.read(made.id, inputs=inputs, properties=stripped(made.properties))
    assert plain(half_made(refreshed.value).properties) == plain(made.properties)
    with pytest.raises(grpc.aio.AioRpcError) as imported:
        await plugin.read(made.id)
    assert imported.value.details() == "it says nothing"


async def test_an_interrupted_create_is_told_so(plugin: Plugin) -> None:
    """A resource learns that an earlier create of it had no known outcome."""
    await plugin.create(await plugin.checked(roomId="r1"), interrupted=True)
    assert plugin.library.calls == ["create again"]


async def test_declared_secrets_leave_as_secrets(plugin: Plugin) -> None:
    """Secret inputs and outputs carry the mark that keeps them encrypted in the state, also when not yet known."""
    response = await plugin.check(roomId="r1", pin="1234", lock={"keeper": "k", "code": "sesame"})
    lock = response.inputs.fields["lock"].struct_value.fields
    made = await plugin.create(stripped(response.inputs))
    preview = await plugin.create(stripped(response.inputs), preview=True)
    marked = [
        response.inputs.fields["pin"],
        lock["code"],
        made.properties.fields["serial"],
        preview.properties.fields["serial"],
    ]
    assert [value.struct_value.fields[SIGNATURE].string_value for value in marked] == [SECRET] * 4
    assert lock["keeper"].string_value == "k"


async def test_whole_numbers_stay_whole(plugin: Plugin) -> None:
    """The wire knows only doubles; a resource gets ``int`` where it declared one, and ``float`` likewise."""
    await plugin.create(await plugin.checked(roomId="r1", widthCm=90, loadKg=5))
    shelf = plugin.library.shelves["r1/1"]
    assert (int, float) == (type(shelf.width_cm), type(shelf.load_kg))


@pytest.mark.parametrize("label", ["half", "half unknown"])
async def test_a_half_made_create_is_kept(plugin: Plugin, label: str) -> None:
    """What exists is handed to the engine with id, inputs and all outputs known; nothing is lost."""
    inputs = await plugin.checked(roomId="r1", label=label)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.create(inputs)
    kept = half_made(raised.value)
    assert ("r1/1", inputs) == (kept.id, kept.inputs)
    assert (plain(kept.properties)["shelfId"], plain(kept.properties)["roomId"]) == ("1", "r1")


@pytest.mark.parametrize("label", ["half", "half unknown"])
async def test_a_half_made_update_is_kept(plugin: Plugin, label: str) -> None:
    """A failed update stores what exists now, with its reasons; what it does not say stays as it was."""
    made = await plugin.create(await plugin.checked(roomId="r1"))
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.update(made.id, made.properties, await plugin.checked(roomId="r1", label=label))
    kept, outputs = half_made(raised.value), plain(half_made(raised.value).properties)
    assert (made.id, ["it leans"], label) == (kept.id, list(kept.reasons), outputs["label"])
    assert (outputs["shelfId"], outputs["serial"], outputs["plaque"]) == ("1", "serial-4711", "oak")


async def test_an_unhealthy_read_is_kept(plugin: Plugin) -> None:
    """A refresh of something unhealthy stores what was read, with the reasons, and without losing write-only values."""
    inputs = await plugin.checked(roomId="r1", label="leaning", pin="1234")
    made = await plugin.create(inputs)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await plugin.read(made.id, inputs=inputs, properties=stripped(made.properties))
    kept = half_made(raised.value)
    assert (["it leans"], plain(inputs)) == (list(kept.reasons), plain(kept.inputs))
