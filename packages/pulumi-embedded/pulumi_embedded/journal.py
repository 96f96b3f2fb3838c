"""The journal of a run, an append-only file beside the state: what was done is on disk before anything else happens.

Owns durability. Each step costs one line, not a rewritten state file; at the end the lines are folded into the state
file at once. A killed run loses nothing: state file and journal together are the state. An intent line precedes each
call that changes something, so that a create whose outcome nobody heard of is remembered. Also owns the lock that
keeps a second run away. Does not know why a step happens.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO, cast

from pulumi_embedded.state import (
    Deployment,
    Resource,
    StateError,
    Vault,
    decode_resource,
    encode_resource,
    parse_deployment,
    render_deployment,
    write_durably,
)


class Snapshot:
    """The state as it stands in the middle of a run: what this run settled, then what it has not touched yet."""

    def __init__(self, deployment: Deployment) -> None:
        self.base: list[Resource | None] = list(deployment.resources)
        self.settled: dict[str, Resource] = {}
        """In the order of completion, which is an order of dependency too: a program passes on only what it has."""
        self.pending_creates: dict[str, Resource] = {each.urn: each for each in deployment.pending_creates}
        self._renamed: dict[str, str] = {}

    def remaining(self) -> list[Resource]:
        """Return old records not settled or removed yet, in the order of the state."""
        return [resource for resource in self.base if resource is not None]

    def settle(self, resource: Resource, place: int, pending_delete: int) -> None:
        """Give a resource its new record; ``place`` and ``pending_delete`` are those of ``Journal.settle``."""
        for old in (self._take(place), self._await_deletion(pending_delete)):
            if old is not None and old.urn != resource.urn:
                self._renamed[old.urn] = resource.urn
        self.settled[resource.urn] = resource

    def _await_deletion(self, place: int) -> Resource | None:
        old = self.base[place] if place >= 0 else None
        if old is not None:
            self.amend(replace(old, delete=True), place)
        return old

    def keep(self, place: int) -> None:
        """Keep an old record unchanged."""
        old = self._take(place)
        if old is not None:
            self.settled[old.urn] = old

    def amend(self, resource: Resource, place: int) -> None:
        """Replace an old record where it stands."""
        self.base[place] = resource
        resource.place = place

    def remove(self, places: list[int]) -> None:
        """Forget old resources, which exist no longer."""
        for place in places:
            self._take(place)

    def _take(self, place: int) -> Resource | None:
        if place < 0:
            return None
        old, self.base[place] = self.base[place], None
        return old

    def resources(self) -> list[Resource]:
        """Return all records in an order of dependency; references follow renamed resources and forget lost ones."""
        everything = [*self.settled.values(), *self.remaining()]
        urns = {resource.urn for resource in everything}
        for resource in everything:
            resource.renamed(self._renamed)
            resource.forgets(urns)
        return in_dependency_order(everything)


def in_dependency_order(resources: list[Resource]) -> list[Resource]:
    """Return the resources with each after all it depends on, and otherwise as they stand."""
    by_urn = {resource.urn: resource for resource in reversed(resources) if not resource.delete}
    ordered: dict[int, Resource] = {}
    # By hand, not by recursion: chains of parents and dependencies may be longer than Python's stack.
    waiting = list(reversed(resources))
    visited: set[int] = set()
    while waiting:
        resource = waiting.pop()
        if id(resource) in ordered:
            continue
        needed = [] if id(resource) in visited else [by_urn.get(urn) for urn in sorted(resource.depends_on())]
        visited.add(id(resource))
        unvisited = [each for each in needed if each is not None and id(each) not in visited]
        if unvisited:
            waiting += [resource, *unvisited]
        else:
            ordered[id(resource)] = resource
    return list(ordered.values())


def _resources(text: str) -> Any:
    """Return what a state says beside the time at which it was written."""
    deployment: dict[str, Any] = json.loads(text)["deployment"] or {}
    return {key: value for key, value in deployment.items() if key != "manifest"}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def journal_path(state_file: Path) -> Path:
    """Return where the journal of a state file lies."""
    return state_file.with_name(state_file.name + ".journal")


def former_path(state_file: Path) -> Path:
    """Return where the state from before the last run is kept."""
    return state_file.with_name(state_file.name + ".former")


@contextmanager
def locked(state_file: Path, *, shared: bool) -> Generator[None]:
    """Hold the state file against other runs; previews share it. Raises ``StateError`` when it is taken."""
    try:
        state_file.parent.mkdir(parents=True, exist_ok=True)
        lock = state_file.with_name(state_file.name + ".lock").open("a")
    except OSError as error:
        raise StateError(f"{state_file.parent} cannot be used as a folder of states: {error.strerror}") from None
    with lock as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            message = f"another run is using {state_file}; wait until it has ended, then try again"
            raise StateError(message) from None
        yield


def load(state_file: Path, passphrase: str) -> tuple[Deployment, str]:
    """Return the state with what the journal of a killed run adds to it, and the text of the state file itself.

    Raises ``StateError`` for a damaged state file, and when the journal belongs to another one than that beside it.
    """
    text, deployment = "", Deployment(resources=(), pending_creates=(), vault=Vault(passphrase))
    if state_file.exists():
        text = state_file.read_text(encoding="utf-8", errors="replace")
        deployment = parse_deployment(text, passphrase, state_file)
    journal = journal_path(state_file)
    lines = _complete_lines(journal)
    if not lines or any(line.get("committed") == _digest(text) for line in lines):
        return deployment, text
    if lines[0].get("base") != _digest(text):
        message = (
            f"{journal} holds the unfinished steps of an earlier {state_file.name}, which was changed since; "
            f"put that state file back, or remove the journal if its steps no longer matter"
        )
        raise StateError(message)
    vault = deployment.vault
    if salt := next((line["salt"] for line in lines if "salt" in line), ""):
        vault.salt = salt
    snapshot = Snapshot(deployment)
    for number, line in enumerate(lines, start=1):
        try:
            _replay(snapshot, line, vault)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            raise StateError(_unreadable(journal, number)) from None
    resources = tuple(replace(each, place=place) for place, each in enumerate(snapshot.resources()))
    pending = tuple(snapshot.pending_creates.values())
    return Deployment(resources=resources, pending_creates=pending, vault=vault), text


def _complete_lines(path: Path) -> list[dict[str, Any]]:
    """Return all lines that were written to their end: a kill can tear the last one alone, which never happened.

    Raises ``StateError`` for any other line that cannot be read: what follows it happened.
    """
    if not path.exists():
        return []
    lines: list[dict[str, Any]] = []
    texts = path.read_bytes().decode(errors="replace").split("\n")
    for number, text in enumerate(texts[:-1], start=1):  # behind the last line end stands nothing, or what was torn
        line = _line(text)
        if line is None:
            if number == len(texts) - 1 and not texts[-1]:
                break  # a disk that lost power may keep the line end and not all before it
            raise StateError(_unreadable(path, number))
        lines.append(line)
    return lines


def _unreadable(journal: Path, number: int) -> str:
    """Say what to do about a line of a journal that cannot be read."""
    return (
        f"line {number} of {journal} cannot be read, and the steps behind it did happen: put the file back from a "
        f"copy; or remove it and run a refresh, which does not know what those steps made. The state from before that "
        f"run is {journal.name.removesuffix('.journal')} beside it"
    )


def _line(text: str) -> dict[str, Any] | None:
    try:
        line: Any = json.loads(text)
    except ValueError:
        return None
    return cast("dict[str, Any]", line) if isinstance(line, dict) else None


def _replay(snapshot: Snapshot, line: dict[str, Any], vault: Vault) -> None:
    match line:
        # "condemned", a key that journals on disk have: place of the old record that waits for its deletion.
        case {"settle": record, "place": place, "condemned": pending_delete, "created": created}:
            snapshot.settle(decode_resource(record, vault), place, pending_delete)
            if created:
                snapshot.pending_creates.pop(record["urn"], None)
        case {"amend": record, "place": place}:
            snapshot.amend(decode_resource(record, vault), place)
        case {"keep": place}:
            snapshot.keep(place)
        case {"remove": places}:
            snapshot.remove(places)
        case {"create": record}:
            pending = decode_resource(record, vault)
            snapshot.pending_creates[pending.urn] = pending
        case {"forget": urn}:
            snapshot.pending_creates.pop(urn, None)
        case _:  # the first line, the salt, and intents that a repeated run simply takes up again
            pass


class Journal:
    """Record steps in the snapshot and, unless this is a preview, on disk. Safe to use from several threads."""

    def __init__(self, state_file: Path, passphrase: str, *, durable: bool) -> None:
        """Load the state; with ``durable=False`` nothing is ever written. Raises ``StateError``."""
        self._lock = threading.RLock()
        self._state_file = state_file
        self._file: TextIO | None = None
        deployment, text = load(state_file, passphrase)
        self.vault = deployment.vault
        self.snapshot = Snapshot(deployment)
        self.interrupted = frozenset(self.snapshot.pending_creates)
        """URNs whose create was begun by an earlier run and has no known outcome."""
        if durable:
            self._begin(text)

    def _begin(self, text: str) -> None:
        path = journal_path(self._state_file)
        if path.exists():  # fold in what a killed run left, before a new journal takes its place
            text = self._compact(path)
        write_durably(path, json.dumps({"journal": 1, "base": _digest(text)}) + "\n")
        self._file = path.open("a")

    def _compact(self, path: Path) -> str:
        text = render_deployment(self.snapshot.resources(), list(self.snapshot.pending_creates.values()), self.vault)
        with path.open("a") as file:
            # After this line the journal counts as folded in as soon as the state file is this very text.
            self._append(file, {"committed": _digest(text)})
        if self._state_file.exists() and _resources(
            before := self._state_file.read_text(encoding="utf-8")
        ) != _resources(text):
            write_durably(former_path(self._state_file), before)
        write_durably(self._state_file, text)
        path.unlink()
        return text

    def _append(self, file: TextIO, line: dict[str, Any], *, durable: bool = True) -> None:
        file.write(json.dumps(line, separators=(",", ":")) + "\n")
        file.flush()
        if durable:
            os.fsync(file.fileno())

    def _write(self, line: dict[str, Any], *, durable: bool = True) -> None:
        if self._file is not None:
            self._append(self._file, line, durable=durable)

    def _record(self, resource: Resource) -> dict[str, Any]:
        if self._file is None:
            return {}
        had_salt = bool(self.vault.salt)
        record = encode_resource(resource, self.vault)
        if self.vault.salt and not had_salt:  # without its salt, a line that follows could not be read again
            self._write({"salt": self.vault.salt})
        return record

    def intend_create(self, resource: Resource) -> None:
        """Say that a create is about to be called."""
        with self._lock:
            self.snapshot.pending_creates[resource.urn] = resource
            self._write({"create": self._record(resource)})

    def intend(self, operation: str, resource: Resource) -> None:
        """Say that an update or a delete is about to be called; repeating either is harmless, so this is for people."""
        with self._lock:
            self._write({"intent": operation, "urn": resource.urn, "id": resource.id})

    def forget(self, urn: str) -> None:
        """Forget a create that made nothing."""
        with self._lock:
            self.snapshot.pending_creates.pop(urn, None)
            self._write({"forget": urn})

    def settle(self, resource: Resource, place: int = -1, *, pending_delete: int = -1, created: bool = False) -> None:
        """Record a resource as it is now.

        ``place`` is the old record whose place it takes, ``pending_delete`` the place of the old one that it replaced
        and that waits for its deletion (``condemned`` in the journal); ``created`` answers the intent to create it. All
        this is one line: either all of it happened or none.
        """
        with self._lock:
            line = {"settle": self._record(resource), "place": place, "condemned": pending_delete, "created": created}
            self.snapshot.settle(resource, place, pending_delete)
            if created:
                self.snapshot.pending_creates.pop(resource.urn, None)
            self._write(line)

    def keep(self, old: Resource) -> None:
        """Keep an old record unchanged. Not forced to disk: losing this line loses nothing."""
        with self._lock:
            self.snapshot.keep(old.place)
            self._write({"keep": old.place}, durable=False)

    def amend(self, resource: Resource, place: int) -> None:
        """Replace the record at ``place`` without moving it."""
        with self._lock:
            line = {"amend": self._record(resource), "place": place}
            self.snapshot.amend(resource, place)
            self._write(line)

    def remove(self, olds: list[Resource]) -> None:
        """Forget old resources, which exist no longer, all at once."""
        with self._lock:
            places = [old.place for old in olds]
            self.snapshot.remove(places)
            self._write({"remove": places})

    def close(self) -> None:
        """Fold the journal into the state file. In a preview, nothing."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
                self._compact(journal_path(self._state_file))
