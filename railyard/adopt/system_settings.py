"""From what runs to the settings of a system that keep it as it is.

Owns the way back: a service's configuration, volume and addresses into its keys, variables into the system's own
settings. Only what differs from the system's own defaults is said. Values of secrets never stand here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final, cast, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from components.bucket import BucketSettings
from components.postgres import PostgresSettings
from components.railway_bucket import RailwayBucketSettings
from components.redis import RedisSettings
from components.service_kind import ServiceSettings
from pulumiverse_railway import conflicts
from pulumiverse_railway.provider.resources.shared.instance_settings import SETTINGS
from railway_api.answers import CustomDomainOfAllDomains
from railyard.adopt import railway_buckets
from railyard.adopt.live import LiveProject
from railyard.migrate.compose_file import SECRET
from railyard.migrate.findings import Settings
from railyard.migrate.translation import normal, translate
from stacks import in_clear
from stacks.own.expressions import RESERVED, literal
from stacks.own.secrets import secret_name
from stacks.own.settings import OwnServiceSettings
from stacks.system import System, SystemSettings

MB_PER_GB: Final = 1_000
OTHER_NAMES: Final = {
    "authentication.provider": "AUTH_PROVIDER",
    "authentication.supabaseProjectUrl": "SUPABASE_PROJECT_URL",
    "authentication.clerkIssuerUrl": "CLERK_ISSUER_URL",
    "stripePublicKey": "REACT_APP_STRIPE_PUBLIC_KEY",
}
"""Settings whose variable is not called like them, and that variable."""
_SECTIONS: Final = (ServiceSettings, PostgresSettings, RedisSettings, BucketSettings, RailwayBucketSettings)
_WORKERS: Final = re.compile(r"--workers (\d+)$")


@dataclass
class ProposedSettings:
    """Settings of a system, and what of the project they cannot keep."""

    settings: Settings
    notes: list[str] = field(default_factory=list[str])


def keep(
    system: type[System[Any]], live: LiveProject, names: Mapping[str, str], shared: Mapping[str, Any] | None = None
) -> ProposedSettings:
    """Return the settings of ``system`` that keep what runs; ``names``: its name of a service → that on Railway.

    ``shared`` is what all stacks share of it: what it says so does not stand there, and what is otherwise does.
    """
    proposal = ProposedSettings({"project": _project(live)})
    services = live.services()
    sections: dict[str, tuple[FieldInfo, type[BaseModel]]] = {}
    for name, info in system.SETTINGS.model_fields.items():
        model = model_of(info)
        if model and issubclass(model, _SECTIONS):
            sections[name] = (info, model)
        elif name not in SystemSettings.model_fields:
            _value(proposal.settings, (name,), info, _everything(live))
    buckets = [to_camel(name) for name, (_, model) in sections.items() if issubclass(model, RailwayBucketSettings)]
    for name, (info, model) in sections.items():
        service = services.get(names.get(name, name))
        if issubclass(model, BucketSettings | RailwayBucketSettings):
            is_spaces = issubclass(model, BucketSettings)
            if (
                bucket := _bucket(live)
                if is_spaces
                else railway_buckets.settings_of_declared_bucket(live, to_camel(name), buckets)
            ):
                proposal.settings[to_camel(name)] = bucket
        elif service is None:
            if not optional(info):
                proposal.notes.append(
                    f"{name}: the project has no service of this name; --service {name}=NAME names another"
                )
        else:
            proposal.settings[to_camel(name)] = _service(model, live, service)
    _special(system, proposal.settings)
    settings = _without_defaults(system.SETTINGS, proposal.settings)
    return ProposedSettings(_over_shared(settings, proposal.settings, shared or {}), proposal.notes)


def _over_shared(settings: Settings, whole: Mapping[str, Any], shared: Mapping[str, Any]) -> Settings:
    """Return ``settings`` with what of ``whole`` is not as all stacks have it, and without what is."""
    for key, below in shared.items():
        if key not in whole:
            continue
        if isinstance(below, dict) and isinstance(whole[key], dict):
            inner = _over_shared(dict(settings.get(key) or {}), whole[key], cast("Settings", below))
            if inner or key in settings:
                settings[key] = inner
        elif whole[key] == below:
            settings.pop(key, None)
        else:
            settings[key] = whole[key]
    return settings


def keep_own(live: LiveProject, names: Sequence[str], other_buckets: Collection[str] | None) -> ProposedSettings:
    """Return the settings of a system of one's own, of the services with these names.

    ``other_buckets`` are the names of Railway's buckets that other systems have; None leaves all of them out.
    """
    proposal = ProposedSettings({"project": _project(live)})
    buckets: Settings = {}
    if other_buckets is not None:
        buckets, proposal.notes = railway_buckets.settings_of_all_buckets(
            live, other_buckets, [*live.services(), *RESERVED]
        )
    by_service: Settings = {}
    sealed: list[str] = []
    for name in names:
        id_ = live.services()[name]
        if not live.snapshot.source(id_):
            proposal.notes.append(f"{name}: it runs nothing, and is left alone")
            continue
        service = own_service(live, id_)
        variables = {
            key: value for key, value in live.variables(id_).items() if key not in {"PORT"} or "port" not in service
        }
        if bucket := railway_buckets.bucket_used_by(live, variables, buckets):
            service["bucket"], variables = bucket, railway_buckets.without_those_of_a_bucket(variables)
        hidden = [key for key, value in variables.items() if hides(key, value)]
        sealed += [secret_name(name, key) for key, value in variables.items() if value is None]
        service["variables"] = {key: literal(value or "") for key, value in variables.items() if key not in hidden}
        service["secrets"] = hidden
        by_service[name] = dict(_different(OwnServiceSettings, service))
    groups = {"services": by_service, "buckets": buckets, "sealed": sealed}
    proposal.settings |= {name: each for name, each in groups.items() if each or name == "services"}
    return proposal


def hides(name: str, value: str | None) -> bool:
    """Tell whether a variable may be a secret, by its name or the form of its value; a sealed one, None, is."""
    if value is None:
        return True
    if value.startswith("${{") or not value.strip():
        return False
    in_clear_at = {"own": {"variables": {name: value}}}
    return bool(SECRET.search(name)) or any(in_clear.in_settings(in_clear_at))


def _project(live: LiveProject) -> Settings:
    settings: Settings = {"name": live.snapshot.project["name"], "environment": live.snapshot.environment["name"]}
    shared = live.snapshot.config.get("sharedVariables") or {}
    clear = {name: value for name, each in shared.items() if each and (value := each.get("value")) is not None}
    return {**settings, "sharedVariables": clear} if clear else settings


def _everything(live: LiveProject) -> dict[str, str]:
    """Return the variables of all services that can be read."""
    variables: dict[str, str] = {}
    for service_id in live.services().values():
        variables |= {name: value for name, value in live.variables(service_id).items() if value is not None}
    return variables


def model_of(info: FieldInfo) -> type[BaseModel] | None:
    """Return the arguments that a field holds; None for a plain value."""
    kinds: tuple[Any, ...] = (info.annotation, *get_args(info.annotation))
    return next((each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)), None)


def optional(info: FieldInfo) -> bool:
    """Tell whether a system does without what a field says."""
    return NoneType in get_args(info.annotation)


def _value(settings: Settings, path: tuple[str, ...], info: FieldInfo, variables: Mapping[str, str]) -> None:
    """Set a setting of the application from the variable that says it; a group of settings key by key."""
    model = model_of(info)
    if model:
        inner: Settings = {}
        for name, each in model.model_fields.items():
            _value(inner, (*path, name), each, variables)
        if inner:
            settings[to_camel(path[-1])] = inner
        return
    key = ".".join(to_camel(part) for part in path)
    text = variables.get(OTHER_NAMES.get(key, path[-1].upper()))
    if text is None:
        return
    adapter: TypeAdapter[Any] = TypeAdapter(cast("Any", info.annotation))
    for candidate in (text, text.split(",")):
        try:
            value = adapter.validate_python(candidate, strict=False)
        except ValidationError:
            continue
        settings[to_camel(path[-1])] = list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value
        return


def _service(model: type[BaseModel], live: LiveProject, service_id: str) -> Settings:
    if issubclass(model, ServiceSettings):
        return own_service(live, service_id)
    config = live.effective(service_id)
    image = live.snapshot.source(service_id).get("image") or ""
    settings: Settings = {}
    disk = _disk(live, service_id)
    if disk:
        settings |= {name: disk[name] for name in ("sizeGb", "usageAlerts")}
    limits = translate(cast("dict[str, Any]", config), image=image or None).settings
    if "memoryMb" in limits:
        settings["memoryMb"] = limits["memoryMb"]
    if issubclass(model, PostgresSettings):
        variables = live.variables(service_id)
        settings |= {"version": image.rpartition(":")[2].partition(".")[0]}
        settings |= {key: value for key in ("database", "user") if (value := variables.get(f"POSTGRES_{_SHORT[key]}"))}
        settings["backups"] = disk.get("backups", []) if disk else []
    else:
        settings["image"] = image
    return settings


_SHORT: Final = {"database": "DB", "user": "USER"}


def own_service(live: LiveProject, service_id: str) -> Settings:
    """Return the settings of a service, without its variables, with Railway's defaults filled in."""
    config = live.effective(service_id)
    source = live.snapshot.source(service_id)
    image = source.get("image")
    without_variables = {name: part for name, part in config.items() if name != "variables"}
    settings: Settings = {"image": image} if image else {"repo": source.get("repo")}
    settings |= _railway_defaults(image) | translate(without_variables, image=image).settings
    if normal(without_variables)["build"].get("builder") == "DOCKERFILE" and not image:
        settings["builder"] = "DOCKERFILE"
    port = live.variables(service_id).get("PORT")
    if port and port.isdigit():
        settings["port"] = int(port)
    if names := live.snapshot.service_domains(service_id):
        settings["railwayDomain"] = True
        if (target := names[0]["targetPort"]) not in (None, settings.get("port")):
            settings["railwayDomainPort"] = target
    if hosts := live.snapshot.custom_domains(service_id):
        settings["domains"] = [_domain(live, host, settings.get("port")) for host in hosts]
    disk = _disk(live, service_id)
    if disk:
        settings["volume"] = disk
    proxies = (config.get("networking") or {}).get("tcpProxies") or {}
    if proxies:
        settings["tcpPort"] = int(next(iter(proxies)))
    return settings


