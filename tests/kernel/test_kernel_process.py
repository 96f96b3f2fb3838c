"""A provider as a process: what the engine sees when it starts one, talks to it and goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_provider.main import engine_address
from railyard.engine.engine import code_of
from tests.lifecycle.conftest import LONGEST_S

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, **code_of(ROOT)}
COMMAND = [sys.executable, str(ROOT / "tests" / "kernel" / "shelf_provider.py"), "-v=9", "127.0.0.1:1"]


def start(command: list[str] = COMMAND) -> subprocess.Popen[str]:
    """Start a plugin as the engine does."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def port_of(process: subprocess.Popen[str]) -> int:
    """The first line of stdout."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def close(process: subprocess.Popen[str]) -> None:
    """End it for good, whatever it does."""
    process.kill()
    process.communicate()


@pytest.fixture
def plugin() -> Iterator[subprocess.Popen[str]]:
    """A running plugin."""
    process = start()
    yield process
    close(process)


def test_it_answers_on_the_port_that_it_prints(plugin: subprocess.Popen[str]) -> None:
    """The port is the first line of stdout; behind it the handshake is answered as the engine needs it."""
    with grpc.insecure_channel(f"127.0.0.1:{port_of(plugin)}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        answer = stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
        assert (answer.accept_secrets, answer.accept_resources, answer.accept_outputs) == (False, False, False)
        configured = stub.Configure(provider_pb2.ConfigureRequest())
        assert (configured.supportsPreview, configured.acceptSecrets) == (True, False)
        assert stub.GetPluginInfo(empty_pb2.Empty()).version == "1.2.3"
        assert '"library:index:Shelf"' in stub.GetSchema(provider_pb2.GetSchemaRequest()).schema


def test_it_tells_its_port_before_it_loads_what_it_serves(tmp_path: Path) -> None:
    """The engine goes on meanwhile; its calls wait, and are answered when all is there."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    script = f"""if True:
        from pulumi_provider.main import main
        def load():
            open({str(gate)!r}).read()
            from tests.kernel.shelf_provider import PROVIDER
            return PROVIDER
        main(load)
    """
    process = start([sys.executable, "-c", script, "127.0.0.1:1"])
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port_of(process)}") as channel:
            answer = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo.future(empty_pb2.Empty())
            assert not answer.done()
            gate.write_text("go on")
            assert answer.result(LONGEST_S).version == "1.2.3"
    finally:
        close(process)


def test_the_railway_plugin_loads_none_of_the_sdk() -> None:
    """It needs the messages of the protocol alone, which are a tenth of what the SDK loads."""
    plugin = ROOT / "packages" / "pulumiverse-railway"
    process = start([sys.executable, "-X", "importtime", str(plugin), "127.0.0.1:1"])
    with grpc.insecure_channel(f"127.0.0.1:{port_of(process)}") as channel:
        provider_pb2_grpc.ResourceProviderStub(channel).Handshake(provider_pb2.ProviderHandshakeRequest())
    process.kill()
    lines = process.communicate()[1].splitlines()
    loaded = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert "stubs_of_pulumi.alias_pb2" in loaded
    assert "pulumiverse_railway.provider.assembly" in loaded
    assert not {name for name in loaded if name == "pulumi" or name.startswith("pulumi.")}


def test_messages_are_the_same_with_and_without_the_sdk() -> None:
    """A process that loads the protocol first, and the SDK later, has one class for each message."""
    script = (
        "from pulumi_provider.protocol import provider_pb2 as alone\n"
        "from pulumi.runtime.proto import provider_pb2 as of_sdk\n"
        "assert alone is not of_sdk\n"
        "print(alone.CheckRequest is of_sdk.CheckRequest)"
    )
    assert start([sys.executable, "-c", script]).communicate() == ("True\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_on_a_signal_without_a_word(plugin: subprocess.Popen[str], number: signal.Signals) -> None:
    """A signal ends it in order: exit code 0, and nothing on stdout but the port."""
    port_of(plugin)
    plugin.send_signal(number)
    out, err = plugin.communicate(timeout=LONGEST_S)
    assert (plugin.returncode, out, err) == (0, "", "")


def test_it_ends_when_its_parent_is_gone() -> None:
    """A plugin whose engine was killed does not stay behind."""
    script = f"import subprocess; subprocess.run({COMMAND!r})"
    parent = start([sys.executable, "-c", script])
    port_of(parent)
    parent.kill()
    # The plugin holds the other end of these pipes: they are read to their end only when it is gone, too.
    parent.communicate(timeout=LONGEST_S)


def test_the_engines_address_is_the_last_plain_argument() -> None:
    """The engine puts flags of its own before its address."""
    assert engine_address(["-v=9", "--logtostderr", "--tracing", "file:x", "127.0.0.1:1"]) == "127.0.0.1:1"
    assert engine_address(["--logtostderr"]) is None
