"""Points on the reach of operations, and on what a patch of the configuration does."""

from __future__ import annotations

from typing import Any

from railway_api.documents.environment import ENVIRONMENT_PATCH_COMMIT, ENVIRONMENT_STAGED_CHANGES
from railway_api.documents.lookup import REGIONS
from railway_api.documents.service import SERVICE_DELETE
from railway_api.errors import Busy, LeftOut, NotFound, PlanLimit, RailwayError
from railway_api.patches import at
from railway_api.snapshot import table
from railyard.contract.documents import STAGE, TYPE, WORKFLOW
from railyard.contract.ground import IMAGES, LIMITS, Ground
from railyard.contract.points import Verdict, judged, point


@point(
    1,
    "Does creating or deleting a service reach other environments?",
    assumed="both reach all environments that are no forks",
    change=("resources/service.py", "railway/services.py"),
    requests=50,
    seconds=240,
)
async def reach(ground: Ground) -> Verdict:
    """A service is made and deleted in one environment; was it in the second one in between?"""
    second = await ground.second_environment()
    service = await ground.service("reach")

    async def there() -> bool:
        return (await ground.snapshot(second)).has_instance(service)

    async def gone() -> bool:
        return not await there()

    created = await ground.seen(there)
    if not created:
        await ground.commit({"services": {service: {"isCreated": True}}}, environment_id=second)
    await ground.call(SERVICE_DELETE, id=service, environmentId=ground.environment_id)
    deleted = await ground.seen(gone)
    return judged(
        (created, f"a service made in one environment was {'also' if created else 'not'} in the second one"),
        (deleted, f"deleted in one, it was {'gone from' if deleted else 'still in'} the second"),
    )


@point(
    2,
    "Are replicas and regions lost by a change of something else?",
    assumed="a patch of something else keeps them",
    change=("resources/parts/instance_config.py", "railway/config_merge.py"),
    requests=80,
    seconds=500,
    containers=6,
)
async def replicas(ground: Ground) -> Verdict:
    """Two replicas in a region, deployed; then a variable and a setting change, and are deployed too."""
    regions = await ground.call(REGIONS, projectId=ground.project_id)
    constraints = [(each["name"], table(each["deploymentConstraints"])) for each in regions]
    region = next(name for name, each in constraints if not table(each.get("deprecationInfo")).get("isDeprecated"))
    deploy = {"multiRegionConfig": {region: {"numReplicas": 2}}, "limitOverride": LIMITS}
    first = {"source": {"image": IMAGES[0]}, "deploy": deploy}
    other = {"deploy": {"healthcheckTimeout": 120}, "variables": {"LIVE": {"value": "2"}}}
    service = await ground.service("replicas")
    try:
        await ground.deployed(service, lambda: ground.commit_service(service, first))
    except PlanLimit:
        return Verdict.unknown("the plan does not allow two replicas")
    before = at(await ground.service_config(service), ("deploy", "multiRegionConfig"))
    await ground.deployed(service, lambda: ground.commit_service(service, other))
    after = at(await ground.service_config(service), ("deploy", "multiRegionConfig"))
    kept = before == after and at(after, (region, "numReplicas")) == 2
    return judged((kept, f"{_placed(before)} before, {_placed(after)} after the change of something else"))


def _placed(regions: Any) -> str:
    """``2 in us-west2``; Railway leaves out what is its default."""
    parts = [f"{table(each).get('numReplicas')} in {region}" for region, each in table(regions).items()]
    return ", ".join(parts) or "one in the default region"


@point(
    3,
    "Is a health check path with a hyphen refused on a new service?",
    assumed="it is accepted",
    change=("resources/parts/checks.py", "railway/config_rules.py"),
)
async def hyphen(ground: Ground) -> Verdict:
    """The first settings of a new service hold such a path."""
    service = await ground.service("hyphen")
    try:
        await ground.commit_service(service, {"deploy": {"healthcheckPath": "/health-check"}})
    except RailwayError as refused:
        if "health" not in refused.reason.lower():
            raise
        return judged((False, f"refused: {refused.reason}"))
    found = at(await ground.service_config(service), ("deploy", "healthcheckPath"))
    return judged((found == "/health-check", f"accepted, and read back as {found}"))


@point(
    4,
    "Can a patch be committed without deploying?",
    assumed="a patch that is committed at once has no such argument",
    change=("documents/environment.py", "railway/schema.graphql"),
    requests=2,
    seconds=30,
)
async def skip_deploys(ground: Ground) -> Verdict:
    """The schema that Railway answers with today."""
    mutations = {each["name"]: each for each in (await ground.call(TYPE, name="Mutation"))["fields"]}
    arguments = [each["name"] for each in mutations[ENVIRONMENT_PATCH_COMMIT.field]["args"]]
    return judged(("skipDeploys" not in arguments, f"environmentPatchCommit takes {', '.join(sorted(arguments))}"))


