"""The topology of a stack: what there is, and what leads where.

Owns nodes and edges, and how they follow from the resources that the program declares. A pure function of the steps of
a preview on an empty state, so that the picture shows the settings and not what happens to exist. Knows no layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, cast

from components.cron_job import CronJobSettings
from components.databases import SERVERS
from components.redirect import RedirectSettings, redirects_of
from components.redis import RedisSettings
from components.static_site import StaticSiteSettings
from components.worker import WorkerSettings
from pulumi_operations.events import Step
from railyard.shared.urns import system_of, types_in
from stacks import resource_types

_REFERENCE: Final = re.compile(r"\$\{\{\s*([^.}\s]+)\.")
_PORTS: Final = {server.token: server.port for server in SERVERS}
_PROXY: Final = "railyard:topologies:Proxy"
_LABELS: Final = {
    **{server.token: "database" for server in SERVERS},
    RedisSettings.SERVER.token: "cache",
    WorkerSettings.TOKEN: "worker",
    CronJobSettings.TOKEN: "cron job",
    StaticSiteSettings.TOKEN: "static site",
}
"""Type token of a service's kind → its name in the picture; all others are a "service"."""
OUTSIDE: Final = {
    "DISCORD_": "Discord",
    "OPENAI_": "OpenAI",
    "ANTHROPIC_": "Anthropic",
    "GROQ_": "Groq",
    "ELEVENLABS_": "ElevenLabs",
    "TURSO_": "Turso",
    "UNSANDBOX_": "Unsandbox",
    "STRIPE_": "Stripe",
    "PAPERCUPS_STRIPE_": "Stripe",
    "SENTRY_": "Sentry",
    "RESEND_": "Resend",
    "SMTP_": "mail server",
    "GMAIL_": "Gmail",
    "SLACK_": "Slack",
    "SUPABASE_": "Supabase",
    "CLERK_": "Clerk",
    "QDRANT_": "Qdrant",
}
"""Prefix of a variable that reaches a service of another provider → that provider."""


class Kind(StrEnum):
    """The kind of a node; the words stand in the picture."""

    INTERNET = "internet"
    NAME = "name"
    SERVICE = "service"
    STORE = "store"
    VOLUME = "volume"
    BUCKET = "bucket"
    OUTSIDE = "elsewhere"


class Reason(StrEnum):
    """The reason why an edge is there."""

    TRAFFIC = "traffic"
    """Requests from the internet."""
    USES = "uses"
    """Its variables hold what it needs of the other."""
    WAITS = "waits"
    """It only starts when the other is healthy."""
    STORES = "stores"
    """It keeps data there."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One box."""

    id: str
    kind: Kind
    label: str
    """The small words above its title, ``Cloudflare · proxied``."""
    title: str
    lines: tuple[str, ...] = ()
    urns: tuple[str, ...] = ()
    """The resources that it stands for."""
    service: str = ""
    """Key of the service in the settings, for services, stores and their volumes."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One arrow."""

    source: str
    target: str
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class System:
    """The part of a topology that belongs to one system."""

    name: str
    project: str
    """Its Railway project."""
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


@dataclass(kw_only=True)
class _Resources:
    """The resources of one system, by what they are."""

    name: str
    project: str = ""
    by_kind: dict[str, list[Step]] = field(default_factory=dict[str, "list[Step]"])
    outside: set[str] = field(default_factory=set[str])

    def of(self, kind: str) -> list[Step]:
        return sorted(self.by_kind.get(kind, ()), key=lambda step: step.name)

    def key(self, step: Step, ending: str) -> str:
        return step.name.removeprefix(f"{self.name}-").removesuffix(ending)


def topology(steps: Iterable[Step]) -> list[System]:
    """Return the systems among the resources of these steps, in the order of their names."""
    systems: dict[str, _Resources] = {}
    for step in steps:
        name = system_of(step.urn).lower()
        if not step.custom or not name:
            continue
        resources = systems.setdefault(name, _Resources(name=name))
        resources.by_kind.setdefault(step.type.rsplit(":", 1)[-1], []).append(step)
        if step.type == resource_types.PROJECT:
            resources.project = str(step.new_inputs.get("name", ""))
    return [_system(systems[name]) for name in sorted(systems)]


