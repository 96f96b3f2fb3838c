"""The limits of what a workspace may use in a billing period.

Owns the two numbers. Nothing is metered here, so that nobody is told of a limit and nothing is stopped by one.
"""

from __future__ import annotations

import uuid
from typing import Any

from railway_sandbox.railway.access import Arguments, Caller, FieldResolvers, Operations
from railway_sandbox.railway.errors import invalid, not_authorized
from railway_sandbox.railway.records import Workspace

LEAST_HARD_LIMIT_DOLLARS = 10


def customer_id(workspace: Workspace) -> str:
    """Return the id of the workspace's customer, which differs from the workspace's own."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, workspace.id))


def _workspace(caller: Caller, inputs: Arguments) -> Workspace:
    """Return the workspace of a customer. Railway gives one text for a wrong id and for a plan without limits."""
    workspace = next((each for each in caller.workspaces() if customer_id(each) == inputs["customerId"]), None)
    if workspace is None or caller.cloud.state.plan in ("free", "trial"):
        raise not_authorized()
    return workspace


def _set(caller: Caller, arguments: Arguments) -> bool:
    inputs = arguments["input"]
    workspace = _workspace(caller, inputs)
    soft, hard = inputs["softLimitDollars"], inputs.get("hardLimitDollars")
    if soft < 1:
        raise invalid("softLimitDollars")
    if hard is not None and hard < max(soft, LEAST_HARD_LIMIT_DOLLARS):
        raise invalid("hardLimitDollars")
    workspace.soft_limit_dollars, workspace.hard_limit_dollars = soft, hard
    return True


def _remove(caller: Caller, arguments: Arguments) -> bool:
    workspace = _workspace(caller, arguments["input"])
    workspace.soft_limit_dollars = workspace.hard_limit_dollars = None
    return True


def _customer(_caller: Caller, workspace: Workspace, _arguments: Arguments) -> dict[str, Any]:
    paying = customer_id(workspace)
    limit = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, paying)),
        "customerId": paying,
        "softLimit": workspace.soft_limit_dollars,
        "hardLimit": workspace.hard_limit_dollars,
        "isOverLimit": False,
        "agentHardLimitCents": None,
        "agentSoftLimitCents": None,
    }
    return {"id": paying, "workspace": workspace, "usageLimit": limit if workspace.soft_limit_dollars else None}


MUTATIONS: Operations = {"usageLimitSet": _set, "usageLimitRemove": _remove}
FIELDS: FieldResolvers = {"Workspace.customer": _customer}
