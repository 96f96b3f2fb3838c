"""Points on deployments."""

from __future__ import annotations

from typing import Any

from railway_api.documents.deployment import DEPLOYMENT_ROLLBACK
from railway_api.json_objects import table
from railway_api.patches import at
from railyard.contract.doubtful_point import Verdict, doubtful_point, verdict
from railyard.contract.project_under_test import IMAGES, LIMITS, ProjectUnderTest


@doubtful_point(
    27,
    "What does a rollback restore, and which deployments does it accept?",
    assumed="the old image runs again, and the configuration stays",
    change=("rollback.py", "railway/deployments/deployment_operations.py"),
    requests=120,
    seconds=700,
    containers=3,
)
async def rollback(project: ProjectUnderTest) -> Verdict:
    """Deploy two versions one after the other, then roll back to the first."""
    service = await project.service("rollback")

    async def commit(image: str) -> None:
        entry = {"source": {"image": image}, "deploy": {"limitOverride": LIMITS}}
        await project.commit_service(service, entry)

    first = await project.deployed(service, lambda: commit(IMAGES[0]))
    await project.deployed(service, lambda: commit(IMAGES[1]))

    async def possible() -> bool:
        can_roll_back = {each["id"]: each["canRollback"] for each in await project.deployments(service)}
        return bool(can_roll_back.get(first["id"]))

    if not await project.appears(possible):
        return verdict((False, "a deployment that ran before the present one cannot be rolled back to"))
    deployment = await project.deployed(service, lambda: project.call(DEPLOYMENT_ROLLBACK, id=first["id"]))
    runs = table(deployment["meta"]).get("image")
    named = at(await project.service_config(service), ("source", "image"))
    return verdict(
        (runs == IMAGES[0], f"after the rollback {runs} runs"),
        (named == IMAGES[1], f"the configuration names {named}"),
    )


@doubtful_point(
    33,
    "Is an image with tag and digest taken as it stands, and is the digest told of every image?",
    assumed="a deployment tells the digest of its image, and one that is named with tag and digest is deployed",
    change=("stacks/releases.py", "railway/deployments/sources.py"),
    requests=80,
    seconds=480,
    containers=2,
)
async def digest(project: ProjectUnderTest) -> Verdict:
    """Deploy a version by its tag, then by tag and digest, as a promotion writes it."""
    service = await project.service("digest")

    async def deployed(image: str) -> dict[str, Any]:
        entry = {"source": {"image": image}, "deploy": {"limitOverride": LIMITS}}
        return table((await project.deployed(service, lambda: project.commit_service(service, entry)))["meta"])

    digest_of_tag = (await deployed(IMAGES[0])).get("imageDigest")
    if not digest_of_tag:
        return verdict((False, f"the deployment of {IMAGES[0]} tells no digest"))
    pinned = f"{IMAGES[0]}@{digest_of_tag}"
    runs = (await deployed(pinned)).get("imageDigest")
    named = at(await project.service_config(service), ("source", "image"))
    return verdict(
        (str(digest_of_tag).startswith("sha256:"), f"the digest is told as {digest_of_tag}"),
        (named == pinned, "named with it, the configuration keeps it" if named == pinned else f"it becomes {named}"),
        (runs == digest_of_tag, "and it runs" if runs == digest_of_tag else f"and {runs} runs"),
    )


POINTS = (rollback, digest)
