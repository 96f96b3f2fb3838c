"""The settings of a stack: what ``Pulumi.<stack>.yaml`` says, checked as a whole and typed.

Owns the way from configuration to one settings object per system, and the report of everything that is wrong with
it. Does not know what the settings mean: each system declares its own.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from components.arguments import Arguments, Many, Name, matching
from components.bucket import BucketName, SpacesRegion
from components.nearest_name import did_you_mean
from components.problems import Problem, problems_of
from components.usage_limit import UsageLimitSettings
from components.zone import ZoneSettings
from pulumiverse_railway import rules
from pulumiverse_railway.configured_provider import CONFIGURATION
from railway_api.plans import Plan
from stacks import in_clear, own_system
from stacks.arguments_tree import Path
from stacks.names import wrong_names
from stacks.policy.violations import PolicyLevel, PolicyName
from stacks.prices import Budget, Prices, ServiceUsage
from stacks.problems import SettingsError
from stacks.proven import unproven
from stacks.reviews import Review, Reviews, wrong_reviews
from stacks.settings_rules import encrypted_paths, foreign_keys, problems_of_text, read_nodes, wrong_systems
from stacks.shared_settings import (
    DEFAULTS_FILE,
    NAMESPACE,
    SERVICES,
    merged,
    over,
    own_values,
    shared_values,
    stack_of,
    value_of,
)
from stacks.system import Owner, System, SystemSettings

PROVIDER_NAMESPACE: Final = "railway"
"""Prefix of the keys of the Railway provider."""
PROVIDER_KEYS: Final = {f"{PROVIDER_NAMESPACE}:{name}": meaning for name, meaning in CONFIGURATION.items()}
"""Each of them, with its meaning."""
_NAMESPACES: Final = (NAMESPACE, PROVIDER_NAMESPACE)
_MISSPELLED: Final = 0.85
"""Similarity from which a namespace is a misspelling of ours; other packages stay below 0.7 (``scaleway``)."""
_SERVICES_ARE_MISSING: Final = (
    f"a system of settings alone with a group {SERVICES}, or the name of one in Python",
    f"add {SERVICES} to it, here or in {DEFAULTS_FILE}",
)
BUDGET_KEY: Final = f"{NAMESPACE}:budget"
PLAN_KEY: Final = f"{PROVIDER_NAMESPACE}:plan"
"""The plan is a setting of the Railway provider, which sizes its request rate by it."""


class BackupBucket(Arguments):
    """The bucket to which copies outside of Railway go: outside of the stack, so that nothing it runs can open it."""

    bucket: BucketName
    """Name of the bucket. It is made once by hand, so that destroying the stack leaves it alone."""
    region: SpacesRegion
    """DigitalOcean region, best another one than the stack's own buckets have."""


def _each_zone_once(zones: tuple[ZoneSettings, ...]) -> tuple[ZoneSettings, ...]:
    if len({zone.name for zone in zones}) < len(zones) or len({zone.id for zone in zones}) < len(zones):
        raise ValueError("each zone once, with an id of its own: remove one, or correct its name or id")
    return zones


def _unless_empty(value: Any) -> Any:
    """Return None for an empty text, which is what ``Pulumi.yaml`` declares where a stack says nothing."""
    return None if value == "" else value


_SECRETS_PATH: Final = matching(
    r"(?!/)(?!.*(^|/)\.\.(/|$))[^\\\x00-\x1f\x7f]*[^/\\\x00-\x1f\x7f](/|\.yaml|\.yml|\.json)",
    "a path inside the project without .., of a file that ends in .yaml, .yml or .json, or of a folder with a slash at "
    "its end",
)