def _system(resources: _Resources) -> System:
    nodes = [*_names(resources), *_services(resources), *_volumes(resources), *_buckets(resources)]
    edges = [*_name_edges(resources), *_service_edges(resources), *_volume_edges(resources)]
    nodes += [
        Node(id=f"outside {name}", kind=Kind.OUTSIDE, label="elsewhere", title=name)
        for name in sorted(resources.outside)
    ]
    public = [node for node in nodes if node.kind is Kind.NAME]
    if public:
        nodes.insert(0, Node(id="internet", kind=Kind.INTERNET, label="", title="internet"))
        edges = [*(Edge(source="internet", target=node.id, reason=Reason.TRAFFIC) for node in public), *edges]
    ids = {node.id for node in nodes}
    edges = [edge for edge in dict.fromkeys(edges) if {edge.source, edge.target} <= ids]
    return System(name=resources.name, project=resources.project, nodes=tuple(nodes), edges=tuple(edges))


def _names(resources: _Resources) -> Iterator[Node]:
    proxied = {step.new_inputs.get("name"): bool(step.new_inputs.get("proxied")) for step in resources.of("DnsRecord")}
    for step in resources.of("CustomDomain"):
        name = str(step.new_inputs.get("domain", ""))
        how = "proxied" if proxied.get(name) else "DNS only"
        related = [each for each in resources.of("DnsRecord") if step.urn in each.dependencies]
        yield Node(
            id=step.urn,
            kind=Kind.NAME,
            label=f"Cloudflare · {how}",
            title=name,
            urns=(step.urn, *(each.urn for each in related)),
        )
    for step, redirect in _redirects(resources):
        records = [each.urn for each in resources.of("DnsRecord") if each.new_inputs.get("name") == redirect.hostname]
        yield Node(
            id=f"redirect {redirect.hostname}",
            kind=Kind.NAME,
            label=f"Cloudflare · {redirect.status}",
            title=redirect.hostname,
            urns=(step.urn, *records),
        )
    for step in resources.of("ServiceDomain"):
        yield Node(id=step.urn, kind=Kind.NAME, label="Railway domain", title="….up.railway.app", urns=(step.urn,))
    for step in resources.of("TcpProxy"):
        port = _number(step.new_inputs.get("applicationPort"))
        yield Node(id=step.urn, kind=Kind.NAME, label="Railway TCP proxy", title=f"→ :{port:g}", urns=(step.urn,))
    for step in resources.of("Cdn"):
        yield Node(
            id=step.urn,
            kind=Kind.NAME,
            label="DigitalOcean CDN",
            title="….cdn.digitaloceanspaces.com",
            urns=(step.urn,),
        )


def _redirects(resources: _Resources) -> Iterator[tuple[Step, RedirectSettings]]:
    for step in resources.of("Ruleset"):
        for redirect in redirects_of(step.new_inputs):
            yield step, redirect


def _services(resources: _Resources) -> Iterator[Node]:
    for step in resources.of("ServiceInstance"):
        key = resources.key(step, "-instance")
        port = next((_PORTS[each] for each in types_in(step.urn) if each in _PORTS), None)
        variables = _variables(step)
        listens = port or variables.get("PORT")
        identity = [
            each.urn
            for each in resources.of("Service")
            if each.urn in step.dependencies and resources.key(each, "-service") == key
        ]
        yield Node(
            id=f"service {key}",
            kind=Kind.STORE if port else Kind.SERVICE,
            label="database" if "postgres" in str(step.new_inputs.get("image")) else _label(step),
            title=f"{key} :{listens}" if listens else key,
            lines=tuple(line for line in (_source(step), _size(step)) if line),
            urns=(step.urn, *identity),
            service=key,
        )


def _label(step: Step) -> str:
    return next((_LABELS[each] for each in types_in(step.urn) if each in _LABELS), "service")


def _source(step: Step) -> str:
    image, repo = step.new_inputs.get("image"), step.new_inputs.get("repo")
    if image:
        return str(image).rsplit("/", 1)[-1]
    if not repo:
        return ""
    commit = step.new_inputs.get("commitSha")
    return f"{repo} @ {str(commit)[:7] if commit else step.new_inputs.get('branch')}"


def _size(step: Step) -> str:
    regions = cast("Mapping[str, Any]", step.new_inputs.get("regions") or {})
    replicas = sum(_number(each) for each in regions.values()) if regions else 1.0
    memory, vcpus = (_number(step.new_inputs.get(name)) for name in ("memoryMb", "vcpus"))
    parts = [f"{replicas:g} x" if replicas != 1 else "", f"{memory:,.0f} MB" if memory else ""]
    parts.append(f"{vcpus:g} vCPU" if vcpus else "")
    size = " ".join(part for part in parts if part)
    if replicas != 1 and not memory and not vcpus:
        size = f"{replicas:g} replicas"
    extra = "sleeps" if step.new_inputs.get("sleepApplication") else ""
    cron = step.new_inputs.get("cronSchedule")
    return ", ".join(part for part in (size, extra, f"cron {cron}" if cron else "", ", ".join(regions)) if part)


