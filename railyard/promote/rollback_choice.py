"""To what a rollback leads: the value that a system ran before, and was healthy with.

Owns the choice. The order of values comes from the git history of the settings file, behind it from Railway's list of
deployments, which knows of systems whose settings name a branch alone. It makes no request and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from railyard.promote.proof import short
from railyard.promote.system_in_stack import PastDeployment, SystemInStack, Version, value_of
from railyard.shared.console import OperationError
from stacks.releases import Release, names_a_version, tag_of


@dataclass(frozen=True, kw_only=True)
class Step:
    """One value that a rollback takes back."""

    system: str
    release: Release
    was: str | None
    """Value in the settings; None when they name nothing."""
    value: str
    origin: str
    """Source of the value, for people."""
    skipped: tuple[str, ...] = ()
    """Values in between, and why they were not taken."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """All that is known of one release of a system."""

    system: str
    release: Release
    side: SystemInStack
    versions: Sequence[Version]

    @property
    def present(self) -> str | None:
        """Return what the settings say now."""
        return self.versions[0].value(self.system, self.release)

    @property
    def newest(self) -> str | None:
        """Return what was deployed last."""
        return next(iter(self._deployed()), None)

    def known(self) -> list[tuple[str, str]]:
        """Return every value with its origin, the settings' first and each group newest first."""
        of_settings = [(value, version.name) for version, value in self._versions_with_values() if value is not None]
        of_railway = [(value, "Railway's list of deployments") for value in self._deployed()]
        values: list[tuple[str, str]] = []
        for value, origin in [*of_settings, *of_railway]:
            if not any(self.same(known, value) for known, _ in values):
                values.append((value, origin))
        return values

    def earlier(self) -> list[tuple[str, str]]:
        """Return those that first came before the present one, newest first: a second rollback goes further back."""
        settings = [value for _, value in self._versions_with_values() if value is not None]
        order = _before(settings, self.present, self.same)
        order += _before(list(self._deployed()), self.present or self.newest, self.same)
        values: list[tuple[str, str]] = []
        for value, origin in self.known():
            if any(self.same(value, each) for each in order):
                values.append((value, origin))
        return values

    def changed(self) -> int | None:
        """Return how many versions ago the settings said something else; None when they never did."""
        return next(
            (index for index, (_, value) in enumerate(self._versions_with_values()) if value != self.present), None
        )

    def same(self, one: str, other: str) -> bool:
        """Tell whether two values mean the same; an image without its digest may be the one with it."""
        if self.release.same(one, other):
            return True
        pinned = one.startswith(f"{other}@") or other.startswith(f"{one}@")
        return self.release.kind == "image" and pinned

    def pasts(self, service: str, value: str) -> list[PastDeployment]:
        """Return the deployments of ``service`` with ``value``, newest first."""
        every = self.side.history.get(service, ())
        return [
            past
            for past in every
            if (deployed := value_of(self.release, service, past.run)) and self.same(deployed, value)
        ]

    def doubt(self, value: str) -> str | None:
        """Return why ``value`` is not one to go back to, or None when it was healthy in all its services."""
        if self.release.kind == "image" and not names_a_version(value):
            return f"{short(value)} names no version"
        for service in self.release.services:
            pasts = self.pasts(service, value)
            if not pasts:
                return f"{service} was never deployed with it, as far as Railway lists"
            if not any(past.ran for past in pasts):
                return f"{service} was not healthy with it: deployment {pasts[0].run.id} is {pasts[0].run.status}"
        return None

    def _versions_with_values(self) -> list[tuple[Version, str | None]]:
        return [(version, version.value(self.system, self.release)) for version in self.versions]

    def _deployed(self) -> Iterable[str]:
        pasts = [(service, past) for service in self.release.services for past in self.side.history.get(service, ())]
        newest_first = sorted(pasts, key=lambda each: each[1].run.created_at, reverse=True)
        values = (value_of(self.release, service, past.run) for service, past in newest_first)
        return dict.fromkeys(value for value in values if value)


def choose(ledgers: Sequence[Ledger], to: str | None) -> list[Step]:
    """Return what is taken back to what; raises ``OperationError`` when there is nothing to go back to."""
    if to is not None:
        return [_named(ledgers, to)]
    candidates = [ledger for ledger in ledgers if ledger.earlier()]
    if not candidates:
        raise OperationError(
            f"{ledgers[0].system} has run nothing else in {ledgers[0].side.stack} before: neither the git history of "
            "its settings nor Railway's list of deployments names an earlier value"
        )
    depths = {ledger.release.name: ledger.changed() for ledger in candidates}
    latest = min((depth for depth in depths.values() if depth is not None), default=None)
    return [_previous(ledger) for ledger in candidates if depths[ledger.release.name] == latest]


def _previous(ledger: Ledger) -> Step:
    skipped: list[str] = []
    for value, origin in ledger.earlier():
        doubt = ledger.doubt(value)
        if doubt is None:
            return _step(ledger, value, origin, skipped)
        skipped.append(f"{short(value)}: {doubt}")
    reasons = "".join(f"\n  {line}" for line in skipped)
    raise OperationError(
        f"{ledger.system}.{ledger.release.name} has no earlier value that was healthy in {ledger.side.stack}{reasons}"
    )


def _named(ledgers: Sequence[Ledger], to: str) -> Step:
    matching = [
        (ledger, value, origin) for ledger in ledgers for value, origin in ledger.known() if _means(ledger, value, to)
    ]
    if not matching:
        values = [short(value) for ledger in ledgers for value, _ in ledger.known()]
        raise OperationError(
            f"{ledgers[0].system} has never run {to} in {ledgers[0].side.stack}: name one of {', '.join(values)}"
        )
    if len(matching) > 1:
        meanings = ", ".join(f"{ledger.release.name} {short(value)}" for ledger, value, _ in matching)
        raise OperationError(f"{to} can mean {meanings}: write more of it")
    ledger, value, origin = matching[0]
    doubt = ledger.doubt(value)
    if doubt is not None:
        raise OperationError(
            f"{ledger.system} was not healthy with {to}: {doubt}. Name another one; if you know better, write it into "
            f"Pulumi.{ledger.side.stack}.yaml by hand"
        )
    return _step(ledger, value, origin)


def _step(ledger: Ledger, value: str, origin: str, skipped: Sequence[str] = ()) -> Step:
    return Step(
        system=ledger.system,
        release=ledger.release,
        was=ledger.present,
        value=_pinned(ledger, value),
        origin=origin,
        skipped=tuple(skipped),
    )


def _means(ledger: Ledger, value: str, to: str) -> bool:
    if ledger.release.kind == "image":
        return to in (value, tag_of(value), value.partition("@")[0])
    return value.startswith(to) or ledger.release.same(value, to)


def _pinned(ledger: Ledger, value: str) -> str:
    """Return an image with the digest that it had, where Railway tells it."""
    if ledger.release.kind != "image":
        return value
    service = ledger.release.services[0]
    ran = next((past for past in ledger.pasts(service, value) if past.ran), None)
    return value_of(ledger.release, service, ran.run) if ran else value


def _before(newest_first: Sequence[str], present: str | None, same: Callable[[str, str], bool]) -> list[str]:
    """Return the values that came up before ``present`` first did; all of them when it never did."""
    order = list(dict.fromkeys(reversed(newest_first)))
    if present is None:
        return order
    position = next((index for index, value in enumerate(order) if same(value, present)), len(order))
    return order[:position]
