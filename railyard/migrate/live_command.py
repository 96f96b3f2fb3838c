"""``railyard migrate --to-railway``: shows the difference, asks, writes, and says what was proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from railway_api.counting import count
from railyard.accounts.railway_client import account
from railyard.migrate import live
from railyard.migrate.live import Place
from railyard.shared.console import check_can_ask, write_json


def run(project: str, environments: Sequence[str], *, yes: bool, dry_run: bool, sandbox: bool, json: bool) -> bool:
    """Do it; returns whether nothing is left that only a file says. Raises ``OperationError``."""
    with account(sandbox=sandbox) as railway:
        places: list[Place] = []
        for environment in environments or [None]:
            places += railway.run(live.places(railway.client, project, environment))
        if not json:
            for place in places:
                _print(place)
        open_ones = [place for place in places if place.patch]
        if open_ones and not dry_run:
            if not yes:
                check_can_ask("--dry-run to see what would be written", json=json)
                if not typer.confirm("Write this into Railway's settings? Nothing is deployed."):
                    raise typer.Abort
            for place in open_ones:
                railway.run(live.write(railway.client, place))
        untold = [f"{place.environment}/{each.name}" for place in places for each in place.services if each.untold]
        if json:
            write_json(
                {"project": project, "environments": [_document(place) for place in places], "written": not dry_run}
            )
        else:
            _conclude(places, open_ones, untold, dry_run=dry_run)
    return not untold and not (dry_run and open_ones)


def _print(place: Place) -> None:
    for service in place.services:
        typer.echo(f"{place.environment}/{service.name}: {service.file}")
        for each in service.decided:
            typer.echo(f"  {each.key}: {live.text(each.api)} → {live.text(each.value)}")
        for key in service.same:
            typer.echo(f"  {key}: the settings say it already")
        if service.untold:
            typer.echo("  no deployment tells what it decides: migrate its folder, railyard migrate FOLDER")


def _conclude(places: Sequence[Place], written: Sequence[Place], untold: Sequence[str], *, dry_run: bool) -> None:
    services = sum(len(place.services) for place in places)
    changes = sum(len(each.decided) for place in written for each in place.services)
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


def _document(place: Place) -> dict[str, Any]:
    return {
        "project": place.project,
        "environment": place.environment,
        "services": [
            {
                "name": each.name,
                "file": each.file,
                "changes": [{"key": one.key, "before": one.api, "after": one.value} for one in each.decided],
                "same": list(each.same),
                "untold": each.untold,
            }
            for each in place.services
        ],
    }