class StackKeys(Arguments):
    """The keys that belong to the stack and not to one system."""

    environment: Annotated[Name | None, BeforeValidator(_unless_empty)] = None
    """For which environment the stack stands: it names the Railway projects (``<system>-<environment>``) and their
    environments, unless a system says otherwise. Default: the name of the stack."""
    systems: Many[Name] | None = None
    """Systems that the stack runs. Default: those that its own file has a key of."""
    zones: Annotated[Many[ZoneSettings], AfterValidator(_each_zone_once)] = ()
    """Cloudflare zones that hold the systems' domains."""
    secrets: Annotated[Annotated[str, _SECRETS_PATH] | None, BeforeValidator(_unless_empty)] = None
    """Path of the SOPS file with the systems' secrets; or of a folder, with a slash at its end, in which each system
    has one with its own recipients, ``secrets/production/shop.yaml``. Default: ``secrets/<stack>.yaml``."""
    owner: Many[Owner] = ()
    """People who are asked to review the stack, as GitHub's CODEOWNERS writes them: ``@org/team``, ``@user``, an
    address. In defaults.yaml: those who are asked to review everything. Default: nobody."""
    promotes_from: Annotated[Name | None, BeforeValidator(_unless_empty)] = None
    """The stack that proves what this one runs: systems are pinned then, unless they say ``followsBranch: true``.
    Default: none."""
    backups: BackupBucket | None = None
    """Bucket for copies outside of Railway, files and dumps. Default: nowhere, and ``railyard backup`` says so."""
    budget: Budget | None = None
    """US dollars that the stack may cost a month, as used; what would pass it is refused. Default: no limit."""
    usage_limit: UsageLimitSettings | None = None
    """Limits of what the workspace may use in a billing period, all of its stacks together: at ``softLimitDollars``
    Railway sends a mail, at ``hardLimitDollars`` it stops every service. In one stack of the workspace alone. Default:
    none."""
    policies: dict[PolicyName, PolicyLevel] = Field(default_factory=dict[PolicyName, PolicyLevel])
    """Rules that the stack takes otherwise than docs/policies.md says, each with its level and the reason."""
    prices: Prices = Prices()
    """Prices that differ from the list prices, and what is paid elsewhere."""
    usage: dict[Name, ServiceUsage] = Field(default_factory=dict)
    """System → service → how much it uses, where that is known. Default: assumed."""
    reviews: Reviews | None = None
    """Environments for pull requests, made from the settings of this stack. Default: it has none."""
    review: Review | None = None
    """Of which pull request this stack is the environment; written by ``railyard review up``. Default: of none."""


_KEYS: Final = tuple(field.alias or name for name, field in StackKeys.model_fields.items())
"""Names of the stack's keys in the file."""


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """All that ``Pulumi.<stack>.yaml`` says."""

    name: str
    """Name of the stack."""
    plan: Plan
    """Railway plan of the account."""
    stack: StackKeys
    systems: Mapping[str, SystemSettings] = field(default_factory=dict[str, SystemSettings])
    """The systems that are deployed, in the order in which their classes are listed."""

    encrypted: frozenset[Path] = frozenset()
    """Paths of values that are encrypted in the file: variables, which stay secret."""

    def encrypted_variables(self, system: str) -> frozenset[str]:
        """Return the names of a system's variables whose values are encrypted in the file."""
        return frozenset(str(path[-1]) for path in self.encrypted if path[0] == system)

    @property
    def environment(self) -> str:
        """Return for which environment the stack stands."""
        return self.stack.environment or self.name

    @property
    def secrets(self) -> str:
        """Return the path of the SOPS file with the systems' secrets, or of the folder with a file for each."""
        return self.stack.secrets or f"secrets/{self.name}.yaml"

    @property
    def has_secrets_by_system(self) -> bool:
        """Tell whether each system has a secrets file of its own."""
        return self.secrets.endswith("/")

    def secrets_of(self, system: str) -> str:
        """Return the path of the SOPS file with the secrets of one system."""
        return f"{self.secrets}{system}.yaml" if self.has_secrets_by_system else self.secrets


