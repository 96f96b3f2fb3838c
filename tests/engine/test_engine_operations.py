"""The four operations: what they do to provider and state, and what they tell."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import Output, ResourceOptions

from pulumi_embedded import runner, state_changes
from pulumi_operations.events import Change, Diagnostic, Event, Status, StepFinished, StepKind, StepStarted
from pulumi_operations.values import UNKNOWN, Secret
from tests.engine.harness import PLUGIN, Shelf, Stack, Thing, errors, kinds, names, things
from tests.lifecycle.conftest import LONGEST_S


def shelf_program() -> None:
    """A component with two children, exported."""
    shelf = Shelf("shelf")
    pulumi.export("url", shelf.second.url)
    pulumi.export("token", shelf.first.token)


def test_preview_makes_nothing_and_writes_nothing(stack: Stack) -> None:
    """A preview tells what would happen, and changes neither provider nor disk."""
    result = stack.preview(shelf_program)

    assert [(StepKind.CREATE, name) for name in ("shelf", "shelf-first", "shelf-second")] == kinds(result)
    assert set() == stack.existing()
    assert not stack.state_file.exists()
    assert not stack.journal.exists()


def test_preview_knows_what_it_does_not_know(stack: Stack) -> None:
    """Outputs that only the real run tells are unknown, also where they flow into other resources and exports."""
    result = stack.preview(shelf_program)

    assert UNKNOWN is result.steps[2].new_inputs["source"]
    assert UNKNOWN is result.outputs["url"]


def test_up_makes_what_the_program_declares(stack: Stack) -> None:
    """After an up the things exist, the state knows them, and the outputs are known."""
    result = stack.up(shelf_program)

    assert result.succeeded
    assert {"shelf-first-1", "shelf-second-1"} == stack.existing()
    assert result.outputs["url"] == "https://shelf-second-1"
    assert Secret("token-of-shelf-first-1") == result.outputs["token"]
    assert stack.records()["shelf"]["outputs"] == {"url": "https://shelf-second-1"}


def test_second_up_changes_nothing(stack: Stack) -> None:
    """An up without changes calls neither create nor update, and says that all is the same."""
    stack.up(shelf_program)
    stack.forget_calls()

    result = stack.up(shelf_program)

    assert {StepKind.SAME} == {step.kind for step in result.steps}
    assert stack.calls("create", "update", "delete") == []
    assert result.output_changes == {}


def test_update_tells_the_paths_that_differ(stack: Stack) -> None:
    """A changed input is one update with its path, on the resource's id."""
    stack.up(things("lamp", size=1))

    result = stack.up(things("lamp", size=2, colour="red"))

    assert kinds(result) == [(StepKind.UPDATE, "lamp")]
    assert result.steps[0].changes == {"size": Change.UPDATE, "colour": Change.ADD}
    assert {"lamp-1"} == stack.existing()


def test_undeclared_resources_are_deleted_dependents_first(stack: Stack) -> None:
    """What the program does not declare any more goes, and nothing goes before what depends on it."""

    def chain() -> None:
        Thing("c", ResourceOptions(depends_on=[Thing("b", source=Thing("a").url)]))

    stack.up(chain)
    stack.forget_calls()

    result = stack.up(things())

    assert [(StepKind.DELETE, name) for name in "cba"] == kinds(result)
    assert names(stack.calls("delete")) == ["c", "b", "a"]
    assert set() == stack.existing()


def test_destroy_leaves_an_empty_state(stack: Stack) -> None:
    """A destroy deletes all and forgets all, providers too."""
    stack.up(shelf_program)

    result = stack.destroy()

    assert result.succeeded
    assert result.output_changes == {"url": Change.DELETE, "token": Change.DELETE}
    assert set() == stack.existing()
    assert stack.deployment()["resources"] == []


def test_provider_is_configured_from_the_state_when_there_is_no_program(stack: Stack) -> None:
    """A destroy hands the provider the configuration it had, whatever the settings say now."""
    stack.up(things("lamp"), config={"things:region": "north"})
    stack.forget_calls()

    stack.destroy(config={"things:region": "south"})

    assert stack.calls("configure")[0]["args"] == {"region": "north"}


def most_at_once(stack: Stack) -> int:
    """How many steps were under way at the same time."""
    now = most = 0
    for event in stack.events:
        now += isinstance(event, StepStarted) - isinstance(event, StepFinished)
        most = max(most, now)
    return most


@pytest.mark.parametrize(("parallel", "expected"), [(16, 6), (2, 2), (1, 1)])
def test_independent_resources_are_made_at_the_same_time(stack: Stack, parallel: int, expected: int) -> None:
    """As many as ``parallel`` allows, and no more."""
    stack.up(things(*(f"lamp{number}" for number in range(6)), meets=expected), parallel=parallel)

    assert most_at_once(stack) == expected


