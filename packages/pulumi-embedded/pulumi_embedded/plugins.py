"""Provider plugins as processes: which command, starting, the handshake, ending, and how a failed call comes back.

Owns the rule that this engine stays on loopback. Does not know what is said in the calls; that is ``provider``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, TypeVar, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_embedded.loopback import is_loopback
from pulumi_operations.values import Properties, from_struct

MAX_MESSAGE_BYTES: Final = 400 * 1024 * 1024  # what Pulumi's own channels allow
INTERRUPTED: Final = ("railyard-interrupted", "true")
"""Request metadata of a create whose first attempt has an unknown outcome: look for what it may have left."""
ADDRESS_VARIABLES: Final = {
    "railway": "RAILWAY_API_URL",
    "cloudflare": "CLOUDFLARE_BASE_URL",
    "digitalocean": "DIGITALOCEAN_API_URL",
}
"""The environment variables with each cloud's address; this engine connects to loopback only."""
_UNHEARD: Final = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED}
_STOP_SECONDS: Final = 5.0
# Holds the plugin for as long as the engine's end of its standard input is open: a killed engine leaves no plugin
# behind that would go on changing things. The shell gives up its own output, so that the plugin's end is seen.
LEASH: Final = '"$@" & exec >&- 2>&-; read -r _; kill -9 $!; wait'


class ProviderError(Exception):
    """A provider refused or failed; the text is its own."""

    def __init__(self, message: str, *, unheard: bool = False) -> None:
        """Say with ``unheard`` that the call may have had an effect all the same: its answer never arrived."""
        super().__init__(message)
        self.unheard = unheard


class InitializationFailedError(ProviderError):
    """The resource exists, but is not ready (``ErrorResourceInitFailed``)."""

    def __init__(self, reasons: list[str], id: str, outputs: Properties, inputs: Properties) -> None:
        super().__init__("\n".join(reasons))
        self.reasons, self.id, self.outputs, self.inputs = reasons, id, outputs, inputs


def refuse_real_clouds(environment: Mapping[str, str]) -> None:
    """Raise ``ProviderError`` when the environment points any provider away from this machine."""
    for variable in ADDRESS_VARIABLES.values():
        address = environment.get(variable, "")
        if address and not is_loopback(address):
            message = (
                f"{variable} is {address}: the embedded engine stays on loopback; real deployments need the Pulumi CLI"
            )
            raise ProviderError(message)


def _named_plugins(project: Mapping[str, Any]) -> list[dict[str, str]]:
    plugins = cast("dict[str, Any]", project.get("plugins") or {})
    return cast("list[dict[str, str]]", plugins.get("providers") or [])


def named_packages(project: Mapping[str, Any]) -> list[str]:
    """Return the packages that Pulumi.yaml names a plugin for."""
    return [entry["name"] for entry in _named_plugins(project) if "name" in entry]


