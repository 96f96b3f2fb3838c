"""Rules of settings: of parsed ones that several keys or several systems have to keep together, and of their files.

Owns the order in which they are reported, what is wrong with the text of a file, and where its values are encrypted:
YAML nodes show what a value no longer shows once it is read. Each system's own rules are in its settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import go_yaml
from components.bucket import BucketSettings
from components.nearest_name import did_you_mean
from components.problems import Problem
from components.railway_bucket import RailwayBucketSettings
from components.service_kind import ServiceSettings
from components.templates import expressions as references
from railway_api.plans import Plan
from stacks.arguments_tree import Path, walk_arguments
from stacks.own.expressions import expressions
from stacks.own.settings import OwnSettings
from stacks.own.validation import wrong as wrong_own
from stacks.plan import plan_violations
from stacks.problems import SettingsError
from stacks.services import named_twice, services
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE
from stacks.system import System, SystemSettings


def wrong_systems(
    systems: Mapping[str, SystemSettings], known: Mapping[str, type[System[Any]]], plan: Plan | None
) -> Iterator[Problem]:
    """Yield what is wrong with each of ``systems``, then between them; ``plan`` is None where the stack's is wrong."""
    for name, settings in systems.items():
        declared = [each.name for each in known[name].declared(settings)]
        yield from _in_clear(name, settings, declared)
        yield from _wrongly_sealed(name, settings, [each.name for each in known[name].secrets(settings)])
        if plan:
            yield from _beyond_plan(name, settings, settings.plan(plan))
        yield from named_twice(name, settings)
        if isinstance(settings, OwnSettings):
            yield from (replace(each, path=(name, *each.path)) for each in wrong_own(settings))
    yield from _projects_twice({name: each for name, each in systems.items() if not isinstance(each, OwnSettings)})
    yield from _beside_others(systems)
    yield from _accounts_differ(systems)
    yield from _buckets_twice(systems)


def _in_clear(name: str, settings: SystemSettings, secrets: Sequence[str]) -> list[Problem]:
    return [
        Problem(
            (name, *path, "variables", variable),
            None,
            f"no secret in clear, and {variable} is one of {name}",
            f"remove it, have another one made, and store that as {name}.{variable} in the SOPS file",
        )
        for path, part in walk_arguments(settings)
        if isinstance(part, ServiceSettings)
        for variable, value in part.variables.items()
        if variable in secrets and not expressions(value) and not references(value)
    ]


def _wrongly_sealed(name: str, settings: SystemSettings, secrets: Sequence[str]) -> Iterator[Problem]:
    """Yield what is not a secret of a variable: the webhook of alerts is none, and Railway seals variables alone."""
    for index, sealed in enumerate(settings.sealed):
        if sealed not in secrets:
            allowed = f"a secret of {name} that is a variable: {', '.join(secrets)}"
            fix = did_you_mean(sealed, secrets, "remove it")
            yield Problem((name, "sealed", index), sealed, allowed, fix)


def _beyond_plan(name: str, settings: SystemSettings, plan: Plan) -> list[Problem]:
    return [
        Problem((name, *violation.path), violation.value, violation.allowed, violation.fix)
        for violation in plan_violations(settings, plan)
    ]


def _projects_twice(systems: Mapping[str, SystemSettings]) -> list[Problem]:
    first: dict[str, str] = {}
    for system, settings in systems.items():
        first.setdefault(settings.project.name, system)
    return [
        Problem(
            (system, "project", "name"),
            settings.project.name,
            f"a project of its own, and {first[settings.project.name]} has this one",
            f"name it {system}-…",
        )
        for system, settings in systems.items()
        if first[settings.project.name] != system
    ]


def _beside_others(systems: Mapping[str, SystemSettings]) -> Iterator[Problem]:
    """Yield what is wrong with systems of one's own that stand in the project of another system."""
    for name, settings in systems.items():
        if not isinstance(settings, OwnSettings):
            continue
        for other, each in systems.items():
            if other == name or each.project.name != settings.project.name:
                continue
            if each.project != settings.project:
                allowed = f"what {other} says of this project, which both have"
                yield Problem((name, "project"), None, allowed, f"write the same as in {other}.project")
            for service in services(each):
                if same_name := next((own for own in services(settings) if own.name == service.name), None):
                    allowed = f"services that no other system has, and {service.name} is one of {other}"
                    yield Problem((name, *same_name.path), None, allowed, "leave it to one of them")


