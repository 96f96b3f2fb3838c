"""The sandbox: all simulated APIs behind one loopback port, and what makes them last.

Owns the order of things for each request: fault, work, store, log, answer. What a client was told is stored before it
was told. Between two commands simulated time stands still.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import ValidationError

from railway_sandbox import clouds
from railway_sandbox.clock import SPEED, Clock
from railway_sandbox.cloudflare import wire as cloudflare
from railway_sandbox.clouds import Clouds
from railway_sandbox.digitalocean import wire as digitalocean
from railway_sandbox.edge import dns
from railway_sandbox.edge.authority import Authority
from railway_sandbox.edge.visitors import Visitors
from railway_sandbox.exchange import LOST, Reply, Request
from railway_sandbox.faults import Api, Fault, Faults, Moment
from railway_sandbox.listener import Certificate, Listener, Secure
from railway_sandbox.railway import wire as railway
from railway_sandbox.railway.errors import NotSimulated
from railway_sandbox.request_log import RequestLog
from railway_sandbox.routing import Route, route, visit
from railway_sandbox.spaces import wire as spaces
from railway_sandbox.spaces.journal import Journal
from railway_sandbox.storage import SandboxError, Storage

__all__ = ["Sandbox", "SandboxError", "reset", "running"]

STATE_VERSION: Final = 1


class Time(Protocol):
    """What gives the simulated moment: ``Clock``, or ``ManualClock`` in a test."""

    def now(self) -> float: ...


class Sandbox:
    """Everything that is simulated, kept in ``directory`` (usually ``.sandbox``).

    ``speed`` is how many simulated seconds pass in a real one. A test may give its own ``clock`` instead.
    ``with Sandbox(directory).serve() as address`` answers HTTP at ``address``; ``handle`` answers in process.
    """

    def __init__(self, directory: Path, speed: float = SPEED, *, clock: Time | None = None) -> None:
        self.storage = Storage(directory)
        state = self.storage.read_state()
        self.clock: Time = clock or Clock(start_s=float(state.get("timeS", 0.0)), speed=speed)
        self._log = RequestLog(self.storage.requests)
        self._faults = Faults()
        self._working = threading.RLock()
        self._closing = threading.Event()
        self._journal = Journal(self.storage.spaces)
        self._world = Clouds(self._now, self._journal)
        self._load(state)
        self._revision = int(state.get("revision", 0))

    def _load(self, state: Mapping[str, Any]) -> None:
        readable = state.get("version", STATE_VERSION) == STATE_VERSION
        try:
            if readable:
                self._world.load(state)
        except (ValidationError, KeyError, TypeError):
            readable = False
        if not readable:
            message = f"{self.storage.state} is of another version of Railyard: 'make reset' empties the sandbox"
            raise SandboxError(message)

    def _now(self) -> float:
        """The moment of the clock that counts now: ``_catch_up`` may have set another."""
        return self.clock.now()

    # The clouds, for tests and for other parts of the sandbox

    @property
    def cloudflare(self) -> clouds.CloudflareCloud:
        return self._world.cloudflare

    @property
    def digitalocean(self) -> clouds.DigitalOceanCloud:
        return self._world.digitalocean

    @property
    def spaces(self) -> clouds.SpacesCloud:
        return self._world.spaces

    @property
    def railway(self) -> clouds.RailwayCloud:
        return self._world.railway

    def fail(
        self,
        api: Api,
        operation: str,
        *,
        status: int | None = None,
        drop: bool = False,
        hang_s: float = 0.0,
        count: int = 1,
        when: Moment = "before",
        final: bool = False,
    ) -> None:
        """Let the next ``count`` requests of ``api`` whose operation matches the regular expression go wrong.

        ``status`` answers with that error, ``drop`` closes the connection without an answer, ``hang_s`` waits real
        seconds first; ``hang_s`` alone then answers normally. ``when="after"`` does the work before it goes wrong.
        Operations are named as in the request log. Clients are told to repeat at once where their API knows how;
        ``final`` tells Cloudflare's not to repeat.
        """
        fault = Fault(
            api=api,
            operation=re.compile(operation),
            status=status,
            drop=drop,
            hang_s=hang_s,
            count=count,
            when=when,
            final=final,
        )
        self._faults.add(fault)

    # Requests

    def handle(self, request: Request) -> Reply:
        """Answer one request, as the server does. An answer that gets lost has ``lost`` set."""
        found = route(request)
        if found is None:
            return Reply.of_json(404, {"message": f"the sandbox serves nothing at {request.path}"})
        return self._handle(found, lambda: self._answer(found, request))

    def _handle(self, found: Route, answer: Callable[[], Reply]) -> Reply:
        reply = self._failing(found, "before")
        if reply is None:
            reply = answer()
            reply = self._failing(found, "after") or reply
        self._log.add(found.api, found.operation, "lost" if reply.lost else reply.status, found.graphql)
        return reply

    def _failing(self, found: Route, when: Moment) -> Reply | None:
        fault = self._faults.take(found.api, found.operation, when)
        if fault is None:
            return None
        if fault.hang_s:
            self._closing.wait(fault.hang_s)
        return fault.reply()

    def _answer(self, found: Route, request: Request) -> Reply:
        if found.api == "proxy":
            message = f"the sandbox is a proxy for Spaces alone and refuses {found.operation}"
            return Reply.of_json(502, {"message": message})
        with self._working:
            before = self.railway.mutated
            if found.api == "railway":
                reply = self._railway(request)
            elif found.api == "cloudflare":
                reply = cloudflare.respond(self.cloudflare, request)
            elif found.api == "dns":
                reply = dns.respond(self._world, request)
            elif found.api == "digitalocean":
                reply = digitalocean.respond(self.digitalocean, request)
            else:
                reply = spaces.respond(self.spaces, request)
            if self.railway.mutated != before or not found.reads:
                self.save()
        return reply

    def _railway(self, request: Request) -> Reply:
        asked = railway.Request(request.body, request.headers, request.query)
        try:
            answer = railway.respond(self.railway, asked)
        except NotSimulated as gap:
            return Reply.of_json(501, {"errors": [{"message": str(gap)}]})
        if answer.dropped:
            return LOST
        return Reply(status=answer.status, headers=answer.headers, body=answer.body.encode())

    # What lasts

    def save(self) -> None:
        """Store everything now. Requests do it themselves; a test that changed a model directly may want to."""
        with self._working:
            self._revision += 1
            kept = {"version": STATE_VERSION, "revision": self._revision, "timeS": self.clock.now()}
            self.storage.write_state({**kept, **self._world.dump()})

    @contextmanager
    def serve(self, port: int = 0) -> Generator[str]:
        """Answer HTTP on loopback while the block runs; gives the address, such as ``http://127.0.0.1:40123``.

        ``port`` 0 lets the system choose. Raises ``SandboxError`` when another server uses the directory or the port.
        """
        with self.storage.lock():
            self._journal.repair()
            self._catch_up()
            self._closing.clear()
            try:
                listener = Listener(self.handle, port, self._visitors())
            except OSError as problem:
                raise SandboxError(f"port {port} of this machine cannot be used: {problem.strerror}") from problem
            try:
                self.storage.write_server(listener.address, listener.port)
                yield listener.address
            finally:
                self._closing.set()
                listener.close()
                self.storage.remove_server()
                self.save()

    def _visitors(self) -> Secure:
        """Visitors of the simulated Internet come to the same port, over TLS."""
        visitors = Visitors(self._world, Authority(self.storage.directory))

        def answer(request: Request) -> Reply:
            with self._working:
                return visitors.answer(request)

        def certificate(name: str) -> Certificate:
            with self._working:
                return visitors.certificate(name)

        return Secure(certificate, lambda request: self._handle(visit(request), lambda: answer(request)))

    def _catch_up(self) -> None:
        """Load again when another server wrote the directory since this sandbox was made."""
        state = self.storage.read_state()
        if int(state.get("revision", 0)) != self._revision:
            self._load(state)
            self._revision = int(state.get("revision", 0))
            if isinstance(self.clock, Clock):
                self.clock = Clock(start_s=float(state.get("timeS", 0.0)), speed=self.clock.speed)


def running(directory: Path) -> str | None:
    """The address of the server that uses this sandbox directory; ``None`` when none runs."""
    return Storage(directory).serving_address()


def reset(directory: Path) -> None:
    """Empty the sandbox directory: no cloud holds anything, no stack has a state, and time begins anew.

    Raises ``SandboxError`` while a server runs, and for a directory that is no sandbox.
    """
    storage = Storage(directory)
    if not directory.exists():
        return
    storage.check_ours()
    with storage.lock():
        storage.remove()
