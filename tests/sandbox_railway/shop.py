"""A project with one environment and one service, whose settings a test patches."""

from __future__ import annotations

from typing import Any

from railway_sandbox.railway.records import Patch
from tests.sandbox_railway.railway_client import Client, Json

PATCHES = """query($e: String!) { environmentPatches(environmentId: $e, first: 1) {
    edges { node { id status appliedAt lastAppliedError } } } }"""
COMMIT_STAGED = """mutation($e: String!, $skip: Boolean) {
    environmentPatchCommitStaged(environmentId: $e, skipDeploys: $skip) }"""
UNSET: Json = {
    "source": {},
    "build": {},
    "deploy": {
        "ipv6EgressEnabled": False,
        "runtime": "V2",
        "useLegacyStacker": False,
        "multiRegionConfig": {"us-west2": {"numReplicas": 1}},
    },
    "variables": {},
    "networking": {},
}
"""What Railway shows of a service for which nobody set anything."""


class Shop:
    """A project with one environment and one service."""

    def __init__(self, railway: Client) -> None:
        self.railway = railway
        self.project, self.environment = railway.project()
        self.web = railway.service(self.project, self.environment)

    def patch(self, **settings: Any) -> None:
        """Commit settings of the service and let them take effect."""
        self.railway.commit(self.environment, {"services": {self.web: settings}})

    def refusal(self, **settings: Any) -> str:
        """Why settings of the service are refused."""
        return self.railway.commit_refusal(self.environment, {"services": {self.web: settings}})

    @property
    def shown(self) -> Json:
        """The settings of the service, all that Railway shows."""
        return self.railway.config(self.environment)["services"][self.web]

    @property
    def config(self) -> Json:
        """The settings of the service, without those that Railway shows where nobody set anything."""
        groups = {
            name: {key: value for key, value in group.items() if UNSET.get(name, {}).get(key) != value}
            for name, group in self.shown.items()
        }
        return {name: group for name, group in groups.items() if group}

    @property
    def last_patch(self) -> Json:
        """The patch that was committed last."""
        return self.railway.ask(PATCHES, e=self.environment)["environmentPatches"]["edges"][0]["node"]

    @property
    def patched(self) -> Patch:
        """The record of that patch."""
        return [*self.railway.cloud.state.patches.values()][-1]

    @property
    def count(self) -> int:
        """How many deployments there were."""
        return len(self.railway.deployments(self.environment))
