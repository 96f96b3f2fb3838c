"""Somebody at the dashboard: operations of Railway's API that do not come from the provider."""

from __future__ import annotations

import json
from typing import Any

from graphql import get_named_type, is_leaf_type

from sandbox.railway.cloud import RailwayCloud
from sandbox.railway.wire import Request, respond, schema


def click(cloud: RailwayCloud, field: str, **arguments: Any) -> Any:
    """Do one mutation; the answer, of objects their ids and names alone."""
    root = schema().mutation_type
    assert root is not None
    declared = root.fields[field]
    head = ", ".join(f"${name}: {declared.args[name].type}" for name in arguments)
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    selection = "" if is_leaf_type(get_named_type(declared.type)) else "{ id }"
    body = {"query": f"mutation({head}) {{ {field}({passed}) {selection} }}", "variables": arguments}
    headers = {"Authorization": f"Bearer {cloud.account_token}"}
    answer = respond(cloud, Request(json.dumps(body).encode(), headers, "source=dashboard")).json
    assert not answer.get("errors"), answer["errors"]
    return answer["data"][field]


def patch(cloud: RailwayCloud, environment_id: str, **config: Any) -> None:
    """Commit a change of an environment's settings; it takes a few seconds until it is applied."""
    click(cloud, "environmentPatchCommit", environmentId=environment_id, patch=config)
