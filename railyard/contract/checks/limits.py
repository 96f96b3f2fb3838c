"""Points on sizes, limits and the schema itself."""

from __future__ import annotations

from typing import Any

from railway_api.batch import LARGEST
from railway_api.documents.project import PROJECT
from railway_api.errors import NotAuthorized, OutcomeUnknown, RailwayError, Throttled, Unreachable, Validation
from railway_api.patches import at
from railyard.contract.doubtful_point import Verdict, doubtful_point, verdict
from railyard.contract.graphql_documents import LIMIT_OVERRIDE, ME, TYPE, WORKSPACE_LIMIT
from railyard.contract.project_under_test import LIMITS, MEMORY_BYTES, VCPUS, ProjectUnderTest, Undecided

LONGEST_NAME = 63
OTHERS = 5
"""So many requests may others have sent with the same token meanwhile."""


@doubtful_point(
    9,
    "How long may a list be, and how large a request?",
    assumed="the whole read is accepted, and a document of 25 calls counts as one request",
    change=("pace.py", "batch.py", "railway/limits.py"),
    requests=20,
)
async def large_requests(project: ProjectUnderTest) -> Verdict:
    """Send the provider's largest read, and see what a document of many calls takes off the budget."""
    try:
        await project.snapshot()
    except Validation as refused:
        return verdict((False, f"the read of a whole environment was refused: {refused.reason}"))
    used = await _used_by_many_calls(project)
    if OTHERS < used < LARGEST:
        return Verdict.unknown(f"{used} points went while {LARGEST} calls were sent: others use the token too")
    return verdict((used < LARGEST, f"{LARGEST} calls in one document, and the one that asked, took {used} points"))


async def _used_by_many_calls(project: ProjectUnderTest) -> int:
    for _ in range(3):
        before = await _remaining(project)
        await project.client.transport.call_all(PROJECT, [{"id": project.project_id}] * LARGEST)
        if (used := before - await _remaining(project)) >= 0:
            return used
    raise Undecided("what is left of the budget keeps growing")


async def _remaining(project: ProjectUnderTest) -> int:
    limit: Any = None
    if project.workspace_id is not None:
        limit = (await project.call(WORKSPACE_LIMIT, workspaceId=project.workspace_id))["apiTokenRateLimit"]
    limit = limit or (await project.call(ME))["apiTokenRateLimit"]
    if limit is None:
        raise Undecided("Railway does not say what is left of the token's budget")
    return int(limit["remainingPoints"])


@doubtful_point(
    11,
    "What are the largest values?",
    assumed="a service's name has at most 63 characters; sizes are those of the price list and not tried",
    change=("resources/shared/checks.py", "railway/services/services.py"),
)
async def long_names(project: ProjectUnderTest) -> Verdict:
    """Try names of 63 and 64 characters. More replicas or memory than a plan has would only tell the plan."""
    at_most, too_long = (await _accepts(project, "n" * LONGEST_NAME), await _accepts(project, "m" * (LONGEST_NAME + 1)))
    return verdict(
        (at_most, f"a name of {LONGEST_NAME} characters is {'accepted' if at_most else 'refused'}"),
        (not too_long, f"one of {LONGEST_NAME + 1} is {'accepted' if too_long else 'refused'}"),
    )


async def _accepts(project: ProjectUnderTest, name: str) -> bool:
    try:
        await project.service(name)
    except (NotAuthorized, OutcomeUnknown, Throttled, Unreachable):
        raise  # nothing about the name
    except RailwayError:
        return False
    return True


@doubtful_point(
    22,
    "Form and units of the separate operations for limits",
    assumed="they speak of vCPUs and memoryGB, and the configuration keeps bytes as they were written",
    change=(
        "resources/shared/instance_config.py",
        "railway/services/service_instances.py",
    ),
)
async def limits(project: ProjectUnderTest) -> Verdict:
    """Set limits in the configuration, and read them there and with the separate operation."""
    service = await project.service("limits")
    await project.commit_service(service, {"deploy": {"limitOverride": LIMITS}})
    containers = at(await project.service_config(service), ("deploy", "limitOverride", "containers"))
    variables = {"environmentId": project.environment_id, "serviceId": service}
    answer = await project.call(LIMIT_OVERRIDE, **variables)
    return verdict(
        (containers == LIMITS["containers"], f"the configuration has {containers}"),
        (answer == {"vCPUs": VCPUS, "memoryGB": MEMORY_BYTES / 1e9}, f"the separate operation answers {answer}"),
    )


@doubtful_point(
    23,
    "`iacPartials` of an environment",
    assumed="there is no such field",
    change=("documents/environment.py", "railway/schema.graphql"),
    requests=2,
    seconds=30,
)
async def iac_partials(project: ProjectUnderTest) -> Verdict:
    """Look at the schema that Railway answers with today."""
    fields = {each["name"] for each in (await project.call(TYPE, name="Environment"))["fields"]}
    exists = "iacPartials" in fields
    return verdict((not exists, f"Environment has {'it' if exists else 'no such field'} among its {len(fields)}"))


POINTS = (large_requests, long_names, limits, iac_partials)
