"""The existing thing that each resource of the program is: from a preview's steps to ids.

Owns the rule for each type of resource. What has no counterpart stays without an id, and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from components.redirect import redirect_of, redirects_of
from components.zone import nearest_name
from pulumi_operations.values import UNKNOWN_ON_THE_WIRE
from railyard.adopt.live import LiveProject
from railyard.shared.urns import carries, name_of
from stacks import resource_types

Inputs: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One resource that the program wants."""

    urn: str
    type: str
    name: str
    custom: bool
    new: bool
    """True when the state does not have it yet."""
    parents: tuple[str, ...]
    """URNs of its parents, the nearest first."""
    needs: tuple[str, ...] = ()
    """URNs of what it depends on."""
    inputs: Inputs = field(repr=False)

    @property
    def key(self) -> str:
        """Return how the program finds its id."""
        return f"{self.type}::{self.name}"


@dataclass
class Matched:
    """Resources with the ids of what exists."""

    ids: dict[str, str] = field(default_factory=dict[str, str])
    """URN → id."""
    missing: set[str] = field(default_factory=set[str])
    """URNs of resources of which nothing exists, and of what depends on them: an engine brings nothing in before."""
    services: dict[str, str] = field(default_factory=dict[str, str])
    """URN of a service's component → id of the service."""


def planned(document: Mapping[str, Any], system: str) -> list[Planned]:
    """Return the resources of a system in the document of a preview, in their order."""
    states: dict[str, Mapping[str, Any]] = {}
    new: set[str] = set()
    for step in cast("Sequence[Mapping[str, Any]]", document["steps"]):
        state = step.get("newState")
        if state:
            states[str(state["urn"])] = cast("Mapping[str, Any]", state)
        if step["op"] == "create":
            new.add(str(step["urn"]))
    resources: list[Planned] = []
    for urn, state in states.items():
        if not carries(urn, system):
            continue
        parents: list[str] = []
        parent = str(state.get("parent") or "")
        while parent in states:
            parents.append(parent)
            parent = str(states[parent].get("parent") or "")
        inputs = cast("Inputs", state.get("inputs") or {})
        custom = bool(state.get("custom"))
        resources.append(
            Planned(
                urn=urn,
                type=str(state["type"]),
                name=name_of(urn),
                custom=custom,
                new=urn in new,
                parents=tuple(parents),
                needs=tuple(map(str, state.get("dependencies") or ())),
                inputs=inputs,
            )
        )
    return resources


def match(planned_resources: Sequence[Planned], live: LiveProject, names: Mapping[str, str]) -> Matched:
    """Find what each resource is; ``names`` maps a service's name in the settings to another one on Railway."""
    matched = Matched()
    matcher = _Matcher(live, names, matched)
    for resource in planned_resources:
        if not resource.custom or resource.type.startswith(resource_types.PROVIDERS):
            continue
        id_ = matcher.find(resource)
        if id_ is None or matched.missing.intersection(resource.needs):
            matched.missing.add(resource.urn)
        else:
            matched.ids[resource.urn] = id_
    return matched


