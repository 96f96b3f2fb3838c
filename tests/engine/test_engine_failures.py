"""What goes wrong: what people read, what is kept, and what the next run makes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import ResourceOptions

from pulumi_embedded import runner
from pulumi_operations.events import StepFinished, StepKind
from tests.engine.harness import FoundThing, Stack, Thing, Things, errors, kinds, names, things, warnings


def test_failed_create_keeps_everything_else(stack: Stack) -> None:
    """The provider's own words are the error; what was made stays known, outputs stay, nothing is deleted."""
    stack.up(lambda: (Thing("old"), pulumi.export("answer", 1)))

    def program() -> None:
        good = Thing("good")
        bad = Thing("bad", ResourceOptions(depends_on=[good]), fail="no room for it\nin this house")
        Thing("after", source=bad.url)
        pulumi.export("answer", 2)

    result = stack.up(program)

    assert not result.succeeded
    assert errors(result) == ["no room for it\nin this house"]
    assert {"old", "good"} == set(stack.records())
    assert result.outputs == {"answer": 1}
    assert {"old-1", "good-1"} == stack.existing()
    assert [event.error for event in stack.events if isinstance(event, StepFinished) and event.error] == [
        "no room for it\nin this house"
    ]


def test_failed_run_goes_on_where_it_stopped(stack: Stack) -> None:
    """The next up makes only what is missing."""
    stack.up(lambda: (Thing("good"), Thing("bad", fail="no")))
    stack.forget_calls()

    result = stack.up(lambda: (Thing("good"), Thing("bad")))

    assert sorted(kinds(result)) == [(StepKind.CREATE, "bad"), (StepKind.SAME, "good")]
    assert not stack.calls("create")[0]["interrupted"]


def test_what_is_under_way_ends_before_the_run_does(stack: Stack) -> None:
    """A failure starts nothing new, but a create that was already called is waited for and recorded."""
    stack.up(lambda: (Thing("slow", meets=2, seconds=0.5), Thing("bad", meets=2, fail="no")))

    assert {"slow"} == set(stack.records())


def test_check_failure_names_resource_and_reason(stack: Stack) -> None:
    """Wrong inputs are told before anything is made, in previews too."""
    for run in (stack.preview, stack.up):
        result = run(things("lamp", bad="size: must be positive"))
        assert errors(result) == ["things:index:Thing resource 'lamp' has a problem: size: must be positive"]
    assert stack.calls("create") == []


def test_half_made_resource_is_kept_and_updated_next_time(stack: Stack) -> None:
    """It exists, its errors stand in the state, its dependents are not made; the next up completes it."""

    def program(**more: Any) -> None:
        lamp = Thing("lamp", **more)
        Thing("shade", source=lamp.url)

    result = stack.up(lambda: program(half="the bulb is missing"))
    assert errors(result) == ["the bulb is missing"]
    assert stack.records()["lamp"]["initErrors"] == ["the bulb is missing"]
    assert "shade" not in stack.records()

    again = stack.up(program)
    assert kinds(again) == [(StepKind.UPDATE, "lamp"), (StepKind.CREATE, "shade")]
    assert "initErrors" not in stack.records()["lamp"]


@pytest.mark.parametrize("takes_secrets", ["yes", "no"])
def test_what_is_half_made_keeps_its_secrets(stack: Stack, takes_secrets: str) -> None:
    """A provider that is given plain values gives plain values back, and only the engine knows which are secret."""
    stack.environment["THINGS_TAKE_SECRETS"] = takes_secrets
    for size in (1, 2):
        stack.up(lambda: Thing("lamp", size=size, half="not yet", password=pulumi.Output.secret("hunter2")))  # noqa: B023 - called at once

        assert "password" in stack.records()["lamp"]["outputs"]
        assert "hunter2" not in stack.state_file.read_text()


def test_half_made_resource_is_updated_even_without_a_difference(stack: Stack) -> None:
    """An update is due although the inputs are the same."""
    stack.up(things("lamp", half="not yet"))

    assert kinds(stack.preview(things("lamp", half="not yet"))) == [(StepKind.UPDATE, "lamp")]