def _accounts_differ(systems: Mapping[str, SystemSettings]) -> Iterator[Problem]:
    """Yield the systems whose Railway account is not that of another system in the same project."""
    by_project: dict[str, list[str]] = {}
    for name, settings in systems.items():
        by_project.setdefault(settings.project.name, []).append(name)
    for names in by_project.values():
        if not any(isinstance(systems[name], OwnSettings) for name in names):
            continue
        # One without the key decides: what it lacks is wrong in all others.
        first = min(names, key=lambda name: systems[name].railway is not None)
        account = systems[first].railway
        fix = f"write the same as in {first}.railway" if account else f"remove it, or write the same in {first}.railway"
        allowed = f"the Railway account of {first}, which has the same project"
        for name in names:
            if systems[name].railway != account:
                yield Problem((name, "railway"), None, allowed, fix)


def _buckets_twice(systems: Mapping[str, SystemSettings]) -> Iterator[Problem]:
    """Yield buckets whose name another bucket of the stack has: in all of Spaces, or in the project at Railway."""
    first: dict[tuple[str, str], Path] = {}
    for system, settings in systems.items():
        for path, part in walk_arguments(settings, (system,)):
            if isinstance(part, BucketSettings):
                place, name = "", part.name
            elif isinstance(part, RailwayBucketSettings):
                place, name = settings.project.name, part.name or str(path[-1])
            else:
                continue
            if (other := first.setdefault((place, name), path)) != path:
                allowed = f"each bucket once, and {'.'.join(map(str, other))} has this name too"
                yield Problem((*path, "name"), name, allowed, "give one of them another name, or remove it")


def read_nodes(file: str, text: str) -> dict[str, go_yaml.Node]:
    """Return what stands in the file, full key → its value. Raises ``SettingsError`` for a file that is no YAML."""
    try:
        config = go_yaml.find(document := go_yaml.compose(text), ("config",))
        if document is not None:
            go_yaml.value_of(document)
    except go_yaml.YamlError as error:
        place = f":{error.line}" if error.line else ""
        raise SettingsError(f"{file}{place}: {error.problem}", [], prefix="") from None
    config = None if config is None else go_yaml.resolved(config)
    if not isinstance(config, go_yaml.MappingNode):
        return {}
    return {key.text if ":" in key.text else f"{NAMESPACE}:{key.text}": node for key, node in go_yaml.entries(config)}


def problems_of_text(nodes: Mapping[str, go_yaml.Node]) -> Iterator[Problem]:
    """Yield what a value no longer shows once it is read: that it was a date, or that it was encrypted."""
    for key, node in nodes.items():
        if not key.startswith(f"{NAMESPACE}:"):
            continue
        for path, part in _walk(node, (key.partition(":")[2],)):
            if _is_encrypted(part) and not _may_be_encrypted(path):
                allowed = "no encrypted value but below variables; secrets of systems come from the SOPS file"
                yield Problem(path, None, allowed, "store it there")
            elif isinstance(part, go_yaml.ScalarNode) and isinstance(go_yaml.scalar_of(part), go_yaml.Timestamp):
                yield Problem(path, part.text, "a string, and YAML takes this for a date", "", wants_quotes=True)


def foreign_keys(nodes: Mapping[str, go_yaml.Node]) -> Iterator[Problem]:
    """Report keys of the shared file that Pulumi's engine would have to read, which it does not."""
    for key in nodes:
        if not key.startswith(f"{NAMESPACE}:"):
            allowed = f"a key of Railyard, {NAMESPACE}:…: Pulumi's engine does not read {DEFAULTS_FILE}"
            yield Problem((key,), None, allowed, f"write it below config: in Pulumi.yaml, as {key}: {{value: …}}", True)


def encrypted_paths(nodes: Mapping[str, go_yaml.Node]) -> Iterator[Path]:
    """Yield where values are encrypted, and may be."""
    for key, node in nodes.items():
        if key.startswith(f"{NAMESPACE}:"):
            every = _walk(node, (key.partition(":")[2],))
            yield from (path for path, part in every if _is_encrypted(part) and _may_be_encrypted(path))


def _is_encrypted(node: go_yaml.Node) -> bool:
    """Tell whether a value is one that ``pulumi config set --secret`` writes."""
    return isinstance(node, go_yaml.MappingNode) and [key.text for key, _ in go_yaml.entries(node)] == ["secure"]


def _may_be_encrypted(path: Path) -> bool:
    """Tell whether a value stays secret on its way to Railway: that of a variable does."""
    return len(path) > 2 and path[-2] == "variables"


def _walk(node: go_yaml.Node, path: Path) -> Iterator[tuple[Path, go_yaml.Node]]:
    node = go_yaml.resolved(node)
    yield path, node
    if isinstance(node, go_yaml.MappingNode):
        for key, value in go_yaml.entries(node):
            yield from _walk(value, (*path, key.text))
    elif isinstance(node, go_yaml.ListNode):
        for index, item in enumerate(node.items):
            yield from _walk(item, (*path, index))
