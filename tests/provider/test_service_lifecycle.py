from __future__ import annotations

from tests.provider.driver import Driver


def test_first(run):
    async def scenario(d: Driver):
        p = await d.create("Project", name="shop", description="x")
        where = {"projectId": p.id, "environmentId": p["environmentId"]}
        s = await d.create("Service", name="web", **where)
        v = await d.create(
            "Volume",
            serviceId=s["serviceId"],
            mountPath="/data",
            sizeMb=60000,
            name="disk",
            backupSchedules=["DAILY"],
            **where,
        )
        i = await d.create(
            "ServiceInstance",
            serviceId=s["serviceId"],
            image="valkey/valkey:8",
            regions={"europe-west4-drams3a": 1},
            healthcheckPath="/health",
            healthcheckTimeout=30,
            variables={"A": "1"},
            **where,
        )
        print(p, s, v, i)
        print(d.operations)
        print(d.engine.said)
        for m in (p, s, v, i):
            r = await d.refresh(m)
            assert r is not None
            assert await d.diff(r) == {}, m.kind
            assert r.inputs == m.inputs
        j = await d.update(i, image="valkey/valkey:9")
        assert i["deploymentId"] != j["deploymentId"]
        print(d.operations)

    run(scenario)
