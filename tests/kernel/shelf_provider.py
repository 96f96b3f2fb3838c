"""A small whole provider, declared like a real one, for the tests of the kernel. Runs as a plugin of its own, too.

Its API is a dict in memory: ``Library``. What a shelf does beside holding books is decided by its ``label``, so that a
test can ask for a failure, a half-made shelf, a bug or a wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any

from pulumi_provider.declaration import (
    UNKNOWN,
    Context,
    Function,
    Inputs,
    Nested,
    Problem,
    Property,
    Provider,
    Resource,
)
from pulumi_provider.errors import Failure, InitializationFailed
from pulumi_provider.main import main


class Wood(StrEnum):
    """What a shelf is made of."""

    OAK = "OAK"
    PINE = "PINE"


def between(low: int, high: int) -> Any:
    """A check for whole numbers."""
    return lambda value: None if low <= value <= high else f"must be from {low} to {high}, not {value}"


@dataclass(frozen=True, kw_only=True)
class Lock(Nested):
    """Keeps a shelf shut."""

    keeper: Annotated[str, Property("Who holds the key.", replaces=True)]
    code: Annotated[str, Property("What opens it.", secret=True, write_only=True)]
    attempts: Annotated[int, Property("How many wrong codes it bears.", check=between(1, 9))] = 3


@dataclass(frozen=True, kw_only=True)
class ShelfInputs(Inputs):
    """A shelf to put books on."""

    room_id: Annotated[str, Property("Room in which it stands.", replaces=True)]
    label: Annotated[str | None, Property("What is written on it.")] = None
    width_cm: Annotated[int, Property("Width in cm.", check=between(10, 300))] = 80
    load_kg: Annotated[float | None, Property("What it bears, in kg.", keeps_when_unset=True)] = None
    wood: Annotated[Wood, Property("What it is made of.")] = Wood.OAK
    wheels: Annotated[bool, Property("Can it be moved?")] = False
    topics: Annotated[list[str] | None, Property("What its books are about.")] = None
    notes: Annotated[dict[str, str], Property("Notes by name.")] = field(default_factory=dict[str, str])
    lock: Annotated[Lock | None, Property("Keeps it shut.")] = None
    woods_of_the_neighbouring_shelves: Annotated[list[Wood] | None, Property("What stands beside it.")] = None
    pin: Annotated[str | None, Property("Opens the drawer.", secret=True, write_only=True)] = None


@dataclass(frozen=True, kw_only=True)
class ShelfState(ShelfInputs):
    """A shelf that stands."""

    shelf_id: Annotated[str, Property("Number in the catalogue.", stable=True)]
    address: Annotated[str, Property("Where to find it.")]
    serial: Annotated[str, Property("Secret number of the maker.", secret=True)]
    plaque: Annotated[str | None, Property("Only on shelves of oak.", stable=True)] = None


@dataclass
class Library:
    """The API: shelves by id."""

    token: str | None = None
    shelves: dict[str, ShelfState] = field(default_factory=dict[str, ShelfState])
    calls: list[str] = field(default_factory=list[str])


class Shelf(Resource[ShelfInputs, ShelfState]):
    """A shelf to put books on."""

    token = "library:index:Shelf"
    inputs_type, state_type = ShelfInputs, ShelfState
    default_timeout_s = 60.0

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        if inputs["wheels"] is True and inputs["lock"] is not None:
            return [Problem(path="wheels", reason="a shelf with a lock cannot have wheels")]
        return []

    def known_outputs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        known = UNKNOWN in (inputs["room_id"], inputs["label"])
        return {"address": UNKNOWN if known else address(inputs["room_id"], inputs["label"])}

    def replaced_by(self, old: ShelfState, new: Mapping[str, Any]) -> Sequence[str]:
        return ("width_cm",) if new["width_cm"] is not UNKNOWN and new["width_cm"] < old.width_cm else ()

    async def create(self, context: Context, new: ShelfInputs) -> tuple[str, ShelfState]:
        library: Library = context.client
        library.calls.append("create again" if context.interrupted else "create")
        if new.label == "refused":
            raise Failure("the room is full\ntake down a shelf first")
        if new.label == "bug":
            raise KeyError(f"the pin is {new.pin}")
        state = standing(str(len(library.shelves) + 1), new)
        made_id = f"{new.room_id}/{state.shelf_id}"
        library.shelves[made_id] = state
        if new.label == "half":
            raise InitializationFailed(made_id, state, [f"it leans (pin {new.pin})", "it creaks"])
        if new.label == "half unknown":
            raise InitializationFailed(made_id, {"shelf_id": state.shelf_id}, ["it leans"])
        if new.label == "slow":
            await wait(context, made_id, state)
        if new.label == "talking":
            await context.status("putting it up …")
            await context.status("putting it up …")
        if new.label == "deaf":
            while True:
                await context.sleep(60)
        if new.label == "warned":
            await context.warn("mind the step")
        return made_id, state

    async def read(self, context: Context, id: str, old: ShelfState | None) -> ShelfState | None:
        library: Library = context.client
        library.calls.append("read" if old else "read for import")
        shelf = library.shelves.get(id)
        if shelf is None:
            return None
        if shelf.label == "unreachable":
            raise Failure("the catalogue does not answer (503); try again")
        lock = None if shelf.lock is None else replace(shelf.lock, code=None)
        seen = replace(shelf, pin=None, lock=lock)
        if shelf.label == "mute":
            raise InitializationFailed(id, None, ["it says nothing"])
        if shelf.label == "leaning":
            raise InitializationFailed(id, seen, ["it leans"])
        return seen

    async def update(self, context: Context, id: str, old: ShelfState, new: ShelfInputs) -> ShelfState:
        library: Library = context.client
        library.calls.append("update")
        state = replace(standing(old.shelf_id, new), serial=old.serial)
        if new.label == "half":
            raise InitializationFailed(id, state, ["it leans"])
        if new.label == "half unknown":
            raise InitializationFailed(id, None, ["it leans"])
        library.shelves[id] = state
        return state

    async def delete(self, context: Context, id: str, old: ShelfState) -> None:
        library: Library = context.client
        library.calls.append("delete")
        if old.label == "nailed":
            raise Failure("it is nailed to the wall")
        library.shelves.pop(id, None)


@dataclass(frozen=True, kw_only=True)
class LoanInputs(Inputs):
    """A book lent to somebody."""

    reader: Annotated[str, Property("Who has it.")]


@dataclass(frozen=True, kw_only=True)
class LoanState(LoanInputs):
    """A book that is out."""


class Loan(Resource[LoanInputs, LoanState]):
    """A book lent to somebody: it cannot be changed, and there is one at a time."""

    token = "library:index:Loan"
    inputs_type, state_type = LoanInputs, LoanState
    delete_before_replace = True

    async def create(self, context: Context, new: LoanInputs) -> tuple[str, LoanState]:
        return "" if new.reader == "nobody" else "loan", LoanState(reader=new.reader)

    async def read(self, context: Context, id: str, old: LoanState | None) -> LoanState | None:
        return LoanState(reader=old.reader if old else "unknown")

    async def delete(self, context: Context, id: str, old: LoanState) -> None:
        return


@dataclass(frozen=True, kw_only=True)
class Place(Nested):
    """Where a shelf stands."""

    room_id: Annotated[str, Property("Its room.")]
    steps: Annotated[int, Property("How far it is from the door.")]


@dataclass(frozen=True, kw_only=True)
class FindShelvesInputs(Inputs):
    """What shelves to look for."""

    label: Annotated[str, Property("What is written on them.", check=lambda value: None if value else "must not be ''")]
    wood: Annotated[Wood | None, Property("What they are made of. Default: anything.")] = None
    rooms: Annotated[list[str] | None, Property("Where to look. Default: everywhere.")] = None
    card: Annotated[str | None, Property("Card of who looks.", secret=True)] = None


@dataclass(frozen=True, kw_only=True)
class FindShelvesResult(Inputs):
    """The shelves that were found."""

    count: Annotated[int, Property("How many there are.")]
    places: Annotated[list[Place], Property("Where they stand.")]
    first: Annotated[str | None, Property("The id of one of them.")] = None


class FindShelves(Function[FindShelvesInputs, FindShelvesResult]):
    """Find shelves by their label."""

    token = "library:index:findShelves"
    inputs_type, result_type = FindShelvesInputs, FindShelvesResult

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        if inputs["rooms"] == []:
            return [Problem(path="rooms", reason="must name a room, or be left out")]
        return []

    async def call(self, context: Context, inputs: FindShelvesInputs) -> FindShelvesResult:
        library: Library = context.client
        library.calls.append("find")
        if inputs.label == "refused":
            raise Failure(f"the card {inputs.card} may not look for shelves; ask at the desk")
        if inputs.label == "deaf":
            while True:
                await context.sleep(60)
        rooms = inputs.rooms
        found = {
            made_id: shelf
            for made_id, shelf in library.shelves.items()
            if shelf.label == inputs.label and (rooms is None or shelf.room_id in rooms)
        }
        places = [Place(room_id=shelf.room_id, steps=4) for shelf in found.values()]
        return FindShelvesResult(count=len(found), places=places, first=next(iter(found), None))


@dataclass(frozen=True, kw_only=True)
class GetKeyInputs(Inputs):
    """Nothing has to be said."""


@dataclass(frozen=True, kw_only=True)
class GetKeyResult(Inputs):
    """The key of the library."""

    code: Annotated[str, Property("What opens the door.", secret=True)]
    door: Annotated[str, Property("Which door.")]


class GetKey(Function[GetKeyInputs, GetKeyResult]):
    """Return the key of the library."""

    token = "library:index:getKey"
    inputs_type, result_type = GetKeyInputs, GetKeyResult

    async def call(self, context: Context, inputs: GetKeyInputs) -> GetKeyResult:
        return GetKeyResult(code="sesame", door="north")


@dataclass(frozen=True, kw_only=True)
class LibraryConfiguration(Inputs):
    """How to reach the library."""

    token: Annotated[str | None, Property("Card of the reader.", secret=True)] = None
    branches: Annotated[list[str] | None, Property("Branches to look in.")] = None


def address(room_id: str, label: str | None) -> str:
    """What a shelf's address is, given its inputs."""
    return f"{room_id}, {label or 'no label'}"


