"""Every operation and field that the sandbox's Railway answers, by its name in Railway's API.

Owns only the list of nouns: a new noun is a module of its own with ``QUERIES``, ``MUTATIONS`` and ``FIELDS``, named
here.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from railway_sandbox.railway import regions
from railway_sandbox.railway.access import FieldResolvers, Operations, Streams
from railway_sandbox.railway.account import account, ssh_keys, usage
from railway_sandbox.railway.change_sets import change_sets
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.deployments import deployment_operations, logs
from railway_sandbox.railway.domains import cdn, certificates, domains
from railway_sandbox.railway.environments import config_patch, environments
from railway_sandbox.railway.networking import egress, private_networks, tcp_proxies
from railway_sandbox.railway.projects import members, notification_rules, projects
from railway_sandbox.railway.services import service_instances, services, variables
from railway_sandbox.railway.storage import buckets, volume_backups, volumes

NOUNS = (
    account,
    ssh_keys,
    projects,
    members,
    notification_rules,
    environments,
    change_sets,
    services,
    service_instances,
    variables,
    volumes,
    volume_backups,
    domains,
    certificates,
    tcp_proxies,
    cdn,
    egress,
    private_networks,
    buckets,
    deployment_operations,
    logs,
    regions,
    usage,
)


def _gathered(name: str) -> dict[str, Any]:
    return dict(chain.from_iterable(getattr(noun, name, {}).items() for noun in NOUNS))


QUERIES: Operations = _gathered("QUERIES")
MUTATIONS: Operations = _gathered("MUTATIONS")
SUBSCRIPTIONS: Streams = _gathered("SUBSCRIPTIONS")
FIELDS: FieldResolvers = _gathered("FIELDS")


def catch_up(cloud: RailwayCloud) -> None:
    """Apply what was due since the last request: patches, restores, expiries, certificates."""
    config_patch.apply_due(cloud)
    volume_backups.finish_due(cloud)
    projects.expire(cloud)
    certificates.observe(cloud)