def find_command(package: str, root: Path, project: Mapping[str, Any], extra: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the command that starts a package's plugin: ``plugins.providers`` of Pulumi.yaml first, then ``extra``."""
    for entry in _named_plugins(project):
        if entry.get("name") == package:
            directory = (root / entry["path"]).resolve()
            if not directory.exists():
                raise ProviderError(
                    f"Pulumi.yaml names {entry['path']} as the plugin of {package!r}, which does not exist"
                )
            return [sys.executable, str(directory)] if directory.is_dir() else [str(directory)]
    if package in extra:
        return list(extra[package])
    message = (
        f"no provider plugin for package {package!r}: name its directory under plugins.providers in Pulumi.yaml; "
        f"a plugin that Pulumi downloads needs the Pulumi CLI"
    )
    raise ProviderError(message)


_Answer = TypeVar("_Answer")


class Plugin:
    """Hold one provider process, from its start."""

    def __init__(self, command: Sequence[str], engine_address: str, root: Path, environment: Mapping[str, str]) -> None:
        """Start it, and wait for nothing: ``connect`` does that."""
        self._command, self._engine_address = command, engine_address
        self._last_words: deque[str] = deque(maxlen=5)
        self._listeners: list[threading.Thread] = []
        self._channel: grpc.Channel | None = None
        self._cancelled = False
        self.stub: Any = None
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", LEASH, "plugin", *command, engine_address],
            cwd=root,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C at the terminal is the engine's to hand on, as Cancel
        )
        self._listen(self._process.stderr)

    def connect(self) -> None:
        """Wait for its port, and shake hands. Raises ``ProviderError`` when either fails."""
        assert self._process.stdout is not None
        port = self._process.stdout.readline().decode(errors="replace").strip()
        self._listen(self._process.stdout)
        if not port.isdigit():
            self._end_process()
            happened = "was cancelled while it started" if self._cancelled else f"printed {port!r}, which is not a port"
            raise ProviderError(f"the plugin {' '.join(self._command)} {happened}{self._last_output()}")
        size = [(f"grpc.max_{direction}_message_length", MAX_MESSAGE_BYTES) for direction in ("receive", "send")]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=size)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.handshake = self._shake_hands(Path(self._command[-1]))

    def _listen(self, stream: IO[bytes] | None) -> None:
        """Keep the last lines of a pipe: one that nobody empties would stop the plugin."""
        assert stream is not None

        def listen() -> None:
            with stream:
                for line in stream:
                    self._last_words.append(line.decode(errors="replace").rstrip())

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        self._listeners.append(listener)

    def _last_output(self) -> str:
        return "".join(f"\n{line}" for line in self._last_words)

    def _shake_hands(self, path: Path) -> provider_pb2.ProviderHandshakeResponse | None:
        directory = str(path if path.is_dir() else path.parent)
        request = provider_pb2.ProviderHandshakeRequest(
            engine_address=self._engine_address,
            root_directory=directory,
            program_directory=directory,
            configure_with_urn=True,
            invoke_with_preview=True,
        )
        try:
            return self.stub.Handshake(request)
        except grpc.RpcError as error:
            if cast("grpc.Call", error).code() == grpc.StatusCode.UNIMPLEMENTED:
                return None
            self.close()
            message = f"the plugin in {directory} failed at the handshake: {error_text(error)}"
            raise ProviderError(message + self._last_output()) from None

    def cancel(self) -> None:
        """Ask it to end what it is waiting for; answers arrive as usual."""
        if self.stub is None:  # nothing was asked of it yet, and it may never be ready
            self._cancelled = True
            self._hang_up()
            return
        # A plugin that has no Cancel, or is gone, has nothing to cancel.
        with suppress(grpc.RpcError):
            self.stub.Cancel(empty_pb2.Empty(), timeout=_STOP_SECONDS)

    def close(self) -> None:
        """End the process."""
        self.stub = None
        if self._channel is not None:
            self._channel.close()
        self._end_process()

    def _hang_up(self) -> None:
        """Let go of the leash, which kills the plugin."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _end_process(self) -> None:
        self._hang_up()
        self._process.wait()
        if self._channel is None and self._process.stdout is not None:
            self._process.stdout.close()
        for listener in self._listeners:
            listener.join(_STOP_SECONDS)


def error_text(error: grpc.RpcError) -> str:
    return cast("grpc.Call", error).details() or str(error)


def _initialization_failed(error: grpc.RpcError) -> provider_pb2.ErrorResourceInitFailed | None:
    for key, value in cast("grpc.Call", error).trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(cast("bytes", value)).details:
                half = provider_pb2.ErrorResourceInitFailed()
                if detail.Unpack(half):
                    return half
    return None


def call(method: Callable[..., _Answer], request: object, *, interrupted: bool = False) -> _Answer:
    """Call a plugin. Raises ``InitializationFailedError`` or ``ProviderError`` with the provider's own text."""
    try:
        return method(request, metadata=(INTERRUPTED,) if interrupted else None)
    except grpc.RpcError as error:
        if (half := _initialization_failed(error)) is not None:
            reasons = list(half.reasons) or [error_text(error)]
            raise InitializationFailedError(
                reasons, half.id, from_struct(half.properties), from_struct(half.inputs)
            ) from None
        code, text = cast("grpc.Call", error).code(), error_text(error)
        # gRPC's own words for a connection that broke; a provider's UNAVAILABLE reads otherwise.
        if code == grpc.StatusCode.UNAVAILABLE and re.search(r"socket|onnect|Stream removed|GOAWAY", text):
            text = f"the provider plugin ended in the middle of its work ({text})"
        raise ProviderError(text, unheard=code in _UNHEARD) from None