def test_half_done_update_keeps_the_old_inputs(stack: Stack) -> None:
    """The difference shows again at the next run."""
    stack.up(things("lamp", size=1))
    stack.up(things("lamp", size=2, half="stuck"))

    assert stack.records()["lamp"]["inputs"]["size"] == 1
    assert stack.records()["lamp"]["initErrors"] == ["stuck"]
    assert kinds(stack.up(things("lamp", size=2))) == [(StepKind.UPDATE, "lamp")]
    assert "initErrors" not in stack.records()["lamp"]


def test_half_made_replacement_keeps_the_old_one_for_deletion(stack: Stack) -> None:
    """Both are in the state; once the new one is complete, the old one goes."""
    stack.up(things("lamp", kind="a"))
    stack.up(things("lamp", kind="b", half="not yet"))
    assert {"lamp-1", "lamp-2"} == stack.existing()

    result = stack.up(things("lamp", kind="b"))
    assert kinds(result) == [(StepKind.UPDATE, "lamp"), (StepKind.DELETE_REPLACED, "lamp")]
    assert {"lamp-2"} == stack.existing()


def test_failed_update_leaves_the_state_as_it_was(stack: Stack) -> None:
    """Old inputs, no errors recorded."""
    stack.up(things("lamp", size=1))
    before = stack.records()
    stack.up(things("lamp", size=2, fail="no"))

    assert before == stack.records()


def test_failed_deletion_keeps_the_resource_and_what_it_needs(stack: Stack) -> None:
    """What could not be deleted stays in the state, as does everything below it; the rest is gone."""

    def program() -> None:
        Thing("top", source=Thing("below").url, stuck="holding on")
        Thing("alone")

    stack.up(program)
    result = stack.destroy()

    assert errors(result) == ["holding on"]
    assert {"top", "below"} <= set(stack.records())
    assert "below-1" in stack.existing()


def test_unhealthy_resource_is_a_warning_at_refresh(stack: Stack) -> None:
    """The refresh succeeds, and the next up updates the resource."""
    stack.up(things("lamp"))
    (stack.home / "unhealthy").touch()

    result = stack.refresh()
    assert result.succeeded
    assert warnings(result) == ["Refreshed resource is in an unhealthy state:\n* does not feel well"]
    assert kinds(stack.up(things("lamp"))) == [(StepKind.UPDATE, "lamp")]


def test_plugin_that_dies_is_reported_and_its_create_remembered(stack: Stack) -> None:
    """No hang; the thing it made before it died is found again by the next run, not made twice."""
    result = stack.up(things("lamp", die=True))
    assert "ended in the middle of its work" in errors(result)[0]
    assert {"lamp-1"} == stack.existing()

    assert stack.up(things("lamp", die=True)).succeeded
    assert [call["interrupted"] for call in stack.calls("create")] == [False, True]
    assert {"lamp-1"} == stack.existing()
    assert "pending_operations" not in stack.deployment()


def test_undeclared_interrupted_create_is_warned_of_by_name(stack: Stack) -> None:
    """When the program does not create it any more, a person has to look; said once by an up, and again by none."""
    stack.up(things("lamp", die=True))

    assert "things:index:Thing 'lamp'" in warnings(stack.preview(things()))[0]
    assert "things:index:Thing 'lamp'" in warnings(stack.up(things()))[0]
    assert warnings(stack.up(things())) == []


def test_interrupted_create_outside_of_the_targets_is_remembered(stack: Stack) -> None:
    """An up of something else keeps the note, so that the next up of all finds the thing in place of making another."""
    stack.up(things("lamp", die=True))

    partial = stack.up(lambda: (Thing("lamp", die=True), Thing("other")), targets=["**::other"])
    assert partial.succeeded
    assert warnings(partial) == []

    assert stack.up(lambda: (Thing("lamp", die=True), Thing("other"))).succeeded
    assert {"lamp-1", "other-1"} == stack.existing()


def test_plugin_that_does_not_start_is_explained(stack: Stack) -> None:
    """Its last words are in the error."""
    (stack.home / "broken").touch()

    assert "this plugin is broken" in errors(stack.up(things("lamp")))[0]


def test_refused_configuration_is_the_providers_text(stack: Stack) -> None:
    """Nothing is added to what the provider says."""
    assert errors(stack.up(things("lamp"), config={"things:refuse": "yes"})) == ["this configuration is refused"]


