"""The sandbox: all simulated APIs behind one loopback port, and what makes them last.

Owns the order of steps for each request: fault, work, store, log, answer. What an answer says is stored before it is
sent. Between two commands no simulated time passes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from railway_sandbox import control, random_faults
from railway_sandbox.addresses import CONTROL_PATH, RAILWAY_HOST, RAILWAY_PATH
from railway_sandbox.clock import SPEED, Clock
from railway_sandbox.cloudflare import wire as cloudflare
from railway_sandbox.clouds import Clouds
from railway_sandbox.digitalocean import wire as digitalocean
from railway_sandbox.edge import dns
from railway_sandbox.edge.certificate_authority import CertificateAuthority
from railway_sandbox.edge.server import LETS_ENCRYPT, EdgeServer
from railway_sandbox.faults import Api, Fault, Faults, Timing
from railway_sandbox.http_messages import Request, Response
from railway_sandbox.http_server import Certificate, HttpServer, TlsEndpoint
from railway_sandbox.railway import subscriptions
from railway_sandbox.railway import wire as railway
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.environments import config_patch
from railway_sandbox.railway.errors import NotSimulated
from railway_sandbox.railway.volume_files import VolumeFiles
from railway_sandbox.request_log import RequestLog
from railway_sandbox.routing import Route, is_local, operation_name, route, visit
from railway_sandbox.spaces import wire as spaces
from railway_sandbox.spaces.journal import Journal
from railway_sandbox.storage import SandboxError, Storage, other_version
from railway_sandbox.websocket import WebSocket

if TYPE_CHECKING:
    from railway_sandbox.ssh_relay import Relay

__all__ = ["Sandbox", "SandboxError", "reset", "running", "set_plan"]

STATE_VERSION: Final = 2
SANDBOX: Final = "sandbox"
"""The kind of the rows about the sandbox itself."""


class Sandbox:
    """Everything that is simulated, kept in ``directory`` (usually ``.sandbox``).

    ``speed`` is how many simulated seconds pass in a real one. A test may give its own ``clock`` instead.
    ``plan`` (free, trial, hobby, pro or enterprise) is that of the Railway account from now on; without one it stays.
    ``disturbs`` lets requests go wrong at a steady rate; without it RAILYARD_SANDBOX_TROUBLE says so.
    ``with Sandbox(directory).serve() as address`` answers HTTP at ``address``; ``handle`` answers in process.
    """

    def __init__(
        self,
        directory: Path,
        speed: float = SPEED,
        *,
        clock: control.SettableClock | None = None,
        plan: str | None = None,
        disturbs: random_faults.RandomFaults | None = None,
    ) -> None:
        self.storage = Storage(directory)
        self._log = RequestLog(self.storage.requests)
        self.faults = Faults()
        self._working = threading.RLock()
        self._closing = threading.Event()
        self._journal = Journal(self.storage.spaces)
        self.clock: control.SettableClock = clock or Clock(speed=speed)
        self._world = Clouds(self._now, self._journal, self._working)
        self.railway, self.cloudflare = self._world.railway, self._world.cloudflare
        self.digitalocean, self.spaces = self._world.digitalocean, self._world.spaces
        self.railway.files = VolumeFiles(self.storage.volumes)
        self._relay: Relay | None = None
        self._revision = 0
        self._lacks_changes = False
        """A write failed, so that changes which the tables no longer note are not stored."""
        self._plan = plan
        self._trouble = disturbs or random_faults.of_environment()
        self._former: RailwayCloud | None = None
        self._former_until = 0.0
        """Until when Railway's reads show that one."""
        self._load(keep_clock=clock is not None)

    def _load(self, *, keep_clock: bool) -> None:
        """Load what is stored."""
        rows = self.storage.read_state()
        values = {name: json.loads(text) for name, text in rows.get(SANDBOX, {}).items()}
        if isinstance(self.clock, Clock) and not keep_clock:
            self.clock = Clock(start_s=values.get("time_s", 0.0), speed=self.clock.speed)
        readable = values.get("version", STATE_VERSION) == STATE_VERSION
        try:
            if readable:
                self._world.load(rows)
                self.faults.load(values.get("faults", ()))
        except (ValueError, KeyError, TypeError):
            readable = False
        if not readable:
            raise SandboxError(other_version(self.storage.state))
        self._revision = values.get("revision", 0)
        if self._plan is not None:
            self.railway.state.plan = self._plan

    def _now(self) -> float:
        """Return the moment of the clock that counts now: ``_catch_up`` may have set another."""
        return self.clock.now()

    def fail(
        self,
        api: Api,
        operation: str,
        *,
        status: int | None = None,
        message: str | None = None,
        drop: bool = False,
        hang_s: float = 0.0,
        count: int = 1,
        when: Timing = "before",
        final: bool = False,
    ) -> None:
        """Let the next ``count`` requests of ``api`` whose operation matches the regular expression go wrong.

        ``status`` answers with that error and this ``message`` (of Railway, 200 is a GraphQL error), ``drop`` closes
        the connection without an answer, ``hang_s`` waits real seconds first; ``hang_s`` alone then answers normally.
        ``when="after"`` does the work before it goes wrong. Operations are named as in the request log. Headers
        let clients repeat at once where their API has some; with ``final`` Cloudflare's let them not repeat.
        """
        fault = Fault(
            api=api,
            operation=operation,
            status=status,
            message=message,
            drop=drop,
            hang_s=hang_s,
            count=count,
            when=when,
            final=final,
        )
        self.faults.add(fault)

    def heal(self) -> None:
        """Forget every fault that still waits for its request."""
        self.faults.clear()

    # Requests

    def handle(self, request: Request) -> Response:
        """Answer one request, as the server does. An answer that gets lost has ``lost`` set."""
        if request.path.startswith(CONTROL_PATH) and is_local(request.host):
            with self._working:
                response = control.respond(self, request)
                self._store()
            return response
        destination = route(request)
        if destination is None:
            return Response.of_json(404, {"message": f"the sandbox serves nothing at {request.path}"})
        return self._handle(destination, lambda: self._answer(destination, request))

    def _handle(self, route: Route, answer: Callable[[], Response]) -> Response:
        disturbance = self._disturbance(route)
        response = self._failing(route, "before", disturbance)
        if response is None:
            response = answer()
            response = self._failing(route, "after", disturbance) or response
        self._log.add(route.api, route.operation, "lost" if response.lost else response.status, route.graphql)
        return response

    def _disturbance(self, route: Route) -> Fault | None:
        """Return what the background trouble does to the answer of this request."""
        kind = self._trouble.choose(route) if self._trouble else None
        if kind is None:
            return None
        if kind == "lag":
            with self._working:
                if config_patch.pending(self.railway):
                    return None  # its deployments would have other ids in a copy
                self._former, self._former_until = self.railway.copy(), self.clock.now() + random_faults.LAG_S
        return random_faults.fault_of(kind, route, self.clock.speed if isinstance(self.clock, Clock) else 0.0)

    def _failing(self, route: Route, when: Timing, disturbance: Fault | None) -> Response | None:
        fault = self.faults.take(route.api, route.operation, when)
        if fault is None and disturbance is not None and disturbance.when == when:
            fault = disturbance
        if fault is None:
            return None
        if fault.hang_s:
            self._closing.wait(fault.hang_s)
        return fault.response()

    def _answer(self, route: Route, request: Request) -> Response:
        if route.api == "proxy":
            message = f"the sandbox is a proxy for simulated hosts only and refuses {route.operation}"
            return Response.of_json(502, {"message": message})
        with self._working:
            before = self.railway.mutated
            if route.api == "railway":
                response = self._railway(request, reads=route.reads)
            elif route.api == "cloudflare":
                response = cloudflare.respond(self.cloudflare, request)
            elif route.api == "dns":
                response = dns.respond(self._world, request)
            elif route.api == "digitalocean":
                response = digitalocean.respond(self.digitalocean, request)
            else:
                response = spaces.respond(self.spaces, request)
            if self.railway.mutated != before or not route.reads:
                self._store()
        return response

    def _railway(self, request: Request, *, reads: bool) -> Response:
        lags = reads and self._former is not None and self.clock.now() < self._former_until
        try:
            return railway.respond(self._former if lags and self._former else self.railway, request)
        except NotSimulated as gap:
            return Response.of_json(501, {"errors": [{"message": str(gap)}]})

    # What lasts

    def save(self) -> None:
        """Store everything now. Requests store what they change; who changed a model directly may want to."""
        self._store(everything=True)

    def _store(self, *, everything: bool = False) -> None:
        with self._working:
            everything, self._lacks_changes = everything or self._lacks_changes, True
            self._revision += 1
            values = {
                "version": STATE_VERSION,
                "revision": self._revision,
                "time_s": self.clock.now(),
                "faults": self.faults.dump(),
            }
            changed = [(SANDBOX, list[str](), {name: json.dumps(value) for name, value in values.items()})]
            for kind, table in self._world.tables().items():
                removed, texts = table.take_changes()
                if everything:
                    removed, texts = [], table.rows()
                if removed or texts:
                    changed.append((kind, removed, texts))
            self.storage.write_state(changed, everything=everything)
            self._lacks_changes = False

    @contextmanager
    def serve(self, port: int = 0, *, answer: Callable[[Request], Response] | None = None) -> Generator[str]:
        """Answer HTTP on loopback while the block runs; gives the address, such as ``http://127.0.0.1:40123``.

        ``port`` 0 lets the system choose. ``answer`` takes the place of ``handle``: one of a test's own may note,
        delay or spoil what ``handle`` answers. Raises ``SandboxError`` when another server uses the directory or
        the port.
        """
        with self.storage.lock(), self.storage.opened():
            self._journal.repair()
            self._catch_up()
            self._closing.clear()
            try:
                server = HttpServer(answer or self.handle, port, self._visitors(), self._talk, {RAILWAY_HOST})
            except OSError as problem:
                raise SandboxError(f"port {port} of this machine cannot be used: {problem.strerror}") from problem
            try:
                self.storage.write_server(server.address, server.port)
                self._store()
                yield server.address
            finally:
                self._closing.set()
                server.close()
                self._close_relay()
                self.storage.remove_server()
                self.save()

    def relay(self) -> tuple[str, int]:
        """Return host and port of the relay to the containers, which is started when it is first asked for."""
        if self._relay is None:
            # Slow to import, and few commands want a volume's files.
            from railway_sandbox.ssh_relay import Relay  # noqa: PLC0415

            self._relay = Relay(self.railway, self.faults, self._log, self._store)
        return self._relay.host, self._relay.port

    def _close_relay(self) -> None:
        if self._relay is not None:
            self._relay.close()
            self._relay = None

    def _talk(self, request: Request, socket: WebSocket) -> None:
        """Serve the subscriptions of one client of Railway's."""

        def note(query: str) -> None:
            self._log.add("railway", operation_name(query), 200, {"query": query})

        if request.path != RAILWAY_PATH:
            socket.close(1008, f"the sandbox serves no WebSocket at {request.path}")
            return
        subscriptions.serve(self.railway, request.headers, socket, note)

    def _visitors(self) -> TlsEndpoint:
        """Return what serves visitors of the simulated Internet, who come to the same port over TLS."""
        authority = CertificateAuthority(self.storage.directory)
        visitors = EdgeServer(self._world, authority)

        def answer(request: Request) -> Response:
            with self._working:
                return visitors.answer(request)

        def certificate(name: str) -> Certificate:
            if name == RAILWAY_HOST:
                return authority.context([name], LETS_ENCRYPT)
            with self._working:
                return visitors.certificate(name)

        return TlsEndpoint(certificate, lambda request: self._handle(visit(request), lambda: answer(request)))

    def _catch_up(self) -> None:
        """Load again when another server wrote the directory since this sandbox was made."""
        stored = self.storage.read_state(SANDBOX).get(SANDBOX, {})
        if json.loads(stored.get("revision", "0")) != self._revision:
            self._load(keep_clock=False)


def running(directory: Path) -> str | None:
    """Return the address of the server that uses this sandbox directory; ``None`` when none runs."""
    return Storage(directory).serving_address()


def set_plan(address: str, plan: str) -> None:
    """Give the Railway account of the server that runs at ``address`` this plan, such as ``hobby``."""
    control.ask(address, "PUT", "plan", {"plan": plan})


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
