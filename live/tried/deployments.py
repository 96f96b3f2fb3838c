"""Points on deployments."""

from __future__ import annotations

from live.ground import IMAGES, LIMITS, Ground
from live.points import Verdict, judged, point
from pulumiverse_railway.provider.api.documents.deployment import DEPLOYMENT_ROLLBACK
from pulumiverse_railway.provider.api.patches import at
from pulumiverse_railway.provider.api.snapshot import table


@point(
    27,
    "What does a rollback restore, and which deployments does it accept?",
    assumed="the old image runs again, and the configuration stays",
    change=("api/rollback.py", "sandbox/railway/deployment_operations.py"),
    requests=120,
    seconds=700,
    containers=3,
)
async def rollback(ground: Ground) -> Verdict:
    """Two versions are deployed one after the other, then the first is rolled back to."""
    service = await ground.service("rollback")

    async def commit(image: str) -> None:
        entry = {"source": {"image": image}, "deploy": {"limitOverride": LIMITS}}
        await ground.commit_service(service, entry)

    first = await ground.deployed(service, lambda: commit(IMAGES[0]))
    await ground.deployed(service, lambda: commit(IMAGES[1]))

    async def possible() -> bool:
        found = {each["id"]: each["canRollback"] for each in await ground.deployments(service)}
        return bool(found.get(first["id"]))

    if not await ground.seen(possible):
        return judged((False, "a deployment that ran before the present one cannot be rolled back to"))
    made = await ground.deployed(service, lambda: ground.call(DEPLOYMENT_ROLLBACK, id=first["id"]))
    runs = table(made["meta"]).get("image")
    named = at(await ground.service_config(service), ("source", "image"))
    return judged(
        (runs == IMAGES[0], f"after the rollback {runs} runs"),
        (named == IMAGES[1], f"the configuration names {named}"),
    )


POINTS = (rollback,)
