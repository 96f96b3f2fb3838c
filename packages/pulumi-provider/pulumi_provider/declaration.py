"""The declaration of a resource: once, as two dataclasses and a class.

Schema, checks, defaults, diff, replacement, secrets, preview and the SDK class are derived from what is declared
(see the neighbouring modules); nothing repeats it. Protocol values never reach a resource: it sees plain Python.

A declaration reads::

    @dataclass(frozen=True, kw_only=True)
    class VolumeInputs(Inputs):
        service_id: Annotated[str, Property("Service that mounts the volume.")]
        mount_path: Annotated[str, Property("Absolute path in the container.", check=absolute_path)]
        size_mb: Annotated[int | None, Property("Capacity in MB. Default: what the plan gives.")] = None

    @dataclass(frozen=True, kw_only=True)
    class VolumeState(VolumeInputs):
        volume_id: Annotated[str, Property("Railway's id of the volume.", stable=True)]

    class Volume(Resource[VolumeInputs, VolumeState]):
        (docstring: a disk mounted into one service)
        token = "railway:index:Volume"
        inputs_type, state_type = VolumeInputs, VolumeState

Allowed property types: ``str``, ``int``, ``float``, ``bool``, a ``StrEnum``, ``list[T]``, ``dict[str, T]``, a nested
``@dataclass`` that derives from ``Nested``, and each of these ``| None``. A property without default is required.
``None`` means "not set": the key is absent on the wire.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar


class Unknown:
    """The type of ``UNKNOWN``: a value that only the real run will know. Appears in ``check`` of a preview alone."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why inputs are refused. ``path`` is the camelCase property path, such as ``variables.PORT``."""

    path: str
    reason: str


Check = Callable[[Any], str | None]
"""Validates one known, plain value: the reason why it is refused ("must be …, not 70000"), or ``None``."""


@dataclass(frozen=True)
class Property:
    """Hold what is said of one property beside its type and default."""

    doc: str
    replaces: bool = False
    """A change makes a new resource."""
    secret: bool = False
    """Always a secret."""
    secret_when_imported: bool = False
    """The program says which parts are secrets, and the API does not: read without a program, the whole is one."""
    stable: bool = False
    """For outputs: an update never changes it, so previews show it as known."""
    check: Check | None = None
    write_only: bool = False
    """The API never gives it back: ``read`` carries it over from the old state instead of reporting drift."""
    keeps_when_unset: bool = False
    """Without a value the property stays as it is: removing it from the inputs is no change, nor is an import."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Base of every inputs and state class."""


@dataclass(frozen=True, kw_only=True)
class Nested:
    """Base of a group of properties inside another property."""


InputsT = TypeVar("InputsT", bound=Inputs)
StateT = TypeVar("StateT", bound=Inputs)
ResultT = TypeVar("ResultT", bound=Inputs)
ClientT = TypeVar("ClientT")


class Deadline(Protocol):
    """The time that an operation may still take, from ``customTimeouts`` or the resource's default."""

    def remaining_s(self) -> float:
        """Return seconds left, in the time of the API (simulated in the sandbox); 0 when it is over."""
        ...

    def extend(self, seconds: float) -> None:
        """Extend the limit for a clean-up after a failure, so that at least ``seconds`` are left."""
        ...


class Context(Protocol):
    """Hold what a resource may use besides its own values. One per call."""

    @property
    def client(self) -> Any:
        """Return the configured API client of the provider (built on first use)."""
        ...

    @property
    def urn(self) -> str: ...

    @property
    def deadline(self) -> Deadline: ...

    @property
    def interrupted(self) -> bool:
        """Tell whether an earlier create of this resource had no known outcome, as the engine says."""
        ...

    @property
    def replaces(self) -> str:
        """Return the id of what a create replaces, which the engine deletes afterwards; empty if it is a new one."""
        ...

    def cancelled(self) -> bool:
        """Tell whether the user asked to stop (Ctrl-C): end waits, keep what exists by ``InitializationFailed``."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait in API time; returns early when cancelled."""
        ...

    async def status(self, text: str) -> None:
        """Show what is being waited for, in the row of the resource.

        The engine keeps the last text in the row of the finished resource; one that ends in "…" (still waiting) is
        replaced by "done in N s" when the call succeeds.
        """
        ...

    async def info(self, text: str) -> None: ...

    async def warn(self, text: str) -> None: ...


