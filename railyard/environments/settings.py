"""The settings of a review environment, made from those of its stack: smaller, asleep when idle, with names of its own.

Owns what differs and why. What is made is checked as any settings are, so that an environment cannot ask for what a
stack may not. Knows no account.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

from components.arguments import Arguments
from components.bucket import BucketSettings
from components.database import DatabaseSettings
from components.service_kind import ServiceSettings
from components.volume import VolumeSettings
from components.worker import WorkerSettings
from pulumi_operations.project import ProjectError, config_nodes, full_key
from railyard.environments import names
from railyard.shared.console import CallError, OperationError
from railyard.shared.project import project_directory
from railyard.shared.settings_text import settings_yaml
from railyard.shared.stack import Stack, own_keys, read_stack_text
from stacks import class_of, python_systems, system_names
from stacks.arguments_tree import walk_arguments
from stacks.budget import lines_of_stack
from stacks.defaults_file import defaults_text
from stacks.monthly_cost import USED_AT_RAILWAY, total
from stacks.own_system import is_own
from stacks.problems import SettingsError
from stacks.settings import PLAN_KEY, StackSettings, parse, with_environment
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name, merged, own_values, shared_values

SMALLEST_GB: Final = 1
"""The smallest volume that settings can ask for."""
_KEPT: Final = ("zones", "prices")
"""Keys of the stack itself that an environment has as they are."""
_NO_COPIES: Final = {"level": "disabled", "reason": "what a review environment stores is made up or a copy"}
_HEADER: Final = """\
# Made by `railyard review up {number}` from Pulumi.{stack}.yaml, and made again by the next one: change nothing here.
# `railyard review down {number}` removes it with all that it describes.
"""
Tree = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Source:
    """The commits or images that an environment is to run."""

    number: int
    """Of the pull request."""
    text: str = ""
    """The settings file as the pull request has it, of which the systems alone count. Default: the stack's own."""
    trusted: bool = True
    """True when it may have secrets; a fork may not."""
    repository: str = ""
    """Repository of services that run the pull request's branch. Default: none."""
    branch: str = ""
    """That branch."""
    given: Mapping[tuple[str, ...], str] = field(default_factory=dict[tuple[str, ...], str])
    """Place in the settings → text that is there instead: an image, or the commit that images are tagged with."""


@dataclass(frozen=True, kw_only=True)
class ReviewSettings:
    """The settings of an environment."""

    text: str
    """The whole file."""
    settings: StackSettings
    left_out: Mapping[str, str]
    """System → why the environment does not have it."""
    cost: float
    """US dollars a month, as used: services and volumes. What the account pays once is not counted."""


def make(base: Stack, source: Source, sizes_gb: Mapping[str, int] | None = None) -> ReviewSettings:
    """Return the settings for a pull request; ``sizes_gb`` are of databases that get data, by system.

    Raises ``OperationError`` when the settings that result could not be deployed, with what is wrong and where.
    """
    number, reviews = source.number, base.settings.stack.reviews
    assert reviews is not None
    file = file_name(base.name)
    base_text = read_stack_text(base.name)
    text = source.text or base_text
    own, systems = _whole(base.name, base_text), _whole(base.name, text)
    chosen, left_out = _chosen(base, systems)
    if not chosen:
        raise OperationError(f"no system of {base.name} can have a review environment: " + "; ".join(left_out.values()))
    projects = _projects(base, chosen, number)
    trees: Tree = {name: _with_project(systems[name], own[name], projects[name], number) for name in chosen}
    copied = {key: own[key] for key in _KEPT if key in own}
    head: Tree = {
        PLAN_KEY: str(base.settings.plan),
        **_full({"environment": names.stack_name(number), "systems": chosen, "secrets": base.settings.secrets}),
    }
    if source.repository:
        _take_branch(trees, _checked({**head, **_full({**copied, **trees})}, file, text), source)
    for place, value in source.given.items():
        _put(trees, place, value)
    with _as_options(source.given):
        before = _checked({**head, **_full({**copied, **trees})}, file, text)
    hosts = names.public_names(before.systems, before.stack.zones, number)
    trees = cast("Tree", _renamed(trees, hosts))
    for name in chosen:
        _shrink(trees[name], before.systems[name], number, hosts, (sizes_gb or {}).get(name, SMALLEST_GB))
    handed = [key for key in reviews.secrets if source.trusted and key.partition(".")[0] in chosen]
    review = {"pullRequest": number, "stack": base.name, **({"secrets": handed} if handed else {})}
    policies = {**own.get("policies", {}), "volumes-have-backups": _NO_COPIES}
    document = {**head, **_full({"review": review, "policies": policies, **copied, **trees})}
    written = _HEADER.format(number=number, stack=base.name) + settings_yaml(
        {"config": document}, short_in_one_line=True
    )
    settings = _checked(document, file_name(names.stack_name(number)), written)
    lines = [line for line in lines_of_stack(settings) if line.kind in USED_AT_RAILWAY]
    return ReviewSettings(text=written, settings=settings, left_out=left_out, cost=round(total(lines).as_used, 2))


