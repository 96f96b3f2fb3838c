"""Resource options: each does what Pulumi's own engine does with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi import Alias, CustomTimeouts, Output, ResourceOptions

from pulumi_embedded import state_changes
from pulumi_operations.events import Change, StepKind
from pulumi_operations.values import Secret
from tests.engine.harness import Shelf, Stack, Thing, errors, kinds, names, things


def test_replacement_makes_the_new_one_before_deleting_the_old(stack: Stack) -> None:
    """By default old and new exist side by side until all that depends on them has moved."""

    def program(kind: str) -> None:
        lamp = Thing("lamp", kind=kind)
        Thing("shade", source=lamp.url)

    stack.up(lambda: program("floor"))
    stack.forget_calls()

    result = stack.up(lambda: program("desk"))

    assert kinds(result) == [
        (StepKind.CREATE_REPLACEMENT, "lamp"),
        (StepKind.REPLACE, "lamp"),
        (StepKind.UPDATE, "shade"),
        (StepKind.DELETE_REPLACED, "lamp"),
    ]
    assert result.steps[0].changes == {"kind": Change.UPDATE_REPLACE}
    assert [(call["call"], call["name"]) for call in stack.calls("create", "update", "delete")] == [
        ("create", "lamp"),
        ("update", "shade"),
        ("delete", "lamp"),
    ]
    assert {"lamp-2", "shade-1"} == stack.existing()
    assert stack.records()["shade"]["inputs"]["source"] == "https://lamp-2"


def test_deletion_before_replacement_takes_dependents_along(stack: Stack) -> None:
    """What a new value would replace is deleted first and made again; what it would update stays and is updated."""

    def program(kind: str) -> None:
        lamp = Thing("lamp", ResourceOptions(delete_before_replace=True), kind=kind)
        Thing("bulb", made_for=lamp.url)
        Thing("shade", source=lamp.url)
        Thing("table", ResourceOptions(depends_on=[lamp]))

    stack.up(lambda: program("floor"))
    stack.forget_calls()

    foreseen = stack.preview(lambda: program("desk"))
    result = stack.up(lambda: program("desk"))

    assert kinds(result)[:4] == [
        (StepKind.DELETE_REPLACED, "bulb"),
        (StepKind.DELETE_REPLACED, "lamp"),
        (StepKind.REPLACE, "lamp"),
        (StepKind.CREATE_REPLACEMENT, "lamp"),
    ]
    assert sorted(kinds(foreseen)) == sorted(kinds(result))
    assert {(StepKind.CREATE_REPLACEMENT, "bulb"), (StepKind.UPDATE, "shade"), (StepKind.SAME, "table")} <= {
        *kinds(result)
    }
    assert names(stack.calls("delete")) == ["bulb", "lamp"]
    assert {"lamp-2", "bulb-2", "shade-1", "table-1"} == stack.existing()


def test_replacement_beside_a_deletion_that_fails_leaves_one_live_record(stack: Stack) -> None:
    """A dependent that no longer depends is made while its old one is being deleted; that one stays to be deleted."""

    def program(kind: str, **more: Any) -> None:
        lamp = Thing("lamp", ResourceOptions(delete_before_replace=True), kind=kind)
        Thing("bulb", **(more or {"made_for": lamp.url, "outlived_by": "bulb-2", "stuck": "no"}))

    stack.up(lambda: program("floor"))
    assert errors(stack.up(lambda: program("desk", made_for="any"))) == ["no"]

    bulbs = [each for each in stack.deployment()["resources"] if each["urn"].endswith("::bulb")]
    assert {"bulb-1", "bulb-2"} == stack.existing() - {"lamp-1"}
    assert {each["id"]: each.get("delete") for each in bulbs} == {"bulb-1": True, "bulb-2": None}


def test_provider_may_ask_for_deletion_first_and_the_program_may_refuse(stack: Stack) -> None:
    """``delete_before_replace`` of the program outweighs the provider's wish, also when it is False."""
    stack.up(things("lamp", kind="floor", early=True))
    asked = stack.up(things("lamp", kind="desk", early=True))
    refused = stack.up(lambda: Thing("lamp", ResourceOptions(delete_before_replace=False), kind="wall", early=True))

    assert StepKind.DELETE_REPLACED is asked.steps[0].kind
    assert StepKind.CREATE_REPLACEMENT is refused.steps[0].kind