def test_steps_begin_and_end_as_events(stack: Stack) -> None:
    """A real run tells each step twice, a preview once; what the provider says comes in between, with its resource."""
    stack.up(things("lamp"))

    assert [StepStarted, Diagnostic, StepFinished] == [type(event) for event in stack.events]
    assert isinstance(stack.events[1], Diagnostic)
    assert (stack.events[1].severity, stack.events[1].message) == ("info", "made lamp-1")
    assert stack.events[1].urn.endswith("::lamp")


def test_refresh_takes_over_what_changed_outside(stack: Stack) -> None:
    """Drift is told by path and stored; the next up puts the program's wish back."""
    stack.up(things("lamp", size=1))
    path = stack.home / "lamp-1.thing"
    path.write_text(path.read_text().replace('"size": 1', '"size": 7'))

    result = stack.refresh()

    assert kinds(result) == [(StepKind.UPDATE, "lamp")]
    assert result.steps[0].changes == {"size": Change.UPDATE}
    assert stack.records()["lamp"]["inputs"]["size"] == 7
    assert kinds(stack.up(things("lamp", size=1))) == [(StepKind.UPDATE, "lamp")]


def test_refresh_without_drift_says_same(stack: Stack) -> None:
    """A refresh that finds what the state says changes nothing in the state."""
    stack.up(shelf_program)
    before = stack.records()

    result = stack.refresh()

    assert sorted(kinds(result)) == [(StepKind.SAME, "shelf-first"), (StepKind.SAME, "shelf-second")]
    assert before == stack.records()


def test_refresh_forgets_what_is_gone(stack: Stack) -> None:
    """A resource that was deleted outside leaves the state, and references to it too; the next up makes it again."""
    stack.up(shelf_program)
    (stack.home / "shelf-first-1.thing").unlink()

    result = stack.refresh()

    assert (StepKind.DELETE, "shelf-first") in kinds(result)
    assert "shelf-first" not in stack.records()
    assert "dependencies" not in stack.records()["shelf-second"]
    assert (StepKind.CREATE, "shelf-first") in kinds(stack.up(shelf_program))


def test_refresh_leaves_no_child_of_what_is_gone(stack: Stack) -> None:
    """The child stays without its parent, as with the CLI, which reads no state that refers to what it lacks."""

    def program() -> None:
        Thing("bulb", ResourceOptions(parent=Thing("lamp")))

    stack.up(program)
    (stack.home / "lamp-1.thing").unlink()

    stack.refresh()

    assert "parent" not in stack.records()["bulb"]


def test_refresh_that_cannot_read_keeps_the_state(stack: Stack) -> None:
    """A failed read is never taken for "gone"."""
    stack.up(things("lamp"))
    (stack.home / "unreadable").touch()

    result = stack.refresh()

    assert errors(result) == ["503 from the cloud"]
    assert "lamp" in stack.records()


def test_invoke_answers_and_waits_for_what_it_needs(stack: Stack) -> None:
    """A function gets known arguments only; in a preview, one that needs an unknown is not called."""

    def program() -> None:
        lamp = Thing("lamp")
        known = pulumi.runtime.invoke_output("things:index:ask", {"question": "hi"})
        later = pulumi.runtime.invoke_output("things:index:ask", {"question": lamp.url})
        pulumi.export("known", known["answer"])
        pulumi.export("later", later["answer"])

    foreseen = stack.preview(program)
    assert foreseen.outputs["known"] == "you asked hi"
    assert UNKNOWN is foreseen.outputs["later"]

    assert stack.up(program).outputs["later"] == "you asked https://lamp-1"


def test_a_program_may_do_without_the_answer_of_a_function(stack: Stack) -> None:
    """A function that fails is for the program to judge, as with the CLI."""

    def program() -> None:
        try:
            pulumi.runtime.invoke("things:index:ask", {"fail": "do not ask"})
        except Exception as failure:  # noqa: BLE001 Pulumi raises nothing narrower
            pulumi.export("said", str(failure))
        Thing("lamp")

    result = stack.up(program)

    assert errors(result) == []
    assert "do not ask" in result.outputs["said"]
    assert {"lamp-1"} == stack.existing()


def test_stack_outputs_are_compared_with_the_ones_before(stack: Stack) -> None:
    """Outputs may be anything; the result says which paths changed."""
    stack.up(lambda: pulumi.export("answer", {"list": [1, 2.5, "three"], "flag": True}))

    result = stack.up(lambda: pulumi.export("answer", {"list": [1, 2.5, "four"], "flag": True}))

    assert result.outputs == {"answer": {"list": [1, 2.5, "four"], "flag": True}}
    assert result.output_changes == {"answer.list[2]": Change.UPDATE}


