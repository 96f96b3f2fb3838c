"""Copies of a simulated account, and what is in one without ids, moments and secrets.

Owns what counts as the same content. Everything that Railway would show or bill does; how often it was asked does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from railway_sandbox.identifiers import Identifiers
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.records import Record
from railway_sandbox.railway.state import State
from railway_sandbox.server import Sandbox
from tests.provider.driver import Made, Records
from tests.provider.in_process import LoopClock

TABLES: Final = (
    "projects", "environments", "services", "instances", "triggers", "deployments", "volumes", "volume_instances",
    "custom_domains", "service_domains", "tcp_proxies", "egress_associations", "endpoint_names", "buckets",
    "bucket_instances", "notification_rules", "edge_configs", "workspaces",
)  # fmt: skip
MOMENTS: Final = re.compile(r".*_at|.*_since|migrating_until|timeline|draining_s|former|former_config")
MADE_UP: Final = {
    "secret", "snapshot_id", "cname_target", "acme_target", "proxy_port", "dns_label", "resets", "workflow_id",
    "id",
}  # fmt: skip
"""What Railway makes up for each thing anew."""


@contextmanager
def an_account(records: Records, stored: str = "", now_s: float = 0.0) -> Iterator[Sandbox]:
    """A sandbox of its own in the virtual time of the running loop; its Railway sees the records.

    It is empty, or has the stored content of an account at that moment.
    """
    clock = LoopClock()
    clock.advance(now_s - clock.now())
    with TemporaryDirectory() as directory:
        sandbox = Sandbox(Path(directory), clock=clock)
        sandbox.railway.dns, sandbox.railway.proxied = records.find, records.is_proxied
        if stored:
            sandbox.railway.state = State.from_json(stored)
            sandbox.railway.ids = Identifiers("copy")  # never an id that the copy has already
        with sandbox.storage.database.kept_open():
            yield sandbox


def content(cloud: RailwayCloud) -> dict[str, list[str]]:
    """What is in the account, each thing as a line of text."""
    state = cloud.state
    dead = _dead(state)
    names = _names(state)
    found: dict[str, list[str]] = {
        table: sorted(_line(record, names) for record in _living(state, table, dead)) for table in TABLES
    }
    found["tokens"] = sorted(f"{token.kind} {token.name}" for token in state.tokens.values() if _of_living(token, dead))
    found["members"] = sorted(
        f"{each.role} {names.get(each.project_id)}"
        for each in state.project_members.values()
        if each.project_id not in dead
    )
    return {table: lines for table, lines in found.items() if lines}


def shown(cloud: RailwayCloud, made: Made | None) -> str:
    """A resource of the engine's state without what is made up for it anew."""
    if made is None:
        return "nothing"
    names = _names(cloud.state)
    kept = {name: value for name, value in made.outputs.items() if name not in _MADE_UP_OUTPUTS}
    return _plain(json.dumps([made.id, made.inputs, kept], sort_keys=True, default=str), names)


_MADE_UP_OUTPUTS: Final = {
    "token", "displayToken", "accessKeyId", "secretAccessKey", "bucketName", "cnameTarget", "verificationValue",
    "proxyPort", "ipv4Addresses", "privateNetworkId", "endpointId",
}  # fmt: skip


def _table(state: State, name: str) -> Mapping[str, Any]:
    return getattr(state, name)


def _dead(state: State) -> set[str]:
    """Ids of what is deleted, and of what went with it."""
    dead: set[str] = set()
    before = -1
    while before != len(dead):
        before = len(dead)
        for table in TABLES:
            dead |= {
                key
                for key, record in _table(state, table).items()
                if getattr(record, "deleted_at", None) is not None or not _of_living(record, dead)
            }
    return dead


def _of_living(record: Record, dead: set[str]) -> bool:
    owners = ("project_id", "environment_id", "service_id", "instance_id", "volume_id", "bucket_id")
    return not any(getattr(record, owner, None) in dead for owner in owners)


def _living(state: State, table: str, dead: set[str]) -> Iterator[Record]:
    return (record for key, record in _table(state, table).items() if key not in dead)


def _names(state: State) -> dict[str, str]:
    """For each id what it stands for."""
    tables: Iterable[str] = (*TABLES, "tokens", "people")
    named = {
        key: f"<{table} {getattr(record, 'name', '')}>"
        for table in tables
        for key, record in _table(state, table).items()
    }
    made_up = (*state.service_domains.values(), *state.tcp_proxies.values())
    hosts = {found.domain: "<host>" for found in made_up}
    return named | hosts


def _line(record: Record, names: Mapping[str, str]) -> str:
    return _plain(json.dumps(_lasting(record.model_dump()), sort_keys=True, default=str), names)


def _lasting(value: Any) -> Any:
    """A record without its id, its moments, and what Railway makes up."""
    if isinstance(value, list):
        return [_lasting(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    kept = {
        name: _lasting(each)
        for name, each in cast("dict[str, Any]", value).items()
        if name not in MADE_UP and not MOMENTS.fullmatch(name)
    }
    # Kinds with the moment each was set.
    return kept | ({"backup_schedules": sorted(kept["backup_schedules"])} if "backup_schedules" in kept else {})


def _plain(text: str, names: Mapping[str, str]) -> str:
    """A JSON text with names for ids, and in an order that is not that of the ids."""
    for key in sorted(names, key=len, reverse=True):
        text = text.replace(key, names[key])
    return json.dumps(json.loads(text, object_pairs_hook=lambda pairs: sorted(pairs, key=json.dumps)))