def test_replace_on_changes_replaces(stack: Stack) -> None:
    """A property named by ``replace_on_changes`` replaces, also deep inside."""

    def program(height: int) -> None:
        Thing("lamp", ResourceOptions(replace_on_changes=["size"]), size=height, label="x")

    stack.up(lambda: program(1))
    result = stack.up(lambda: program(2))

    assert StepKind.CREATE_REPLACEMENT is result.steps[0].kind
    assert result.steps[0].changes == {"size": Change.UPDATE_REPLACE}


def test_ignored_changes_keep_the_old_value(stack: Stack) -> None:
    """``ignore_changes`` keeps what the state has, for nested paths and for values that were never there."""

    def program(number: int, **more: object) -> None:
        opts = ResourceOptions(ignore_changes=["size", "nested.a", "list[0]", "extra"])
        Thing("lamp", opts, size=number, nested={"a": number, "b": 1}, list=[number, 2], **more)

    stack.up(lambda: program(1))
    result = stack.up(lambda: program(2, extra=True))

    assert kinds(result) == [(StepKind.SAME, "lamp")]
    assert stack.records()["lamp"]["inputs"]["nested"] == {"a": 1, "b": 1}
    assert "extra" not in stack.records()["lamp"]["inputs"]


def test_protected_resource_is_not_deleted_and_nothing_else_is(stack: Stack) -> None:
    """One protected resource stops all deletions, with its name and the way out."""
    stack.up(lambda: (Thing("safe", ResourceOptions(protect=True)), Thing("other")))

    for result in (stack.up(things()), stack.destroy()):
        assert not result.succeeded
        assert "::safe' would be deleted, but is protected" in errors(result)[0]
        assert "railyard unprotect -s test" in errors(result)[0]
        assert {"safe-1", "other-1"} == stack.existing()


def test_protected_resource_is_not_replaced(stack: Stack) -> None:
    """A replacement would delete: preview and up refuse it before anything is made."""
    stack.up(lambda: Thing("safe", ResourceOptions(protect=True), kind="a"))

    for run in (stack.preview, stack.up):
        result = run(lambda: Thing("safe", ResourceOptions(protect=True), kind="b"))
        assert "::safe' would have to be replaced, but is protected" in errors(result)[0]
    assert {"safe-1"} == stack.existing()


def test_preview_lists_everything_else_beside_what_it_refuses(stack: Stack) -> None:
    """The refused replacement with its difference, a mistake, a protected deletion, and all the rest."""
    protected = ResourceOptions(protect=True)
    stack.up(lambda: (Thing("safe", protected, kind="a"), Thing("kept", protected), Thing("lamp", size=1)))

    def program() -> None:
        safe = Thing("safe", protected, kind="b")
        Thing("shade", of=safe.url)
        Thing("broken", bad="no such thing")
        Thing("lamp", size=2)

    result = stack.preview(program)

    assert not result.succeeded
    step_kinds = kinds(result)
    assert {
        (StepKind.REPLACE, "safe"),
        (StepKind.DELETE, "kept"),
        (StepKind.UPDATE, "lamp"),
        (StepKind.CREATE, "shade"),
    } <= {*step_kinds}
    (refused,) = (step for step in result.steps if step.name == "safe")
    assert refused.changes == {"kind": Change.UPDATE_REPLACE}
    said = "\n".join(errors(result))
    for words in ("::safe' would have to be replaced", "no such thing", "::kept' would be deleted"):
        assert said.count(words) == 1


def test_protected_dependent_stops_a_deletion_before_replacement(stack: Stack) -> None:
    """A dependent that would have to go is refused by name, and nothing is deleted."""

    def program(kind: str) -> None:
        lamp = Thing("lamp", ResourceOptions(delete_before_replace=True), kind=kind)
        Thing("bulb", ResourceOptions(protect=True), made_for=lamp.url)

    stack.up(lambda: program("a"))
    result = stack.up(lambda: program("b"))

    assert "::bulb' depends on it and is protected" in errors(result)[0]
    assert {"lamp-1", "bulb-1"} == stack.existing()


def test_children_inherit_protection(stack: Stack) -> None:
    """Protecting a component protects what is in it."""
    stack.up(lambda: Shelf("shelf", ResourceOptions(protect=True)))

    assert all(record["protect"] for record in stack.records().values())