def test_a_program_reads_what_it_has_exported_before(stack: Stack) -> None:
    """Like the CLI, the engine records the provider of its own functions, as long as a program calls them."""
    before: list[object] = []

    def program() -> None:
        name = f"organization/{pulumi.get_project()}/{pulumi.get_stack()}"
        before.append(pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value["outputs"])
        pulumi.export("runs", len(before))

    def providers() -> list[tuple[str, str]]:
        kept = stack.deployment()["resources"]
        return [(each["type"], each["id"]) for each in kept if each["type"].startswith("pulumi:providers:")]

    stack.up(program)
    made = providers()
    stack.up(program)

    assert before == [{}, {"runs": 1}]
    assert [type_ for type_, _ in made] == ["pulumi:providers:pulumi"]
    assert providers() == made
    stack.up(lambda: None)
    assert providers() == []


def test_cancelling_ends_waiting_and_begins_nothing_new(stack: Stack) -> None:
    """A cancelled run asks the provider to stop, keeps what is half made, and makes nothing else."""

    def program() -> None:
        stuck = Thing("stuck", hang=True)
        Thing("after", source=stuck.url)

    def cancel(event: Event) -> None:
        if isinstance(event, Status):  # the provider says that it waits
            stack.cancel.set()

    result = stack.up(program, on_event=cancel)

    assert not result.succeeded
    assert any("was cancelled" in error for error in errors(result))
    assert names(stack.calls("create")) == ["stuck"]
    assert stack.records()["stuck"]["initErrors"] == ["was cancelled"]
    assert "after" not in stack.records()


def test_interrupt_from_the_keyboard_cancels(stack: Stack) -> None:
    """Ctrl-C is a cancellation, not a traceback: the state has what was done."""

    def interrupt(event: Event) -> None:
        if isinstance(event, Status):
            os.kill(os.getpid(), signal.SIGINT)

    result = stack.up(things("stuck", hang=True), on_event=interrupt)

    assert any("was cancelled" in error for error in errors(result))
    assert "stuck" in stack.records()


def test_interrupt_from_the_keyboard_cancels_a_deletion(stack: Stack) -> None:
    """A delete that waits is asked to end, and what it did not delete stays in the state."""
    stack.up(things("stuck", clings=True))

    def interrupt(event: Event) -> None:
        if isinstance(event, Status):
            os.kill(os.getpid(), signal.SIGINT)

    result = stack.destroy(on_event=interrupt)

    assert any("was cancelled" in error for error in errors(result))
    assert "stuck" in stack.records()


def test_a_plugin_that_never_starts_can_be_cancelled(stack: Stack) -> None:
    """It prints no port, so the run waits for it: a cancellation ends it, and what is made says so."""
    slow = stack.root / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    (stack.root / "Pulumi.yaml").write_text(
        "name: lab\nruntime: python\nplugins: {providers: [{name: things, path: slow}]}\n"
    )

    result = stack.up(lambda: (Thing("lamp"), stack.cancel.set()))

    assert not result.succeeded
    assert any("the run was cancelled" in error for error in errors(result))


def test_destroy_deletes_what_a_replaced_record_depended_on(stack: Stack) -> None:
    """A replaced thing that waits for its deletion needed the one that now needs its successor: all three go."""

    def before() -> None:
        Thing("desk", kind="oak", source=Thing("lamp").url)

    def after() -> None:
        desk = Thing("desk", kind="ash")
        Thing("lamp", source=desk.url)
        Thing("broken", ResourceOptions(depends_on=[desk]), fail="no")

    stack.up(before)
    stack.up(after)
    assert {"lamp-1", "desk-1", "desk-2"} == stack.existing()

    result = stack.destroy()

    assert result.succeeded
    assert set() == stack.existing()


def test_drift_of_what_the_program_ignores_is_none(stack: Stack) -> None:
    """As with the CLI, which compares as the next up would: the state follows, and no difference is reported."""
    stack.up(lambda: Thing("lamp", ResourceOptions(ignore_changes=["size"]), size=1))
    path = stack.home / "lamp-1.thing"
    path.write_text(path.read_text().replace('"size": 1', '"size": 7'))

    result = stack.refresh()

    assert kinds(result) == [(StepKind.SAME, "lamp")]
    assert stack.records()["lamp"]["inputs"]["size"] == 7