def standing(shelf_id: str, new: ShelfInputs) -> ShelfState:
    """The state of a new shelf."""
    given = {name: getattr(new, name) for name in ShelfInputs.__dataclass_fields__}
    plaque = "oak" if new.wood == Wood.OAK else None
    return ShelfState(
        **given, shelf_id=shelf_id, address=address(new.room_id, new.label), serial="serial-4711", plaque=plaque
    )


async def wait(context: Context, id: str, state: ShelfState) -> None:
    """Wait until told to stop, as a deployment would be waited for."""
    while not context.cancelled() and context.deadline.remaining_s() > 0:
        await context.status("putting it up …")
        await context.sleep(5)
    raise InitializationFailed(id, state, ["interrupted" if context.cancelled() else "not ready in time"])


def build_library(configuration: LibraryConfiguration) -> Library:
    """The client of the provider."""
    if configuration.token == "expired-card":
        raise Failure("the card has expired; set a new one with `pulumi config set --secret library:token`")
    return Library(token=configuration.token)


PROVIDER = Provider(
    name="library",
    version="1.2.3",
    display_name="Library",
    description="Shelves and loans.",
    config_type=LibraryConfiguration,
    resources=(Shelf, Loan),
    functions=(FindShelves, GetKey),
    create_adopts_existing=True,
    build_client=build_library,
)

if __name__ == "__main__":
    main(lambda: PROVIDER)