def _chosen(base: Stack, systems: Tree) -> tuple[list[str], dict[str, str]]:
    """Return the systems that the environment has, and why it has not the others."""
    reviews = base.settings.stack.reviews
    names = [name for name, tree in systems.items() if _is_system(name, tree)]
    reviewed = [name for name in names if not (reviews and reviews.systems) or name in reviews.systems]
    left_out: dict[str, str] = {}
    for name in reviewed:
        needed = next((each for each in base.declared.get(name, ()) if each.one_per_stack and each.required), None)
        if name not in base.settings.systems:
            left_out[name] = f"{name} is left out: {base.name} does not have it yet"
        elif needed is not None:
            left_out[name] = f"{name} is left out: {name}.{needed.name} is for one stack, {needed.one_per_stack}"
    return [name for name in base.settings.systems if name in reviewed and name not in left_out], left_out


def _whole(stack: str, text: str) -> Tree:
    """Return the keys of Railyard in the text of a settings file, with defaults and what follows from them.

    Raises ``OperationError`` for a text that is not a settings file.
    """
    try:
        config = own_keys(file_name(stack), text)
        below = config_nodes(DEFAULTS_FILE, defaults_text(project_directory()))
    except ProjectError as error:
        raise OperationError(str(error)) from None
    shared = shared_values({full_key(NAMESPACE, key): node for key, node in below.items()})
    trees = merged(own_values(config), shared, system_names())
    environment = str(trees.get("environment") or stack)
    return {
        key: with_environment(class_of(key), tree, environment) if _is_system(key, tree) else tree
        for key, tree in trees.items()
    }


def _is_system(key: str, tree: Any) -> bool:
    return isinstance(tree, dict) and (key in system_names() or is_own(tree))


class _WrongSettingsError(OperationError):
    """Settings that cannot be; ``problems`` says what is wrong with them, one by one."""

    def __init__(self, error: SettingsError) -> None:
        super().__init__(str(error))
        self.problems = error.problems


def _checked(config: Tree, file: str, text: str) -> StackSettings:
    """Return what settings say; raises ``OperationError`` with all that is wrong with them."""
    try:
        return parse(config, python_systems(), file=file, text=text, defaults=defaults_text(project_directory()))
    except SettingsError as error:
        raise _WrongSettingsError(error) from None


@contextmanager
def _as_options(options: Mapping[tuple[str, ...], str]) -> Generator[None]:
    """Report what is wrong with an option of this run as such: it is in no file."""
    try:
        yield
    except _WrongSettingsError as error:
        wrong = {tuple(map(str, each.path)): each for each in error.problems}
        problems = [
            f"--set {'.'.join(place)}\n  allowed: {wrong[place].allowed}\n  fix: {wrong[place].fix}"
            for place in options
            if place in wrong
        ]
        if not problems:
            raise
        raise CallError("\n".join(problems)) from None


def _full(trees: Mapping[str, Any]) -> Tree:
    return {f"{NAMESPACE}:{key}": value for key, value in trees.items()}


def _projects(base: Stack, systems: Sequence[str], number: int) -> dict[str, str]:
    """Return system → its Railway project; systems of one project stay together, and the first one names it."""
    first: dict[str, str] = {}
    for system in systems:
        first.setdefault(base.settings.systems[system].project.name, system)
    return {system: names.project_name(first[base.settings.systems[system].project.name], number) for system in systems}


