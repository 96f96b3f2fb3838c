"""The services that a system runs at one moment, and whether that is proven healthy.

Owns the records and what follows from them. Does not ask Railway; that is ``running_services_query``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from components.service_kind import ServiceSettings
from railway_api.deployment_failures import FAILURE_BY_STATUS, describe_failure
from railway_api.deployment_spec import DeploymentSpec
from railway_api.rollback import HEALTHY
from railway_api.scalars import DeploymentMeta
from stacks.services import DeclaredService

_VALID: Final = "VALID"
_RECORDED: Final = {
    "SKIPPED": "was skipped: no watched file had changed, or GitHub's checks failed",
    "NEEDS_APPROVAL": "waits for an approval in the dashboard: its commit is by somebody outside of the project",
    "WAITING": "waits for GitHub's checks",
}
"""Statuses of a deployment that was not attempted, and what they mean."""
CALLED_OFF: Final = frozenset({"REMOVED", "REMOVING"})
"""The statuses of a newest deployment that was superseded or cancelled before it served."""
NOT_ATTEMPTED: Final = frozenset(_RECORDED)


class Health(StrEnum):
    """The health of a service as a whole."""

    HEALTHY = "healthy"
    """It serves, and what it serves is the newest deployment and exactly what was asked for."""
    DEPLOYING = "deploying"
    """A deployment is under way, and nothing is wrong so far."""
    ROLLED_BACK = "rolled back"
    """It serves something older than what was asked for, and healthily: the next ``up`` decides."""
    UNHEALTHY = "unhealthy"
    """Something is wrong; ``problems`` says what."""
    MISSING = "missing"
    """The settings have it, Railway does not."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The image or the commit that a service is asked to run."""

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
    """Digest of the image, ``sha256:…``, where Railway shows it."""
    repo: str | None = None
    branch: str | None = None
    commit: str | None = None
    """The full commit."""
    overrides: tuple[str, ...] = ()
    """Settings that a ``railway.toml`` or ``railway.json`` of the repository decided, ``deploy.startCommand``."""
    manifest: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The settings with which it runs, in the form of Railway's configuration."""
    config_file: str | None = None
    """That file, where Railway names it."""
    stopped: bool = False

    @property
    def serves(self) -> bool:
        """Tell whether it runs, or sleeps until the next request."""
        return self.status in HEALTHY and not self.stopped


def source_of(deployed: Deployed | None) -> str:
    """Return what a deployment runs, in short: ``backend:a1b2c3d``, ``main@7bd26ed``, twelve digits of a digest."""
    if deployed is None:
        return "nothing"
    if deployed.image:
        name, at, digest = deployed.image.rpartition("/")[2].partition("@sha256:")
        return f"{name}{at}{digest[:12]}"
    return f"{deployed.branch or deployed.repo or 'source'}@{(deployed.commit or 'unknown')[:7]}"


@dataclass(frozen=True, kw_only=True)
class RunningDomain:
    """One public name of a service."""

    name: str
    custom: bool
    """True for a custom domain, False for one of Railway's."""
    proxied: bool = False
    """True when the settings put Cloudflare's proxy in front of it."""
    verified: bool = True
    certificate: str = _VALID
    """Railway's word: VALID, ISSUING, VALIDATING_OWNERSHIP, ISSUE_FAILED, …."""
    error: str | None = None
    """Why there is no certificate."""
    behind_proxy: bool = False
    """True when Railway detects a proxy in front of it."""
    target: str | None = None
    """Target that its CNAME record must have, as Railway writes it."""
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
class Load:
    """CPU and memory that a service uses at this moment, all its replicas together, and what they may use."""

    vcpus: float
    vcpus_limit: float | None
    memory_gb: float
    memory_limit_gb: float | None

    def __str__(self) -> str:
        """Return it for people: ``CPU 0.1 of 2 vCPUs, memory 0.26 of 0.51 GB``."""
        cpu, memory = (
            f"{float(f'{used:.2g}'):g}{f' of {limit:g}' if limit else ''}"
            for used, limit in ((self.vcpus, self.vcpus_limit), (self.memory_gb, self.memory_limit_gb))
        )
        return f"CPU {cpu} vCPUs, memory {memory} GB"


