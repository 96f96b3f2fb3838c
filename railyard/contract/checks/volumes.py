"""Points on volumes and buckets: what goes, what stays, and how large they are."""

from __future__ import annotations

from railway_api.documents.networking import TCP_PROXIES
from railway_api.documents.project import PROJECT
from railway_api.documents.service import SERVICE_DELETE
from railway_api.documents.storage import BUCKET_CREATE
from railway_api.errors import PlanLimit, RailwayError
from railway_api.json_objects import table
from railway_api.patches import at
from railway_api.relay import nodes
from railyard.contract.doubtful_point import Verdict, doubtful_point, verdict
from railyard.contract.project_under_test import ProjectUnderTest


@doubtful_point(
    12,
    "What is a volume without an environment, and can it be deleted in one environment alone?",
    assumed="with null it is in no environment, without one in each, and a patch deletes none",
    change=(
        "resources/volume.py",
        "railway/storage/volumes.py",
        "railway/config/volumes.py",
    ),
    requests=45,
    seconds=240,
    volumes=3,
)
async def volumes_elsewhere(project: ProjectUnderTest) -> Verdict:
    """Make a volume without an environment, and one that a patch is to delete."""
    async with project.volume(place={"environmentId": None}) as adrift:
        nowhere = len(nodes(adrift["volumeInstances"]))
    async with project.volume(place={}) as spread:
        everywhere = len(nodes(spread["volumeInstances"]))
    service = await project.service("deleted-by-patch")
    async with project.volume(service) as volume:
        try:
            await project.commit({"volumes": {volume["id"]: {"isDeleted": True}}})
            how = "a patch"
        except RailwayError as refused:
            how = f"a patch that is refused ({refused.reason})"
        still_exists = (await project.snapshot()).has_volume(volume["id"])
        return verdict(
            (not nowhere, f"with null for the environment it is in {nowhere or 'none'}"),
            (everywhere > 0, f"without an environment it is in {everywhere or 'none'}"),
            (still_exists, f"{how} {'leaves it' if still_exists else 'deletes it'}"),
        )


@doubtful_point(
    13,
    "What goes with a service that is deleted, and which environments can be deleted?",
    assumed="the volume of a deleted service stays, a second environment can be deleted, a service has one TCP proxy",
    change=(
        "resources/volume.py",
        "resources/environment.py",
        "railway/deployments/instances.py",
        "railway/environments/environments.py",
        "railway/networking/tcp_proxies.py",
    ),
    requests=70,
    seconds=300,
    volumes=1,
)
async def what_goes_along(project: ProjectUnderTest) -> Verdict:
    """Delete a service with a volume, then an environment."""
    return verdict(await _volume_stays(project), await _environment_goes(project), await _one_proxy(project))


async def _volume_stays(project: ProjectUnderTest) -> tuple[bool, str]:
    service = await project.service("with-volume")
    async with project.volume(service) as volume:
        await project.call(SERVICE_DELETE, id=service, environmentId=project.environment_id)

        async def gone() -> bool:
            return not (await project.snapshot()).has_volume(volume["id"])

        went = await project.appears(gone)
        return not went, f"the volume of a deleted service {'is gone' if went else 'stays'}"


async def _environment_goes(project: ProjectUnderTest) -> tuple[bool, str]:
    try:
        second = await project.delete_second_environment()
    except RailwayError as refused:
        return False, f"a second environment cannot be deleted: {refused.reason}"
    read = await project.call(PROJECT, id=project.project_id)
    listed = any(each["id"] == second and not each["deletedAt"] for each in nodes(read["environments"]))
    return not listed, f"a second environment {'is still listed when deleted' if listed else 'can be deleted'}"


async def _one_proxy(project: ProjectUnderTest) -> tuple[bool, str]:
    service = await project.service("proxies")
    try:
        await project.commit_service(service, {"networking": {"tcpProxies": {"5000": {}, "5001": {}}}})
    except PlanLimit:
        return True, "the plan refuses two TCP proxies"
    proxies = await project.call(TCP_PROXIES, environmentId=project.environment_id, serviceId=service)
    living = [each for each in proxies if not each["deletedAt"]]
    return len(living) == 1, f"of two TCP proxies asked for there are {len(living)}"


@doubtful_point(
    14,
    "Can a new volume be made smaller than the plan gives?",
    assumed="it can, as long as nothing is stored",
    change=("resources/volume.py", "railway/config/rules.py"),
    requests=30,
    volumes=1,
)
async def small_volume(project: ProjectUnderTest) -> Verdict:
    """Ask for half the size, as the provider asks."""
    service = await project.service("small")
    async with project.volume(service) as volume:
        before_mb = int(nodes(volume["volumeInstances"])[0]["sizeMB"])
        try:
            await project.commit({"volumes": {volume["id"]: {"sizeMB": before_mb // 2}}})
        except RailwayError as refused:
            return verdict((False, f"refused: {refused.reason}"))
        size_mb = at(await project.config(), ("volumes", volume["id"], "sizeMB"))
        return verdict(
            (
                size_mb == before_mb // 2,
                f"of {before_mb} MB, {before_mb // 2} were asked for, and {size_mb} are there",
            )
        )


@doubtful_point(
    24,
    "Does a patch always delete a bucket of Railway's?",
    assumed="a patch deletes it",
    change=("resources/bucket.py", "railway/config/buckets.py"),
    requests=40,
    seconds=180,
)
async def bucket(project: ProjectUnderTest) -> Verdict:
    """Make an empty bucket, and take it out of the configuration."""
    bucket_input = {"projectId": project.project_id, "name": "live"}
    bucket_id = (await project.call(BUCKET_CREATE, input=bucket_input))["id"]
    await project.commit({"buckets": {bucket_id: {"isCreated": True, "region": "iad"}}})

    async def listed() -> bool:
        entry = table(table((await project.config()).get("buckets")).get(bucket_id))
        return bool(entry) and not entry.get("isDeleted")

    async def gone() -> bool:
        return not await listed()

    if not await project.appears(listed):
        return Verdict.unknown("the bucket never appeared in the configuration")
    await project.commit({"buckets": {bucket_id: {"isDeleted": True}}})
    went = await project.appears(gone)
    return verdict((went, f"after the patch it is {'gone' if went else 'still there'}"))


POINTS = (volumes_elsewhere, what_goes_along, small_volume, bucket)
