"""The client of Railway's GraphQL API.

``connect`` returns a ``Client``; ``Client.environment`` returns an ``Environment``, which reads and writes everything
in one environment. Operations are in ``railway_api.documents``. Names are loaded on first use: a program that
only needs an error or a plan does not load the HTTP library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from railway_api.caller import Caller, Deadline
    from railway_api.client import Client
    from railway_api.client_factory import connect
    from railway_api.deployment_failures import DeploymentFailed
    from railway_api.deployment_spec import DeploymentSpec
    from railway_api.environment import Environment
    from railway_api.errors import (
        Busy,
        EdgeBlocked,
        Exists,
        LeftOut,
        NotAuthorized,
        NotFound,
        NothingToCommit,
        Opaque,
        OutcomeUnknown,
        PlanLimit,
        Race,
        RailwayError,
        StillApplying,
        Throttled,
        UnexpectedResponse,
        Unreachable,
        Validation,
    )
    from railway_api.failure import Failure
    from railway_api.group_commits import Committed
    from railway_api.identity import Token
    from railway_api.operation import Document, Operation
    from railway_api.plans import Plan
    from railway_api.snapshot import Deployment, Snapshot

__all__ = [
    "Busy",
    "Caller",
    "Client",
    "Committed",
    "Deadline",
    "Deployment",
    "DeploymentFailed",
    "DeploymentSpec",
    "Document",
    "EdgeBlocked",
    "Environment",
    "Exists",
    "Failure",
    "LeftOut",
    "NotAuthorized",
    "NotFound",
    "NothingToCommit",
    "Opaque",
    "Operation",
    "OutcomeUnknown",
    "Plan",
    "PlanLimit",
    "Race",
    "RailwayError",
    "Snapshot",
    "StillApplying",
    "Throttled",
    "Token",
    "UnexpectedResponse",
    "Unreachable",
    "Validation",
    "connect",
]

_MODULES: Final = {
    "Caller": "caller",
    "Client": "client",
    "Committed": "group_commits",
    "Deadline": "caller",
    "Deployment": "snapshot",
    "DeploymentFailed": "deployment_failures",
    "DeploymentSpec": "deployment_spec",
    "Document": "operation",
    "Environment": "environment",
    "Failure": "failure",
    "Operation": "operation",
    "Plan": "plans",
    "Snapshot": "snapshot",
    "Token": "identity",
    "connect": "client_factory",
}
"""The module of each name; all other names are errors."""


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