def test_unprotect_lifts_all_protection(stack: Stack) -> None:
    """``unprotect`` says how many it freed; after it, a destroy works."""
    stack.up(lambda: Shelf("shelf", ResourceOptions(protect=True)))

    assert state_changes.unprotect(stack.options()) == 3
    assert state_changes.unprotect(stack.options()) == 0
    assert stack.destroy().succeeded


def test_renamed_resource_keeps_its_state(stack: Stack) -> None:
    """An alias hands the old record to the new name; references follow."""

    def before() -> None:
        Thing("shade", source=Thing("lamp").url)

    def after() -> None:
        lamp = Thing("light", ResourceOptions(aliases=[Alias(name="lamp")]))
        Thing("shade", source=lamp.url)

    stack.up(before)
    result = stack.up(after)

    assert kinds(result) == [(StepKind.SAME, "light"), (StepKind.SAME, "shade")]
    assert stack.records()["light"]["id"] == "lamp-1"
    assert stack.records()["light"]["urn"] in stack.records()["shade"]["dependencies"]


def test_children_follow_a_renamed_component(stack: Stack) -> None:
    """A component's alias is inherited by its children, whose names begin with its name."""
    stack.up(lambda: Shelf("old"))

    result = stack.up(lambda: Shelf("new", ResourceOptions(aliases=[Alias(name="old")])))

    assert {StepKind.SAME} == {step.kind for step in result.steps}
    assert {"new", "new-first", "new-second"} == set(stack.records())
    assert {"old-first-1", "old-second-1"} == stack.existing()


def test_resource_moved_into_a_component_keeps_its_state(stack: Stack) -> None:
    """An alias without parent finds what stood at the top."""
    stack.up(lambda: (Shelf("shelf"), Thing("lamp")))

    def moved() -> None:
        opts = ResourceOptions(parent=Shelf("shelf"), aliases=[Alias(parent=pulumi.ROOT_STACK_RESOURCE)])
        Thing("lamp", opts)

    assert {StepKind.SAME} == {step.kind for step in stack.up(moved).steps}


def test_failed_rename_keeps_a_consistent_state(stack: Stack) -> None:
    """When a run fails after a rename, what was not reached refers to the new name."""

    def before() -> None:
        Thing("shade", source=Thing("lamp").url)

    def after() -> None:
        Thing("light", ResourceOptions(aliases=[Alias(name="lamp")]))
        message = "enough"
        raise pulumi.RunError(message)

    stack.up(before)
    stack.up(after)

    assert [stack.records()["light"]["urn"]] == stack.records()["shade"]["dependencies"]


def test_import_takes_over_what_exists(stack: Stack) -> None:
    """``import_`` reads, stores the real inputs, and creates nothing; later ups treat it as any other."""
    (stack.home / "lamp-9.thing").write_text('{"name": "lamp", "inputs": {"size": 3, "label": "fixed"}}')

    def program() -> None:
        Thing("lamp", ResourceOptions(import_="lamp-9"), size=3)

    result = stack.up(program)

    assert kinds(result) == [(StepKind.IMPORT, "lamp")]
    assert stack.calls("create", "update") == []
    assert stack.calls("read")[0]["importing"]
    assert kinds(stack.up(program)) == [(StepKind.SAME, "lamp")]


def test_import_with_other_inputs_updates_in_the_same_run(stack: Stack) -> None:
    """What the program wants differently is changed right after the import, and the preview says so."""
    (stack.home / "lamp-9.thing").write_text('{"name": "lamp", "inputs": {"size": 3, "label": "fixed"}}')

    def program() -> None:
        Thing("lamp", ResourceOptions(import_="lamp-9"), size=4)

    expected = [(StepKind.IMPORT, "lamp"), (StepKind.UPDATE, "lamp")]
    assert expected == kinds(stack.preview(program))
    assert expected == kinds(stack.up(program))
    assert stack.records()["lamp"]["inputs"]["size"] == 4