def parse(
    config: Mapping[str, Any], systems: Sequence[type[System[Any]]], *, file: str, text: str = "", defaults: str = ""
) -> StackSettings:
    """Read the settings out of a stack's configuration, and out of what all stacks share.

    ``config`` maps full keys (``railyard:omega``) to values: parsed ones, or JSON texts as Pulumi hands them to
    programs. ``file`` (``Pulumi.<stack>.yaml``) and its ``text`` are named in errors, with the line where a key stands;
    ``defaults`` is the text of the file that all stacks share. Raises ``SettingsError`` with everything that is wrong.
    """
    nodes, shared_nodes = read_nodes(file, text), read_nodes(DEFAULTS_FILE, defaults)
    problems = [*problems_of_text(nodes), *problems_of_text(shared_nodes)]
    problems += [*in_clear.in_configuration(nodes | shared_nodes), *foreign_keys(shared_nodes)]
    known = {system.NAME: system for system in systems}
    shared = shared_values(shared_nodes)
    own = merged(own_values(config), shared, list(known))
    plan = _plan(value_of(config.get(PLAN_KEY, "pro")), problems)
    stack: StackKeys | None = _one(StackKeys, {key: own[key] for key in _KEYS if key in own}, (), problems)
    problems += _take_systems_of_settings(own, known)
    runs = _runs(stack, own, list(known), problems)
    environment = (stack and stack.environment) or stack_of(file)
    validated = {
        name: _one(known[name].SETTINGS, with_environment(known[name], own[name], environment), (name,), problems)
        for name in runs
    }
    parsed: dict[str, SystemSettings] = {name: settings for name, settings in validated.items() if settings}
    problems += [*_unknown_keys(config, own, shared, known), *wrong_systems(parsed, known, plan)]
    if stack and not stack.review:
        declared = {name: known[name].declared(settings) for name, settings in parsed.items()}
        problems += wrong_reviews(stack.reviews, list(known), declared)
    problems += unproven(stack.promotes_from if stack else None, parsed, known)
    encrypted = frozenset(encrypted_paths(shared_nodes | nodes))
    clear = in_clear.in_settings({name: own[name] for name in runs}, of_review=bool(stack and stack.review))
    problems = _with_credentials(problems, (each for each in clear if each.path not in encrypted))
    if stack:
        problems += wrong_names(parsed, stack.zones, zones_key=f"{NAMESPACE}:zones")
    if problems or stack is None or plan is None:
        raise SettingsError(file, _each_place_once(problems), prefix=f"{NAMESPACE}:", text=text, defaults=defaults)
    return StackSettings(name=stack_of(file), plan=plan, stack=stack, systems=parsed, encrypted=encrypted)


def _take_systems_of_settings(own: Mapping[str, Any], known: dict[str, type[System[Any]]]) -> Iterator[Problem]:
    """Add the systems that are settings alone to ``known``, and yield what is wrong with their names."""
    for name, value in own.items():
        if name not in (*_KEYS, *known) and own_system.is_own(value):
            yield from _about_name(name, known)
            known[name] = own_system.system_of(name)


def _unknown_keys(
    config: Mapping[str, Any], own: Mapping[str, Any], shared: Mapping[str, Any], known: Collection[str]
) -> Iterator[Problem]:
    """Yield keys that are neither the stack's nor a system's, and systems that lack their services."""
    unknown = {name: value for name, value in own.items() if name not in (*_KEYS, *known)}
    incomplete = [name for name, value in unknown.items() if own_system.lacks_services(value)]
    misspelled = {name: key for name, value in unknown.items() if (key := own_system.misspelled_services(value))}
    yield from (Problem((name,), None, *_SERVICES_ARE_MISSING) for name in incomplete if name not in misspelled)
    for name, key in misspelled.items():
        yield Problem((name, key), None, f"a group {SERVICES} in {name}", f"write {SERVICES} in place of {key}")
    allowed = [*(f"{NAMESPACE}:{key}" for key in (*_KEYS, *known)), *PROVIDER_KEYS]
    elsewhere = [f"{NAMESPACE}:{key}" for key, value in shared.items() if not own_system.is_own(value)]
    expected = [*allowed, *(f"{NAMESPACE}:{name}" for name in (*incomplete, *misspelled))]
    for key in dict.fromkeys([*config, *elsewhere]):
        if is_own(key) and key not in expected:
            yield Problem.unknown_key((key,), expected, place="the stack", absolute=True)


