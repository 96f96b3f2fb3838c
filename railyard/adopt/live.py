"""The live environment of a Railway project, and what belongs to it at Cloudflare and DigitalOcean.

Owns the reading: one request for the environment, one for each bucket of Railway's own, two for each zone, one for the
CDN endpoints. Changes nothing anywhere. Values of variables are held, and never shown. What a ``railway.toml`` decides
of a service counts as its configuration (``railyard.migrate``): it is what runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import httpx

from components import railway_bucket
from components.redirect import PHASE
from components.zone import ZoneSettings, nearest, nearest_name
from railway_api.answers import EnvironmentAdopted, EnvironmentSnapshot
from railway_api.certificates import trusted
from railway_api.client import Client
from railway_api.documents.running import ADOPTED
from railway_api.documents.storage import BUCKET_CREDENTIALS
from railway_api.relay import nodes
from railway_api.scalars import ServiceConfig
from railway_api.snapshot import Snapshot
from railyard.accounts.cloud_addresses import cloudflare_url, digitalocean_url, token_of
from railyard.accounts.railway_client import find_project
from railyard.migrate.live import FileConfigured, file_configured
from railyard.shared.console import OperationError

TIMEOUT_S: Final = 20.0
_PAGE: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class Record:
    """A DNS record."""

    zone_id: str
    id: str
    type: str
    name: str
    content: str
    proxied: bool
    whole: Mapping[str, Any]
    """The record as Cloudflare returns it."""


@dataclass(frozen=True, kw_only=True)
class RailwayBucket:
    """A bucket of Railway's own that the environment has."""

    id: str
    name: str
    region: str
    credentials: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The newest credentials, by the names of Railway's API; none of a bucket that no service uses."""


@dataclass(frozen=True, kw_only=True)
class LiveProject:
    """One environment and its surroundings."""

    snapshot: Snapshot
    records: Sequence[Record] = ()
    zones: Mapping[str, str] = field(default_factory=dict[str, str])
    """Zone's name → its id, of the zones that hold a domain of the environment."""
    cdn_endpoints: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, FileConfigured] = field(default_factory=dict[str, FileConfigured])
    """Service id → what a file decides of it."""
    buckets: Sequence[RailwayBucket] = ()
    rulesets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Id of each zone that has redirect rules → the ruleset that holds them."""
    unread_rulesets: Sequence[str] = ()
    """Names of zones whose redirect rules the token may not read."""

    @property
    def project_id(self) -> str:
        """Return Railway's id of the project."""
        return self.snapshot.project["id"]

    @property
    def environment_id(self) -> str:
        """Return Railway's id of the environment."""
        return self.snapshot.environment["id"]

    @property
    def other_environments(self) -> list[str]:
        """Return the names of the project's other environments."""
        living = [each for each in nodes(self.snapshot.project["environments"]) if not each["deletedAt"]]
        return [str(each["name"]) for each in living if each["id"] != self.environment_id]

    @property
    def is_primary(self) -> bool:
        """Tell whether this is the environment that Railway made with the project."""
        return self.snapshot.project["primaryEnvironmentId"] in (None, self.environment_id)

    def services(self) -> dict[str, str]:
        """Return the services of the environment: name → id."""
        every = self.snapshot.services
        return {str(each["name"]): key for key, each in every.items() if self.snapshot.has_instance(key)}

    def hosts(self) -> list[str]:
        """Return the custom domains of all services."""
        snapshot = self.snapshot
        return [each["domain"] for key in snapshot.services for each in snapshot.custom_domains(key)]

    def config(self, service_id: str) -> ServiceConfig:
        """Return the configuration of a service."""
        return self.snapshot.service_config(service_id)

    def effective(self, service_id: str) -> ServiceConfig:
        """Return the configuration with which a service runs: that of the API, and over it what a file decides."""
        config = cast("dict[str, Any]", deepcopy(self.config(service_id)))
        for each in self.files[service_id].decided if service_id in self.files else ():
            section, _, key = each.key.partition(".")
            config.setdefault(section, {})[key] = each.value
        return cast("ServiceConfig", config)

    def variables(self, service_id: str) -> dict[str, str | None]:
        """Return the variables of a service; None for a sealed one, which nobody can read."""
        entries = self.config(service_id).get("variables") or {}
        return {name: each.get("value") for name, each in entries.items() if each is not None}

    def record(self, type: str, name: str) -> Record | None:
        """Return the record of a name."""
        return next((each for each in self.records if (each.type, each.name) == (type, name.lower())), None)