@dataclass(frozen=True, kw_only=True)
class RunningService:
    """One service in one environment."""

    name: str
    declared: DeclaredService | None
    """Its settings; None for a service that was added by hand."""
    service_id: str | None = None
    instance_id: str | None = None
    """Railway's id of the service in this environment, the user name of its SSH."""
    configured: Source = Source()
    """Source in its configuration on Railway."""
    latest: Deployed | None = None
    """The newest deployment that was attempted."""
    recorded: tuple[Deployed, ...] = ()
    """Newer ones that changed nothing: Railway skipped them, they wait, or they were called off while it served."""
    serving: Deployed | None = None
    """The newest deployment that answers requests now."""
    replicas: Mapping[str, int] = field(default_factory=dict[str, int])
    """Number of replicas by region."""
    domains: tuple[RunningDomain, ...] = ()
    disks: tuple[Disk, ...] = ()
    config_file: str | None = None
    """Path of its config-as-code file, which Railway stops reading on 2026-12-01."""
    load: Load | None = None
    """Usage, where it was requested."""

    @property
    def differs(self) -> str | None:
        """Return what it serves instead of what was asked for, or None."""
        configured = self.configured
        return self._differs_from(configured.image, configured.repo, configured.commit)

    def _differs_from(self, image: str | None, repo: str | None, commit: str | None) -> str | None:
        """Return what it serves instead of an image, or of a commit of a repository; None for nothing else."""
        served = self.serving
        meta: DeploymentMeta = (
            {"image": served.image, "repo": served.repo, "commitHash": served.commit} if served else {}
        )
        spec = DeploymentSpec(
            service_id=self.service_id or "", service_name=self.name, image=image, repo=repo, commit_sha=commit
        )
        return spec.differs(meta)

    @property
    def newest(self) -> Deployed | None:
        """Return the newest deployment that Railway lists, whether or not it was attempted."""
        return self.recorded[0] if self.recorded else self.latest

    @property
    def rolled_back(self) -> bool:
        """Tell whether its newest deployment is healthy and runs something else than its configuration asks for."""
        return bool(self.serving and self.latest and self.serving.id == self.latest.id and self.differs)

    @property
    def as_settings_say(self) -> bool:
        """Tell whether it serves what the settings name: after a rollback, whatever Railway is asked for."""
        args = self.declared.args if self.declared else None
        if self.serving is None or not isinstance(args, ServiceSettings):
            return False
        return self._differs_from(args.image, args.repo, args.commit_sha) is None

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is worth knowing of it, and wrong with nothing."""
        lines = [f"deployment {each.id[:8]} {_RECORDED.get(each.status, 'was called off')}" for each in self.recorded]
        if self.rolled_back and self.as_settings_say:
            lines.append(f"rolled back to {source_of(self.serving)}, which the settings say: the next up settles it")
        return tuple(lines)

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
        if latest.status in HEALTHY and self.differs and not (self.rolled_back and self.as_settings_say):
            return f"deployment {latest.id[:8]} runs {self.differs}"
        return None

    @property
    def missing_domains(self) -> tuple[str, ...]:
        """Return domains that only the settings have."""
        existing = {domain.name for domain in self.domains}
        declared = self.declared.domains if self.declared and self.service_id else ()
        return tuple(domain.hostname for domain in declared if domain.hostname not in existing)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return all that is wrong with it, for people."""
        problems = [self.deployment_problem, *(domain.problem for domain in self.domains)]
        problems += [f"{name} is in the settings and not a domain of it" for name in self.missing_domains]
        problems += [
            f"volume {disk.name} is {disk.used:.0%} full" for disk in self.disks if disk.size_mb and disk.used >= FULL
        ]
        return tuple(problem for problem in problems if problem)

    @property
    def health(self) -> Health:
        """Return how it is as a whole."""
        if self.service_id is None:
            return Health.MISSING
        others = [problem for problem in self.problems if problem != self.deployment_problem]
        if self.rolled_back and not others:
            return Health.ROLLED_BACK
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