def test_unknown_package_says_what_is_missing(stack: Stack) -> None:
    """Without a plugin the error names the package and the place to name one."""

    class Cloud(pulumi.CustomResource):
        def __init__(self) -> None:
            super().__init__("cloud:index:Server", "server", {})

    result = stack.up(Cloud)

    assert "no provider plugin for package 'cloud'" in errors(result)[0]
    assert "needs the Pulumi CLI" in errors(result)[0]


def test_plugins_of_the_options_are_used(stack: Stack) -> None:
    """A package that Pulumi.yaml does not name is taken from the options."""
    (stack.root / "Pulumi.yaml").write_text("name: lab\nruntime: python\n")
    plugin = str(Path(__file__).parent / "things")

    assert stack.up(things("lamp"), plugins={"things": [sys.executable, plugin]}).succeeded


def test_run_error_shows_only_its_message(stack: Stack) -> None:
    """``pulumi.RunError`` is a text for people: no traceback."""

    def program() -> None:
        message = "the settings make no sense"
        raise pulumi.RunError(message)

    assert errors(stack.up(program)) == ["the settings make no sense"]


def test_other_exceptions_show_the_programs_own_frames(stack: Stack) -> None:
    """Where it happened in the program, not how the SDK and the engine got there."""
    (stack.root / "__main__.py").write_text("def broken():\n    return 1 / 0\n\nbroken()\n")

    (error,) = errors(stack.up(stack.root))

    assert error.startswith("Program failed with an unhandled exception:\nTraceback (most recent call last):\n")
    assert error.endswith("ZeroDivisionError: division by zero")
    assert error.count("  File ") == 2
    assert "return 1 / 0" in error


@pytest.mark.parametrize("code", [0, 1, "text"])
def test_sys_exit_is_an_error(stack: Stack, code: object) -> None:
    """A program that leaves early has not said all it wants: nothing is deleted for that."""
    stack.up(things("lamp"))

    result = stack.up(lambda: sys.exit(code))  # pyright: ignore[reportArgumentType]

    assert "sys.exit" in errors(result)[0]
    assert {"lamp-1"} == stack.existing()


def test_an_error_that_the_program_has_logged_is_told_once(stack: Stack) -> None:
    """A program that ends with the code for an error that the user has read has failed."""
    stack.up(things("lamp"))

    def program() -> None:
        refused = pulumi.RunError("the settings are wrong")
        pulumi.log.error(str(refused))
        raise SystemExit(32) from refused

    result = stack.up(program)

    assert errors(result) == ["the settings are wrong"]
    assert not result.succeeded
    assert {"lamp-1"} == stack.existing()


def test_program_error_after_registrations_deletes_nothing(stack: Stack) -> None:
    """What was registered before the error is made; what comes after it in the program is not taken for dropped."""
    stack.up(lambda: (Thing("one"), Thing("two")))

    def program() -> None:
        Thing("one", size=2)
        message = "no further"
        raise ValueError(message)

    result = stack.up(program)

    assert not result.succeeded
    assert {"one-1", "two-1"} == stack.existing()
    assert stack.records()["one"]["inputs"]["size"] == 2


def test_two_resources_of_one_name_are_refused(stack: Stack) -> None:
    """The URN is named."""
    result = stack.up(lambda: (Thing("lamp"), Thing("lamp")))

    assert (errors(result)) == [
        "Duplicate resource URN 'urn:pulumi:test::lab::things:index:Thing::lamp'; try giving it a unique name"
    ]


def test_two_resources_claiming_one_record_are_refused(stack: Stack) -> None:
    """Two aliases for the same old name cannot both be right."""
    stack.up(things("lamp"))
    opts = ResourceOptions(aliases=[pulumi.Alias(name="lamp")])

    result = stack.up(lambda: (Thing("a", opts), Thing("b", opts)))

    assert "both claim" in errors(result)[0]
    assert {"lamp-1"} == stack.existing()


