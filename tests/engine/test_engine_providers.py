"""Provider resources, and operations limited to targets."""

from __future__ import annotations

import pulumi
import pytest
from pulumi import ResourceOptions

from pulumi_embedded.runner import run
from pulumi_operations.events import Change, Operation, StepKind
from tests.engine.harness import Shelf, Stack, Thing, Things, errors, kinds, names, things


def test_explicit_providers_have_their_own_configuration(stack: Stack) -> None:
    """Two providers of one package never mix."""

    def program() -> None:
        for region in ("north", "south"):
            Thing(f"lamp-{region}", ResourceOptions(provider=Things(region, region=region)))

    assert stack.up(program).succeeded
    configured = {call["name"]: call["args"] for call in stack.calls("configure")}
    assert configured == {"north": {"region": "north"}, "south": {"region": "south"}}


def test_provider_that_needs_an_unknown_is_not_called_in_a_preview(stack: Stack) -> None:
    """Its resources are foreseen with unknown outputs; the real run has the value."""

    def program() -> None:
        provider = Things("there", region=Thing("region").url)
        pulumi.export("url", Thing("lamp", ResourceOptions(provider=provider)).url)

    foreseen = stack.preview(program)
    assert kinds(foreseen) == [(StepKind.CREATE, "region"), (StepKind.CREATE, "lamp")]
    assert names(stack.calls("configure")) == ["default"]
    assert stack.up(program).outputs["url"] == "https://lamp-1"


def test_provider_change_that_replaces_replaces_its_resources(stack: Stack) -> None:
    """When the provider says that its new configuration is another place, everything is made there anew."""

    def program(region: str) -> None:
        Thing("lamp", ResourceOptions(provider=Things("there", region=region)))

    stack.up(lambda: program("north"))
    result = stack.up(lambda: program("south"))

    assert StepKind.CREATE_REPLACEMENT is result.steps[0].kind
    assert result.steps[0].changes == {"provider": Change.UPDATE_REPLACE}
    assert {"lamp-2"} == stack.existing()


def test_provider_whose_configuration_stays_is_configured_as_before(stack: Stack) -> None:
    """When the provider says that nothing differs, the state has what the program wrote, and what was in force."""

    def program(colour: str) -> None:
        Thing("lamp", ResourceOptions(provider=Things("there", region="north", colour=colour)))

    stack.up(lambda: program("red"))
    stack.up(lambda: program("blue"))

    configured = [call["args"]["colour"] for call in stack.calls("configure") if call["name"] == "there"]
    assert configured == ["red", "red"]
    record = next(each for each in stack.deployment()["resources"] if each["urn"].endswith("::there"))
    assert (record["inputs"]["colour"], record["outputs"]["colour"]) == ("blue", "red")


def test_default_provider_takes_the_configuration_of_its_package(stack: Stack) -> None:
    """Configuration keys with the package's name reach the provider without it."""
    stack.up(things("lamp"), config={"things:region": "north", "lab:other": "x"})

    assert stack.calls("configure")[0]["args"] == {"region": "north"}


def test_provider_that_cannot_tell_a_diff_has_its_inputs_compared(stack: Stack) -> None:
    """Without an answer, changed inputs are an update and equal ones none."""
    stack.up(things("lamp", shrug=True, size=1))

    assert kinds(stack.up(things("lamp", shrug=True, size=1))) == [(StepKind.SAME, "lamp")]
    result = stack.up(things("lamp", shrug=True, size=2))
    assert kinds(result) == [(StepKind.UPDATE, "lamp")]
    assert result.steps[0].changes == {"size": Change.UPDATE}


def test_targets_leave_the_rest_exactly_as_it_is(stack: Stack) -> None:
    """Outside of the targets nothing is checked, changed or deleted, and what does not exist yet stays unknown."""

    def before() -> None:
        Thing("lamp", size=1)
        Thing("other", size=1)
        Thing("dropped")

    def after() -> None:
        Thing("lamp", size=2)
        Thing("other", size=2, bad="would not pass")
        pulumi.export("new", Thing("new").url)

    stack.up(before)
    untouched = stack.records()
    stack.forget_calls()

    result = stack.up(after, targets=["**::lamp"])

    assert result.succeeded
    assert names(stack.calls("diff", "create", "update", "delete"))[-1:] == ["lamp"]
    assert [call for call in stack.calls("diff", "create", "update", "delete") if call["name"] != "lamp"] == []
    now = stack.records()
    assert now["lamp"]["inputs"]["size"] == 2
    assert {name: untouched[name] for name in ("other", "dropped")} == {
        name: now[name] for name in ("other", "dropped")
    }
    assert "new" not in now
    assert "new" not in result.outputs