def _with_project(tree: Tree, own: Tree, project: str, number: int) -> Tree:
    """Return the settings of a system with a Railway project of its own, in the workspace that the stack says."""
    project_settings = {**own["project"], "name": project, "environment": names.stack_name(number)}
    return {**tree, "project": project_settings}


def _take_branch(trees: Tree, settings: StackSettings, source: Source) -> None:
    """Let each service of the pull request's repository run its branch."""
    places = [
        path
        for system, each in settings.systems.items()
        for path, part in walk_arguments(each, (system,))
        if isinstance(part, ServiceSettings) and (part.repo or "").lower() == source.repository.lower()
    ]
    for path in places:
        place = _at(trees, path)
        place |= {"branch": source.branch, "commitSha": None, "checkSuites": False}
    if not places:
        raise CallError(f"no service is built from {source.repository}: name a repository of the settings")


def _put(trees: Tree, place: Sequence[str], value: str) -> None:
    """Write a string into the settings of a system that the environment has; raises ``CallError``."""
    if place[0] not in trees:
        raise CallError(f"the environment has no system {place[0]!r}: name one of {', '.join(trees)}")
    _at(trees, place[:-1])[place[-1]] = value


def _at(tree: Tree, path: Sequence[str | int]) -> Tree:
    """Return the group at a place, made where it is missing."""
    value: Any = tree
    for key in path:
        if isinstance(value, list):
            value = cast("list[Any]", value)[int(key)]
            continue
        if not isinstance(value.get(key), dict | list):
            value[key] = {}
        value = value[key]
    return cast("Tree", value)


def _renamed(value: Any, hosts: Mapping[str, str]) -> Any:
    """Return settings in which the stack's hostnames are those of the environment, in the middle of texts, too."""
    if isinstance(value, str):
        for old, new in hosts.items():
            value = re.sub(rf"(?<![\w.*-]){re.escape(old)}(?![\w-]|\.\w)", new, value)
        return value
    if isinstance(value, dict):
        return {key: _renamed(each, hosts) for key, each in cast("Tree", value).items()}
    return [_renamed(each, hosts) for each in cast("list[Any]", value)] if isinstance(value, list) else value


def _shrink(tree: Tree, settings: Arguments, number: int, hosts: Mapping[str, str], size_gb: int) -> None:
    """Make a system as small as it can be: one replica of each service, the smallest volumes, no backups.

    A service sleeps until it is asked; a worker, which gets no requests, and a cron job do not.
    """
    _reset(tree, sealed=[], followsBranch=False, protected=False, alerts=None, redirects=[])
    _reset(tree["project"], prDeploys=False, botPrEnvironments=False, focusedPrEnvironments=False)
    for path, part in walk_arguments(settings):
        if isinstance(part, ServiceSettings):
            _shrink_service(_at(tree, path), part, hosts)
        elif isinstance(part, DatabaseSettings) and part.volume is not None:
            _smallest(_at(tree, path), size_gb)
        elif isinstance(part, VolumeSettings):
            _smallest(_at(tree, path), SMALLEST_GB)
        elif isinstance(part, BucketSettings):
            place = _at(tree, path)
            place["name"] = names.bucket_name(part.name, number)
            _reset(place, cdnDomain=None)


def _smallest(place: Tree, size_gb: int) -> None:
    """Give a volume this size, and nothing that costs more or alerts anybody."""
    place |= {"sizeGb": size_gb, "backups": [], "usageAlerts": []}
    _reset(place, outside=None)


def _reset(place: Tree, **values: Any) -> None:
    """Give keys that are set the value that they have without being set: what all stacks share would come back."""
    place |= {key: value for key, value in values.items() if key in place}


def _shrink_service(place: Tree, args: ServiceSettings, hosts: Mapping[str, str]) -> None:
    _reset(place, regions=None, replicas=1)
    if args.regions:
        place["region"] = max(args.regions, key=args.regions.__getitem__)
    if not args.cron_schedule and not isinstance(args, WorkerSettings):
        place["sleepApplication"] = True
    if args.domains:
        domains = cast("list[Tree]", place["domains"])
        held_domains = [new for new, old in zip(domains, args.domains, strict=True) if old.hostname in hosts]
        place["domains"] = held_domains
        if not held_domains and args.port is not None:
            place["railwayDomain"] = True