def with_environment(system: type[System[Any]], settings: Any, environment: str) -> Any:
    """Return the settings of a system with what follows from the stack's environment, where they do not say it."""
    if not isinstance(settings, Mapping):
        return settings
    follows: dict[str, Any] = {"project": {"name": f"{system.NAME}-{environment}", "environment": environment}}
    if "environment" in system.SETTINGS.model_fields:
        follows["environment"] = environment
    return over(follows, settings)


def _runs(stack: StackKeys | None, own: Mapping[str, Any], known: Sequence[str], problems: list[Problem]) -> list[str]:
    """Return the systems that a stack runs, and report those that it names and cannot run, and none at all."""
    named = None if stack is None else stack.systems
    for index, name in enumerate(named or ()):
        if name not in known:
            allowed = f"a system of the project{': ' if known else ''}{', '.join(known)}"
            problems.append(Problem(("systems", index), name, allowed, did_you_mean(name, known, "remove it")))
    if named is not None:
        problems.extend(
            Problem((name,), None, f"a system that {NAMESPACE}:systems names", f"add {name} there, or remove this key")
            for name in known
            if name in own and name not in named
        )
    runs = [name for name in known if name in own and (named is None or name in named)]
    if not runs:
        choice = f" of: {', '.join(known)}" if known else f", {NAMESPACE}:<name> with a group {SERVICES}"
        problems.append(Problem((), None, f"at least one system{choice}", "add one, or copy it from another stack"))
    return runs


def is_own(key: str) -> bool:
    """Tell whether a full key is meant for Railyard or its provider, with its namespace misspelled too."""
    return bool(difflib.get_close_matches(key.partition(":")[0].lower(), _NAMESPACES, cutoff=_MISSPELLED))


def _with_credentials(problems: Sequence[Problem], shown: Iterable[Problem]) -> list[Problem]:
    """Return ``problems`` with the credentials in clear; of a place with one nothing is said that tells its value."""
    reported = {each.path for each in problems if each.value is None}
    more = [each for each in shown if each.path not in reported]
    places = {each.path for each in more}
    return [*(each for each in problems if each.path not in places), *more]


def _each_place_once(problems: Sequence[Problem]) -> list[Problem]:
    """Return what is said first about each place; of a whole group or a missing key there may be more to say."""
    first_problems: list[Problem] = []
    places: set[tuple[Path, bool]] = set()
    for problem in problems:
        place = (problem.path, problem.absolute)
        if place not in places or problem.value is None:
            first_problems.append(problem)
            places.add(place)
    return first_problems


def _plan(value: Any, problems: list[Problem]) -> Plan | None:
    try:
        return Plan(value)
    except ValueError:
        allowed = f"one of {', '.join(Plan)}"
        problems.append(
            Problem((PLAN_KEY,), value, allowed, "write the plan that the Railway workspace has", absolute=True)
        )
        return None


def _one(model: type[SystemSettings | StackKeys], value: Any, path: tuple[str, ...], problems: list[Problem]) -> Any:
    try:
        # A key is written in one way, which is the one that other commands find and change.
        return model.model_validate_json(json.dumps(value), by_alias=True, by_name=False)
    except ValidationError as error:
        problems.extend(problems_of(error, model, value, path))
        return None


def _about_name(name: str, known: Iterable[str]) -> Iterator[Problem]:
    """Yield what is wrong with the name of a system of one's own: it begins the names of all its resources."""
    demand = rules.label.broken_by(name)
    near = next((each for each in known if name.startswith(f"{each}-") or each.startswith(f"{name}-")), None)
    if demand or near:
        allowed = f"a name that begins no other, as {near} does" if near else str(demand).removeprefix("be ")
        yield Problem((name,), None, allowed, "give the system another name")
