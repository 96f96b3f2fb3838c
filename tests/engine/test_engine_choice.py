"""Which engine a command uses: what is there, what was said, and whose state holds the stack."""

from __future__ import annotations

import io
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_operations.events import Operation
from railyard.engine import pulumi_cli
from railyard.engine.cli_operations import operate
from railyard.engine.engine_choice import Engine, States, choose
from railyard.engine.tools import install_or_build
from railyard.engine.up_run import follow
from railyard.output import JsonReport
from railyard.shared.console import OperationError

RESOURCES = [{"urn": "urn:pulumi:staging::railyard::pulumi:pulumi:Stack::railyard-staging"}]


class Machine:
    """A PATH and a home directory on which programs may be put."""

    def __init__(self, directory: Path) -> None:
        self.bin, self.home = directory / "bin", directory / "home"
        self.bin.mkdir()
        self.states = States(directory=directory / ".sandbox", stack="staging")

    def put(self, *names: str, where: Path | None = None) -> None:
        """Put a program there that does nothing."""
        for name in names:
            file = (where or self.bin) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("#!/bin/sh\n")
            file.chmod(0o755)

    def put_plugins(self) -> None:
        """Put the cloud plugins where ``pulumi plugin install`` puts them."""
        for name, version in pulumi_cli.plugin_versions().items():
            self.put(f"plugins/resource-{name}-v{version}/pulumi-resource-{name}", where=self.home / ".pulumi")

    def bring_up(self, engine: Engine) -> None:
        """Let the state of an engine hold the stack."""
        document = {"deployment": {"resources": RESOURCES}}, {"checkpoint": {"latest": {"resources": RESOURCES}}}
        file = self.states.embedded if engine is Engine.EMBEDDED else self.states.checkpoint
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document[engine is Engine.PULUMI]))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine without any Pulumi."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return Machine(tmp_path)


@pytest.fixture
def complete(machine: Machine) -> Machine:
    """A machine with all that the Pulumi CLI needs."""
    machine.put("pulumi", "pulumi-language-python")
    machine.put_plugins()
    return machine


def test_without_pulumi_the_embedded_engine_works_and_says_why(machine):
    choice = choose(None, machine.states)

    assert choice.cli is None
    assert choice.sentence == (
        "engine: the embedded engine (there is no pulumi on PATH; `./bin/railyard tools` installs what is missing); "
        "state in .sandbox/staging.json"
    )


def test_a_pulumi_with_its_plugins_is_used(complete):
    choice = choose(None, complete.states)

    assert choice.cli is not None
    assert choice.cli.program == complete.bin / "pulumi"
    assert choice.sentence.endswith("is there); state in .sandbox/pulumi")


@pytest.mark.parametrize("there", [(), ("pulumi-language-python",)])
def test_a_pulumi_that_lacks_something_is_not_used_unasked(machine, there):
    machine.put("pulumi", *there)
    if not there:
        machine.put_plugins()
    lacking = "pulumi-resource-cloudflare " if there else "pulumi-language-python"

    assert choose(None, machine.states).engine is Engine.EMBEDDED
    assert f"comes without {lacking}" in choose(None, machine.states).sentence
    with pytest.raises(OperationError, match=f"without {lacking}.*railyard tools"):
        choose(Engine.PULUMI, machine.states)


def test_plugins_on_path_will_do_and_another_version_of_one_will_not(machine):
    machine.put("pulumi", "pulumi-language-python", "pulumi-resource-digitalocean")
    machine.put("plugins/resource-cloudflare-v6.0.0/pulumi-resource-cloudflare", where=machine.home / ".pulumi")
    wanted = pulumi_cli.plugin_versions()["cloudflare"]

    cli = pulumi_cli.find()
    assert cli is not None
    assert cli.missing == [f"pulumi-resource-cloudflare {wanted}"]


def test_what_make_tools_installed_is_found_without_a_path(machine):
    machine.put("pulumi", "pulumi-language-python", where=pulumi_cli.tools_directory() / "bin")
    machine.put_plugins()

    assert choose(None, machine.states).engine is Engine.PULUMI


def test_the_hand_decides(complete):
    choice = choose(Engine.EMBEDDED, complete.states)

    assert choice.cli is None
    assert "ENGINE=embedded says so" in choice.sentence


@pytest.mark.parametrize("engine", list(Engine))
def test_a_stack_stays_with_the_engine_that_brought_it_up(complete, engine):
    """The other one would make everything again, in the same clouds."""
    other = next(each for each in Engine if each is not engine)
    complete.bring_up(engine)

    assert choose(None, complete.states).engine is engine
    assert choose(engine, complete.states).engine is engine
    with pytest.raises(OperationError, match=f"go on with ENGINE={engine}, or destroy"):
        choose(other, complete.states)


def test_a_stack_of_a_lost_cli_is_not_begun_anew(machine):
    machine.bring_up(Engine.PULUMI)

    for wanted in (None, Engine.PULUMI):
        with pytest.raises(
            OperationError, match="is up with the Pulumi CLI, and there is no pulumi on PATH"
        ) as refused:
            choose(wanted, machine.states)
        assert "embedded" not in str(refused.value), "the other engine would refuse as well"


def test_two_states_need_a_word(complete):
    for engine in Engine:
        complete.bring_up(engine)

    with pytest.raises(OperationError, match="both engines hold a state of staging"):
        choose(None, complete.states)
    assert choose(Engine.PULUMI, complete.states).engine is Engine.PULUMI


def test_a_killed_first_run_of_the_embedded_engine_counts_as_its_stack(complete):
    """What it made stands in the journal alone."""
    complete.states.embedded.parent.mkdir()
    complete.states.embedded.with_name("staging.json.journal").write_text("{}\n")

    assert choose(None, complete.states).engine is Engine.EMBEDDED


