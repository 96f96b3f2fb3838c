"""Alerts of a project: which events of its services and volumes are sent to a webhook.

Owns the notification rule. What Railway can be told to watch is what it tells of by itself: deployments that fail or
crash, and volumes that pass their ``usageAlerts``. Thresholds of CPU and memory are made in its dashboard alone; when
one is passed, this rule sends that, too.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pulumi
from pydantic import AfterValidator

import pulumiverse_railway as railway
from components.arguments import Arguments, Many, matching
from components.project import Project

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


class Alerts(pulumi.ComponentResource):
    """A rule that sends events of a project to a webhook."""

    def __init__(
        self,
        name: str,
        args: AlertsSettings,
        *,
        project: Project,
        webhook: pulumi.Input[str],
        kept: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the rule. ``kept`` says that the address is not known in this run, and stays as the state has it."""
        super().__init__("railyard:components:Alerts", name, None, opts)
        channel = pulumi.Output.json_dumps({"type": "webhook", "url": webhook})
        railway.NotificationRule(
            f"{name}-rule",
            project_id=project.project_id,
            event_types=list(args.events),
            severities=list(args.severities) or None,
            channel_configs=[channel],
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["channelConfigs"] if kept else None),
        )
        self.register_outputs({})
