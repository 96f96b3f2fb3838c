"""Points on the reach of operations, and on what a patch of the configuration does."""

from __future__ import annotations

from typing import Any

from railway_api.documents.environment import ENVIRONMENT_PATCH_COMMIT, ENVIRONMENT_STAGED_CHANGES
from railway_api.documents.lookup import REGIONS
from railway_api.documents.service import SERVICE_DELETE
from railway_api.errors import Busy, LeftOut, NotFound, PlanLimit, RailwayError
from railway_api.json_objects import table
from railway_api.patches import at
from railyard.contract.doubtful_point import Verdict, doubtful_point, verdict
from railyard.contract.graphql_documents import STAGE, TYPE, WORKFLOW
from railyard.contract.project_under_test import IMAGES, LIMITS, ProjectUnderTest


@doubtful_point(
    1,
    "Does creating or deleting a service reach other environments?",
    assumed="both reach all environments that are no forks",
    change=("resources/service.py", "railway/services/services.py"),
    requests=50,
    seconds=240,
)
async def reach(project: ProjectUnderTest) -> Verdict:
    """Make and delete a service in one environment, and see whether it was in the second one in between."""
    second = await project.second_environment()
    service = await project.service("reach")

    async def there() -> bool:
        return (await project.snapshot(second)).has_instance(service)

    async def gone() -> bool:
        return not await there()

    created = await project.appears(there)
    if not created:
        await project.commit({"services": {service: {"isCreated": True}}}, environment_id=second)
    await project.call(SERVICE_DELETE, id=service, environmentId=project.environment_id)
    deleted = await project.appears(gone)
    return verdict(
        (created, f"a service made in one environment was {'also' if created else 'not'} in the second one"),
        (deleted, f"deleted in one, it was {'gone from' if deleted else 'still in'} the second"),
    )


@doubtful_point(
    2,
    "Are replicas and regions lost by a change of something else?",
    assumed="a patch of something else keeps them",
    change=("resources/shared/instance_config.py", "railway/config/merge.py"),
    requests=80,
    seconds=500,
    containers=6,
)
async def replicas(project: ProjectUnderTest) -> Verdict:
    """Deploy two replicas in a region; then change a variable and a setting, and deploy those too."""
    regions = await project.call(REGIONS, projectId=project.project_id)
    constraints = [(each["name"], table(each["deploymentConstraints"])) for each in regions]
    region = next(name for name, each in constraints if not table(each.get("deprecationInfo")).get("isDeprecated"))
    deploy = {"multiRegionConfig": {region: {"numReplicas": 2}}, "limitOverride": LIMITS}
    first = {"source": {"image": IMAGES[0]}, "deploy": deploy}
    other = {"deploy": {"healthcheckTimeout": 120}, "variables": {"LIVE": {"value": "2"}}}
    service = await project.service("replicas")
    try:
        await project.deployed(service, lambda: project.commit_service(service, first))
    except PlanLimit:
        return Verdict.unknown("the plan does not allow two replicas")
    before = at(await project.service_config(service), ("deploy", "multiRegionConfig"))
    await project.deployed(service, lambda: project.commit_service(service, other))
    after = at(await project.service_config(service), ("deploy", "multiRegionConfig"))
    is_unchanged = before == after and at(table(after), (region, "numReplicas")) == 2
    return verdict((is_unchanged, f"{_placed(before)} before, {_placed(after)} after the change of something else"))


def _placed(regions: Any) -> str:
    """Return ``2 in us-west2``; Railway may leave out what is its default."""
    parts = [f"{table(each).get('numReplicas')} in {region}" for region, each in table(regions).items()]
    return ", ".join(parts) or "one in the default region"


@doubtful_point(
    3,
    "Is a health check path with a hyphen refused on a new service?",
    assumed="it is accepted",
    change=("resources/shared/checks.py", "railway/config/rules.py"),
)
async def hyphen(project: ProjectUnderTest) -> Verdict:
    """Give a new service such a path with its first settings."""
    service = await project.service("hyphen")
    try:
        await project.commit_service(service, {"deploy": {"healthcheckPath": "/health-check"}})
    except RailwayError as refused:
        if "health" not in refused.reason.lower():
            raise
        return verdict((False, f"refused: {refused.reason}"))
    path = at(await project.service_config(service), ("deploy", "healthcheckPath"))
    return verdict((path == "/health-check", f"accepted, and read back as {path}"))


@doubtful_point(
    4,
    "Can a patch be committed without deploying?",
    assumed="a patch that is committed at once has no such argument",
    change=("documents/environment.py", "railway/schema.graphql"),
    requests=2,
    seconds=30,
)
async def skip_deploys(project: ProjectUnderTest) -> Verdict:
    """Look at the schema that Railway answers with today."""
    mutations = {each["name"]: each for each in (await project.call(TYPE, name="Mutation"))["fields"]}
    arguments = [each["name"] for each in mutations[ENVIRONMENT_PATCH_COMMIT.field]["args"]]
    return verdict(("skipDeploys" not in arguments, f"environmentPatchCommit takes {', '.join(sorted(arguments))}"))


