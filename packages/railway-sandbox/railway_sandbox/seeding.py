"""Seeds a sandbox with an environment that exists elsewhere, as the real APIs answer it.

Converts answers of real APIs into records of the simulated ones. Ids are kept, so that settings which name one refer to
the same resource here. Fields that the answers do not have get the simulators' defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from railway_sandbox.clouds import CloudflareCloud, DigitalOceanCloud, RailwayCloud
from railway_sandbox.railway.config.volumes import set_schedules
from railway_sandbox.railway.deployments import deployments, instances
from railway_sandbox.railway.domains import certificates
from railway_sandbox.railway.networking import tcp_proxies
from railway_sandbox.railway.records import (
    Bucket,
    BucketInstance,
    Config,
    CustomDomain,
    Deployment,
    Environment,
    Project,
    Service,
    ServiceDomain,
    Volume,
    VolumeInstance,
    part,
)
from railway_sandbox.railway.services.services import label_of
from railway_sandbox.server import Sandbox

Answer = Mapping[str, Any]
AGE_S: Final = 3_600.0
"""Age of the seeded resources, in seconds: none is still in progress."""


def seed(sandbox: Sandbox, world: Answer) -> None:
    """Put the resources of ``world`` into an empty sandbox, and store them.

    ``railway``: answer of a read of the environment, with ``project`` and ``environment``; ``zones``: name → id;
    ``records``: DNS records as Cloudflare answers them, with ``zone_id``; ``zone_settings``: zone's id → its ``ssl``
    and ``universal_ssl``; ``rulesets``: zone's id → the ruleset with its redirect rules; ``buckets``: Railway's own
    with ``id``, ``name``, ``region``, ``credentials``; ``endpoints``: CDN endpoints; ``keys``: access keys of Spaces.
    """
    _railway(sandbox.railway, world["railway"])
    _buckets(sandbox.railway, world)
    _cloudflare(sandbox.cloudflare, world)
    _digitalocean(sandbox.digitalocean, world)
    certificates.observe(sandbox.railway)
    sandbox.clock.advance(AGE_S)
    certificates.observe(sandbox.railway)
    sandbox.save()


def _railway(cloud: RailwayCloud, answer: Answer) -> None:
    project, environment_answer, now = answer["project"], answer["environment"], cloud.now()
    timestamps: dict[str, Any] = {"created_at": now, "updated_at": now}
    cloud.state.projects[project["id"]] = Project(
        id=project["id"],
        name=project["name"],
        description=project["description"],
        workspace_id=next(iter(cloud.state.workspaces)),
        base_environment_id=project["primaryEnvironmentId"],
        **timestamps,
    )
    for each in _living(project["environments"]):
        cloud.state.environments[each["id"]] = Environment(
            id=each["id"], project_id=project["id"], name=each["name"], **timestamps
        )
    environment = cloud.state.environments[environment_answer["id"]]
    config: Config = environment_answer["config"]
    environment.config["sharedVariables"] = dict(part(config, "sharedVariables"))
    for each in _living(project["services"]):
        cloud.state.services[each["id"]] = Service(
            id=each["id"], project_id=project["id"], name=each["name"], dns_label=label_of(each["name"]), **timestamps
        )
    _volumes(cloud, environment, project, environment_answer)
    here = part(config, "services")
    instances = {each["serviceId"]: each for each in _living(environment_answer["serviceInstances"])}
    for service_id in {**instances, **here}:
        _instance(cloud, environment, service_id, here.get(service_id) or {}, instances.get(service_id) or {})
    deployments.start_batch(cloud, environment, here, now)
    for service_id, instance in instances.items():
        _decided_by_a_file(deployments.latest(cloud, environment.id, service_id), instance)


def _buckets(cloud: RailwayCloud, world: Answer) -> None:
    environment, now = world["railway"]["environment"], cloud.now()
    for each in world["buckets"]:
        cloud.state.buckets[each["id"]] = Bucket(
            id=each["id"],
            name=each["name"],
            project_id=world["railway"]["project"]["id"],
            created_at=now,
            updated_at=now,
        )
        store = BucketInstance(
            id=cloud.new_id(),
            bucket_id=each["id"],
            environment_id=environment["id"],
            region=each["region"],
            created_at=now,
            credentials={name: value for name, value in each["credentials"].items() if name != "createdAt"},
        )
        cloud.state.bucket_instances[store.id] = store


def _decided_by_a_file(deployment: Deployment | None, answer: Answer) -> None:
    """Give a deployment the settings that a ``railway.toml`` decides, as the live one has them."""
    serving: list[Answer] = [*answer["activeDeployments"], *filter(None, [answer["latestDeployment"]])]
    every: list[Config] = [each["meta"] or {} for each in serving]
    meta = next((each for each in every if each.get("propertyFileMapping")), Config())
    if deployment is not None and meta:
        file_settings = {
            name: meta[name] for name in ("configFile", "propertyFileMapping", "serviceManifest") if name in meta
        }
        deployment.meta = {**deployment.meta, **file_settings}


def _instance(cloud: RailwayCloud, environment: Environment, service_id: str, config: Config, answer: Answer) -> None:
    """Make what a service is in the environment, with its domains and proxies."""
    now = cloud.now()
    # Volumes and networking have records of their own.
    own = {key: value for key, value in config.items() if key not in {"volumeMounts", "networking"}}
    own.setdefault("deploy", {}).setdefault("multiRegionConfig", _regions(cloud, environment))
    instances.create(cloud, environment, service_id, now, own)
    instances.follow_source(cloud, environment, service_id)
    tcp_proxies.from_patch(cloud, environment, service_id, config, now)
    ids: dict[str, Any] = {
        "project_id": environment.project_id,
        "environment_id": environment.id,
        "service_id": service_id,
    }
    for each in answer.get("domains", {}).get("serviceDomains", ()):
        if not each["deletedAt"]:
            cloud.state.service_domains[each["id"]] = ServiceDomain(
                id=each["id"],
                domain=each["domain"],
                target_port=each["targetPort"],
                created_at=now,
                updated_at=now,
                **ids,
            )
    for each in answer.get("domains", {}).get("customDomains", ()):
        if not each["deletedAt"]:
            cloud.state.custom_domains[each["id"]] = _domain(each, {**ids, "created_at": now, "updated_at": now})


def _regions(cloud: RailwayCloud, environment: Environment) -> Any:
    return instances.first_config(cloud, environment)["deploy"]["multiRegionConfig"]


def _domain(answer: Answer, timestamps: Mapping[str, Any]) -> CustomDomain:
    status: Config = answer.get("status") or {}
    targets = {
        each["purpose"].rpartition("PURPOSE_")[2]: each["requiredValue"] for each in status.get("dnsRecords") or ()
    }
    return CustomDomain(
        id=answer["id"],
        domain=answer["domain"],
        target_port=answer["targetPort"],
        cname_target=targets.get("TRAFFIC_ROUTE", ""),
        acme_target=targets.get("ACME_DNS01_CHALLENGE", ""),
        token=status.get("verificationToken") or "",
        **timestamps,
    )


def _volumes(cloud: RailwayCloud, environment: Environment, project: Answer, environment_answer: Answer) -> None:
    now = cloud.now()
    config: Config = environment_answer["config"]
    mounts = {
        key: each
        for service in part(config, "services").values()
        for key, each in part(service or {}, "volumeMounts").items()
    }
    for each in _nodes(project["volumes"]):
        cloud.state.volumes[each["id"]] = Volume(
            id=each["id"], project_id=project["id"], name=each["name"], created_at=now, listed_at=now
        )
    for each in _living(environment_answer["volumeInstances"]):
        settings: Config = part(config, "volumes").get(each["volumeId"]) or {}
        disk = VolumeInstance(
            id=each["id"],
            volume_id=each["volumeId"],
            environment_id=environment.id,
            service_id=each["serviceId"],
            mount_path=each["mountPath"],
            size_mb=each["sizeMB"],
            created_at=now,
            region=settings.get("region"),
            usage_alerts=sorted(int(percentage) for percentage in part(part(settings, "alerts"), "usage")),
        )
        cloud.state.volume_instances[disk.id] = disk
        mount: Config = mounts.get(disk.volume_id) or {}
        set_schedules(disk, mount.get("backupSchedules") or [], now)


def _cloudflare(cloud: CloudflareCloud, world: Answer) -> None:
    for name, id_ in world["zones"].items():
        cloud.add_zone(name, id_)
    for record in world["records"]:
        cloud.put_record(record["zone_id"], record["id"], record)
    for zone_id, settings in world["zone_settings"].items():
        if settings.get("ssl"):
            cloud.change_setting(zone_id, "ssl", settings["ssl"])
        cloud.change_universal_ssl(zone_id, enabled=settings.get("universal_ssl", True))
    for zone_id, ruleset in world["rulesets"].items():
        cloud.rulesets(zone_id).put(ruleset)


def _digitalocean(cloud: DigitalOceanCloud, world: Answer) -> None:
    for key in world["keys"]:
        cloud.put_key(key["access_key"], key["name"], key["grants"])
    for endpoint in world["endpoints"]:
        cloud.put_endpoint(endpoint)


def _nodes(connection: Answer) -> Sequence[Answer]:
    return [edge["node"] for edge in connection["edges"]]


def _living(connection: Answer) -> Iterable[Answer]:
    return [each for each in _nodes(connection) if not each["deletedAt"]]
