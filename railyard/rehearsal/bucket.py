"""The last step of the road: a stack of its own with the Pulumi CLI, whose state lies in a bucket of Spaces.

Owns the step. Where the CLI or its plugins are missing it says so, and is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from railyard.engine import pulumi_cli
from railyard.engine.cli_operations import BACKEND_VARIABLE
from railyard.engine.engine_choice import VARIABLE, Engine
from railyard.rehearsal.project_copy import CommandRun, ProjectCopy
from railyard.rehearsal.report import Report

_BUCKET, _REGION = "demo-states", "sfo3"
_SETTINGS: Final = """\
config:
  railyard:umami:
    project: {name: umami-dev}
    services: {web: {image: "example/umami:1.0", port: 3000, railwayDomain: true}}
"""
_PLAN: Final = ".sandbox/plan.json"
Run = Callable[..., CommandRun]
"""Takes the parts of a command, what it must say as ``says``, and variables by their names."""


def states_in_a_bucket(project: ProjectCopy, report: Report, run: Run) -> None:
    """Make a bucket for states, bring a new stack up with it, and change it by an approved plan."""
    report.step(
        "States in a bucket, with the Pulumi CLI",
        because="A new stack dev: four lines of settings. Its state lies in a bucket of Spaces, as a team may have it.",
    )
    cli = pulumi_cli.find()
    if cli is None or cli.missing:
        report.did("left out: " + ("there is no pulumi here" if cli is None else f"pulumi lacks {cli.missing[0]}"))
        return
    (project.directory / "Pulumi.dev.yaml").write_text(_SETTINGS, encoding="utf-8")
    project.commit("A stack dev")
    railyard = "./bin/railyard"
    command = (railyard, "state", "init", "--bucket", _BUCKET, "--region", _REGION)
    run(*command, says="made bucket", in_shell=True)  # in a shell of the sandbox, as `make shell` opens it
    address = f"s3://{_BUCKET}?endpoint=http://{_REGION}.digitaloceanspaces.com&region=us-east-1&s3ForcePathStyle=true"
    backend = {VARIABLE: Engine.PULUMI.value, BACKEND_VARIABLE: address}
    run(railyard, "deploy", "-s", "dev", says="dev: deployed", last=3, **backend)
    file = project.directory / "Pulumi.dev.yaml"
    file.write_text(_SETTINGS.replace("umami:1.0", "umami:2.0"), encoding="utf-8")
    project.commit("Umami 2.0")
    run(railyard, "plan", "umami", "-s", "dev", "--out", _PLAN, says="1 to update", first=12, **backend)
    report.did("Grace approves the plan of umami")
    run(railyard, "deploy", "umami", "-s", "dev", "--plan", _PLAN, says="dev: deployed", last=3, **backend)
    run(railyard, "plan", "-s", "dev", says="nothing changes", last=3, **backend)