def test_target_that_needs_what_does_not_exist_is_refused(stack: Stack) -> None:
    """The missing resource is named."""
    result = stack.up(lambda: Shelf("shelf"), targets=["**::shelf", "**::shelf-second"])

    assert "::shelf-first', which does not exist yet: add that to the targets" in errors(result)[0]
    assert set() == stack.existing()


def test_target_that_takes_others_along_is_refused(stack: Stack) -> None:
    """Deleted first, it takes what depends on it along: that is named, and made again only as the program wants it."""

    def program(kind: str) -> None:
        desk = Thing("desk", kind=kind, early=True)
        Thing("lamp", made_for=desk.url)

    stack.up(lambda: program("oak"))
    refused = stack.up(lambda: program("ash"), targets=["**::desk"])
    assert (stack.existing(), "::lamp': add that to the targets" in errors(refused)[0]) == ({"desk-1", "lamp-1"}, True)

    assert stack.up(lambda: program("ash"), targets=["**::desk", "**::lamp"]).succeeded
    assert stack.records()["lamp"]["inputs"]["made_for"] == "https://desk-2"


def test_targeted_destroy_deletes_only_the_targets(stack: Stack) -> None:
    """The rest stays; a target that others need is refused by name."""
    stack.up(lambda: Shelf("shelf"))

    refused = stack.destroy(targets=["**::shelf-first"])
    assert "::shelf-first' cannot be deleted" in errors(refused)[0]

    assert stack.destroy(targets=["**::shelf-second"]).succeeded
    assert {"shelf-first-1"} == stack.existing()


def test_targeted_destroy_keeps_replaced_records_of_others(stack: Stack) -> None:
    """What waits for its deletion is among the targets only by its URN, as with the CLI."""
    stack.up(lambda: (Thing("lamp", kind="a"), Thing("other")))
    stack.up(lambda: (Thing("lamp", kind="b", half="not yet"), Thing("other")))

    assert stack.destroy(targets=["**::other"]).succeeded

    assert {"lamp-1", "lamp-2"} == stack.existing()


@pytest.mark.parametrize("operation", [Operation.PREVIEW, Operation.UP, Operation.REFRESH, Operation.DESTROY])
def test_target_that_nothing_has_is_refused(stack: Stack, operation: Operation) -> None:
    """A URN with a mistake in it does not pass for one of which nothing had to be done."""
    stack.up(things("lamp"))
    urn = "urn:pulumi:test::lab::things:index:Thing::lamb"

    result = run(operation, stack.options(things("lamp"), targets=[urn]))

    assert errors(result) == [
        f"Target '{urn}' could not be found in the stack. Did you forget to escape $ in your shell?"
    ]
    assert not result.succeeded


def test_renamed_resource_outside_of_the_targets_is_known_by_its_new_name(stack: Stack) -> None:
    """What is among the targets refers to it in the state, so that the two are deleted in the right order later."""
    stack.up(lambda: Thing("shade", source=Thing("lamp").url))

    def renamed() -> None:
        lamp = Thing("light", ResourceOptions(aliases=[pulumi.Alias(name="lamp")]))
        Thing("shade", source=lamp.url, size=2)

    stack.up(renamed, targets=["**::shade"])

    assert [stack.records()["light"]["urn"]] == stack.records()["shade"]["dependencies"]
    assert {StepKind.SAME} == {step.kind for step in stack.up(renamed).steps}


def test_targeted_refresh_reads_only_the_targets(stack: Stack) -> None:
    """Nothing else is looked at."""
    stack.up(lambda: Shelf("shelf"))
    stack.forget_calls()

    stack.refresh(targets=["urn:pulumi:*::lab::**::shelf-first"])

    assert names(stack.calls("read")) == ["shelf-first"]
