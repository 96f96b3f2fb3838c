"""One system in one stack, as a promotion or a rollback sees it: its settings, what it runs, and what it ran.

Owns putting these together: the versions of ``Pulumi.<stack>.yaml`` in git, on top of what all stacks share, and the
deployments of services as far back as Railway lists them, both newest first. A version that is not valid YAML is left
out; whether it would still be valid as settings is not checked, since only single values are taken from it. What
runs now is read by ``running_services_query``. Judges nothing.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from railway_api.answers import Deployment
from railway_api.client import Client
from railway_api.deployment_failures import dashboard_address
from railway_api.deployments import HEALTHY
from railway_api.documents.deployment import DEPLOYMENTS
from railway_api.errors import RailwayError
from railway_api.relay import nodes
from railyard.accounts.railway_client import Railway
from railyard.accounts.running_services import Deployed, RunningSystem
from railyard.accounts.running_services_query import deployed, running_systems
from railyard.promote.settings_file import edited, read, value_at
from railyard.shared.console import OperationError
from railyard.shared.stack import Stack
from stacks import class_of
from stacks.defaults_file import defaults_text
from stacks.releases import Release
from stacks.shared_settings import DEFAULTS_FILE, over
from stacks.system import SystemSettings


@dataclass(frozen=True, kw_only=True)
class SystemInStack:
    """One system in one of the two stacks."""

    stack: str
    running: RunningSystem
    history: History
    settings: Mapping[str, Any]
    """Settings of the stack's file, merged over the file that all stacks share."""

    def address(self, service: str, deployment: str) -> str:
        """Return where a deployment is on Railway's dashboard."""
        running, its_service = self.running, self.running.service(service)
        service_id = its_service.service_id if its_service else None
        return dashboard_address(running.project_id, running.environment_id, service_id, deployment)


def releases(system: str, settings: SystemSettings) -> Sequence[Release]:
    """Return what decides what ``system`` runs."""
    return class_of(system).releases(settings)


def runs(release: Release, system: RunningSystem) -> dict[str, str]:
    """Return service → what it serves now, as the keys of ``release`` say it; empty for what is something else."""
    serving = {service.name: service.serving for service in system.services if service.name in release.services}
    return {name: value_of(release, name, run) for name, run in serving.items() if run is not None}


async def sides(railway: Railway, stack: Stack, names: Sequence[str]) -> dict[str, SystemInStack]:
    """Return system → what it runs and ran in ``stack``."""
    file = edited(stack.name, {})
    settings = on_shared(file.file, file.before)
    by_system: dict[str, SystemInStack] = {}
    for running in await running_systems(railway, stack, names):
        own_releases = releases(running.name, stack.settings.systems[running.name])
        services = [service for release in own_releases for service in release.services]
        by_system[running.name] = SystemInStack(
            stack=stack.name,
            running=running,
            history=await history_of(railway.of(running.name), running, services),
            settings=cast("dict[str, Any]", settings),
        )
    return by_system


LONGEST: Final = 200
"""Number of versions that are read."""
_SEPARATOR: Final = "\t"


@dataclass(frozen=True, kw_only=True)
class Version:
    """The file at one moment."""

    commit: str | None
    """Abbreviated commit of this repository; None for the file as it lies here."""
    date: str
    """Time of its commit, ISO 8601; empty for the file in the working tree."""
    document: Any

    def value(self, system: str, release: Release) -> str | None:
        """Return what it says at the keys of ``release``; None when they say nothing, or not the same."""
        values = {value_at(self.document, (system, *key)) for key in release.keys}
        value = values.pop()
        return None if values or value is None else str(value)

    @property
    def name(self) -> str:
        """Return how people call it."""
        return f"commit {self.commit} of {self.date[:10]}" if self.commit else "the file as it is"


def versions(file: Path) -> list[Version]:
    """Return all versions of ``file``, the one that lies there first. Without git there is only that one."""
    present = Version(commit=None, date="", document=on_shared(file, file.read_text(encoding="utf-8")))
    names = (file.name, DEFAULTS_FILE)
    listed = _git(file, "log", f"--max-count={LONGEST}", f"--format=%h{_SEPARATOR}%cI", "--", *names)
    commits = [line.split(_SEPARATOR) for line in listed.decode().splitlines()]
    wanted = "".join(f"{commit}:./{name}\n" for name in names for commit, _ in commits)
    texts = _objects(_git(file, "cat-file", "--batch", given=wanted.encode()), len(names) * len(commits))
    own, shared = texts[: len(commits)], texts[len(commits) :]
    each = zip(commits, own, shared, strict=True)
    committed = [_version(commit, date, text, below) for (commit, date), text, below in each]
    return [present, *(version for version in committed if version is not None)]