async def environments(client: Client, project: str) -> tuple[str, dict[str, str]]:
    """Return the id of a project, given by id or name, and its environments: name → id. Raises ``CallError``."""
    document = await find_project(client, project, give="--project with an id")
    living = [each for each in nodes(document["environments"]) if not each["deletedAt"]]
    return document["id"], {str(each["name"]): each["id"] for each in living}


async def read(
    client: Client, project_id: str, environment_id: str, zones: Sequence[ZoneSettings], redirected: Sequence[str] = ()
) -> LiveProject:
    """Read an environment and what belongs to it.

    ``zones`` are those that the settings know already, ``redirected`` the names that they lead on to others.
    """
    data = await client.transport.read(ADOPTED, projectId=project_id, environmentId=environment_id)
    snapshot = Snapshot(cast("EnvironmentSnapshot", data))
    _refuse_unlisted_volumes(snapshot)
    hosts = LiveProject(snapshot=snapshot).hosts()
    held = _zones(hosts, zones)
    held |= {zone.name: zone.id for name in redirected if (zone := nearest(zones, name))}
    rulesets = {id_: _ruleset(id_) for id_ in held.values()}
    records = [record for zone_id in held.values() for record in _records(zone_id)]
    uses_spaces = any("SPACES_BUCKET" in (_variables(snapshot, key)) for key in snapshot.services)
    endpoints = list(_endpoints()) if uses_spaces else []
    return LiveProject(
        snapshot=snapshot,
        records=records,
        zones=held,
        cdn_endpoints=endpoints,
        files=_files(data, snapshot),
        buckets=[each async for each in _buckets(client, snapshot)],
        rulesets={id_: each for id_, each in rulesets.items() if each and each.get("rules")},
        unread_rulesets=[name for name, id_ in held.items() if rulesets[id_] is None],
    )


async def _buckets(client: Client, snapshot: Snapshot) -> AsyncIterator[RailwayBucket]:
    uses = any(railway_bucket.VARIABLES["bucket"] in _variables(snapshot, key) for key in snapshot.services)
    here = snapshot.config.get("buckets") or {}
    for each in nodes(snapshot.project["buckets"]):
        config = here.get(each["id"])
        if config is None or config.get("isDeleted"):
            continue
        bucket = RailwayBucket(id=each["id"], name=each["name"], region=str(config.get("region")))
        if uses:
            place = {"projectId": snapshot.project["id"], "environmentId": snapshot.environment["id"]}
            every = await client.call(BUCKET_CREDENTIALS, **place, bucketId=bucket.id)
            newest = max(every, key=lambda one: one["createdAt"], default=None)
            bucket = replace(bucket, credentials={name: str(value) for name, value in (newest or {}).items()})
        yield bucket


def _refuse_unlisted_volumes(snapshot: Snapshot) -> None:
    """Raise ``OperationError`` for a volume that is mounted and not listed: without its size it would be left out."""
    for service_id, service in snapshot.services.items():
        for volume_id, mount in snapshot.mounted(service_id).items():
            if mount and snapshot.has_volume(volume_id) and volume_id not in snapshot.volumes:
                raise OperationError(
                    f"{service['name']} mounts a volume that Railway does not list yet, which takes some seconds after "
                    "a change: call the command again"
                )


def _files(data: EnvironmentAdopted, snapshot: Snapshot) -> dict[str, FileConfigured]:
    instances = [
        each for each in nodes(data["environment"]["serviceInstances"]) if each["serviceId"] in snapshot.instances
    ]
    names = {key: str(each["name"]) for key, each in snapshot.services.items()}
    configs = {key: snapshot.service_config(key) for key in snapshot.services}
    return {each.id: each for each in file_configured(instances, names, configs)}


def _variables(snapshot: Snapshot, service_id: str) -> Mapping[str, Any]:
    return snapshot.service_config(service_id).get("variables") or {}


