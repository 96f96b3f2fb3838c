"""What a system runs at one moment, and whether that is proven healthy.

Owns the records and what follows from them. Does not ask Railway; that is ``running_services_query``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from railway_api.deployment_failures import FAILURE_BY_STATUS, DeploymentSpec, describe_failure
from railway_api.rollback import HEALTHY
from stacks.services import DeclaredService

_VALID: Final = "VALID"


class Health(StrEnum):
    """How a service is, as a whole."""

    HEALTHY = "healthy"
    """It serves, and what it serves is the newest deployment and exactly what was asked for."""
    DEPLOYING = "deploying"
    """A deployment is under way, and nothing is wrong so far."""
    UNHEALTHY = "unhealthy"
    """Something is wrong; ``problems`` says what."""
    MISSING = "missing"
    """The settings have it, Railway does not."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a service is asked to run."""

    image: str | None = None
    repo: str | None = None
    branch: str | None = None
    commit: str | None = None
    """Pinned commit; None: whatever is at the head of the branch."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """One deployment and what it runs."""

    id: str
    status: str
    created_at: str
    """By Railway's clock, ISO 8601."""
    image: str | None = None
    digest: str | None = None
    """Digest of the image, ``sha256:…``, where Railway tells it."""
    repo: str | None = None
    branch: str | None = None
    commit: str | None = None
    """The full commit."""
    overrides: tuple[str, ...] = ()
    """Settings that a ``railway.toml`` or ``railway.json`` of the repository decided, ``deploy.startCommand``."""
    config_file: str | None = None
    """That file, where Railway names it."""
    stopped: bool = False

    @property
    def serves(self) -> bool:
        """Tell whether it runs, or sleeps until the next request."""
        return self.status in HEALTHY and not self.stopped


@dataclass(frozen=True, kw_only=True)
class RunningDomain:
    """One public name of a service."""

    name: str
    custom: bool
    """Whether it is a name of its own, not Railway's."""
    proxied: bool = False
    """Whether the settings put Cloudflare's proxy in front of it."""
    verified: bool = True
    certificate: str = _VALID
    """Railway's word: VALID, ISSUING, VALIDATING_OWNERSHIP, ISSUE_FAILED, …."""
    error: str | None = None
    """Why there is no certificate."""
    behind_proxy: bool = False
    """Whether Railway sees a proxy in front of it."""
    target: str | None = None
    """Where its CNAME has to point, in Railway's words."""
    wrong_records: tuple[str, ...] = ()
    """DNS records that Railway does not see as it needs them."""

    @property
    def problem(self) -> str | None:
        """Return why it does not work, or None."""
        if not self.verified:
            return f"{self.name} is not verified" + "".join(f"; {record}" for record in self.wrong_records)
        if self.certificate == _VALID or (self.proxied and self.behind_proxy):
            return None
        why = f": {self.error}" if self.error else ""
        return f"{self.name} has no certificate ({self.certificate.lower()}){why}"


@dataclass(frozen=True, kw_only=True)
class Disk:
    """One volume of a service."""

    volume_id: str
    instance_id: str
    """Railway's id of the volume in this environment, which its backups belong to."""
    name: str
    mount_path: str
    size_mb: int
    used_mb: float
    state: str

    @property
    def used(self) -> float:
        """Share that is used, 0 to 1."""
        return self.used_mb / self.size_mb if self.size_mb else 0.0


FULL: Final = 0.9
"""A volume is a problem from this share on: Railway stops what writes into a full one."""


@dataclass(frozen=True, kw_only=True)
class RunningService:
    """One service in one environment."""

    name: str
    declared: DeclaredService | None
    """What the settings say of it; None for a service that somebody added by hand."""
    service_id: str | None = None
    asked: Source = Source()
    """What it is asked to run, by its configuration on Railway."""
    latest: Deployed | None = None
    """The newest deployment."""
    serving: Deployed | None = None
    """The newest deployment that answers requests now."""
    replicas: Mapping[str, int] = field(default_factory=dict[str, int])
    """Number of replicas by region."""
    domains: tuple[RunningDomain, ...] = ()
    disks: tuple[Disk, ...] = ()
    config_file: str | None = None
    """Path of its config-as-code file, which Railway stops reading on 2026-12-01."""

    @property
    def differs(self) -> str | None:
        """Return what it serves instead of what was asked for, or None."""
        if self.serving is None:
            return None
        serving = self.serving
        spec = DeploymentSpec(
            service_id=self.service_id or "",
            service_name=self.name,
            image=self.asked.image,
            repo=self.asked.repo,
            commit_sha=self.asked.commit,
        )
        return spec.differs({"image": serving.image, "repo": serving.repo, "commitHash": serving.commit})

    @property
    def proven(self) -> bool:
        """Tell whether what serves is the newest deployment, healthy, and exactly what was asked for."""
        if self.serving is None or self.latest is None:
            return False
        return self.serving.id == self.latest.id and self.differs is None

    @property
    def deployment_problem(self) -> str | None:
        """Return what is wrong with what it runs, or None."""
        latest, serving = self.latest, self.serving
        if self.service_id is None:
            return None
        if latest is None:
            return "it was never deployed"
        if latest.status in FAILURE_BY_STATUS:
            what = f"deployment {latest.id[:8]} {describe_failure(latest.status)}"
            return what if serving is None else f"{what}; deployment {serving.id[:8]} still serves"
        if latest.stopped:
            return f"deployment {latest.id[:8]} was stopped"
        if latest.status in HEALTHY and self.differs:
            return f"deployment {latest.id[:8]} runs {self.differs}"
        return None

    @property
    def missing_domains(self) -> tuple[str, ...]:
        """Return domains that only the settings have."""
        there = {domain.name for domain in self.domains}
        declared = self.declared.domains if self.declared and self.service_id else ()
        return tuple(domain.hostname for domain in declared if domain.hostname not in there)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return all that is wrong with it, for people."""
        found = [self.deployment_problem, *(domain.problem for domain in self.domains)]
        found += [f"{name} stands in the settings and is no domain of it" for name in self.missing_domains]
        found += [
            f"volume {disk.name} is {disk.used:.0%} full" for disk in self.disks if disk.size_mb and disk.used >= FULL
        ]
        return tuple(problem for problem in found if problem)

    @property
    def health(self) -> Health:
        """Return how it is as a whole."""
        if self.service_id is None:
            return Health.MISSING
        if self.problems:
            return Health.UNHEALTHY
        return Health.HEALTHY if self.proven else Health.DEPLOYING


@dataclass(frozen=True, kw_only=True)
class RunningSystem:
    """One system in one stack."""

    name: str
    project_name: str
    project_id: str | None = None
    """None: Railway has no such project, or the token does not reach it."""
    environment_id: str | None = None
    plan: str | None = None
    """Railway's word for the plan that the project is under."""
    services: tuple[RunningService, ...] = ()

    def service(self, name: str) -> RunningService | None:
        """Return its service of this name."""
        return next((service for service in self.services if service.name == name), None)