def on_shared(file: Path, text: str) -> Any:
    """Return what the settings in ``text`` say, on top of the file beside ``file`` that all stacks share."""
    return over(read(defaults_text(file.parent)), read(text))


def _version(commit: str, date: str, text: bytes, shared: bytes) -> Version | None:
    try:
        document = over(read(shared.decode("utf-8")), read(text.decode("utf-8")))
        return Version(commit=commit, date=date, document=document)
    except (OperationError, UnicodeDecodeError):
        return None


def _objects(batch: bytes, count: int) -> Sequence[bytes]:
    """Return contents from git's batch format: a line ``<id> blob <size>``, the content, a line end."""
    contents: list[bytes] = []
    for _ in range(count):
        head, _, batch = batch.partition(b"\n")
        size = int(head.split()[-1]) if b" blob " in head else 0
        contents.append(batch[:size])
        batch = batch[size + 1 :] if b" blob " in head else batch
    return contents


def _git(file: Path, *arguments: str, given: bytes = b"") -> bytes:
    try:
        process = subprocess.run(["git", *arguments], cwd=file.parent, input=given, capture_output=True, check=False)
    except FileNotFoundError:
        return b""
    return process.stdout if process.returncode == 0 else b""


FIRST: Final = 50
"""Number of deployments of each service that are requested."""
SHORTEST_START_S: Final = 5.0
"""No deployment goes live sooner than this after it was created."""


@dataclass(frozen=True, kw_only=True)
class PastDeployment:
    """One deployment of a service."""

    run: Deployed
    since: str
    """Since when it has its status, by Railway's clock (ISO 8601)."""
    can_roll_back: bool
    """True when Railway still has its image and can run it again."""
    replaced_after_s: float | None = None
    """Seconds from the start of the next deployment to its own end; None for the newest."""

    @property
    def ran(self) -> bool:
        """Tell whether it was healthy once.

        Railway calls a deployment REMOVED when a newer one went live in its place, and also when a newer one was
        started while this one was not live yet: then at that very moment.
        """
        if self.run.status in HEALTHY or self.can_roll_back:
            return self.run.status != "CRASHED"
        replaced = self.run.status in ("REMOVED", "REMOVING")
        return replaced and self.replaced_after_s is not None and self.replaced_after_s > SHORTEST_START_S


History = Mapping[str, Sequence[PastDeployment]]
"""Service → its deployments, newest first."""


async def history_of(client: Client, system: RunningSystem, services: Sequence[str]) -> History:
    """Return the deployments of ``services``, in one request; nothing for those that Railway does not have."""
    ids = {each.name: each.service_id for each in system.services if each.name in services and each.service_id}
    if not ids:
        return {}
    where = {"projectId": system.project_id, "environmentId": system.environment_id}
    calls = [{"input": {**where, "serviceId": service_id}, "first": FIRST} for service_id in ids.values()]
    answers = await client.transport.call_all(DEPLOYMENTS, calls)
    history: dict[str, Sequence[PastDeployment]] = {}
    for name, answer in zip(ids, answers, strict=True):
        if isinstance(answer, RailwayError):
            raise answer
        history[name] = _pasts(nodes(answer))
    return history


def value_of(release: Release, service: str, run: Deployed) -> str:
    """Return what a deployment runs, as the keys of ``release`` say it."""
    return release.value(service, image=run.image, digest=run.digest, repo=run.repo, commit=run.commit)


def first_run(release: Release, value: str, history: History) -> str | None:
    """Return when ``value`` was first deployed, as far as the list reaches (ISO 8601)."""
    times = [
        past.run.created_at
        for service in release.services
        for past in history.get(service, ())
        if release.same(value_of(release, service, past.run), value)
    ]
    return min(times, default=None)


def _pasts(deployments: Sequence[Deployment]) -> list[PastDeployment]:
    newest_first = sorted(deployments, key=lambda node: node["createdAt"], reverse=True)
    following = [None, *newest_first]
    return [_past(node, newer) for node, newer in zip(newest_first, following, strict=False)]


def _past(node: Deployment, newer: Deployment | None) -> PastDeployment:
    since = node["statusUpdatedAt"] or node["createdAt"]
    after = None if newer is None else _moment(since) - _moment(newer["createdAt"])
    return PastDeployment(
        run=deployed(node),
        since=since,
        can_roll_back=node["canRollback"],
        replaced_after_s=None if after is None else after.total_seconds(),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
