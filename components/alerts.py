"""Alerts of a project: which events of its services and volumes are sent to a webhook.

Owns the notification rule. Railway sends events of deployments that fail or crash, and of volumes that pass their
``usageAlerts``. Thresholds of CPU and memory are made in its dashboard alone; the rule sends those events, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import pulumi
from pydantic import AfterValidator

import pulumiverse_railway as railway
from components.arguments import Arguments, Many, matching
from components.checking import checked, derived
from components.existing import ExistingProject
from components.inputs import AlertsInputs
from components.project import Project
from components.wiring import wired

Event = Annotated[str, matching(r"[A-Z][A-Za-z]*\.[A-Za-z_]+", "the name of an event, such as Deployment.failed")]


def _some_once(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or len(set(values)) < len(values):
        raise ValueError("at least one event, and each once: add or remove one")
    return values


class AlertsSettings(Arguments):
    """The events that are sent to the system's webhook."""

    events: Annotated[Many[Event], AfterValidator(_some_once)] = (
        "Deployment.failed",
        "Deployment.crashed",
        "VolumeAlert.triggered",
        "Monitor.triggered",
    )
    """Names of Railway's events. Default: deployments that fail or crash, and thresholds that are passed."""
    severities: Many[Literal["INFO", "NOTICE", "WARNING", "CRITICAL"]] = ()
    """Only events this serious. Default: all."""


@dataclass(frozen=True, kw_only=True)
class AlertsArgs(AlertsInputs):
    """Arguments of the alerts of a project."""

    project: Project | ExistingProject
    """The project whose events are sent."""
    webhook: pulumi.Input[str]
    """Address to which they are sent, a secret."""
    webhook_is_unknown: bool = False
    """True if the address is not known in this run, and stays as the state has it. Default: false."""


class Alerts(pulumi.ComponentResource):
    """A rule that sends events of a project to a webhook."""

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checked_args = checked(name, wired(name, args, AlertsArgs), AlertsSettings)
        args = checked_args.args
        super().__init__("railyard:components:Alerts", name, None, opts)
        channel = pulumi.Output.json_dumps({"type": "webhook", "url": args.webhook})
        railway.NotificationRule(
            f"{name}-rule",
            project_id=args.project.project_id,
            event_types=args.events,
            severities=derived(_some, args.severities),
            channel_configs=[channel],
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["channelConfigs"] if args.webhook_is_unknown else None,
                depends_on=checked_args.depends_on,
            ),
        )
        self.register_outputs({})


def _some(severities: Sequence[str]) -> list[str] | None:
    return list(severities) or None