def _volumes(resources: _Resources) -> Iterator[Node]:
    for step in resources.of("Volume"):
        key = resources.key(step, "-volume-disk")
        size_mb = _number(step.new_inputs.get("sizeMb"))
        backups = ", ".join(str(each).lower() for each in step.new_inputs.get("backupSchedules") or ())
        yield Node(
            id=f"volume {key}",
            kind=Kind.VOLUME,
            label="volume",
            title=str(step.new_inputs.get("mountPath", "")),
            lines=(
                f"{size_mb / 1_000:g} GB" if size_mb else "the plan's size",
                f"{backups} backups" if backups else "no backups",
            ),
            urns=(step.urn,),
            service=key,
        )


def _buckets(resources: _Resources) -> Iterator[Node]:
    for step in resources.of("SpacesBucket"):
        keys = [each.urn for each in resources.of("SpacesKey") if step.urn in each.dependencies]
        yield Node(
            id=step.urn,
            kind=Kind.BUCKET,
            label="Spaces bucket",
            title=str(step.new_inputs.get("name", "")),
            lines=(str(step.new_inputs.get("region", "")),),
            urns=(step.urn, *keys),
        )

    for step in resources.of("Bucket"):
        title, region = str(step.new_inputs.get("name", "")), str(step.new_inputs.get("region", ""))
        yield Node(
            id=step.urn, kind=Kind.BUCKET, label="Railway bucket", title=title, lines=(region,), urns=(step.urn,)
        )


def _name_edges(resources: _Resources) -> Iterator[Edge]:
    services = {step.urn: resources.key(step, "-service") for step in resources.of("Service")}
    for kind in ("CustomDomain", "ServiceDomain", "TcpProxy"):
        for step in resources.of(kind):
            for urn in sorted(step.dependencies & services.keys()):
                yield Edge(source=step.urn, target=f"service {services[urn]}", reason=Reason.TRAFFIC)
    names = {step.new_inputs.get("domain"): step.urn for step in resources.of("CustomDomain")}
    for _, redirect in _redirects(resources):
        if redirect.to not in names:
            resources.outside.add(redirect.to)
        target = names.get(redirect.to, f"outside {redirect.to}")
        yield Edge(source=f"redirect {redirect.hostname}", target=target, reason=Reason.TRAFFIC)
    for step in resources.of("Cdn"):
        for bucket in resources.of("SpacesBucket"):
            if bucket.urn in step.dependencies:
                yield Edge(source=step.urn, target=bucket.urn, reason=Reason.TRAFFIC)


def _service_edges(resources: _Resources) -> Iterator[Edge]:
    services = {step.urn: resources.key(step, "-service") for step in resources.of("Service")}
    instances = {step.urn: resources.key(step, "-instance") for step in resources.of("ServiceInstance")}
    buckets = {step.urn for step in (*resources.of("SpacesBucket"), *resources.of("Bucket"))}
    for step in resources.of("ServiceInstance"):
        own = instances[step.urn]
        me = f"service {own}"
        referred = {name for value in _variables(step).values() for name in _REFERENCE.findall(str(value))}
        used = {services[urn] for urn in step.dependencies & services.keys()} | referred & set(services.values())
        waited = {instances[urn] for urn in step.dependencies & instances.keys()}
        yield from (Edge(source=me, target=f"service {key}", reason=Reason.USES) for key in sorted(used - {own}))
        yield from (
            Edge(source=me, target=f"service {key}", reason=Reason.WAITS) for key in sorted(waited - used - {own})
        )
        yield from (Edge(source=me, target=urn, reason=Reason.STORES) for urn in sorted(step.dependencies & buckets))
        outside = {name for key in _variables(step) for prefix, name in OUTSIDE.items() if key.startswith(prefix)}
        if _PROXY in types_in(step.urn):
            outside.add("what it passes on to")
        resources.outside |= outside
        yield from (Edge(source=me, target=f"outside {name}", reason=Reason.USES) for name in sorted(outside))


def _volume_edges(resources: _Resources) -> Iterator[Edge]:
    for step in resources.of("Volume"):
        key = resources.key(step, "-volume-disk")
        yield Edge(source=f"service {key}", target=f"volume {key}", reason=Reason.STORES)


def _variables(step: Step) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", step.new_inputs.get("variables") or {})


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
