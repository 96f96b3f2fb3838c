"""Settings that conflict: each is right by itself, and Railway refuses or ignores one of them beside the others.

Used by the provider and by whoever reads such settings from a file. Rules for single values stand in ``rules``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumiverse_railway import rules

FOR_A_REPO: Final = (
    "branch",
    "commit_sha",
    "root_directory",
    "check_suites",
    "builder",
    "build_command",
    "dockerfile_path",
    "watch_patterns",
)
"""Settings of a service that say what is built."""
FOR_AN_IMAGE: Final = ("auto_updates", "auto_update_windows", "auto_update_tags")
"""Settings of a service that say when its image is a newer one."""
UPDATED_REGISTRIES: Final = ("docker.io", "ghcr.io")
"""Registries in which Railway looks for newer images."""


def of_service(settings: Mapping[str, Any], *, replicas: int = 1) -> Iterator[tuple[str, str]]:
    """Yield where the settings of one service contradict each other: a setting, and why it is refused with the others.

    ``settings`` maps names in snake case to values; None, False and empty ones count as absent. A value that is neither
    text nor flag is known in the run alone, and taken to be right. ``replicas`` is the number of all replicas.
    """
    present = {name: value for name, value in settings.items() if value not in (None, False, [], (), {})}
    yield from _source(present)
    yield from of_auto_updates(present)
    if "pre_deploy_timeout_seconds" in present and "pre_deploy_command" not in present:
        yield (
            "pre_deploy_timeout_seconds",
            "limits a preDeployCommand, and there is none: add preDeployCommand, or remove it",
        )
    build, builder = present.get("build_command"), present.get("builder")
    if isinstance(build, str) and build == present.get("start_command"):
        yield "build_command", "must differ from startCommand, or Railway refuses both: remove one of them"
    if "dockerfile_path" in present and isinstance(builder, str) and builder != "DOCKERFILE":
        yield "builder", f"must be DOCKERFILE or left out with dockerfilePath, not {builder}: remove one of them"
    if "cron_schedule" not in present:
        return
    if replicas > 1:
        yield "cron_schedule", f"allows exactly 1 replica, not {replicas}: set replicas to 1, or remove cronSchedule"
    policy = present.get("restart_policy_type")
    if isinstance(policy, str) and policy != "NEVER":
        yield "restart_policy_type", f"must be NEVER or left out with a cronSchedule, not {policy}: remove it"
    if present.get("sleep_application") is True:
        yield "sleep_application", "and cronSchedule exclude each other, since a job that ends cannot sleep: remove one"


def _source(present: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "image" not in present and "repo" not in present:
        yield "image", "or repo must be given, since without a source there is nothing to run: give one"
    elif "image" in present and "repo" in present:
        yield "image", "and repo exclude each other: give one"
    elif "image" in present:
        for name in FOR_A_REPO:
            if name in present:
                yield (
                    name,
                    "belongs to a repo, and this service runs an image: remove it, or give repo in place of image",
                )
    elif "repo" in present and (image_settings := [name for name in FOR_AN_IMAGE if name in present]):
        for name in image_settings:
            yield name, "belongs to an image, and this service runs a repo: remove it"
    elif "registry_credentials" in present:
        yield "registry_credentials", "belong to an image, and this service runs a repo: remove them"


def of_auto_updates(present: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield why an image is never updated: a setting, and the reason. Only what is given is in ``present``."""
    if present.get("auto_updates") in (None, "disabled"):
        for name in FOR_AN_IMAGE[1:]:
            if name in present:
                yield name, "needs autoUpdates, or nothing is updated: set autoUpdates to patch or minor, or remove it"
        return
    image = present.get("image")
    if not isinstance(image, str):
        return
    registry = rules.registry_of(image)
    if registry and registry not in UPDATED_REGISTRIES:
        yield "auto_updates", f"works for images of Docker Hub and ghcr.io, not of {registry}: remove it"
    elif "@" in image:
        yield "auto_updates", "and an image by its digest, which never changes, exclude each other: remove one of them"


def of_pull_requests(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the settings of a project that say how pull requests get environments, where they get none."""
    if settings.get("pr_deploys") in (None, False):
        for name in ("bot_pr_environments", "focused_pr_environments"):
            if settings.get(name) is True:
                yield name, "needs prDeploys: set that to true"


def of_usage_limits(soft: object, hard: object) -> str | None:
    """Return why a hard limit is refused beside a soft one; None when it is right, or not known yet."""
    if isinstance(soft, int) and isinstance(hard, int) and hard < soft:
        return f"must not be below softLimitDollars, {soft}, as {hard} is: raise it, or lower softLimitDollars"
    return None
