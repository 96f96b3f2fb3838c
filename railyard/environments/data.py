"""The data of a review environment: the last dump that was rehearsed, its named columns masked, in each database.

Owns which dump that is and how it gets in. It is restored into a scratch database, masked there, and takes the live
one's place as a whole, so that no service of the pull request ever sees a value as it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from components.postgres import PostgresSettings
from railyard.accounts.railway_client import Railway
from railyard.accounts.spaces_client import spaces_refusals
from railyard.data import masking, postgres
from railyard.data.database import find, reached
from railyard.data.dumping import MB, replace_live, scratch
from railyard.data.dumps import Dump, Dumps
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack, read_stack
from stacks.project_folder import RAILYARD
from stacks.reviews import Reviews
from stacks.services import services

_ROOM: Final = 3.0
"""A database takes so many times its size on the volume while it is masked: beside the live one, and rewritten."""


@dataclass(frozen=True, kw_only=True)
class DatabaseFilling:
    """The data that the database of one system gets."""

    system: str
    service: str
    dump: Dump
    dumps: Dumps
    columns: Sequence[str]

    @property
    def size_gb(self) -> int:
        """Return how large its volume has to be, in GB."""
        return max(1, math.ceil(self.dump.database_bytes / MB * _ROOM / 1_000))

    @property
    def targets(self) -> list[str]:
        """Return URN patterns of what has to be up before: the project and the database, no service that uses it."""
        system = f"**::{self.system}"
        nouns = ("project", "shared-variables", self.service, f"{self.service}-*")
        return [system, *(f"{system}-{noun}" for noun in nouns)]


def planned(base: Stack, reviews: Reviews, systems: Sequence[str]) -> tuple[list[DatabaseFilling], list[str]]:
    """Return what the databases of ``systems`` get, and a note for each that stays empty."""
    fillings: list[DatabaseFilling] = []
    notes: list[str] = []
    for system in systems:
        service = _database(base, system)
        if service is None:
            continue
        where = f"{system}/{service} begins empty"
        if system not in reviews.mask:
            notes.append(f"{where}: railyard:reviews.mask does not name {system}, not even with an empty list")
            continue
        try:
            with spaces_refusals():
                dumps = Dumps(read_stack(reviews.data or base.name), system)
                dumps.check()
                rehearsed = [
                    each for each in dumps.all() if each.rehearsed and each.kind == PostgresSettings.SERVER.title
                ]
        except OperationError as error:
            notes.append(f"{where}: {str(error).splitlines()[0]}")
            continue
        if not rehearsed:
            notes.append(
                f"{where}: no dump of {reviews.data or base.name} was rehearsed; {RAILYARD} restore dump {system} "
                f"--from {reviews.data or base.name} does that"
            )
            continue
        columns = tuple(reviews.mask[system])
        fillings.append(
            DatabaseFilling(system=system, service=service, dump=rehearsed[0], dumps=dumps, columns=columns)
        )
    return fillings, notes


def fill(railway: Railway, stack: Stack, filling: DatabaseFilling, say: Callable[[str], None]) -> None:
    """Put a dump into the database of an environment; raises ``OperationError``, and the database is as it was."""
    database = find(railway, stack, f"{filling.system}/{filling.service}")
    tools = database.tools
    tools.check_installed(*tools.to_restore)
    with (
        spaces_refusals(),
        reached(railway, database, say) as server,
        scratch(tools, server, filling.dumps, filling.dump, database) as restored,
    ):
        if restored.differences:
            raise OperationError(f"{filling.dump.key} does not come back as it was dumped: {restored.differences[0]}")
        masking.mask(server.to(restored.database), filling.columns)
        former = replace_live(tools, server, restored)
        postgres.query(server.to("template1"), f"DROP DATABASE {postgres.quoted(former)} WITH (FORCE)")
    masked = f", {len(filling.columns)} of its columns masked" if filling.columns else ""
    say(f"{database.where} has the dump of {filling.dump.stack} from {filling.dump.time}{masked}")


def sizes_gb(fillings: Sequence[DatabaseFilling]) -> Mapping[str, int]:
    """Return system → the size of the volume that its database needs."""
    return {each.system: each.size_gb for each in fillings}


def _database(base: Stack, system: str) -> str | None:
    """Return the service that is the PostgreSQL server of a system."""
    databases = (each for each in services(base.settings.systems[system]) if isinstance(each.args, PostgresSettings))
    return next((each.name for each in databases), None)