LOCKS = {"empty": b"", "cut off": b'{"hostname": "he', "of something else": b"[]"}


@pytest.fixture
def prepared(complete: Machine, tmp_path: Path) -> tuple[Machine, Callable[[Operation], object]]:
    """A stack that is up with a CLI that does nothing, and how an operation on it is begun."""
    (tmp_path / "Pulumi.yaml").write_text("name: railyard\nruntime: python\n")
    (tmp_path / "Pulumi.staging.yaml").write_text("config: {}\n")
    complete.bring_up(Engine.PULUMI)
    complete.states.locks.mkdir(parents=True)
    choice = choose(None, complete.states)
    report = JsonReport(io.StringIO())
    return complete, lambda operation: operate(operation, choice, tmp_path, {}, (), report, shown=False)


@pytest.mark.parametrize("content", LOCKS.values(), ids=LOCKS)
def test_a_lock_that_was_torn_while_it_was_written_holds_nothing(prepared, content: bytes) -> None:
    """Its run was killed, and neither we nor the CLI can read it."""
    machine, begin = prepared
    lock = machine.states.locks / "torn.json"
    lock.write_bytes(content)

    assert begin(Operation.REFRESH).succeeded
    assert not lock.exists()


def test_attributes_that_were_torn_while_they_were_written_are_dropped(prepared) -> None:
    """The CLI writes them in place beside the state, and reads no state whose attributes are cut off."""
    machine, begin = prepared
    torn, whole = (machine.states.checkpoint.with_name(f"staging.json{end}") for end in (".attrs", ".bak.attrs"))
    torn.write_bytes(b"")
    whole.write_text("{}")

    assert begin(Operation.REFRESH).succeeded
    assert not torn.exists()
    assert whole.exists()


def test_a_stack_that_a_living_run_holds_is_told_without_the_advice_of_the_cli(prepared) -> None:
    """``pulumi cancel`` would work on whatever backend a shell is logged in to."""
    machine, begin = prepared
    lock = machine.states.locks / "held.json"
    lock.write_text(json.dumps({"hostname": socket.gethostname(), "pid": os.getpid()}))

    with pytest.raises(OperationError, match=f"another run is using stack staging .*process {os.getpid()} ") as refused:
        begin(Operation.REFRESH)

    assert "pulumi cancel" not in str(refused.value)
    assert lock.exists()


def test_a_destroy_of_what_is_protected_is_refused_before_the_cli_begins(prepared) -> None:
    """The CLI deletes what it comes to first, and stops at the first protected resource."""
    machine, begin = prepared
    disk = {
        "urn": "urn:pulumi:staging::railyard::railyard:systems:Rose$railway:index:Volume::rose-disk",
        "protect": True,
    }
    document = {"checkpoint": {"latest": {"resources": [*RESOURCES, disk]}}}
    machine.states.checkpoint.write_text(json.dumps(document))

    with pytest.raises(OperationError, match=r"nothing is deleted:\n  railway:index:Volume rose-disk\n") as refused:
        begin(Operation.DESTROY)

    assert "./bin/railyard unprotect -s staging" in str(refused.value)
    assert begin(Operation.REFRESH).succeeded


@pytest.mark.parametrize("torn", [b'{"encryptionsalt": "v1:abc', b"\xff"], ids=["cut off", "bytes"])
def test_a_torn_copy_of_the_settings_is_written_anew(prepared, torn: bytes) -> None:
    """The run that wrote it was killed: the CLI makes a salt anew, and reads the state with its passphrase."""
    machine, begin = prepared
    copy = machine.states.backend / "Pulumi.staging.yaml"
    copy.write_bytes(torn)

    assert begin(Operation.REFRESH).succeeded
    assert json.loads(copy.read_text()) == {"config": {}}


def test_the_copy_of_the_settings_is_never_half_written(prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends while it writes leaves the old copy, whose salt the state is encrypted with."""
    machine, begin = prepared
    copy = machine.states.backend / "Pulumi.staging.yaml"
    copy.write_text('{"encryptionsalt": "v1:abc"}')
    begin(Operation.REFRESH)
    before = copy.read_text()

    def killed(file: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        begin(Operation.REFRESH)

    assert copy.read_text() == before
    assert json.loads(before)["encryptionsalt"] == "v1:abc"
    assert copy.stat().st_mode & 0o777 == 0o600


def test_plugins_are_installed_for_a_pulumi_that_make_tools_did_not_install(machine: Machine) -> None:
    """Its own folder of versions is not there, and is not needed."""
    machine.put("pulumi", "pulumi-language-python")
    plugin = "$HOME/.pulumi/plugins/resource-$4-v$5"
    script = f'PATH=/usr/bin:/bin\nmkdir -p "{plugin}" && touch "{plugin}/pulumi-resource-$4"\n'
    (machine.bin / "pulumi").write_text(f"#!/bin/sh\n{script}")

    assert install_or_build(lambda _: None).startswith(f"{machine.bin}/pulumi and its plugins are there")


def test_what_a_program_prints_in_another_encoding_ends_no_run(machine: Machine, tmp_path: Path) -> None:
    """A plugin's log line in Latin-1 is shown as well as it can be."""
    machine.put("pulumi")
    (machine.bin / "pulumi").write_bytes(b"#!/bin/sh\necho 'error: caf\xe9 is closed'\nexit 1\n")
    command = [str(machine.bin / "pulumi")]

    run = follow(command, tmp_path, {}, tmp_path / "events", quiet=True)
    cli = pulumi_cli.find()

    assert run.problems == ["error: caf\ufffd is closed"]
    assert cli is not None
    assert cli.run([], tmp_path, {}, captured=True).stdout == "error: caf\ufffd is closed\n"
