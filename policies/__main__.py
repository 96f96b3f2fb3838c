"""The rules of ``stacks/policy`` as a policy pack of Pulumi: ``pulumi preview --policy-pack policies``.

Owns the translation alone. Levels are those of the stack's settings.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), *sorted(str(package) for package in (ROOT / "packages").iterdir())]

from pulumi_operations.project import ProjectError, config_texts  # noqa: E402
from stacks.defaults_file import defaults_text  # noqa: E402
from stacks.policy.policy import Level, Policy, Resource, Resources  # noqa: E402
from stacks.policy.rules import POLICIES  # noqa: E402
from stacks.policy.violations import Levels, levels_of, violation_of  # noqa: E402
from stacks.problems import SettingsError  # noqa: E402
from stacks.shared_settings import DEFAULTS_FILE, NAMESPACE, file_name, with_shared  # noqa: E402

PROPERTIES = (
    "backupSchedules", "commitSha", "cronSchedule", "domain", "healthcheckPath", "image", "memoryMb", "numReplicas",
    "regions", "repo", "restartPolicyType", "variables",
)  # fmt: skip
"""Inputs that rules read: reading one that is unknown in a preview would end the rule."""


@cache  # each rule asks
def levels(stack: str) -> Levels:
    """Return the levels that the settings of a stack choose."""
    file = ROOT / file_name(stack)
    if not file.is_file():
        return {}
    try:
        own = config_texts(file.name, file.read_text(encoding="utf-8"), NAMESPACE)
        below = config_texts(DEFAULTS_FILE, defaults_text(ROOT), NAMESPACE)
    except (ProjectError, SettingsError):
        return {}
    return levels_of(with_shared(own, below, known=()))


def resource_of(resource: PolicyResource) -> Resource:
    """Return a resource as rules see it."""
    return Resource(
        type=resource.resource_type,
        name=resource.name,
        urn=resource.urn,
        props={name: value for name in PROPERTIES if (value := _known(resource, name)) is not None},
        protect=resource.opts.protect,
        needs=frozenset(each.urn for each in resource.dependencies),
    )


def _known(resource: PolicyResource, name: str) -> Any:
    with suppress(Exception):  # the SDK's own error for a value that is not known yet
        value = resource.props.get(name)
        if name in ("regions", "variables") and value:
            return {key: None if name == "variables" else value[key] for key in value}
        return value
    return None


def validation(policy: Policy, level: Level) -> Callable[[StackValidationArgs, ReportViolation], None]:
    """Return the function that Pulumi calls for one rule at one level."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stacks = {resource.urn.split("::")[0].removeprefix("urn:pulumi:") for resource in args.resources}
        chosen: Levels = levels(stacks.pop()) if len(stacks) == 1 else {}
        violation = violation_of(policy, Resources(map(resource_of, args.resources)), chosen)
        if violation and violation.level == level:
            text = f"{violation.message} ({violation.reason})" if violation.reason else violation.message
            report(text, violation.urns[0])

    return validate


PolicyPack(
    name="railyard",
    # Pulumi asks for the levels before a pack can know for which stack: so each rule is registered at both, and
    # reports at the one that the settings choose. Names are unique: at the level that is not its default, a rule's
    # name ends with the level.
    policies=[
        StackValidationPolicy(
            name=policy.name if level is policy.level else f"{policy.name}-{level.value}",
            description=f"{policy.must} {policy.why}",
            enforcement_level=EnforcementLevel(level.value),
            validate=validation(policy, level),
        )
        for policy in POLICIES
        for level in (Level.MANDATORY, Level.ADVISORY)
    ],
)