def _zones(hosts: Sequence[str], zones: Sequence[ZoneSettings]) -> dict[str, str]:
    """Return name → id of the zones that hold ``hosts``: those of the settings first, then those of the account."""
    ids: dict[str, str] = {}
    unknown: list[str] = []
    for host in hosts:
        zone = nearest(zones, host.removeprefix("*."))
        if zone:
            ids[zone.name] = zone.id
        else:
            unknown.append(host)
    if unknown:
        every = {str(each["name"]): str(each["id"]) for each in _pages("/zones?per_page=50")}
        for host in unknown:
            if name := nearest_name(every, host):
                ids[name] = every[name]
    return ids


def _records(zone_id: str) -> Iterator[Record]:
    for each in _pages(f"/zones/{zone_id}/dns_records?per_page={_PAGE}"):
        yield Record(
            zone_id=zone_id,
            id=str(each["id"]),
            type=str(each["type"]),
            name=str(each["name"]).lower(),
            content=str(each["content"]),
            proxied=bool(each.get("proxied")),
            whole=each,
        )


def _ruleset(zone_id: str) -> Mapping[str, Any] | None:
    """Return the ruleset with the redirect rules of a zone, empty without one; None where the token may not read it."""
    url = f"{cloudflare_url()}/zones/{zone_id}/rulesets/phases/{PHASE}/entrypoint"
    answer = _get(url, "CLOUDFLARE_API_TOKEN", "Cloudflare", also=(401, 403, 404))
    if answer.get("result"):
        return cast("Mapping[str, Any]", answer["result"])
    return {} if answer.get("status") == 404 else None


def _pages(path: str) -> Iterator[Mapping[str, Any]]:
    address = cloudflare_url()
    page = 1
    while True:
        answer = _get(f"{address}{path}&page={page}", "CLOUDFLARE_API_TOKEN", "Cloudflare")
        yield from cast("list[Mapping[str, Any]]", answer["result"])
        if page >= _total(answer.get("result_info")):
            return
        page += 1


def _total(info: Any) -> int:
    return int(cast("Mapping[str, Any]", info).get("total_pages") or 1) if isinstance(info, dict) else 1


def zone_settings(zone_id: str) -> dict[str, Any]:
    """Return what is set of a zone as far as a system may set it: its ``ssl`` and ``universal_ssl``."""
    address = f"{cloudflare_url()}/zones/{zone_id}"
    mode, universal = (
        cast("Mapping[str, Any]", _get(f"{address}{path}", "CLOUDFLARE_API_TOKEN", "Cloudflare")["result"])
        for path in ("/settings/ssl", "/ssl/universal/settings")
    )
    return {"ssl": mode["value"], "universal_ssl": universal["enabled"]}


def _endpoints() -> Iterator[Mapping[str, Any]]:
    answer = _get(f"{digitalocean_url()}/v2/cdn/endpoints?per_page=200", "DIGITALOCEAN_TOKEN", "DigitalOcean")
    yield from cast("list[Mapping[str, Any]]", answer.get("endpoints") or [])


def _get(url: str, variable: str, whose: str, *, also: Collection[int] = ()) -> Mapping[str, Any]:
    """Return the JSON of an answer; of one with a status of ``also``, ``{"status": …}``."""
    token = token_of(variable)
    if not token:
        raise OperationError(f"the project uses {whose}, and {variable} is not set: set it to a token that may read")
    try:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S, verify=trusted(url))
        if answer.status_code in also:
            return {"status": answer.status_code}
        answer.raise_for_status()
        return cast("Mapping[str, Any]", answer.json())
    except httpx.HTTPStatusError as refused:
        status, path = refused.response.status_code, refused.request.url.path
        place = "look at the id of the zone in railyard:zones, and" if status == 404 and "/zones/" in path else "look"
        raise OperationError(f"{whose} refuses to be read: {status} for {path}; {place} at {variable}") from None
    except httpx.HTTPError:
        raise OperationError(f"{whose} cannot be reached: check the network") from None
    except ValueError:
        raise OperationError(f"{whose} answers without JSON: look whether {url} is its address") from None