def test_state_folder_that_is_a_file_is_explained(stack: Stack) -> None:
    """One sentence, no traceback."""
    stack.state_file.parent.touch()

    with pytest.raises(runner.EngineError, match=r"state cannot be used as a folder of states: File exists$"):
        stack.up(things())


def test_second_run_is_refused_while_the_first_is_under_way(stack: Stack) -> None:
    """Two runs never share a state file; a preview beside a run is refused too."""
    refusals: list[str] = []

    def program() -> None:
        with pytest.raises(runner.EngineError) as caught:
            state_changes.unprotect(stack.options())
        refusals.append(str(caught.value))
        Thing("lamp")

    assert stack.up(program).succeeded
    assert f"another run is using {stack.state_file}" in refusals[0]


def test_program_directory_is_run_with_its_own_modules_each_time(stack: Stack) -> None:
    """Without a program the project's ``__main__.py`` runs, its directory first on the path, its modules anew."""
    (stack.root / "__main__.py").write_text("import pulumi, furniture\npulumi.export('part', furniture.NAME)\n")
    (stack.root / "furniture.py").write_text("NAME = 'one'\n")
    assert stack.up(None, config=None).outputs == {"part": "one"}  # pyright: ignore[reportArgumentType]

    (stack.root / "furniture.py").write_text("NAME = 'another'\n")
    assert stack.up(None, config=None).outputs == {"part": "another"}  # pyright: ignore[reportArgumentType]


def test_environment_of_a_run_ends_with_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Program and plugins see the given variables, the rest of the process never does."""
    monkeypatch.delenv("THINGS", raising=False)
    seen: list[str] = []
    stack.up(lambda: seen.append(os.environ["THINGS"]))

    assert [str(stack.home)] == seen
    assert "THINGS" not in os.environ


def test_nested_outputs_keep_their_secrets(stack: Stack) -> None:
    """A component's outputs and exports keep secrets at any depth."""

    class Box(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("lab:index:Box", "box")
            self.inner = Output.from_input({"open": "yes", "key": Output.secret("1234")})
            self.register_outputs({"inner": self.inner})

    result = stack.up(lambda: pulumi.export("box", Box().inner))

    assert isinstance(result.outputs["box"], Secret)
    assert "1234" not in repr(result.outputs)
    assert "ciphertext" in str(stack.records()["box"]["outputs"])


@pytest.mark.parametrize("known_from", ["project", "state"])
def test_plugins_that_will_be_needed_start_before_the_program(stack: Stack, tmp_path: Path, known_from: str) -> None:
    """In an empty state those that the project names, later those that the state has providers of."""
    if known_from == "state":
        stack.up(things("lamp"))
    started = tmp_path / "started"
    (tmp_path / "noted.py").write_text(
        f"import runpy, sys\nopen({str(started)!r}, 'w')\ndel sys.path[0]\n"
        f"runpy.run_path({str(PLUGIN)!r}, run_name='__main__')"
    )
    (stack.root / "Pulumi.yaml").write_text(
        f"name: lab\nruntime: python\nplugins: {{providers: [{{name: things, path: {tmp_path}/plugin}}]}}\n"
    )
    (tmp_path / "plugin").write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/noted.py "$@"\n')
    (tmp_path / "plugin").chmod(0o755)

    def program() -> None:
        ends = time.monotonic() + LONGEST_S
        while not started.exists():
            assert time.monotonic() < ends, "no plugin was started"
            time.sleep(0.01)
        Thing("lamp")

    assert stack.up(program).succeeded


def test_waiting_for_answers_grows_with_the_number_of_resources(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is waited for once. The SDK's other way looks at everything pending after each answer."""
    watched: list[int] = []
    wait = asyncio.wait

    def counting(tasks: Iterable[asyncio.Future[Any]], **more: Any) -> Any:
        waiting = list(tasks)
        watched.append(len(waiting))
        return wait(waiting, **more)

    monkeypatch.setattr(asyncio, "wait", counting)

    def work(number: int) -> int:
        watched.clear()
        assert stack.preview(lambda: [Thing(f"thing-{index}") for index in range(number)]).succeeded
        return sum(watched)

    few, many = work(20), work(80)
    assert many <= 6 * few + 100  # 4 times as many; their square is 16 times as much


def test_late_registrations_belong_to_the_run(stack: Stack) -> None:
    """Also what is registered in an ``apply``, of what is registered in an ``apply``, is made and recorded."""

    def program() -> None:
        def third(_url: str) -> None:
            Thing("third")

        first = Thing("first")
        first.url.apply(lambda url: Thing("second", source=url)).apply(lambda each: each.url).apply(third)

    assert stack.up(program).succeeded
    assert {"first", "second", "third"} == set(stack.records())
