"""A sandbox that holds what was read elsewhere: with the ids that it has there, and for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from railway_sandbox.clock import ManualClock
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.seeding import seed
from railway_sandbox.server import Sandbox

ZONE = "f" * 32


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"edges": [{"node": {"deletedAt": None, **each}} for each in items]}


WORLD: dict[str, Any] = {
    "railway": {
        "project": {
            "id": "p", "name": "shop", "description": "", "primaryEnvironmentId": "e",
            "environments": listed({"id": "e", "name": "live"}, {"id": "e2", "name": "test"}),
            "services": listed({"id": "s", "name": "web"}),
            "volumes": {"edges": [{"node": {"id": "v", "name": "web-volume"}}]},
        },
        "environment": {
            "id": "e",
            "config": {
                "services": {
                    "s": {
                        "source": {"image": "acme/web:1"}, "variables": {"A": {"value": "b"}},
                        "volumeMounts": {"v": {"mountPath": "/data", "backupSchedules": ["DAILY"]}},
                    }
                },
                "volumes": {"v": {"sizeMB": 2000, "alerts": {"usage": {"80": {}}}}},
            },
            "serviceInstances": listed({
                "serviceId": "s", "latestDeployment": None, "activeDeployments": [],
                "domains": {
                    "serviceDomains": [{"id": "d", "domain": "x.up.railway.app", "targetPort": 80, "deletedAt": None}],
                    "customDomains": [],
                },
            }),
            "volumeInstances": listed({
                "id": "vi", "volumeId": "v", "serviceId": "s", "mountPath": "/data", "sizeMB": 2000,
            }),
        },
    },
    "zones": {"acme.dev": ZONE},
    "records": [{"id": "r", "zone_id": ZONE, "type": "CNAME", "name": "www.acme.dev", "content": "x.up.railway.app"}],
    "zone_settings": {ZONE: {"ssl": "full", "universal_ssl": False}},
    "rulesets": {}, "buckets": [], "endpoints": [], "keys": [],
}  # fmt: skip


def test_what_was_read_is_there_after_a_restart(tmp_path: Path) -> None:
    """Project, environments, volume, domain and a zone that no sandbox has by itself; the service serves."""
    seed(Sandbox(tmp_path, clock=ManualClock()), WORLD)

    again = Sandbox(tmp_path)
    state = again.railway.state
    assert [each.name for each in state.environments.values()] == ["live", "test"]
    assert deployments.live(again.railway, "e", "s") is not None
    (disk,) = state.volume_instances.values()
    assert (disk.service_id, disk.size_mb, disk.usage_alerts, list(disk.backup_schedules)) == (
        "s", 2000, [80], ["DAILY"],
    )  # fmt: skip
    assert state.service_domains["d"].domain == "x.up.railway.app"
    assert again.cloudflare.zone_name(ZONE) == "acme.dev"
    assert again.cloudflare.record(ZONE, "r")["content"] == "x.up.railway.app"
    assert again.cloudflare.resolve("www.acme.dev", "CNAME") == ["x.up.railway.app"]
    assert again.cloudflare.setting(ZONE, "ssl")["value"] == "full"
    assert not again.cloudflare.universal_ssl(ZONE)
