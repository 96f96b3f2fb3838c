"""Somebody at the dashboard: operations of Railway's API that do not come from the provider."""

from __future__ import annotations

import json
from typing import Any, Final

from graphql import get_named_type, is_leaf_type

from railway_sandbox.addresses import RAILWAY_PATH
from railway_sandbox.http_messages import Request
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.wire import respond, schema
from tests import virtual_time

TRIES: Final = 100
"""How often somebody clicks again when Railway asks to."""


def click(cloud: RailwayCloud, field: str, *, selection: str = "{ id }", **arguments: Any) -> Any:
    """Do one mutation; the answer, of objects what is selected."""
    root = schema().mutation_type
    assert root is not None
    declared = root.fields[field]
    head = ", ".join(f"${name}: {declared.args[name].type}" for name in arguments)
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    if is_leaf_type(get_named_type(declared.type)):
        selection = ""
    body = {"query": f"mutation({head}) {{ {field}({passed}) {selection} }}", "variables": arguments}
    request = Request(
        method="POST",
        path=RAILWAY_PATH,
        query="source=dashboard",
        headers={"authorization": f"Bearer {cloud.account_token}"},
        body=json.dumps(body).encode(),
    )
    answer = respond(cloud, request).json
    for _ in range(TRIES):
        if "please try again" not in str(answer.get("errors")):
            break
        virtual_time.block(0.1)
        answer = respond(cloud, request).json
    assert not answer.get("errors"), answer["errors"]
    return answer["data"][field]


def patch(cloud: RailwayCloud, environment_id: str, **config: Any) -> None:
    """Commit a change of an environment's settings; it takes a few seconds until it is applied."""
    click(cloud, "environmentPatchCommit", environmentId=environment_id, patch=config)