def test_failed_invoke_names_the_function(stack: Stack) -> None:
    """The provider's text with the function it came from."""
    result = stack.up(lambda: pulumi.runtime.invoke_output("things:index:ask", {"fail": "do not ask"}))

    assert errors(result) == ["invocation of things:index:ask returned an error: do not ask"]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"retain_on_delete": True}, "retain_on_delete"),
        ({"replacement_trigger": "1"}, "replacement_trigger"),
        ({"env_var_mappings": {"A": "B"}}, "env_var_mappings"),
        ({"transforms": [lambda args: None]}, "transforms"),  # pyright: ignore[reportUnknownLambdaType]
        ({"hooks": pulumi.ResourceHookBinding(before_create=[lambda args: None])}, "hooks"),  # pyright: ignore[reportArgumentType, reportUnknownLambdaType]
    ],
)
def test_unsupported_options_are_refused_by_name(stack: Stack, options: dict[str, object], name: str) -> None:
    """What this engine does not do, it says, and who does."""
    opts = ResourceOptions(**options)  # pyright: ignore[reportArgumentType]

    (error,) = errors(stack.up(lambda: Thing("lamp", opts)))

    assert name.replace("_", " ").rstrip("s") in error.replace("_", " ").lower()
    assert "needs the Pulumi CLI" in error
    assert set() == stack.existing()


def test_replace_with_is_refused_by_name(stack: Stack) -> None:
    """The SDK's advice to update the CLI would lead nowhere."""
    result = stack.up(lambda: Thing("b", ResourceOptions(replace_with=[Thing("a")])))

    assert "ReplaceWith option needs the Pulumi CLI" in errors(result)[0]


def test_unsupported_kinds_are_refused_by_name(stack: Stack) -> None:
    """Remote components, stack references, files; what is only looked up, and aliases that lead elsewhere."""

    class Remote(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("things:index:Remote", "remote", None, None, True)

    programs = {
        "a remote component": Remote,
        "StackReference": lambda: pulumi.StackReference("organization/other/test"),
        "looking up things:index:Thing 'found' by its id": lambda: FoundThing("found", "elsewhere-1"),
        "an alias in another stack or project": lambda: Thing(
            "lamp", ResourceOptions(aliases=[pulumi.Alias(stack="other")])
        ),
        "a file asset or archive": lambda: Thing("lamp", file=pulumi.FileAsset("Pulumi.yaml")),
    }
    for name, program in programs.items():
        (error,) = errors(stack.up(program))
        assert name in error
        assert "needs the Pulumi CLI" in error


@pytest.mark.parametrize("variable", ["RAILWAY_API_URL", "CLOUDFLARE_BASE_URL", "DIGITALOCEAN_API_URL"])
def test_real_addresses_are_refused(stack: Stack, variable: str) -> None:
    """No operation, not even a preview, begins with an address that is not loopback."""
    stack.environment[variable] = "https://api.example.com/v2"

    with pytest.raises(runner.EngineError, match=f"{variable} is https://api.example.com/v2.*Pulumi CLI"):
        stack.preview(things())


def test_cloud_without_address_is_refused_for_real_operations(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that would go to its real cloud is foreseen, but never run."""
    monkeypatch.delenv("RAILWAY_API_URL", raising=False)
    plugins = {"railway": [sys.executable, str(Path(__file__).parent / "things")]}

    class Service(pulumi.CustomResource):
        def __init__(self) -> None:
            super().__init__("railway:index:Service", "service", {})

    assert stack.preview(Service, plugins=plugins).succeeded
    assert "RAILWAY_API_URL is not set" in errors(stack.up(Service, plugins=plugins))[0]
    stack.environment["RAILWAY_API_URL"] = "http://127.0.0.1:1/graphql/v2"
    assert stack.up(Service, plugins=plugins).succeeded


def test_configured_address_must_be_loopback_too(stack: Stack) -> None:
    """An address in a provider's own settings is held to the same rule."""
    result = stack.up(lambda: Thing("lamp", ResourceOptions(provider=Things("far", baseUrl="https://far.example"))))

    assert "things:baseUrl is https://far.example" in errors(result)[0]


def test_failures_of_a_deletion_do_not_stop_what_is_independent_from_being_recorded(stack: Stack) -> None:
    """Whatever was deleted is out of the state."""
    stack.up(lambda: (Thing("stuck", stuck="no"), Thing("slow", seconds=0.3)))
    stack.destroy()

    assert set(stack.records()) == {each.rpartition("-")[0] for each in stack.existing()}
    assert names(stack.calls("delete")).count("stuck") == 1
