"""The record of each review environment, written before anything of it is made, and where.

Owns the record and its two places: the sandbox's directory, and for real accounts the tags of the environment's stack,
which are in the same backend as its state. A record is written first and removed last, so that whatever exists has
one, and what has none is nobody's.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol, TextIO, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_operations.project import load_file
from railyard.engine import pulumi_cli
from railyard.engine.engine_choice import States
from railyard.environments.names import stack_name
from railyard.shared.console import OperationError
from railyard.shared.project import project_directory
from stacks.shared_settings import file_name, review_number

TAG: Final = "railyard:review-"
"""The tags of a stack that hold its record, with the number of the part."""
_PARTS: Final = "railyard:review"
"""The tag that says which parts are the record, ``0-3`` without the last one; without it all of them are."""
_TAG_LENGTH: Final = 250
"""Characters of one tag; Pulumi Cloud takes 256."""
_ATTEMPTS: Final = 300
_PAUSE_S: Final = 0.1
LONGEST_UP: Final = timedelta(hours=2)
"""An ``up`` of a real account that takes longer is dead: a job ends after 90 minutes."""


class Record(BaseModel):
    """The record of one environment."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    number: int
    """Of the pull request."""
    stack: str
    """The stack from whose settings it is made."""
    begun: datetime
    """Time at which its last ``up`` began."""
    first: datetime
    """Time at which its first ``up`` began: the oldest ones stay when there are too many."""
    expires: datetime
    ended: bool = False
    """True when its last ``up`` ended, well or not."""
    commit: str = ""
    """Of the pull request, in full; empty where it is not known."""
    repository: str = ""
    """The repository of the pull request."""
    fork: bool = False
    labelled: bool = False
    """True when the pull request's label keeps it: then it ends with the label."""
    cost: float = 0.0
    """US dollars a month, as used."""
    systems: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    """Systems whose databases have got their data."""
    buckets: tuple[tuple[str, str], ...] = ()
    """Name and region of the buckets that it may have."""
    zones: tuple[tuple[str, str], ...] = ()
    """Name and id of the zones in which it may have records."""

    @property
    def name(self) -> str:
        """Return the name of its stack."""
        return stack_name(self.number)


class Records(Protocol):
    """All environments that are written down somewhere."""

    def all(self) -> dict[int, Record | None]:
        """Return number → record, None where a stack is there and no record can be read."""
        ...

    def write(self, record: Record) -> None:
        """Keep a record in the place of an earlier one."""
        ...

    def remove(self, number: int) -> None:
        """Forget an environment: its state, its settings and, last, its record."""
        ...

    def is_alive(self, record: Record, now: datetime) -> bool:
        """Tell whether an ``up`` of it is under way."""
        ...

    def held(self, number: int, *, alone: bool = False) -> AbstractContextManager[None]:
        """Return a context in which others see that something is done with it; ``alone``: no engine works on it."""
        ...


class SandboxRecords:
    """Files in the sandbox's directory, whichever engine works there."""

    def __init__(self, sandbox: Path) -> None:
        self._sandbox = sandbox
        self._folder = sandbox / "reviews"

    def all(self) -> dict[int, Record | None]:
        """Read the files, and the names of states that have none."""
        records: dict[int, Record | None] = {}
        states = [self._sandbox, States(directory=self._sandbox, stack="").checkpoint.parent]
        for folder in (*states, self._folder):
            for file in sorted(folder.glob("pr-*")):
                number = review_number(file.name.partition(".")[0])
                if number is not None and file.suffix != ".lock":
                    records.setdefault(number, None)
        self._put_away_locks()
        for number in records:
            file = self._file(number)
            records[number] = _parsed(file.read_text(encoding="utf-8")) if file.exists() else None
        return dict(sorted(records.items()))

    def _put_away_locks(self) -> None:
        """Remove the locks of commands that were killed before they had written anything."""
        for lock in self._folder.glob("pr-*.lock"):
            number = review_number(lock.stem)
            if number is not None and not self._file(number).exists():
                with suppress(OperationError), self.held(number):
                    pass  # its end removes it

    def write(self, record: Record) -> None:
        """Replace the file in one step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._file(record.number).with_suffix(".part")
        part.write_text(record.model_dump_json(by_alias=True, indent=4) + "\n", encoding="utf-8")
        part.replace(self._file(record.number))

    def remove(self, number: int) -> None:
        """Delete the files of either engine, then the record."""
        states = States(directory=self._sandbox, stack=stack_name(number))
        remove_settings(number)
        for file in [
            *self._sandbox.glob(f"{states.embedded.name}*"),
            *states.checkpoint.parent.glob(f"{stack_name(number)}.*"),
        ]:
            file.unlink(missing_ok=True)
        for folder in ("backups", "history", "stacks"):
            shutil.rmtree(
                states.checkpoint.parents[2] / folder / states.checkpoint.parent.name / stack_name(number),
                ignore_errors=True,
            )
        shutil.rmtree(states.locks, ignore_errors=True)
        for file in sorted(self._folder.glob(f"{stack_name(number)}.*"), reverse=True):
            file.unlink(missing_ok=True)

    def is_alive(self, record: Record, now: datetime) -> bool:
        """Tell whether a process holds its lock."""
        del now
        try:
            with self.held(record.number):
                return False
        except OperationError:
            return True

    @contextmanager
    def held(self, number: int, *, alone: bool = False) -> Generator[None]:
        """Hold its lock, which the end of the process gives back; raises ``OperationError`` when another one does.

        ``alone`` holds that of its state, too: the engine of a command that was killed may live a little longer.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        states = States(directory=self._sandbox, stack=stack_name(number))
        own = self._folder / f"{stack_name(number)}.lock"
        with ExitStack() as left:
            _lock(left.enter_context(own.open("a")), number, attempts=1)
            if alone:
                state = states.embedded.with_name(f"{states.embedded.name}.lock")
                _lock(left.enter_context(state.open("a")), number, attempts=_ATTEMPTS)
            try:
                yield
            finally:
                if not self._file(number).exists():
                    own.unlink(missing_ok=True)

    def _file(self, number: int) -> Path:
        return self._folder / f"{stack_name(number)}.json"


