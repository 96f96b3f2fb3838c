"""``railyard migrate --to-railway``: shows the difference, asks, writes, and says what was proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from railway_api.counting import count
from railyard.accounts.railway_client import account
from railyard.migrate import live
from railyard.migrate.live import LiveEnvironment
from railyard.shared.console import check_can_ask, write_json


def run(project: str, environments: Sequence[str], *, yes: bool, dry_run: bool, sandbox: bool, json: bool) -> bool:
    """Do it; returns whether nothing is left that only a file says. Raises ``OperationError``."""
    with account(sandbox=sandbox) as railway:
        configured: list[LiveEnvironment] = []
        for environment in environments or [None]:
            configured += railway.run(live.places(railway.client, project, environment))
        if not json:
            for each in configured:
                _print(each)
        pending = [each for each in configured if each.patch]
        if pending and not dry_run:
            if not yes:
                check_can_ask("--dry-run to see what would be written", json=json)
                if not typer.confirm("Write this into Railway's settings? Nothing is deployed."):
                    raise typer.Abort
            for each in pending:
                railway.run(live.write(railway.client, each))
        untold = [
            f"{each.environment}/{service.name}" for each in configured for service in each.services if service.untold
        ]
        if json:
            write_json(
                {"project": project, "environments": [_document(each) for each in configured], "written": not dry_run}
            )
        else:
            _conclude(configured, pending, untold, dry_run=dry_run)
    return not untold and not (dry_run and pending)


def _print(environment: LiveEnvironment) -> None:
    for service in environment.services:
        typer.echo(f"{environment.environment}/{service.name}: {service.file}")
        for each in service.decided:
            typer.echo(f"  {each.key}: {live.text(each.api)} → {live.text(each.value)}")
        for key in service.same:
            typer.echo(f"  {key}: the settings say it already")
        if service.untold:
            typer.echo("  no deployment tells what it decides: migrate its folder, railyard migrate FOLDER")


def _conclude(
    environments: Sequence[LiveEnvironment], written: Sequence[LiveEnvironment], untold: Sequence[str], *, dry_run: bool
) -> None:
    services = sum(len(each.services) for each in environments)
    changes = sum(len(service.decided) for each in written for service in each.services)
    if not services:
        typer.echo("no service takes a setting from a file")
    elif not changes:
        typer.echo(f"{count(services, 'service')}: nothing to write")
    elif dry_run:
        typer.echo(f"{count(changes, 'setting')} would be written, nothing was")
    else:
        typer.echo(f"{count(changes, 'setting')} written and read back, 0 deployments: the files can go")
    if untold:
        typer.echo(f"left: {', '.join(untold)}")


def _document(environment: LiveEnvironment) -> dict[str, Any]:
    return {
        "project": environment.project,
        "environment": environment.environment,
        "services": [
            {
                "name": each.name,
                "file": each.file,
                "changes": [{"key": one.key, "before": one.api, "after": one.value} for one in each.decided],
                "same": list(each.same),
                "untold": each.untold,
            }
            for each in environment.services
        ],
    }
