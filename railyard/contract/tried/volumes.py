"""Points on volumes and buckets: what goes, what stays, and how large they are."""

from __future__ import annotations

from railway_api.documents.bucket import BUCKET_CREATE
from railway_api.documents.project import PROJECT
from railway_api.documents.service import SERVICE_DELETE
from railway_api.documents.tcp_proxy import TCP_PROXIES
from railway_api.errors import PlanLimit, RailwayError
from railway_api.patches import at
from railway_api.snapshot import nodes, table
from railyard.contract.ground import Ground
from railyard.contract.points import Verdict, judged, point


@point(
    12,
    "What is a volume without an environment, and can it be deleted in one environment alone?",
    assumed="with null it is in no environment, without one in each, and a patch deletes none",
    change=(
        "resources/volume.py",
        "railway/volumes.py",
        "railway/config_volumes.py",
    ),
    requests=45,
    seconds=240,
    volumes=3,
)
async def volumes_elsewhere(ground: Ground) -> Verdict:
    """A volume that is made without an environment, and one that a patch is to delete."""
    async with ground.volume(place={"environmentId": None}) as adrift:
        nowhere = len(nodes(adrift["volumeInstances"]))
    async with ground.volume(place={}) as spread:
        everywhere = len(nodes(spread["volumeInstances"]))
    service = await ground.service("deleted-by-patch")
    async with ground.volume(service) as made:
        try:
            await ground.commit({"volumes": {made["id"]: {"isDeleted": True}}})
            how = "a patch"
        except RailwayError as refused:
            how = f"a patch that is refused ({refused.reason})"
        kept = (await ground.snapshot()).has_volume(made["id"])
        return judged(
            (not nowhere, f"with null for the environment it is in {nowhere or 'none'}"),
            (everywhere > 0, f"without an environment it is in {everywhere or 'none'}"),
            (kept, f"{how} {'leaves it' if kept else 'deletes it'}"),
        )


@point(
    13,
    "What goes with a service that is deleted, and which environments can be deleted?",
    assumed="the volume of a deleted service stays, a second environment can be deleted, a service has one TCP proxy",
    change=(
        "resources/volume.py",
        "resources/environment.py",
        "railway/instances.py",
        "railway/environments.py",
        "railway/tcp_proxies.py",
    ),
    requests=70,
    seconds=300,
    volumes=1,
)
async def what_goes_along(ground: Ground) -> Verdict:
    """A service with a volume is deleted, then an environment."""
    return judged(await _volume_stays(ground), await _environment_goes(ground), await _one_proxy(ground))


async def _volume_stays(ground: Ground) -> tuple[bool, str]:
    service = await ground.service("with-volume")
    async with ground.volume(service) as made:
        await ground.call(SERVICE_DELETE, id=service, environmentId=ground.environment_id)

        async def gone() -> bool:
            return not (await ground.snapshot()).has_volume(made["id"])

        went = await ground.seen(gone)
        return not went, f"the volume of a deleted service {'is gone' if went else 'stays'}"


async def _environment_goes(ground: Ground) -> tuple[bool, str]:
    try:
        second = await ground.delete_second_environment()
    except RailwayError as refused:
        return False, f"a second environment cannot be deleted: {refused.reason}"
    project = await ground.call(PROJECT, id=ground.project_id)
    listed = any(each["id"] == second and not each["deletedAt"] for each in nodes(project["environments"]))
    return not listed, f"a second environment {'is still listed when deleted' if listed else 'can be deleted'}"


async def _one_proxy(ground: Ground) -> tuple[bool, str]:
    service = await ground.service("proxies")
    try:
        await ground.commit_service(service, {"networking": {"tcpProxies": {"5000": {}, "5001": {}}}})
    except PlanLimit:
        return True, "the plan refuses two TCP proxies"
    found = await ground.call(TCP_PROXIES, environmentId=ground.environment_id, serviceId=service)
    living = [each for each in found if not each["deletedAt"]]
    return len(living) == 1, f"of two TCP proxies asked for there are {len(living)}"


@point(
    14,
    "Can a new volume be made smaller than the plan gives?",
    assumed="it can, as long as nothing is stored",
    change=("resources/volume.py", "railway/config_rules.py"),
    requests=30,
    volumes=1,
)
async def small_volume(ground: Ground) -> Verdict:
    """Half the size is asked for, as the provider asks."""
    service = await ground.service("small")
    async with ground.volume(service) as made:
        given = int(nodes(made["volumeInstances"])[0]["sizeMB"])
        try:
            await ground.commit({"volumes": {made["id"]: {"sizeMB": given // 2}}})
        except RailwayError as refused:
            return judged((False, f"refused: {refused.reason}"))
        found = at(await ground.config(), ("volumes", made["id"], "sizeMB"))
        return judged((found == given // 2, f"of {given} MB, {given // 2} were asked for, and {found} are there"))


@point(
    24,
    "Does a patch always delete a bucket of Railway's?",
    assumed="a patch deletes it",
    change=("resources/bucket.py", "railway/config_buckets.py"),
    requests=40,
    seconds=180,
)
async def bucket(ground: Ground) -> Verdict:
    """An empty bucket is made and taken out of the configuration."""
    wanted = {"projectId": ground.project_id, "name": "live"}
    made = (await ground.call(BUCKET_CREATE, input=wanted))["id"]
    await ground.commit({"buckets": {made: {"isCreated": True, "region": "iad"}}})

    async def listed() -> bool:
        entry = table(table((await ground.config()).get("buckets")).get(made))
        return bool(entry) and not entry.get("isDeleted")

    async def gone() -> bool:
        return not await listed()

    if not await ground.seen(listed):
        return Verdict.unknown("the bucket never appeared in the configuration")
    await ground.commit({"buckets": {made: {"isDeleted": True}}})
    went = await ground.seen(gone)
    return judged((went, f"after the patch it is {'gone' if went else 'still there'}"))


POINTS = (volumes_elsewhere, what_goes_along, small_volume, bucket)