class _Matcher:
    """Knows what is looked at, and which component has become which service."""

    def __init__(self, live: LiveProject, names: Mapping[str, str], matched: Matched) -> None:
        self._live, self._names, self._done = live, names, matched
        self._where = f"{live.project_id}/{live.environment_id}"
        self._ways: dict[str, Callable[[Planned], str | None]] = {
            resource_types.PROJECT: lambda _: live.project_id,
            resource_types.RAILWAY_BUCKET: self._railway_bucket,
            "railway:index:SharedVariables": self._shared,
            resource_types.SERVICE: self._service,
            resource_types.SERVICE_INSTANCE: self._instance,
            resource_types.VOLUME: self._volume,
            resource_types.SERVICE_DOMAIN: self._service_domain,
            "railway:index:TcpProxy": self._tcp_proxy,
            resource_types.CUSTOM_DOMAIN: self._custom_domain,
            "railway:index:CustomDomainValidation": self._custom_domain,
            "cloudflare:index/dnsRecord:DnsRecord": self._record,
            resource_types.RULESET: self._ruleset,
            "cloudflare:index/zoneSetting:ZoneSetting": lambda one: f"{one.inputs['zoneId']}/{one.inputs['settingId']}",
            "cloudflare:index/universalSslSetting:UniversalSslSetting": lambda one: str(one.inputs["zoneId"]),
            resource_types.SPACES_BUCKET: self._bucket,
            "digitalocean:index/spacesBucketCorsConfiguration:SpacesBucketCorsConfiguration": self._cors,
            "digitalocean:index/cdn:Cdn": self._cdn,
            resource_types.SPACES_KEY: self._key,
        }

    def find(self, resource: Planned) -> str | None:
        """Return the id of what a resource is; None when nothing exists that it could be."""
        way = self._ways.get(resource.type)
        return way(resource) if way else None

    def _service_of(self, resource: Planned) -> str | None:
        return next((self._done.services[urn] for urn in resource.parents if urn in self._done.services), None)

    def _service(self, resource: Planned) -> str | None:
        name = str(resource.inputs["name"])
        id_ = self._live.services().get(self._names.get(name, name))
        if id_ is None:
            return None
        self._done.services[resource.parents[0]] = id_
        return f"{self._where}/{id_}"

    def _instance(self, resource: Planned) -> str | None:
        service = self._service_of(resource)
        if service is None:
            return None
        source = self._live.snapshot.source(service)
        return f"{self._where}/{service}" if source.get("image") or source.get("repo") else None

    def _shared(self, _: Planned) -> str | None:
        return self._where if self._live.snapshot.config.get("sharedVariables") else None

    def _volume(self, resource: Planned) -> str | None:
        service = self._service_of(resource)
        if service is None:
            return None
        mounts = self._live.snapshot.mounted(service)
        exact = [key for key, each in mounts.items() if each and each.get("mountPath") == resource.inputs["mountPath"]]
        chosen = exact or [key for key, each in mounts.items() if each]
        return f"{self._where}/{chosen[0]}" if chosen else None

    def _service_domain(self, resource: Planned) -> str | None:
        service = self._service_of(resource)
        every = self._live.snapshot.service_domains(service) if service else []
        port = resource.inputs.get("targetPort")
        best = sorted(every, key=lambda each: each["targetPort"] != port)
        return f"{self._where}/{service}/{best[0]['domain']}" if best else None

    def _tcp_proxy(self, resource: Planned) -> str | None:
        service = self._service_of(resource)
        port = str(int(resource.inputs["applicationPort"]))
        proxies = ((self._live.config(service).get("networking") or {}).get("tcpProxies") or {}) if service else {}
        return f"{self._where}/{service}/{port}" if port in proxies else None

    def _custom_domain(self, resource: Planned) -> str | None:
        service, domain = self._service_of(resource), str(resource.inputs["domain"])
        if service is None or self._live.snapshot.custom_domain(service, domain) is None:
            return None
        return f"{self._where}/{service}/{domain}"

    def _record(self, resource: Planned) -> str | None:
        type_, name = str(resource.inputs["type"]), str(resource.inputs.get("name") or UNKNOWN_ON_THE_WIRE)
        if UNKNOWN_ON_THE_WIRE in name:
            name = self._told_name(resource, type_) or name
        record = self._live.record(type_, name)
        return f"{record.zone_id}/{record.id}" if record else None

    def _told_name(self, resource: Planned, type_: str) -> str | None:
        """Return the name of a record that Railway tells: that of the proof, or of the certificate of a wildcard."""
        service = self._service_of(resource)
        host = next((urn.rpartition("::")[2] for urn in resource.parents if ":Domain::" in urn), "")
        every = self._live.snapshot.custom_domains(service) if service else []
        domain = next((each for each in every if host.endswith(f"-{each['domain']}")), None)
        if domain is None:
            return None
        status, zone = domain.get("status"), nearest_name(self._live.zones, domain["domain"])
        if status is None:
            return None
        if type_ == "TXT":
            label = status["verificationDnsHost"]
        else:
            challenges = [each for each in status["dnsRecords"] if each["purpose"].endswith("ACME_DNS01_CHALLENGE")]
            label = challenges[0]["hostlabel"] if challenges else None
        if not label or not zone:
            return None
        return label if label.endswith(zone) else f"{label}.{zone}"

    def _ruleset(self, resource: Planned) -> str | None:
        zone_id = str(resource.inputs["zoneId"])
        ruleset = self._live.rulesets.get(zone_id)
        wanted = {each.hostname for each in redirects_of(resource.inputs)}
        # With rules that the settings do not say, of another system say, the next up would delete those.
        others = ruleset and any(
            (each := redirect_of(rule)) is None or each.hostname not in wanted for rule in ruleset["rules"]
        )
        return f"zones/{zone_id}/{ruleset['id']}" if ruleset and not others else None

    def _railway_bucket(self, resource: Planned) -> str | None:
        name = resource.inputs["name"]
        return next((f"{self._where}/{each.id}" for each in self._live.buckets if each.name == name), None)

    def _bucket(self, resource: Planned) -> str | None:
        name, region = str(resource.inputs["name"]), str(resource.inputs["region"])
        return f"{region},{name}" if self._uses(name) else None

    def _uses(self, bucket: str) -> bool:
        return any(self._live.variables(key).get("SPACES_BUCKET") == bucket for key in self._live.services().values())

    def _cors(self, resource: Planned) -> str | None:
        bucket, region = str(resource.inputs.get("bucket")), str(resource.inputs["region"])
        if UNKNOWN_ON_THE_WIRE in bucket or bucket == "None":
            used = [self._live.variables(key).get("SPACES_BUCKET") for key in self._live.services().values()]
            bucket = next((each for each in used if each), "")
        return f"{region},{bucket}" if bucket else None

    def _cdn(self, _: Planned) -> str | None:
        for key in self._live.services().values():
            variables = self._live.variables(key)
            origin = f"{variables.get('SPACES_BUCKET')}.{variables.get('SPACES_REGION')}.digitaloceanspaces.com"
            for endpoint in self._live.cdn_endpoints:
                if endpoint["origin"] == origin:
                    return str(endpoint["id"])
        return None

    def _key(self, _: Planned) -> str | None:
        used = [self._live.variables(key).get("SPACES_ACCESS_KEY_ID") for key in self._live.services().values()]
        return next((each for each in used if each), None)
