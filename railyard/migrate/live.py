"""``railyard migrate --to-railway``: services that a ``railway.toml`` still configures, and what their deployments run
with, written into the API.

Owns the question which settings a file decided (Railway says so of each deployment), the patch that says the same, and
the proof: nothing was deployed, and the API says it now. The difference is shown and confirmed first. The changes are
staged and committed without deployments, which is the one way that Railway's schema offers for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import typer

from pulumiverse_railway.provider.resources.shared.instance_config import STANDARD_REGIONS
from railway_api.answers import ServiceInstanceInEnvironmentRunning
from railway_api.client import Client
from railway_api.counting import count
from railway_api.documents.environment import STAGE, STAGED_COMMIT
from railway_api.documents.running import RUNNING
from railway_api.json_objects import table
from railway_api.patches import at
from railway_api.relay import nodes
from railyard.accounts.railway_client import account, find_project, follow, staged
from railyard.migrate.findings import shown_value
from railyard.migrate.railway_file import SECTIONS
from railyard.shared.console import CallError, OperationError, check_can_ask, write_json

_PLACED: Final = "multiRegionConfig"


@dataclass(frozen=True, kw_only=True)
class Decided:
    """One setting that a file decides and the API does not say, or says otherwise."""

    key: str
    """``deploy.startCommand``"""
    value: Any
    """Value of the newest deployment."""
    api: Any
    """Value that the API returns; None where it has none."""


@dataclass(frozen=True, kw_only=True)
class FileConfigured:
    """A service with a file."""

    id: str
    name: str
    file: str
    decided: Sequence[Decided]
    """Settings to be written."""
    same: Sequence[str]
    """Keys that the API says already."""
    untold: bool = False
    """The service has the path of a file, and no deployment that tells what the file decides."""


@dataclass(frozen=True, kw_only=True)
class LiveEnvironment:
    """One environment of one project, as it was read."""

    project: str
    environment: str
    project_id: str
    environment_id: str
    services: Sequence[FileConfigured]
    deployments: Mapping[str, str] = field(default_factory=dict[str, str])
    """Service id → id of its newest deployment."""

    @property
    def patch(self) -> dict[str, Any]:
        """Return what makes the API say it; empty when it does."""
        services: dict[str, Any] = {}
        for service in self.services:
            for each in service.decided:
                section, _, key = each.key.partition(".")
                entry = services.setdefault(service.id, {}).setdefault(section, {})
                entry[key] = _regions(each) if key == _PLACED else each.value
        return {"services": services} if services else {}


async def places(client: Client, project: str, environment: str | None) -> list[LiveEnvironment]:
    """Return the environments of a project, given by id or name, that are meant; raises ``CallError``."""
    document = await find_project(client, project)
    living = [each for each in nodes(document["environments"]) if not each["deletedAt"]]
    chosen = [each for each in living if environment in (None, each["name"])]
    if not chosen:
        names = ", ".join(each["name"] for each in living)
        raise CallError(f"project {document['name']} has no environment {environment!r}: name one of {names}")
    return [await place(client, document["id"], each["id"]) for each in chosen]


async def place(client: Client, project_id: str, environment_id: str) -> LiveEnvironment:
    """Read one environment in one request."""
    data = await client.transport.read(RUNNING, projectId=project_id, environmentId=environment_id)
    names = {each["id"]: each["name"] for each in nodes(data["project"]["services"]) if not each["deletedAt"]}
    configs = cast("Mapping[str, Any]", data["environment"]["config"].get("services") or {})
    instances = [
        each
        for each in nodes(data["environment"]["serviceInstances"])
        if not each["deletedAt"] and each["serviceId"] in names
    ]
    return LiveEnvironment(
        project=data["project"]["name"],
        environment=data["environment"]["name"],
        project_id=project_id,
        environment_id=environment_id,
        services=file_configured(instances, names, configs),
        deployments={each["serviceId"]: latest["id"] for each in instances if (latest := each["latestDeployment"])},
    )


def file_configured(
    instances: Iterable[ServiceInstanceInEnvironmentRunning], names: Mapping[str, str], configs: Mapping[str, Any]
) -> list[FileConfigured]:
    """Return those of the services that have a file, with what it decides.

    ``names`` and ``configs`` are the services' names and what the API says of them, by their ids.
    """
    configured: list[FileConfigured] = []
    for instance in instances:
        id_ = instance["serviceId"]
        serving = [each for each in instance["activeDeployments"] if each["status"] in {"SUCCESS", "SLEEPING"}]
        newest = max(serving, key=lambda each: each["createdAt"]) if serving else instance["latestDeployment"]
        meta, config = table((newest or {}).get("meta")), table(configs.get(id_))
        file = instance["railwayConfigFile"] or config.get("configFile") or meta.get("configFile")
        if file or meta.get("propertyFileMapping"):
            configured.append(_service(id_, names[id_], str(file or "railway.toml or railway.json"), meta, config))
    return configured


def _service(
    service_id: str, name: str, file: str, meta: Mapping[str, Any], config: Mapping[str, Any]
) -> FileConfigured:
    manifest, mapping = table(meta.get("serviceManifest")), table(meta.get("propertyFileMapping"))
    decided: list[Decided] = []
    same: list[str] = []
    for key in sorted(mapping):
        section, _, name_of_key = key.partition(".")
        if section not in SECTIONS or "." in name_of_key:
            continue
        if name_of_key == "numReplicas" and table(manifest.get("deploy")).get(_PLACED):
            continue  # multiRegionConfig says it
        value, api = at(manifest, (section, name_of_key)), at(config, (section, name_of_key))
        if value == api:
            same.append(key)
        else:
            decided.append(Decided(key=key, value=value, api=api))
    return FileConfigured(id=service_id, name=name, file=file, decided=decided, same=same, untold=not mapping)


def _regions(decided: Decided) -> dict[str, Any]:
    """Return regions as a patch needs them: those that go are null, or they would stay."""
    regions = table(decided.value)
    present = table(decided.api) or dict.fromkeys(STANDARD_REGIONS)
    return {**dict.fromkeys(sorted(set(present) - set(regions))), **regions}


async def write(client: Client, before: LiveEnvironment) -> LiveEnvironment:
    """Write the patch of a place without a deployment; returns the place as it is then. Raises ``OperationError``."""
    where = f"{before.project}, environment {before.environment}"
    if await staged(client, before.environment_id):
        raise OperationError(
            f"{where}: changes are staged there, and these would be committed with them: deploy or "
            "discard them in the dashboard first; nothing was written"
        )
    await client.call(STAGE, environmentId=before.environment_id, input=before.patch, merge=True)
    workflow = await client.call(
        STAGED_COMMIT,
        environmentId=before.environment_id,
        commitMessage="railyard: settings of railway.toml and railway.json",
        skipDeploys=True,
    )
    await follow(client, workflow, f"writing the settings of {where}")
    after = await place(client, before.project_id, before.environment_id)
    deployed = [key for key in after.deployments if after.deployments[key] != before.deployments.get(key)]
    left = [f"{each.name}.{one.key}" for each in after.services for one in each.decided]
    if deployed or left:
        names = [each.name for each in after.services if each.id in deployed]
        wrong = [f"deployed {', '.join(names) or 'other services'}"] if deployed else []
        wrong += [f"does not say {', '.join(left)}"] if left else []
        raise OperationError(f"{where}: Railway took the settings, but {' and '.join(wrong)}")
    return after


def text(value: Any) -> str:
    """Return a value as a person reads it, without the credentials in it; "nothing" for None."""
    return "nothing" if value is None else json.dumps(shown_value(value), ensure_ascii=False)


def run(project: str, environments: Sequence[str], *, yes: bool, dry_run: bool, sandbox: bool, json: bool) -> bool:
    """Write it; returns whether nothing is left that only a file says. Raises ``OperationError``."""
    with account(sandbox=sandbox) as railway:
        configured: list[LiveEnvironment] = []
        for environment in dict.fromkeys(environments) or (None,):
            configured += railway.run(places(railway.client, project, environment))
        if not json:
            for each in configured:
                _print(each)
        pending = [each for each in configured if each.patch]
        if pending and not dry_run:
            if not yes:
                check_can_ask("--dry-run to see what would be written", json=json)
                if not typer.confirm("Write this into Railway's settings? Nothing is deployed."):
                    raise typer.Abort
            for each in pending:
                railway.run(write(railway.client, each))
        untold = [
            f"{each.environment}/{service.name}" for each in configured for service in each.services if service.untold
        ]
        if json:
            write_json(
                {"project": project, "environments": [_document(each) for each in configured], "written": not dry_run}
            )
        else:
            _conclude(configured, pending, untold, dry_run=dry_run)
    return not untold and not (dry_run and pending)


def _print(environment: LiveEnvironment) -> None:
    for service in environment.services:
        typer.echo(f"{environment.environment}/{service.name}: {service.file}")
        for each in service.decided:
            typer.echo(f"  {each.key}: {text(each.api)} → {text(each.value)}")
        for key in service.same:
            typer.echo(f"  {key}: the settings say it already")
        if service.untold:
            typer.echo("  no deployment tells what it decides: migrate its folder, railyard migrate FOLDER")


def _conclude(
    environments: Sequence[LiveEnvironment], written: Sequence[LiveEnvironment], untold: Sequence[str], *, dry_run: bool
) -> None:
    services = sum(len(each.services) for each in environments)
    changes = sum(len(service.decided) for each in written for service in each.services)
    if not services:
        typer.echo("no service takes a setting from a file")
    elif not changes:
        typer.echo(f"{count(services, 'service')}: nothing to write")
    elif dry_run:
        typer.echo(f"{count(changes, 'setting')} would be written, nothing was")
    else:
        typer.echo(f"{count(changes, 'setting')} written and read back, 0 deployments: the files can go")
    if untold:
        typer.echo(f"left: {', '.join(untold)}")


def _document(environment: LiveEnvironment) -> dict[str, Any]:
    return {
        "project": environment.project,
        "environment": environment.environment,
        "services": [
            {
                "name": each.name,
                "file": each.file,
                "changes": [
                    {"key": one.key, "before": shown_value(one.api), "after": shown_value(one.value)}
                    for one in each.decided
                ],
                "same": list(each.same),
                "untold": each.untold,
            }
            for each in environment.services
        ],
    }
