"""The limit of what a workspace may use: one for each workspace, whichever stacks run in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pulumi
from pydantic import model_validator

import pulumiverse_railway as railway
from components.checking import checked, resource_inputs
from components.inputs import UsageLimitInputs
from components.service_settings import RailwayUsageLimitSettings
from pulumiverse_railway import conflicts


class UsageLimitSettings(RailwayUsageLimitSettings):
    """The limit of what the stack's workspace may use in a billing period, all of its stacks together."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if reason := conflicts.of_usage_limits(self.soft_limit_dollars, self.hard_limit_dollars):
            raise ValueError(f"hardLimitDollars {reason.removeprefix('must ')}")
        return self


@dataclass(frozen=True, kw_only=True)
class UsageLimitArgs(UsageLimitInputs):
    """Arguments of the limit of its workspace."""


class UsageLimit(pulumi.ComponentResource):
    """The limit of the workspace of the token."""

    def __init__(self, name: str, args: UsageLimitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checked_args = checked(name, args, UsageLimitSettings)
        super().__init__("railyard:components:UsageLimit", name, None, opts)
        railway.UsageLimit(
            f"{name}-usage-limit",
            **resource_inputs(checked_args.args, RailwayUsageLimitSettings),
            opts=pulumi.ResourceOptions(parent=self, depends_on=checked_args.depends_on),
        )
        self.register_outputs({})
