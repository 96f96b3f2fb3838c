"""The limit of what a workspace may use in a billing period.

Owns both numbers: the one at which Railway sends a mail, and the one at which it stops everything. A workspace has one
limit, whichever programs run in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pulumi_provider.declaration import Context, Inputs, Problem, Property, Resource
from pulumiverse_railway import conflicts, rules
from railway_api.client import Client
from railway_api.deletion import delete_listed
from railway_api.documents.account import USAGE_LIMIT, USAGE_LIMIT_REMOVE, USAGE_LIMIT_SET
from railway_api.errors import NotFound
from railway_api.failure import Failure

from .shared.scopes import railway, replaced_by_workspace, split

if TYPE_CHECKING:
    from railway_api.answers import Customer


@dataclass(frozen=True, kw_only=True)
class UsageLimitInputs(Inputs):
    """Inputs of a workspace's usage limit."""

    soft_limit_dollars: Annotated[
        int,
        Property(
            "Use in a billing period, in US dollars, about which Railway sends a mail (API: softLimitDollars).",
            check=rules.soft_limit_dollars,
        ),
    ]
    hard_limit_dollars: Annotated[
        int | None,
        Property(
            "Use in a billing period, in US dollars, at which Railway stops every service of the workspace, production "
            "too: 10 or more. Default: none (API: hardLimitDollars).",
            check=rules.hard_limit_dollars,
        ),
    ] = None
    workspace_id: Annotated[
        str | None,
        Property(
            "Railway's id of the workspace. Another one replaces the limit. Default: railway:workspaceId of the "
            "configuration, else the only workspace of the token.",
            keeps_when_unset=True,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class UsageLimitState(UsageLimitInputs):
    """The limit of a workspace as it is."""

    customer_id: Annotated[
        str, Property("Railway's id of whoever pays for the workspace (API: Customer.id).", stable=True)
    ]


class UsageLimit(Resource[UsageLimitInputs, UsageLimitState]):
    """The limit of what a workspace may use in a billing period; one for each workspace. Its id is <workspace id>."""

    token = "railway:index:UsageLimit"
    inputs_type, state_type = UsageLimitInputs, UsageLimitState

    def check(self, inputs: Mapping[str, Any]) -> list[Problem]:
        """Refuse a hard limit below the soft one."""
        reason = conflicts.of_usage_limits(inputs.get("soft_limit_dollars"), inputs.get("hard_limit_dollars"))
        return [] if reason is None else [Problem(path="hardLimitDollars", reason=reason)]

    def replaced_by(self, old: UsageLimitState, new: Mapping[str, Any]) -> Sequence[str]:
        """Return the workspace when another one is named."""
        return replaced_by_workspace(old.workspace_id, new)

    async def create(self, context: Context, new: UsageLimitInputs) -> tuple[str, UsageLimitState]:
        """Set the limit of a workspace that has none, or an equal one that an interrupted run has set."""
        client = railway(context)
        workspace_id = new.workspace_id or await client.workspace()
        if workspace_id is None:
            raise Failure("the token has no workspace: say which one the limit is for with workspaceId")
        customer = await _customer(client, workspace_id)
        existing = customer["usageLimit"]
        limits = (new.soft_limit_dollars, new.hard_limit_dollars)
        if existing and (existing["softLimit"], existing["hardLimit"]) != limits:
            present = _limits_text(existing["softLimit"], existing["hardLimit"])
            raise Failure(
                f"workspace {workspace_id} has a limit already, {present}, and it has one: import it with "
                f"'pulumi import railway:index:UsageLimit <resource name> {workspace_id}' and change it then"
            )
        if not existing:
            await _set(client, customer["id"], new)
        return workspace_id, UsageLimitState(**asdict(new), customer_id=customer["id"])

    async def read(self, context: Context, id: str, old: UsageLimitState | None) -> UsageLimitState | None:
        """Return the limit."""
        (workspace_id,) = split(id, "workspace id")
        customer = await _customer(railway(context), workspace_id)
        limit = customer["usageLimit"]
        if limit is None:
            return None
        return UsageLimitState(
            soft_limit_dollars=limit["softLimit"],
            hard_limit_dollars=limit["hardLimit"],
            workspace_id=None if old is not None and old.workspace_id is None else workspace_id,
            customer_id=customer["id"],
        )

    async def update(self, context: Context, id: str, old: UsageLimitState, new: UsageLimitInputs) -> UsageLimitState:
        """Set other limits; one that is left out goes."""
        if new.workspace_id not in (None, id):
            raise Failure(f"the limit is that of workspace {id}: set workspaceId to that, or leave it out")
        await _set(railway(context), old.customer_id, new)
        return UsageLimitState(**asdict(new), customer_id=old.customer_id)

    async def delete(self, context: Context, id: str, old: UsageLimitState) -> None:
        """Remove the limit: Railway sends no mail and stops nothing any more."""
        client = railway(context)
        (workspace_id,) = split(id, "workspace id")

        async def still_there() -> bool:
            return (await _customer(client, workspace_id))["usageLimit"] is not None

        remove = {"customerId": old.customer_id}
        await delete_listed(lambda: client.call(USAGE_LIMIT_REMOVE, input=remove), still_there)


async def _customer(client: Client, workspace_id: str) -> Customer:
    try:
        answer = await client.transport.read(USAGE_LIMIT, workspaceId=workspace_id)
        return answer["workspace"]["customer"]
    except NotFound as failure:
        raise Failure(f"the token does not reach workspace {workspace_id}: give a token of it") from failure


async def _set(client: Client, customer_id: str, new: UsageLimitInputs) -> None:
    inputs = {
        "customerId": customer_id,
        "softLimitDollars": new.soft_limit_dollars,
        "hardLimitDollars": new.hard_limit_dollars,
    }
    await client.call(USAGE_LIMIT_SET, input=inputs)


def _limits_text(soft: int, hard: int | None) -> str:
    return f"a mail at {soft} dollars" + ("" if hard is None else f" and a stop at {hard}")
