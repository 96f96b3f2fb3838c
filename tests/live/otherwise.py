"""A simulated Railway that behaves otherwise than assumed: for each point one change, and what the verdict then says.

Each change is made in the simulator and nowhere else, so that the suite sees it over the wire as it would at Railway.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from graphql import build_schema

from railway_sandbox.railway import operations, wire
from railway_sandbox.railway.config import buckets as config_buckets
from railway_sandbox.railway.config import merge as config_merge
from railway_sandbox.railway.config import view as config_view
from railway_sandbox.railway.config import volumes as config_volumes
from railway_sandbox.railway.deployments import deployments, instances
from railway_sandbox.railway.domains import domains
from railway_sandbox.railway.environments import config_patch
from railway_sandbox.railway.errors import Refused, invalid, not_authorized
from railway_sandbox.railway.networking import tcp_proxies
from railway_sandbox.railway.records import part
from railway_sandbox.railway.services import services

Change = Callable[[pytest.MonkeyPatch], None]


def _replaced(owner: Any, name: str, made_of: Callable[[Any], Any]) -> Change:
    """Puts something made of the present one in its place."""
    return lambda patch: patch.setattr(owner, name, made_of(getattr(owner, name)))


def _operation(table: dict[str, Any], name: str, made_of: Callable[[Any], Any]) -> Change:
    return lambda patch: patch.setitem(table, name, made_of(table[name]))


def _all(*changes: Change) -> Change:
    def change(patch: pytest.MonkeyPatch) -> None:
        for each in changes:
            each(patch)

    return change


def _named_environment_alone(_reach: Any) -> Any:
    return lambda caller, _project, arguments: [caller.environment(arguments["environmentId"])]


def _loses_replicas(merged: Any) -> Any:
    def merge(base: Any, entry: Any, **more: Any) -> Any:
        config = merged(base, entry, **more)
        if "multiRegionConfig" not in part(entry, "deploy") and part(config, "deploy").get("multiRegionConfig"):
            config["deploy"]["multiRegionConfig"] = {"us-west2": {"numReplicas": 1}}
        return config

    return merge


def _no_hyphens(check: Any) -> Any:
    def stricter(config: Any, **more: Any) -> None:
        if "-" in (part(config, "deploy").get("healthcheckPath") or ""):
            raise invalid("healthcheckPath")
        check(config, **more)

    return stricter


def _schema_with(before: str, after: str) -> Change:
    def change(patch: pytest.MonkeyPatch) -> None:
        text = wire.SCHEMA_PATH.read_text()
        assert before in text
        schema = build_schema(text.replace(before, after))
        patch.setattr(wire, "schema", lambda: schema)

    return change


def _deletes_domains(apply: Any) -> Any:
    def applied(cloud: Any, environment: Any, service_id: str, entry: Any, at: float) -> None:
        for name, value in part(part(entry or {}, "networking"), "serviceDomains").items():
            for domain in domains.generated(cloud):
                if domain.domain == name and value is None:
                    domain.deleted_at = at
        apply(cloud, environment, service_id, entry, at)

    return applied


def _asterisks(shown: Any) -> Any:
    def masked(variables: Any, *, decrypt: bool) -> Any:
        found = shown(variables, decrypt=decrypt)
        return found if decrypt else {name: {**entry, "value": "*****"} for name, entry in found.items()}

    return masked


def _tidied(shown: Any) -> Any:
    def tidy(variables: Any, *, decrypt: bool) -> Any:
        found = shown(variables, decrypt=decrypt)
        return {name: {**entry, "value": (entry["value"] or "").strip()} for name, entry in found.items()}

    return tidy


def _counts_each_call(_limit: Any) -> Any:
    left = itertools.count(10_000, -26)
    return lambda *_arguments: {"remainingPoints": next(left), "resetsAt": "2026-01-01T00:00:00Z"}


def _turned_round(create: Any) -> Any:
    def made(caller: Any, arguments: Any) -> Any:
        given = arguments["input"]
        if "environmentId" not in given:
            return create(caller, {"input": {**given, "environmentId": None}})
        named = {key: value for key, value in given.items() if value is not None}
        return create(caller, {"input": named})

    return made


def _deletes_volumes(apply: Any) -> Any:
    def applied(cloud: Any, environment: Any, patch: Any, at: float) -> None:
        for volume_id, entry in part(patch, "volumes").items():
            if (entry or {}).get("isDeleted") and (disk := config_volumes.disk_of(cloud, environment.id, volume_id)):
                disk.deleted_at, disk.service_id = at, None
                return
        apply(cloud, environment, patch, at)

    return applied


def _takes_volumes_along(remove: Any) -> Any:
    def removed(cloud: Any, environment: Any, service_id: str, at: float) -> None:
        for disk in cloud.state.volume_instances.values():
            if disk.service_id == service_id:
                disk.deleted_at = at
        remove(cloud, environment, service_id, at)

    return removed


def _never_shrinks(_check: Any) -> Any:
    def check(_cloud: Any, disk: Any, size_mb: int) -> None:
        if disk is not None and size_mb < disk.size_mb:
            raise Refused("Volume size can only be increased")

    return check


def _another_prefix(create: Any) -> Any:
    def made(caller: Any, arguments: Any) -> Any:
        domain = create(caller, arguments)
        domain.token = "railway-domain=abc"
        return domain

    return made


def _only_scheduled(delete: Any) -> Any:
    """The first deletion is scheduled; a second one is real, so that the clean-up ends."""
    calls = itertools.count()

    def scheduled(caller: Any, arguments: Any) -> bool:
        if next(calls):
            return delete(caller, arguments)
        caller.project(arguments["id"]).expired_at = caller.now + 1e9
        return True

    return scheduled


def _host_follows(update: Any) -> Any:
    def renamed(caller: Any, arguments: Any) -> Any:
        service = update(caller, arguments)
        service.dns_label = services.label_of(service.name)
        return service

    return renamed


def _not_for_project_tokens(commit: Any) -> Any:
    def refused(caller: Any, arguments: Any) -> Any:
        if caller.token.kind == "project":
            raise not_authorized()
        return commit(caller, arguments)

    return refused


def _without_message(commit: Any) -> Any:
    return lambda *arguments, message, **more: commit(*arguments, message=None, **more)


def _takes_staged_along(commit: Any) -> Any:
    def committed(cloud: Any, environment: Any, patch: Any, **more: Any) -> Any:
        waiting = config_patch.staged(cloud, environment.id)
        if waiting is not None:
            patch = config_merge.deep_merge(waiting.patch, patch)
            waiting.patch = {}
        return commit(cloud, environment, patch, **more)

    return committed


def _addresses_hidden(create: Any) -> Any:
    def made(caller: Any, arguments: Any) -> Any:
        rule = create(caller, arguments)
        for channel in rule.channels:
            channel.config = {**channel.config, "url": "https://…"}
        return rule

    return made


def _restores_configuration(roll_back: Any) -> Any:
    def rolled_back(caller: Any, arguments: Any) -> bool:
        former = caller.cloud.state.deployments[arguments["id"]]
        environment = caller.environment(former.environment_id)
        environment.config["services"][former.service_id]["source"] = {"image": former.meta["image"]}
        return roll_back(caller, arguments)

    return rolled_back


def _ignores_bucket_deletion(_apply: Any) -> Any:
    def applied(cloud: Any, environment: Any, patch: Any, at: float) -> None:
        kept = {key: entry for key, entry in part(patch, "buckets").items() if not (entry or {}).get("isDeleted")}
        _apply(cloud, environment, {"buckets": kept}, at)

    return applied


def _without_workspace_nothing(projects: Any) -> Any:
    return lambda caller, arguments: projects(caller, arguments) if arguments.get("workspaceId") else []


def _without_digest(resolve: Any) -> Any:
    return lambda *arguments: {key: value for key, value in resolve(*arguments).items() if key != "imageDigest"}


OTHERWISE: Mapping[int, tuple[Change, str]] = {
    1: (_replaced(services, "reach", _named_environment_alone), "was not in the second one"),
    2: (_replaced(config_patch, "merged_service", _loses_replicas), "1 in us-west2 after"),
    3: (_replaced(config_patch, "check_service", _no_hyphens), "refused: Invalid input: healthcheckPath"),
    4: (
        _schema_with(
            "environmentPatchCommit(commitMessage: String,",
            "environmentPatchCommit(commitMessage: String, skipDeploys: Boolean,",
        ),
        "skipDeploys",
    ),
    5: (
        _operation(operations.QUERIES, "workflowStatus", lambda _: lambda *_a: {"status": "NotFound", "error": None}),
        "answers NotFound",
    ),
    6: (_replaced(tcp_proxies, "from_patch", _deletes_domains), "after null it is gone"),
    7: (_replaced(config_view, "_variables", _asterisks), "'*****'"),
    8: (_replaced(config_view, "_variables", _tidied), "rewritten: {'SPACES': 'around'"),
    9: (_operation(operations.FIELDS, "Workspace.apiTokenRateLimit", _counts_each_call), "took 26 points"),
    11: (_replaced(services, "LONGEST_LABEL", lambda _longest: 100), "one of 64 is accepted"),
    12: (
        _all(
            _operation(operations.MUTATIONS, "volumeCreate", _turned_round),
            _replaced(config_volumes, "apply", _deletes_volumes),
        ),
        "with null for the environment it is in 1; without an environment it is in none; a patch deletes it",
    ),
    13: (_replaced(instances, "remove", _takes_volumes_along), "the volume of a deleted service is gone"),
    14: (_replaced(config_volumes, "check_volume_size", _never_shrinks), "refused: Volume size can only be increased"),
    15: (
        _operation(operations.MUTATIONS, "serviceDomainUpdate", lambda _: lambda *_a: True),
        "still the old one",
    ),
    16: (_operation(operations.MUTATIONS, "customDomainCreate", _another_prefix), "the prefix railway-domain="),
    17: (_operation(operations.MUTATIONS, "projectDelete", _only_scheduled), "still there: to expire at"),
    18: (_replaced(config_patch, "applying", lambda _: lambda *_a: False), "both were accepted, and the second one"),
    19: (_operation(operations.MUTATIONS, "serviceUpdate", _host_follows), "and is after.railway.internal"),
    20: (_operation(operations.MUTATIONS, "environmentPatchCommit", _not_for_project_tokens), "it may not write"),
    21: (_operation(operations.MUTATIONS, "notificationRuleCreate", _addresses_hidden), "the channel has other url"),
    22: (
        _operation(operations.QUERIES, "serviceInstanceLimitOverride", lambda _: lambda *_a: {"containers": {}}),
        "answers {'containers': {}}",
    ),
    23: (
        _schema_with("type Environment implements Node {", "type Environment implements Node { iacPartials: String"),
        "Environment has it",
    ),
    24: (_replaced(config_buckets, "apply", _ignores_bucket_deletion), "after the patch it is still there"),
    25: (
        _operation(
            operations.QUERIES,
            "projectMembers",
            lambda rows: lambda *a: [{**row, "id": f"member-{row['id']}"} for row in rows(*a)],
        ),
        "none of the members",
    ),
    26: (
        _operation(operations.FIELDS, "ProjectToken.displayToken", lambda _: lambda *_a: "************"),
        "12 characters, of which the first 12 hide",
    ),
    27: (_operation(operations.MUTATIONS, "deploymentRollback", _restores_configuration), "names traefik/whoami:v1.10"),
    28: (_replaced(config_patch, "commit", _without_message), "the list shows [None"),
    29: (_operation(operations.QUERIES, "projects", _without_workspace_nothing), "is missing"),
    30: (_replaced(config_patch, "commit", _takes_staged_along), "what was staged went live"),
    33: (_replaced(deployments, "resolve", _without_digest), "tells no digest"),
}
"""Number of a point → how the simulator is changed, and a part of what is then seen."""