@doubtful_point(
    5,
    "What is the text that a committed patch answers with?",
    assumed="the id of a workflow",
    change=("group_commits.py", "railway/environments/environments.py"),
)
async def answer_of_commit(project: ProjectUnderTest) -> Verdict:
    """Ask workflowStatus about it."""
    text = await project.commit({"sharedVariables": {"ANSWER": {"value": "1"}}})
    try:
        status = (await project.call(WORKFLOW, workflowId=text))["status"]
    except NotFound:
        status = "NotFound"
    return verdict((status != "NotFound", f"workflowStatus answers {status} to it"))


@doubtful_point(
    6,
    "Does the configuration hold domains, and does null delete one there?",
    assumed="it holds them, and null does nothing",
    change=(
        "snapshot.py",
        "railway/config/view.py",
        "railway/environments/config_patch.py",
    ),
    requests=40,
)
async def domains_in_config(project: ProjectUnderTest) -> Verdict:
    """Make a domain of Railway's, look for it in the configuration, and null it there."""
    service = await project.service("domains")
    domain = await project.service_domain(service)
    path = ("networking", "serviceDomains")

    async def shown() -> bool:
        return bool(table(at(await project.service_config(service), path)))

    if not await project.appears(shown):
        return verdict((False, "the configuration does not show a domain that exists"))
    keys = table(at(await project.service_config(service), path))
    await project.commit_service(service, {"networking": {"serviceDomains": dict.fromkeys(keys)}})
    still_exists = (await project.snapshot()).service_domain(service, domain["domain"]) is not None
    form = "name" if domain["domain"] in keys else "something else than the name"
    return verdict(
        (form == "name", f"the configuration shows it by {form}"),
        (still_exists, f"after null it {'is still there' if still_exists else 'is gone'}"),
    )


@doubtful_point(
    18,
    "What happens to two patches at the same time?",
    assumed="the second one is refused while the first is being applied",
    change=("group_commits.py", "railway/environments/config_patch.py"),
)
async def two_patches(project: ProjectUnderTest) -> Verdict:
    """Send two patches in one document, of which Railway executes the second right after the first."""
    patch_ids = {each["id"] for each in await project.patches()}
    service = await project.service("patches")

    def patch(value: str) -> dict[str, Any]:
        entry = {"variables": {"WHICH": {"value": value}}}
        return {"environmentId": project.environment_id, "patch": {"services": {service: entry}}}

    answers = await project.client.transport.call_all(ENVIRONMENT_PATCH_COMMIT, [patch("first"), patch("second")])
    # The refusal of one takes the answer to the other away.
    refused = [each for each in answers if isinstance(each, RailwayError) and not isinstance(each, LeftOut)]
    if len(refused) == len(answers):
        raise refused[0]
    await project.settled(patch_ids)
    won = at(await project.service_config(service), ("variables", "WHICH", "value"))
    if not refused:
        return verdict((False, f"both were accepted, and the {won} one is in effect"))
    busy = isinstance(refused[0], Busy)
    return verdict((busy and won == "first", f"one was refused ({refused[0].reason}), the {won} one is in effect"))


@doubtful_point(
    28,
    "Is the message of a commit kept on its patch?",
    assumed="it is the patch's message",
    change=("group_commits.py", "railway/environments/config_patch.py"),
)
async def message(project: ProjectUnderTest) -> Verdict:
    """Commit with a message, and look at the list of patches."""
    await project.commit({"sharedVariables": {"MESSAGE": {"value": "1"}}}, message=project.name)
    messages = [each["message"] for each in await project.patches()]
    own_message = next((text for text in messages if project.name in (text or "")), None)
    return verdict((own_message == project.name, "the list shows it" if own_message else f"the list shows {messages}"))


@doubtful_point(
    30,
    "Does a commit leave staged changes alone?",
    assumed="they stay staged, and do not go live",
    change=("foreign_changes.py", "railway/environments/config_patch.py"),
)
async def staged(project: ProjectUnderTest) -> Verdict:
    """Stage one variable, and commit another one."""
    service = await project.service("staged")

    def patch(name: str) -> dict[str, Any]:
        return {"services": {service: {"variables": {name: {"value": "1"}}}}}

    await project.call(STAGE, environmentId=project.environment_id, input=patch("STAGED"))
    await project.commit(patch("COMMITTED"))
    variables = table((await project.service_config(service)).get("variables"))
    staged_patch = await project.call(ENVIRONMENT_STAGED_CHANGES, environmentId=project.environment_id)
    waits = "STAGED" in table(at(table(staged_patch["patch"]), ("services", service, "variables")))
    await project.call(STAGE, environmentId=project.environment_id, input={})
    live = "STAGED" in variables
    return verdict(
        ("COMMITTED" in variables and not live, f"what was staged {'went' if live else 'did not go'} live"),
        (waits, f"it is {'still' if waits else 'no longer'} staged"),
    )


POINTS = (reach, replicas, hyphen, skip_deploys, answer_of_commit, domains_in_config, two_patches, message, staged)
