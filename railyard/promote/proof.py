"""The proof behind a promotion: for each system the values that a stack runs and has proven, and the reasons against.

Owns the judgment. It makes no request and writes nothing: what both stacks run and ran is handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from railway_api.counting import count
from railway_api.deployment_failures import FAILURE_BY_STATUS, describe_failure
from railway_api.rollback import HEALTHY
from railyard.accounts.running_services import Deployed, RunningService
from railyard.promote.settings_file import Changes, value_at
from railyard.promote.system_in_stack import SystemInStack, first_run, runs
from stacks.project_folder import RAILYARD
from stacks.releases import Release, names_a_version

PROVEN_AFTER_MINUTES: Final = 5
"""Minutes of health that prove a release: a crash loop shows within them."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """The proof that is asked of a value before it moves."""

    now: datetime
    """By Railway's clock."""
    healthy_for: timedelta
    allow_older: bool = False
    sandbox: bool = False
    """True for the sandbox's clock, which stands still while nothing runs there."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The deployment that shows that a service is healthy with a value."""

    service: str
    deployment: str
    since: str
    """Since when it is healthy, by Railway's clock (ISO 8601)."""
    address: str
    """Address of its page on Railway's dashboard."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """One value that changes."""

    system: str
    release: Release
    was: str | None
    """Value in the settings; None when they name nothing, and a branch decides."""
    runs: str | None
    """Value that the target stack runs; None when it runs nothing, or several."""
    value: str
    proofs: tuple[Proof, ...]

    @property
    def changes(self) -> Changes:
        """Return the same as an edit of the settings."""
        return {(self.system, *key): self.value for key in self.release.keys}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The reason why a system stays as it is."""

    system: str
    reason: str
    next: str
    """Next step."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The judgement of one system: what moves, or why nothing does."""

    moves: tuple[Move, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def judge(
    system: str, releases: Sequence[Release], source: SystemInStack, target: SystemInStack, requirement: Requirement
) -> Judgement:
    """Return what of ``source`` goes into the settings of ``target``, whose releases are ``releases``."""
    if source.running.project_id is None:
        reason = f"{source.stack} has no project {source.running.project_name} on Railway"
        return _refused(system, reason, f"bring {source.stack} up first")
    unproven = [
        f"{service.name}: {why}" for service in source.running.services if service.declared and (why := doubt(service))
    ]
    if unproven:
        reason = f"not proven healthy in {source.stack}: {'; '.join(unproven)}"
        return _refused(system, reason, f"fix {source.stack}, or wait until it is healthy, then promote again")
    moves: list[Move] = []
    refusals: list[Refusal] = []
    for release in releases:
        verdict = _move(system, release, source, target, requirement)
        if isinstance(verdict, Move):
            verdict = _early(source, verdict, requirement) or verdict
        if isinstance(verdict, Refusal):
            refusals.append(verdict)
        elif verdict is not None:
            moves.append(verdict)
    return Judgement(moves=tuple(moves), refusals=tuple(refusals))


def doubt(service: RunningService) -> str | None:
    """Return why what a service runs is not proven healthy, or None when it is."""
    latest = service.latest
    if service.service_id is None or latest is None:
        return "Railway does not have it" if service.service_id is None else "it was never deployed"
    if latest.status in FAILURE_BY_STATUS:
        still = f"; deployment {service.serving.id} from before it still serves" if service.serving else ""
        return f"its newest deployment {latest.id} {describe_failure(latest.status)}{still}"
    if latest.stopped:
        return f"its deployment {latest.id} was stopped"
    if latest.status not in HEALTHY:
        return f"its newest deployment {latest.id} is still {latest.status}"
    if service.proven:
        return None
    return f"its deployment {latest.id} runs {service.differs}" if service.differs else f"{latest.id} does not serve"


def _move(
    system: str, release: Release, source: SystemInStack, target: SystemInStack, requirement: Requirement
) -> Move | Refusal | None:
    served = runs(release, source.running)
    foreign = [name for name in release.services if not served.get(name)]
    if foreign:
        return _refusal(system, *_foreign(system, release, foreign[0], source))
    value, *others = dict.fromkeys(served.values())
    if others:
        parts = ", ".join(f"{name} runs {short(each)}" for name, each in served.items())
        reason = f"no single release in {source.stack}: {parts}"
        return _refusal(system, reason, f"bring {source.stack} up to one of them for all")
    if release.kind != "commit" and not names_a_version(value if release.kind == "image" else f"any:{value}"):
        reason = f"not reproducible: {value} names no version, and Railway does not tell its digest"
        return _refusal(system, reason, f"give {system}.{release.name} a tag with a version in {source.stack}")
    present = _present(release, system, target)
    running = set(runs(release, target.running).values())
    if _there_already(release, value, present, running):
        return None
    if not requirement.allow_older and (older := _older(release, value, {*running, *present}, source, target)):
        return _refusal(system, older, "give --allow-older to go back on purpose, or use railyard rollback")
    was = next((each for each in present if not release.same(each, value)), None)
    return Move(
        system=system,
        release=release,
        was=was,
        runs=running.pop() if len(running) == 1 else None,
        value=value,
        proofs=tuple(_proof(source, name) for name in release.services),
    )


def _foreign(system: str, release: Release, name: str, source: SystemInStack) -> tuple[str, str]:
    """Return why what a service runs cannot be written at the keys of ``release``, and what to do."""
    service, proven = source.running.service(name), release.sources[name]
    serving = service.serving if service else None
    if release.kind == "commit" and serving and (serving.repo or "").lower() == proven.lower():
        reason = f"not reproducible: Railway does not tell which commit of {proven} {name} runs in {source.stack}"
        return reason, f"give {system}.{name} a commitSha in {source.stack}, and bring it up"
    reason = f"{source.stack} runs no {proven} as its service {name}"
    return reason, f"let both stacks take {system}.{name} from the same source"


def _present(release: Release, system: str, target: SystemInStack) -> list[str]:
    """Return what the target's settings say at the keys of ``release``; a default of the system's is not said."""
    values = [value_at(target.settings, (system, *key)) for key in release.keys]
    return [str(value) for value in values if value is not None]


def _there_already(release: Release, value: str, present: Sequence[str], running: set[str]) -> bool:
    if len(present) < len(release.keys):
        return False
    if all(release.same(each, value) for each in present):
        return True
    # The tag of a version, without its digest: enough, as long as it leads both stacks to the same image.
    return release.kind == "image" and all(
        names_a_version(each) and value.startswith(f"{each}@") and running == {value} for each in present
    )


def _older(release: Release, value: str, others: set[str], source: SystemInStack, target: SystemInStack) -> str | None:
    """Return why ``value`` is older than what the target runs or is told to run, or None.

    The moment that counts is when the source stack first ran something, since everything passes through it. What never
    did, a repair made in the target alone, counts from its first deployment there.
    """
    began = first_run(release, value, source.history)
    for other in others:
        if not other or release.same(other, value):
            continue
        elsewhere = first_run(release, other, source.history)
        since = elsewhere or first_run(release, other, target.history)
        if began and since and began < since:
            where = source.stack if elsewhere else target.stack
            return (
                f"older than what {target.stack} has: {source.stack} ran {short(value)} first at {began}, and "
                f"{where} ran {short(other)} first at {since}"
            )
    return None


def _early(source: SystemInStack, move: Move, requirement: Requirement) -> Refusal | None:
    """Return why the proof is too young; None when it is old enough."""
    youngest = max(move.proofs, key=lambda proof: datetime.fromisoformat(proof.since))
    since = datetime.fromisoformat(youngest.since)
    if requirement.now - since >= requirement.healthy_for:
        return None
    required = count(round(requirement.healthy_for.total_seconds() / 60), "minute")
    seconds = max(round((requirement.now - since).total_seconds()), 0)
    healthy = f"{youngest.service} is healthy in {source.stack} for {seconds} s"
    later = f"promote again after {since + requirement.healthy_for:%H:%M:%S} UTC, or"
    if requirement.sandbox:
        runs = f"{RAILYARD} sandbox serve"
        later = f"time passes in the sandbox only while something runs there ({runs}): wait so long, or"
    return _refusal(
        move.system, f"not proven yet: {healthy}, and {required} are asked for", f"{later} give --healthy-for 0"
    )


def _proof(source: SystemInStack, service: str) -> Proof:
    run = _serving(source, service)
    since = next((past.since for past in source.history.get(service, ()) if past.run.id == run.id), run.created_at)
    return Proof(service=service, deployment=run.id, since=since, address=source.address(service, run.id))


def _serving(source: SystemInStack, service: str) -> Deployed:
    running = source.running.service(service)
    assert running is not None
    assert running.serving is not None
    return running.serving


def short(value: str) -> str:
    """Return a value for people: commits and digests with twelve digits."""
    name, at, digest = value.partition("@sha256:")
    if at:
        return f"{name}@sha256:{digest[:12]}"
    return value[:12] if len(value) == 40 and all(character in "0123456789abcdef" for character in value) else value


def _refusal(system: str, reason: str, following: str) -> Refusal:
    return Refusal(system=system, reason=reason, next=following)


def _refused(system: str, reason: str, following: str) -> Judgement:
    return Judgement(refusals=(_refusal(system, reason, following),))