@pytest.mark.parametrize("takes_secrets", ["yes", "no"])
def test_import_keeps_the_secrets_of_the_program(stack: Stack, takes_secrets: str) -> None:
    """What exists says of no value that it is secret; the program does, and the state has it in clear at no time."""
    stack.environment["THINGS_TAKE_SECRETS"] = takes_secrets
    (stack.home / "lamp-9.thing").write_text('{"name": "lamp", "inputs": {"password": "hunter2", "label": "fixed"}}')

    def program() -> None:
        Thing("lamp", ResourceOptions(import_="lamp-9"), password=Output.secret("hunter2"))

    assert kinds(stack.up(program)) == [(StepKind.IMPORT, "lamp")]
    assert "hunter2" not in stack.state_file.read_text()
    assert kinds(stack.up(program)) == [(StepKind.SAME, "lamp")]
    assert "hunter2" not in stack.state_file.read_text()


def test_import_of_what_does_not_exist_is_an_error(stack: Stack) -> None:
    """A wrong id is named before anything happens."""
    result = stack.up(lambda: Thing("lamp", ResourceOptions(import_="lamp-9")))

    assert errors(result) == ["resource 'lamp-9' does not exist"]


def test_resource_deleted_with_another_needs_no_call(stack: Stack) -> None:
    """Only the host is deleted at the provider; the guest goes with it, and what needs the guest goes first."""

    def program() -> None:
        host = Thing("host")
        guest = Thing("guest", ResourceOptions(deleted_with=host))
        Thing("reader", source=guest.url)

    stack.up(program)
    stack.forget_calls()
    result = stack.destroy()

    assert names(stack.calls("delete")) == ["reader", "host"]
    assert [(StepKind.DELETE, name) for name in ("reader", "host", "guest")] == kinds(result)
    assert stack.deployment()["resources"] == []


def test_replaced_host_replaces_its_guests(stack: Stack) -> None:
    """What is deleted with another must be made anew when that is replaced."""

    def program(kind: str) -> None:
        Thing("guest", ResourceOptions(deleted_with=Thing("host", kind=kind)))

    stack.up(lambda: program("a"))
    stack.forget_calls()
    result = stack.up(lambda: program("b"))

    assert (StepKind.CREATE_REPLACEMENT, "guest") in kinds(result)
    assert names(stack.calls("delete")) == ["host"]


def test_custom_timeouts_reach_the_provider_in_seconds(stack: Stack) -> None:
    """Durations of any unit arrive as seconds, and stand in the state as such."""
    opts = ResourceOptions(custom_timeouts=CustomTimeouts(create="1m30s", update="2h"))
    stack.up(lambda: Thing("lamp", opts))

    assert stack.calls("create")[0]["timeout"] == 90.0
    assert stack.records()["lamp"]["customTimeouts"] == {"create": 90.0, "update": 7200.0}


def test_additional_secret_outputs_are_secret(stack: Stack) -> None:
    """An output that the program marks secret is secret everywhere after that."""

    def program() -> None:
        pulumi.export("url", Thing("lamp", ResourceOptions(additional_secret_outputs=["url"])).url)

    assert Secret("https://lamp-1") == stack.up(program).outputs["url"]
    assert "https://lamp-1" not in stack.state_file.read_text()


def test_an_output_becomes_secret_without_another_change(stack: Stack) -> None:
    """The option alone is given to what exists already: as with the CLI, the state's clear text goes at once."""

    def program(*names: str) -> Callable[[], None]:
        opts = ResourceOptions(additional_secret_outputs=list(names))
        return lambda: pulumi.export("url", Thing("lamp", opts).url)

    assert stack.up(program()).outputs["url"] == "https://lamp-1"
    assert Secret("https://lamp-1") == stack.up(program("url")).outputs["url"]
    assert "https://lamp-1" not in stack.state_file.read_text()
    assert stack.calls("update") == []


@pytest.mark.parametrize("takes_secrets", ["yes", "no"])
def test_secret_inputs_stay_secret(stack: Stack, takes_secrets: str) -> None:
    """Secrets are encrypted on disk, whether the provider hands the marks back or gets plain values."""
    stack.environment["THINGS_TAKE_SECRETS"] = takes_secrets

    def program() -> None:
        Thing("lamp", password=Output.secret("hunter2"), nested={"list": ["x", Output.secret("hunter3")]})

    result = stack.up(program)

    assert result.succeeded
    assert "hunter" not in stack.state_file.read_text()
    assert "hunter" not in repr(stack.events)
    assert kinds(stack.up(program)) == [(StepKind.SAME, "lamp")]
    assert "hunter" not in stack.state_file.read_text()