class Resource(Generic[InputsT, StateT]):
    """One resource type. Instances hold no state: every call gets all it needs.

    Only ``create``, ``read`` and ``delete`` are mandatory. Without ``update`` every change replaces.
    ``StateT`` derives from ``InputsT``.
    """

    token: ClassVar[str]
    inputs_type: ClassVar[type[Inputs]]
    state_type: ClassVar[type[Inputs]]
    delete_before_replace: ClassVar[bool] = False
    """Two cannot exist at once: a replacement deletes the old one first."""
    identity: ClassVar[frozenset[str]] = frozenset()
    """Properties (snake_case) whose change creates another resource, which can exist beside the old one."""
    default_timeout_s: ClassVar[float] = 600.0
    aliases: ClassVar[Sequence[str]] = ()

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Apply rules across properties; called only when each property is right by itself.

        ``inputs`` has snake_case keys, plain values (nested groups are mappings), UNKNOWN where not known yet; absent
        optional properties are ``None``. Rules of one property stand in its ``Property.check``.
        """
        del inputs
        return []

    def known_outputs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return outputs (snake_case) that a preview of a create or update can already tell; all others are unknown."""
        del inputs
        return {}

    def replaced_by(self, old: StateT, new: Mapping[str, Any]) -> Sequence[str]:
        """Return properties (snake_case) whose change replaces only sometimes, such as a volume's size that shrinks.

        ``new`` is as in ``check``. Asked only when something differs.
        """
        del old, new
        return ()

    def left_out(self, state: Mapping[str, Any]) -> Collection[str]:
        """Return what an import leaves out of the inputs (snake_case): what the API takes by itself.

        ``state`` is what was read. The state keeps them, so that a program which spells them out shows no difference.
        """
        del state
        return ()

    async def create(self, context: Context, new: InputsT) -> tuple[str, StateT]:
        """Create the resource, and return its id and its whole state.

        Raises ``Failure`` when nothing exists, ``InitializationFailed`` when something does.
        """
        raise NotImplementedError

    async def read(self, context: Context, id: str, old: StateT | None) -> StateT | None:
        """Return what exists now. ``old`` is None on import. ``None`` only for a proven "not found"; all else raises.

        Properties that the user never set are not reported as drift: the kernel leaves them out of the inputs. In
        ``old``, what an earlier version of the provider did not store yet is ``None``.
        """
        raise NotImplementedError

    async def update(self, context: Context, id: str, old: StateT, new: InputsT) -> StateT:
        """Bring it to ``new`` in place."""
        raise NotImplementedError

    async def delete(self, context: Context, id: str, old: StateT) -> None:
        """Remove it; already gone counts as done."""
        raise NotImplementedError


class Function(Generic[InputsT, ResultT]):
    """One function that a program calls to look something up. Instances hold no state, and a call changes nothing.

    A call reaches the API whenever the program makes it, in a preview too: the program wants to know.
    """

    token: ClassVar[str]
    """``<provider>:index:<camelCaseName>``."""
    inputs_type: ClassVar[type[Inputs]]
    result_type: ClassVar[type[Inputs]]
    default_timeout_s: ClassVar[float] = 60.0

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Apply rules across inputs, as for a resource; everything is known."""
        del inputs
        return []

    async def call(self, context: Context, inputs: InputsT) -> ResultT:
        """Return the result. Raises ``Failure`` when there is none."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A whole provider: what the servicer serves and the schema describes."""

    name: str
    version: str
    display_name: str
    description: str
    config_type: type[Inputs]
    resources: Sequence[type[Resource[Any, Any]]]
    build_client: Callable[[Any], Any]
    """Makes the API client from a ``config_type`` instance, on first use; raises ``Failure`` for bad configuration."""
    functions: Sequence[type[Function[Any, Any]]] = ()
    create_adopts_existing: bool = False
    """True when a create may adopt an existing object, which is then not deleted as the old one."""
    time_scale: Callable[[], float] = lambda: 1.0
    """Speed of the API's clock relative to real time (100 in the sandbox)."""
    python_package: str = ""
    """Import name of the Python SDK. Default: ``pulumi_<name>``."""
    failures: tuple[type[Exception], ...] = ()
    """Errors of the API client that are shown to people as they are, like ``Failure``."""
    bind_status: Callable[[Callable[[str], Awaitable[None]]], None] = lambda _show: None
    """Called at the start of each call with what shows a text in its row, for code that knows no context."""