class PulumiRecords:
    """Stacks of the backend that the Pulumi CLI is logged in to; a record is what their tags hold."""

    def __init__(self, cli: pulumi_cli.PulumiCli, base: str) -> None:
        self._cli, self._base = cli, base

    def all(self) -> dict[int, Record | None]:
        """Ask for the stacks, and for the tags of each."""
        return {number: self._record(number) for number in self._numbers()}

    def write(self, record: Record) -> None:
        """Make the stack unless it is there, and write the tags: those of the former record stay until all are there.

        A run that is killed in between, or one that reads meanwhile, finds a whole record.
        """
        if record.number not in self._numbers():
            file = load_file(project_directory() / file_name(self._base))
            provider = str(file.get("secretsprovider") or "")
            options = ["--secrets-provider", provider] if provider else []
            self._pulumi("stack", "init", record.name, "--no-select", *options)
        text = record.model_dump_json(by_alias=True)
        texts = [text[at : at + _TAG_LENGTH] for at in range(0, len(text), _TAG_LENGTH)]
        tags = self._tags(record.number)
        former = _parts(tags)
        first = 0 if former.start >= len(texts) else former.stop
        new = {f"{TAG}{number}": text for number, text in enumerate(texts, first)}
        for name, text in {**new, _PARTS: f"{first}-{first + len(texts)}"}.items():
            self._pulumi("stack", "tag", "set", name, text, "--stack", record.name)
        for name in tags:
            if name.startswith(TAG) and name not in new:
                self._pulumi("stack", "tag", "rm", name, "--stack", record.name)

    def remove(self, number: int) -> None:
        """Remove the stack with its state, whatever that still holds: its resources are gone."""
        if number in self._numbers():
            # A run that was killed may still hold it; the error of this when none does is no failure.
            self._run("cancel", stack_name(number), "--yes")
            self._pulumi("stack", "rm", stack_name(number), "--force", "--yes", "--preserve-config", "--remove-backups")
        remove_settings(number)

    def is_alive(self, record: Record, now: datetime) -> bool:
        """Tell whether its ``up`` has not ended and is not too old."""
        return not record.ended and now - record.begun < LONGEST_UP

    @contextmanager
    def held(self, number: int, *, alone: bool = False) -> Generator[None]:
        """Leave it to the lock of the backend."""
        del number, alone
        yield

    def _numbers(self) -> list[int]:
        listed: list[Mapping[str, Any]] = json.loads(self._pulumi("stack", "ls", "--json"))
        names = [str(each["name"]).rpartition("/")[2] for each in listed]
        return sorted(number for name in names if (number := review_number(name)) is not None)

    def _record(self, number: int) -> Record | None:
        tags = self._tags(number)
        return _parsed("".join(tags.get(f"{TAG}{part}", "") for part in _parts(tags)))

    def _tags(self, number: int) -> Mapping[str, str]:
        answer = self._pulumi("stack", "tag", "ls", "--json", "--stack", stack_name(number))
        return cast("Mapping[str, str]", json.loads(answer or "{}"))

    def _pulumi(self, *arguments: str) -> str:
        code, text, errors = self._run(*arguments)
        if code != 0:
            raise OperationError(f"pulumi {' '.join(arguments[:3])} failed:\n{errors.strip() or text.strip()}")
        return text

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        process = self._cli.run([*arguments, "--non-interactive"], project_directory(), dict(os.environ), captured=True)
        return process.returncode, process.stdout, process.stderr


def _parts(tags: Mapping[str, str]) -> range:
    """Return the numbers of the tags that hold the record of a stack."""
    if match := re.fullmatch(r"(\d+)-(\d+)", tags.get(_PARTS, "")):
        return range(int(match[1]), int(match[2]))
    return range(sum(name.startswith(TAG) for name in tags))


def _lock(file: TextIO, number: int, *, attempts: int) -> None:
    for attempt in range(attempts):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if attempt + 1 < attempts:
                time.sleep(_PAUSE_S)
        else:
            return
    raise OperationError(f"another command works on {stack_name(number)}: wait until it has ended, then try again")


def _parsed(text: str) -> Record | None:
    try:
        return Record.model_validate_json(text)
    except ValidationError:
        return None


def settings_file(number: int) -> Path:
    """Return where the settings of an environment lie while it is known here; git ignores it."""
    return project_directory() / file_name(stack_name(number))


def remove_settings(number: int) -> None:
    """Delete them."""
    settings_file(number).unlink(missing_ok=True)


def oldest_first(records: Mapping[int, Record | None]) -> Sequence[Record]:
    """Return the records that can be read, by when each environment was first asked for."""
    return sorted((each for each in records.values() if each is not None), key=lambda each: (each.first, each.number))