@point(
    5,
    "What is the text that a committed patch answers with?",
    assumed="the id of a workflow",
    change=("group_commits.py", "railway/environments.py"),
)
async def answer_of_commit(ground: Ground) -> Verdict:
    """Whether workflowStatus knows it."""
    text = await ground.commit({"sharedVariables": {"ANSWER": {"value": "1"}}})
    try:
        status = (await ground.call(WORKFLOW, workflowId=text))["status"]
    except NotFound:
        status = "NotFound"
    return judged((status != "NotFound", f"workflowStatus answers {status} to it"))


@point(
    6,
    "Does the configuration hold domains, and does null delete one there?",
    assumed="it holds them, and null does nothing",
    change=(
        "snapshot.py",
        "railway/config_view.py",
        "railway/config_patch.py",
    ),
    requests=40,
)
async def domains_in_config(ground: Ground) -> Verdict:
    """A domain of Railway's, looked for in the configuration and nulled there."""
    service = await ground.service("domains")
    domain = await ground.service_domain(service)
    path = ("networking", "serviceDomains")

    async def shown() -> bool:
        return bool(table(at(await ground.service_config(service), path)))

    if not await ground.seen(shown):
        return judged((False, "the configuration does not show a domain that exists"))
    keys = table(at(await ground.service_config(service), path))
    await ground.commit_service(service, {"networking": {"serviceDomains": dict.fromkeys(keys)}})
    kept = (await ground.snapshot()).domain(service, "serviceDomains", domain["domain"]) is not None
    form = "name" if domain["domain"] in keys else "something else than the name"
    return judged(
        (form == "name", f"the configuration shows it by {form}"),
        (kept, f"after null it {'is still there' if kept else 'is gone'}"),
    )


@point(
    18,
    "What happens to two patches at the same time?",
    assumed="the second one is refused while the first is being applied",
    change=("group_commits.py", "railway/config_patch.py"),
)
async def two_patches(ground: Ground) -> Verdict:
    """Two patches in one document, of which Railway executes the second right after the first."""
    known = {each["id"] for each in await ground.patches()}
    service = await ground.service("patches")

    def patch(value: str) -> dict[str, Any]:
        entry = {"variables": {"WHICH": {"value": value}}}
        return {"environmentId": ground.environment_id, "patch": {"services": {service: entry}}}

    answers = await ground.client.transport.call_all(ENVIRONMENT_PATCH_COMMIT, [patch("first"), patch("second")])
    # The refusal of one takes the answer to the other away.
    refused = [each for each in answers if isinstance(each, RailwayError) and not isinstance(each, LeftOut)]
    if len(refused) == len(answers):
        raise refused[0]
    await ground.settled(known)
    won = at(await ground.service_config(service), ("variables", "WHICH", "value"))
    if not refused:
        return judged((False, f"both were accepted, and the {won} one is in effect"))
    busy = isinstance(refused[0], Busy)
    return judged((busy and won == "first", f"one was refused ({refused[0].reason}), the {won} one is in effect"))


@point(
    28,
    "Is the message of a commit kept on its patch?",
    assumed="it is the patch's message",
    change=("group_commits.py", "railway/config_patch.py"),
)
async def message(ground: Ground) -> Verdict:
    """A commit with a message, and the list of patches."""
    await ground.commit({"sharedVariables": {"MESSAGE": {"value": "1"}}}, message=ground.name)
    messages = [each["message"] for each in await ground.patches()]
    found = next((text for text in messages if ground.name in (text or "")), None)
    return judged((found == ground.name, "the list shows it" if found else f"the list shows {messages}"))


@point(
    30,
    "Does a commit leave staged changes alone?",
    assumed="they stay staged, and do not go live",
    change=("foreign_changes.py", "railway/config_patch.py"),
)
async def staged(ground: Ground) -> Verdict:
    """One variable is staged, another one committed."""
    service = await ground.service("staged")

    def patch(name: str) -> dict[str, Any]:
        return {"services": {service: {"variables": {name: {"value": "1"}}}}}

    await ground.call(STAGE, environmentId=ground.environment_id, input=patch("STAGED"))
    await ground.commit(patch("COMMITTED"))
    variables = table((await ground.service_config(service)).get("variables"))
    left = await ground.call(ENVIRONMENT_STAGED_CHANGES, environmentId=ground.environment_id)
    waits = "STAGED" in table(at(table(left["patch"]), ("services", service, "variables")))
    await ground.call(STAGE, environmentId=ground.environment_id, input={})
    live = "STAGED" in variables
    return judged(
        ("COMMITTED" in variables and not live, f"what was staged {'went' if live else 'did not go'} live"),
        (waits, f"it is {'still' if waits else 'no longer'} staged"),
    )


POINTS = (reach, replicas, hyphen, skip_deploys, answer_of_commit, domains_in_config, two_patches, message, staged)