def _railway_defaults(image: str | None) -> Settings:
    """Return what Railway takes for each setting that a configuration does not say."""
    names = [each for each in SETTINGS if not image or each.name not in conflicts.FOR_A_REPO]
    return {to_camel(each.name): _scalar(each.default) for each in names if each.name in ServiceSettings.model_fields}


def _scalar(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _domain(live: LiveProject, domain: CustomDomainOfAllDomains, port: int | None) -> Settings:
    record, target = live.record("CNAME", domain["domain"]), domain["targetPort"]
    proxied = {"proxied": True} if record and record.proxied else {}
    return {"hostname": domain["domain"], **proxied, **({"port": target} if target not in (None, port) else {})}


def _disk(live: LiveProject, service_id: str) -> Settings | None:
    for volume_id, mount in live.snapshot.mounted(service_id).items():
        volume = live.snapshot.volumes.get(volume_id)
        if volume and mount:
            schedules = [each.lower() for each in mount.get("backupSchedules") or []]
            size: Settings = {"sizeGb": round(volume["sizeMB"] / MB_PER_GB)}
            settings = (live.snapshot.config.get("volumes") or {}).get(volume_id) or {}
            alerts = sorted(int(each) for each in (settings.get("alerts") or {}).get("usage") or {} if each.isdigit())
            return {
                "mountPath": volume["mountPath"],
                **size,
                "usageAlerts": alerts,
                **({"backups": schedules} if schedules else {}),
            }
    return None


def _bucket(live: LiveProject) -> Settings | None:
    variables = _everything(live)
    if "SPACES_BUCKET" not in variables:
        return None
    settings: Settings = {"name": variables["SPACES_BUCKET"], "region": variables.get("SPACES_REGION")}
    if variables.get("SPACES_PREFIX"):
        settings["prefix"] = variables["SPACES_PREFIX"]
    url = variables.get("SPACES_CDN_URL")
    if url is None:
        settings["cdn"] = False
    elif "digitaloceanspaces" not in url:
        settings["cdnDomain"] = url.removeprefix("https://")
    return settings


def _special(system: type[System[Any]], settings: Settings) -> None:
    """Set what one system says by other means than a variable."""
    groups = [cast("Settings", each) for each in settings.values() if isinstance(each, dict)]
    if system.NAME == "seance":
        tags = [str(each.get("image") or "") for each in groups]
        commits = [image.rpartition(":")[2] for image in tags if "/seance-" in image]
        if commits:
            settings["commit"] = max(set(commits), key=commits.count)
            for each in groups:
                if str(each.get("image")).endswith(f":{settings['commit']}"):
                    each.pop("image")
    if system.NAME == "rose":
        web: Settings = settings.get("web", {})
        match = _WORKERS.search(str(web.get("startCommand", "")))
        if match:
            settings["workers"] = int(match[1])
            web.pop("startCommand")
        origins = [f"https://{each['hostname']}" for each in web.get("domains", [])]
        if settings.get("allowedOrigins") == origins:
            settings.pop("allowedOrigins")


def _without_defaults(model: type[SystemSettings], settings: Settings) -> Settings:
    """Return settings without what the system says by itself, and with null where it says what is not so."""
    stated: Settings = {}
    for name, info in model.model_fields.items():
        key, inner = to_camel(name), model_of(info)
        if key not in settings:
            continue
        value = settings[key]
        if isinstance(value, dict) and inner and name != "project":
            default = info.default if isinstance(info.default, BaseModel) else None
            stated[key] = dict(_different(inner, cast("Settings", value), default))
            if not stated[key] and not info.is_required() and not optional(info):
                stated.pop(key)
        elif info.is_required() or value != _plain(info.default):
            stated[key] = value
    return stated


def _different(
    model: type[BaseModel], settings: Settings, defaults: BaseModel | None = None
) -> Iterator[tuple[str, Any]]:
    """Yield what differs from the defaults of a group, or from one that the system has by itself."""
    nobody = _railway_defaults(None)
    for name, info in model.model_fields.items():
        key = to_camel(name)
        default: Any = getattr(defaults, name) if defaults else info.get_default(call_default_factory=True)
        if key not in settings:
            if name in _CLEARABLE and default and name not in {"railway_domain"}:
                yield key, None
            elif name == "railway_domain" and default:
                yield key, False
            continue
        value, inner = settings[key], model_of(info)
        if isinstance(value, dict) and inner and isinstance(default, BaseModel):
            shorter = dict(_different(type(default), cast("Settings", value), default))
            if shorter:
                yield key, shorter
        elif (value == _plain(default) and not info.is_required()) or (
            default in (None, ()) and key in nobody and value == nobody[key]
        ):
            continue
        else:
            yield key, value


_CLEARABLE: Final = ("port", "volume", "tcp_port", "vcpus", "memory_mb", "railway_domain")
"""Settings of a service that a system may set and a stack can unset."""


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    return list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value
