"""The part of ``pulumi-language-python`` that these tests need, for a ``pulumi`` that comes without it.

The CLI is a Go module, its language host is none. The host here is the server by which Pulumi's Automation API runs an
inline program, and the program is the folder's ``__main__.py``; it also starts plugins that are given as folders.
The CLI starts it like its own: the engine's address is the argument, the port is the first line of standard output.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

import grpc
import pulumi.runtime
from google.protobuf.empty_pb2 import Empty
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

TOLD = 32
"""Exit code of a program that has said what is wrong, so that Pulumi's host and this one say nothing more."""


class _Told(grpc.RpcError):
    """Ends a program silently: the server takes it for an engine that is gone."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE


class LanguageHost(LanguageServer):
    """Runs programs and plugins with the Python that it runs with itself."""

    def __init__(self, engine: str) -> None:
        super().__init__(self._program)
        self._engine = engine
        self._directory = ""
        self._told = False

    def _program(self) -> None:
        with self._exit():
            runpy.run_path(self._directory, run_name="__main__")
        stack: Any = pulumi.runtime.get_root_resource()
        if (main := stack._async_program) is not None:

            async def run() -> Any:
                with self._exit():
                    return await main()

            stack._async_program = run

    @contextmanager
    def _exit(self) -> Iterator[None]:
        try:
            yield
        except SystemExit as ended:
            if ended.code != TOLD:
                raise
            self._told = True
            raise _Told from None

    def Handshake(self, request: Any, context: Any) -> Any:
        """Tell nothing: there is nothing to agree on."""
        return language_pb2.LanguageHandshakeResponse()

    def Run(self, request: Any, context: Any) -> Any:
        """Run the program in its folder, which is the first on its path."""
        self._directory = request.info.program_directory
        os.chdir(request.pwd or self._directory)
        request.args[:] = [self._engine]
        self._told = False
        response = super().Run(request, context)
        response.bail = self._told
        return response

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Start a plugin's ``__main__.py``, and hand on what it prints until it ends; the end of the call ends it."""
        plugin = subprocess.Popen(
            [sys.executable, request.info.program_directory, *request.args],
            cwd=request.pwd, env=dict(each.partition("=")[::2] for each in request.env) or None,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        context.add_callback(plugin.terminate)
        said: SimpleQueue[Any] = SimpleQueue()

        def hand_on(name: str, stream: Any) -> None:
            for line in stream:
                said.put(language_pb2.RunPluginResponse(**{name: line}))
            said.put(None)

        for name, stream in (("stdout", plugin.stdout), ("stderr", plugin.stderr)):
            Thread(target=hand_on, args=(name, stream), daemon=True).start()
        for _ in range(2):
            yield from iter(said.get, None)
        yield language_pb2.RunPluginResponse(exitcode=plugin.wait())

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        """Name none: this serves ``pulumi about`` alone."""
        return language_pb2.GetProgramDependenciesResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Install what a folder asks for into the environment that it names, as Pulumi's host does with pip."""
        options = dict(request.info.options)
        environment = os.path.join(request.directory, options.get("virtualenv") or "venv")
        pip = [os.path.join(environment, "bin", "python"), "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
        for command in ([sys.executable, "-m", "venv", environment], pip):
            done = subprocess.run(command, cwd=request.directory, capture_output=True, check=False)
            yield language_pb2.InstallDependenciesResponse(stdout=done.stdout, stderr=done.stderr)
            if done.returncode != 0:
                context.abort(grpc.StatusCode.INTERNAL, done.stderr.decode())

    def GenerateProgram(self, request: Any, context: Any) -> Any:
        """Give Pulumi's own notation back: only Pulumi's host can write it as Python."""
        source = "\n".join(request.source.values())
        return language_pb2.GenerateProgramResponse(source={"__main__.py": source.encode()})

    def Cancel(self, request: Any, context: Any) -> Empty:
        """Do nothing: the engine ends what it has started."""
        return Empty()


def main(engine: str) -> None:
    """Serve until the CLI ends this process, or has ended itself."""
    cli = os.getppid()
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", 400 << 20)])
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    with suppress(KeyboardInterrupt):  # how the CLI ends its plugins
        while os.getppid() == cli:
            time.sleep(0.5)


if __name__ == "__main__":
    main(sys.argv[-1])
