"""References in variables and commands of a project's services: who is deployed before whom, and what leads nowhere.

Railway fills a reference (``${{db.PASSWORD}}``) in when it deploys. One to a variable that does not exist yet becomes
an empty string, and the service is not deployed again when the variable appears. So an instance waits for what it
refers to, also through shared variables, wherever the program makes that service. Owns that order, the errors about
circles, which have none, and the warnings. The syntax is in ``templates``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeVar
from weakref import WeakSet

import pulumi
from pulumi.runtime import get_root_resource

from components.nearest_name import did_you_mean
from components.templates import SHARED, Reference, Unreadable, expressions, refused_function

PUBLIC: Final = frozenset({"RAILWAY_PUBLIC_DOMAIN", "RAILWAY_STATIC_URL"})
TCP: Final = frozenset({"RAILWAY_TCP_PROXY_DOMAIN", "RAILWAY_TCP_PROXY_PORT", "RAILWAY_TCP_APPLICATION_PORT"})
VOLUME: Final = frozenset({"RAILWAY_VOLUME_NAME", "RAILWAY_VOLUME_MOUNT_PATH"})
OF_RAILWAY: Final = (
    PUBLIC
    | TCP
    | VOLUME
    | {"RAILWAY_PRIVATE_DOMAIN", "RAILWAY_DEPLOYMENT_ID", "RAILWAY_SNAPSHOT_ID"}
    | {f"RAILWAY_{noun}_{part}" for noun in ("PROJECT", "ENVIRONMENT", "SERVICE") for part in ("NAME", "ID")}
    | {"RAILWAY_ENVIRONMENT", "RAILWAY_REPLICA_ID", "RAILWAY_REPLICA_REGION"}
    | {
        f"RAILWAY_GIT_{part}"
        for part in ("COMMIT_SHA", "COMMIT_MESSAGE", "AUTHOR", "BRANCH", "REPO_NAME", "REPO_OWNER")
    }
)
"""Variables that Railway adds to each service (https://docs.railway.com/variables/reference)."""
_LACKING: Final = ((PUBLIC, "no public domain"), (TCP, "no TCP proxy"), (VOLUME, "no volume"))

NodeT = TypeVar("NodeT")


@dataclass(frozen=True)
class Named:
    """A reference, and the place that holds it."""

    place: str
    """``variables.DATABASE_URL``, or ``startCommand``."""
    reference: Reference
    secret: bool = False
    """True when it is part of a secret value."""

    @property
    def text(self) -> str:
        """Return the reference as messages show it."""
        return "a reference in its secret value" if self.secret else self.reference.text


@dataclass(eq=False, kw_only=True)
class ServiceReferences:
    """References in the variables and commands of one service, and what others may refer to in it."""

    label: str
    """Name of its component, which messages begin with."""
    name: str
    """Its name on Railway, by which others refer to it."""
    project: ProjectReferences
    variables: Mapping[str, pulumi.Input[str]]
    every_variable: bool = True
    """False when the program gives more variables in one Output, whose names are not known here."""
    commands: Mapping[str, pulumi.Input[str | None]] = field(default_factory=dict[str, pulumi.Input[str | None]])
    """Its commands, which may hold references as variables do, by their keys in the settings."""
    uses: Sequence[ServiceReferences]
    """Services that it waits for, whether or not its variables refer to them."""
    addresses: Mapping[frozenset[str], Sequence[pulumi.Resource]]
    """Resources that give Railway's own variables their values (``PUBLIC``, ``TCP``, ``VOLUME``); empty without any."""
    service: pulumi.Resource
    regions: frozenset[str] = frozenset()
    """Regions in which its instances run."""
    store: bool = False
    """True for a database or cache."""
    instance: pulumi.Resource | None = None
    """Service instance; None until it is made."""
    named: list[Named] = field(default_factory=list[Named])
    """References of its variables; those of outputs are added when they are known."""

    def texts(self) -> dict[str, pulumi.Input[str] | pulumi.Input[str | None]]:
        """Return the values that may hold references, by their places in the settings."""
        return {**{f"variables.{name}": value for name, value in self.variables.items()}, **self.commands}

    def has(self, variable: str) -> bool:
        """Tell whether the program sets this variable of the service; of unknown ones, any that is not Railway's."""
        return variable in self.variables or not (self.every_variable or variable in OF_RAILWAY)

    def lacking(self, variable: str) -> str:
        """Return why a variable of the service has no value, ``db has no TCP proxy``; "" when it has one."""
        if self.has(variable):
            return ""
        for names, lacks in _LACKING:
            if variable in names and not self.addresses[names]:
                return f"{self.name} has {lacks}"
        if variable in OF_RAILWAY or (variable.startswith("RAILWAY_SERVICE_") and variable.endswith("_URL")):
            return ""
        own = f"; its own are {', '.join(sorted(self.variables))}" if self.variables else ""
        return f"{self.name} has no variable {variable}{_near(variable, {*self.variables, *OF_RAILWAY}, otherwise=own)}"

    def others(self) -> Iterator[tuple[ServiceReferences, Named]]:
        """Yield the other services of the project to which it refers, each with the reference."""
        for named in self.named:
            other = self.project.services.get(named.reference.owner)
            if other is not None and other is not self:
                yield other, named

    def must_follow(self) -> Iterator[tuple[ServiceReferences, str]]:
        """Yield the services without whose variables it cannot be deployed, each with the reason."""
        for other in self.uses:
            yield other, "is made to start after it"
        for other, named in self.others():
            if other.has(named.reference.variable):
                yield other, f"{named.place} holds {named.text}"

    def giving(self, variable: str) -> Sequence[pulumi.Resource]:
        """Return the resources that give a variable of Railway's own its value: addresses, a volume, or the service."""
        return next((resources for names, resources in self.addresses.items() if variable in names), [self.service])


class ProjectReferences:
    """The services of one project, and what their variables refer to."""

    def __init__(self, project: str, shared: Mapping[str, str], *, whole: bool = True) -> None:
        """Begin with no service; ``whole`` says whether the program makes all services of the project."""
        self.project = project
        self._shared = shared
        self._whole = whole
        self.services: dict[str, ServiceReferences] = {}
        """By their names on Railway."""
        self._courtesy: dict[ServiceReferences, list[ServiceReferences]] = {}
        self.program = get_root_resource()
        """The stack of the program that makes it."""
        self._refused: pulumi.RunError | None = None
        _projects.add(self)

    def add(self, service: ServiceReferences) -> None:
        """Add a service before its instance is made.

        Raises ``pulumi.RunError`` for a function of templates, for a name that another service of the project has, and
        where references form a circle.
        """
        with self._remembering():
            if service.name in self.services:
                raise pulumi.RunError(
                    f"{service.label}: name must be one that no other service of the project has, and "
                    f"{self.services[service.name].label} has {service.name}: give one of them another name"
                )
            clear = {place: text for place, text in service.texts().items() if isinstance(text, str)}
            service.named = self._read(service, clear, secret=False)
            self.services[service.name] = service
            self._courtesy.clear()
            self._refuse_circles(service)

    async def needed_by(self, service: ServiceReferences) -> list[pulumi.Resource]:
        """Return the resources that the instance of ``service`` depends on; warns of references without a value.

        For a task that begins when the program has made all services of the project.
        """
        waited = self._courteous()[service]
        for place, value in service.texts().items():
            if not isinstance(value, pulumi.Output):
                continue
            text, secret = await value.future(), await value.is_secret()
            with self._remembering():
                service.named += self._read(service, {place: text}, secret=secret) if isinstance(text, str) else []
                self._refuse_circles(service)
        if self._refused:
            raise self._refused
        for warning in dict.fromkeys([*self._distances(service), *self._warnings(service)]):
            pulumi.log.warn(f"{service.label}: {warning}")
        gives = [each for other, named in service.others() for each in other.giving(named.reference.variable)]
        others = [*waited, *(other for other, _ in service.must_follow())]
        return list(dict.fromkeys([*gives, *(other.instance for other in others if other.instance)]))

    @contextmanager
    def _remembering(self) -> Generator[None]:
        """Keep the error that is raised: registrations that the program began go on after it has failed."""
        try:
            yield
        except pulumi.RunError as error:
            self._refused = error
            raise

    def _read(self, service: ServiceReferences, texts: Mapping[str, str], *, secret: bool) -> list[Named]:
        """Return the references in values, and those in the shared variables to which they refer."""
        references: dict[Named, None] = {}
        pending = [*texts.items()]
        resolved: set[str] = set()
        for place, text in pending:
            if refused := refused_function(text):
                raise pulumi.RunError(f"{service.label}: {place} must be {refused}")
            for each in expressions(text):
                if isinstance(each, Unreadable):
                    shown = "a reference in its secret value" if secret else each.text
                    pulumi.log.warn(
                        f"{service.label}: {place} holds {shown}, which Railway cannot read: write "
                        "${{service.NAME}}, ${{shared.NAME}} or ${{NAME}}"
                    )
                elif isinstance(each, Reference):
                    references[Named(place, each, secret)] = None
                    if each.owner == SHARED and each.variable in self._shared and each.variable not in resolved:
                        resolved.add(each.variable)
                        pending.append((f"{place}, by shared.{each.variable},", self._shared[each.variable]))
        return list(references)

    def _courteous(self) -> Mapping[ServiceReferences, Sequence[ServiceReferences]]:
        """Return for each service those for which it waits although it could do without.

        Values of Railway's own, such as a private domain, exist as soon as the service does. A service that refers to
        one waits all the same until the other is healthy, unless both refer to each other.
        """
        if not self._courtesy:
            every = self.services.values()
            after = {each: [other for other, _ in each.must_follow()] for each in every}
            for each in every:
                self._courtesy[each] = []
                for other, _ in each.others():
                    if other not in after[each] and _path(other, each, lambda node: after.get(node, [])) is None:
                        after[each].append(other)
                        self._courtesy[each].append(other)
        return self._courtesy

    def _refuse_circles(self, service: ServiceReferences) -> None:
        for other, _ in service.must_follow():
            if path := _path(other, service, lambda node: [each for each, _ in node.must_follow()]):
                raise pulumi.RunError(self._circle_message([service, *path]))
        for named in service.named:
            start = (named.reference.owner, named.reference.variable)
            if path := _path(start, start, lambda node: self._inside(service, *node), longer=True):
                shown = " → ".join(f"{owner}.{name}" if owner else name for owner, name in path)
                raise pulumi.RunError(
                    f"{service.label}: {named.place} refers to itself ({shown}), so that none of these "
                    "has a value: write the value into one of them"
                )

    def _circle_message(self, path: Sequence[ServiceReferences]) -> str:
        lines = [f"the services of {self.project} refer to each other in a circle, so that none can be deployed first:"]
        for service, other in pairwise(path):
            why = next(why for each, why in service.must_follow() if each is other)
            lines.append(f"  {service.name} needs {other.name}: {why}")
        return "\n".join(
            [*lines, "move what they share into the sharedVariables of the project, and write ${{shared.NAME}} in both"]
        )

    def _inside(self, service: ServiceReferences, owner: str, variable: str) -> list[tuple[str, str]]:
        """Return the variables of the service itself, and shared ones, to which one of them refers."""
        own = owner in ("", service.name)
        value = service.variables.get(variable) if own else self._shared.get(variable) if owner == SHARED else None
        references = expressions(value) if isinstance(value, str) else ()
        return [(each.owner, each.variable) for each in references if isinstance(each, Reference)]

    def _distances(self, service: ServiceReferences) -> Iterator[str]:
        for other in (*service.uses, *(other for other, _ in service.others())):
            if other.store and not other.regions <= service.regions:
                regions, others = " and ".join(sorted(service.regions)), " and ".join(sorted(other.regions))
                yield (
                    f"it runs in {regions}, and {other.name}, which it uses, in {others}: each question crosses the "
                    "distance between them, so set the region of one of them to that of the other"
                )

    def _warnings(self, service: ServiceReferences) -> Iterator[str]:
        for named in service.named:
            reference, begin = named.reference, f"{named.place} holds {named.text}, and"
            if not self._whole and reference.owner not in ("", service.name):
                continue
            if reference.owner == SHARED:
                if reference.variable not in self._shared:
                    lacks = f"{self.project} has no shared variable {reference.variable}"
                    yield f"{begin} {lacks}{_near(reference.variable, self._shared)}"
            elif reference.owner in ("", service.name):
                # Inside of a shared variable, one without owner is a shared one or one of the service.
                if not service.has(reference.variable) and reference.variable not in {*OF_RAILWAY, *self._shared}:
                    existing = {*service.variables, *OF_RAILWAY}
                    yield f"{begin} it has no variable {reference.variable}{_near(reference.variable, existing)}"
            elif reference.owner not in self.services:
                yield f"{begin} {self._unknown(reference.owner)}"
            elif lacks := self.services[reference.owner].lacking(reference.variable):
                yield f"{begin} {lacks}"
            elif "." in reference.owner and not reference.quoted:
                yield f'{begin} a name with a dot needs quotes: ${{{{"{reference.owner}".{reference.variable}}}}}'

    def _unknown(self, owner: str) -> str:
        for other in sorted(_projects, key=lambda each: each.project):
            if other.program is self.program and owner in other.services:
                return (
                    f"{owner} is a service of {other.project}: Railway fills in variables of the same project only, so "
                    "hand its value over, such as its public address"
                )
        return f"this program makes no service {owner} in {self.project}{_near(owner, [*self.services, SHARED])}"


_projects: WeakSet[ProjectReferences] = WeakSet()
"""The projects of all programs that this process runs."""


def _near(name: str, names: Iterable[str], *, otherwise: str = "") -> str:
    return f": {did_you_mean(name, names, f'Railway fills in an empty string{otherwise}')}"


def _path(
    start: NodeT, goal: NodeT, steps: Callable[[NodeT], Iterable[NodeT]], *, longer: bool = False
) -> list[NodeT] | None:
    """Return a shortest way from ``start`` to ``goal``, both included; ``longer``: of one step at least."""
    paths, visited = [[start]], set[NodeT]()
    for path in paths:
        if path[-1] == goal and not (longer and len(path) == 1):
            return path
        for node in steps(path[-1]):
            if node not in visited:
                visited.add(node)
                paths.append([*path, node])
    return None
