"""Every record of the simulated Railway, in tables by id, and their JSON form.

A table notes which of its rows have changed, so that a server stores those alone (``tables``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from railway_sandbox.railway import records
from railway_sandbox.tables import Table


class State:
    """Everything the simulated Railway remembers, in tables by id."""

    def __init__(self) -> None:
        self.facts: Table[Any] = Table()
        """The account's plan, the id of its user, and until when the edge refuses."""
        self.workspaces = Table(records.Workspace)
        self.tokens = Table(records.Token)
        self.ssh_keys = Table(records.SshKey)
        self.projects = Table(records.Project)
        self.environments = Table(records.Environment)
        self.patches = Table(records.Patch)
        self.services = Table(records.Service)
        self.instances = Table(records.ServiceInstance)
        self.edge_configs = Table(records.EdgeConfig)
        self.triggers = Table(records.DeploymentTrigger)
        self.deployments = Table(records.Deployment)
        self.volumes = Table(records.Volume)
        self.volume_instances = Table(records.VolumeInstance)
        self.volume_backups = Table(records.VolumeBackup)
        self.workflows = Table(records.Workflow)
        self.custom_domains = Table(records.CustomDomain)
        self.service_domains = Table(records.ServiceDomain)
        self.tcp_proxies = Table(records.TCPProxy)
        self.egress_associations = Table(records.EgressAssociation)
        self.endpoint_names = Table(records.EndpointName)
        """By the id of the service instance."""
        self.buckets = Table(records.Bucket)
        self.bucket_instances = Table(records.BucketInstance)
        self.people = Table(records.User)
        self.project_members = Table(records.ProjectMember)
        """By the ids of the project and the user."""
        self.notification_rules = Table(records.NotificationRule)
        self.defects: Table[str] = Table()
        """Defects of images, repositories, commits and domains; see ``sources``."""
        self.commits: Table[str] = Table()
        """``<repository>@<branch>`` to its latest commit, where one was pushed."""
        self.rates = Table(records.RateWindow)
        self.throttled: Table[float] = Table()
        """Time of the last create of each kind of resource, for the create throttles."""

    @property
    def plan(self) -> str:
        """Return the account's plan: free, trial, hobby or pro."""
        return self.facts.get("plan", "pro")

    @plan.setter
    def plan(self, plan: str) -> None:
        self.facts["plan"] = plan

    @property
    def user_id(self) -> str:
        """Return the id of the account's user; empty before the account is opened."""
        return self.facts.get("user_id", "")

    @user_id.setter
    def user_id(self, user_id: str) -> None:
        self.facts["user_id"] = user_id

    @property
    def edge_blocked_until(self) -> float:
        """Return until when the edge refuses requests without a query string."""
        return self.facts.get("edge_blocked_until", 0.0)

    @edge_blocked_until.setter
    def edge_blocked_until(self, moment: float) -> None:
        self.facts["edge_blocked_until"] = moment

    def tables(self) -> dict[str, Table[Any]]:
        """Return every table by its name; the settings of the services are one for each environment."""
        settings = {f"{SETTINGS}{each.id}": each.services for each in self.environments.values()}
        return {**vars(self), **settings}

    def load(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        """Load what the rows of ``tables`` hold; none are a state in which nothing exists."""
        for name, table in vars(self).items():
            table.load(rows.get(name, {}))
        for environment in self.environments.values():
            environment.services.load(rows.get(f"{SETTINGS}{environment.id}", {}))

    def to_json(self) -> str:
        """Return the whole state as JSON text."""
        return json.dumps({name: table.rows() for name, table in self.tables().items()})

    @classmethod
    def from_json(cls, text: str) -> State:
        """Return the state that ``to_json`` wrote."""
        state = cls()
        state.load(json.loads(text))
        return state

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, State) and vars(self) == vars(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]  (it changes)


SETTINGS = "settings/"
"""Before the id of an environment: the name of the table with the settings of its services."""
