"""``railyard migrate``: files of other tools become settings, or the settings of live services.

Owns the command: its options, what it prints, how it ends. What a file says is read in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from pulumiverse_railway import rules
from railyard.accounts.railway_client import SandboxOption
from railyard.migrate import folder as folders
from railyard.migrate import into_stack, live
from railyard.migrate.findings import Finding, Kind, Reading
from railyard.migrate.into_stack import Written
from railyard.migrate.result import Result, result_of
from railyard.shared.console import PROBLEM, CallError, JsonOption, reported_errors, shown, write_json
from railyard.shared.files import write_whole
from railyard.shared.options import DryRunOption

FIRST: Final = "production"
"""The environment with which a project of Railway begins."""
ROOT: Final = "web"
"""Name of the service at the root of a folder."""
_ORDER: Final = (Kind.TRANSLATED, Kind.STAYS, Kind.NEVER_READ, Kind.NOT_EXPRESSIBLE)


FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="[FOLDER]", show_default=False, help="The application's repository.")
]
NameOption = Annotated[
    str | None, typer.Option("--name", help="The system; default: the name of the folder.", show_default=False)
]
RepoOption = Annotated[
    str | None, typer.Option("--repo", metavar="OWNER/NAME", help="Default: what git has as origin.")
]
EnvironmentOption = Annotated[
    list[str] | None, typer.Option("--environment", help="Only for this environment; may be given more than once.")
]
IntoOption = Annotated[
    str | None, typer.Option("--into", metavar="STACK", help="Write into Pulumi.<stack>.yaml, which has --name.")
]
OutputOption = Annotated[Path | None, typer.Option("--output", help="Write the settings there, not on the screen.")]
ToRailwayOption = Annotated[
    bool, typer.Option("--to-railway", help="Write what live services take from files into Railway's settings.")
]
ProjectOption = Annotated[str | None, typer.Option("--project", help="With --to-railway: the project's id or name.")]


def migrate(
    folder: FolderArgument = None,
    name: NameOption = None,
    service: Annotated[str, typer.Option("--service", help="The service at the root of the folder.")] = ROOT,
    repo: RepoOption = None,
    environment: EnvironmentOption = None,
    into: IntoOption = None,
    output: OutputOption = None,
    dry_run: DryRunOption = False,
    to_railway: ToRailwayOption = False,
    project: ProjectOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --to-railway: do not ask.")] = False,
    sandbox: SandboxOption = False,
    json: JsonOption = False,
) -> None:
    """Turn railway.toml, railway.json, nixpacks.toml, Procfile, .env and compose files into settings, with a proof.

    Each key is named: translated, read by the builder itself, never read by Railway, or not expressible. The proof is
    that Railway makes the same of the settings alone as it makes of the files before 2026-12-01. No file is changed,
    unless --into or --output says so; values of .env files go into the SOPS file of the stack, and are never shown.

    With --to-railway nothing is read of a folder: the services of a project that still take settings from a file get
    these as settings of their own, the difference is shown first, and nothing is deployed.
    """
    with reported_errors(json=json):
        if to_railway:
            if folder or into or not project:
                raise CallError("--to-railway takes --project with the id or name of a project, and no folder")
            of_a_folder = {"--name": name, "--service": service != ROOT, "--repo": repo, "--output": output}
            _refuse(of_a_folder, "of a folder, and --to-railway reads none")
            done = live.run(project, environment or (), yes=yes, dry_run=dry_run, sandbox=sandbox, json=json)
            raise typer.Exit(0 if done else PROBLEM)
        if folder is None:
            raise CallError("give the folder of the application, or --to-railway with --project")
        _refuse({"--project": project, "--yes": yes, "--sandbox": sandbox}, "of --to-railway alone")
        result = _result(folder, name, service, repo, environment or ())
        written = into_stack.write(into, result, folder, dry_run=dry_run) if into else None
        if output and not dry_run:
            write_whole(output, result.settings_text())
        if json:
            write_json(result.document() | ({"into": written.document()} if written else {}))
        else:
            _print(result, written, output, dry_run=dry_run)
    raise typer.Exit(0 if result.proven else PROBLEM)


def _refuse(options: Mapping[str, object], reason: str) -> None:
    """Raise ``CallError`` for options that were given and would be ignored."""
    if given := [name for name, value in options.items() if value]:
        raise CallError(f"{', '.join(given)}: {reason}: leave it out")


def _result(
    folder: Path, name: str | None, service: str, repo: str | None, environments: list[str] | tuple[()]
) -> Result:
    label = name or folder.resolve().name.lower()
    for value, option in ((label, "--name"), (service, "--service")):
        if rules.label.broken_by(value):
            raise CallError(
                f"{value} is not a valid name of a service or system: give one with {option}, such as my-app"
            )
    if repo and rules.repository.broken_by(repo):
        raise CallError(f"--repo {repo}: a repository of GitHub is written owner/name")
    reading = folders.read(folder, service)
    if not reading.services and not reading.findings:
        raise CallError(
            f"{shown(folder)} has no railway.toml, railway.json, nixpacks.toml, Procfile, .env or compose file"
        )
    chosen = list(dict.fromkeys(environments)) or _environments(reading)
    for each in chosen:
        if rules.label.broken_by(f"{label}-{each}"):
            raise CallError(f"{label}-{each} is not a valid name of a project: it is {rules.label.meaning}")
    source = repo or folders.repository(folder)
    if source is None and any(each.image is None for each in reading.services):
        raise CallError(f"{shown(folder)} has no GitHub repository as its origin: give --repo owner/name")
    return result_of(label, reading, chosen, source)


def _environments(reading: Reading) -> list[str]:
    named = [each for service in reading.services for each in service.layers if each]
    return list(dict.fromkeys([FIRST, *named]))


def _print(result: Result, written: Written | None, output: Path | None, *, dry_run: bool) -> None:
    for kind in _ORDER:
        findings = [each for each in result.reading.findings if each.kind == kind]
        if findings:
            typer.echo(f"{kind} ({len(findings)}):")
            for each in findings:
                typer.echo(f"  {_where(each)}: {each.text}")
            typer.echo("")
    if not written and (dry_run or not output):
        typer.echo(result.settings_text())
    if written:
        typer.echo("\n".join(written.lines))
    if output:
        typer.echo(f"{shown(output)}: the settings of {result.name}{' would be written' if dry_run else ''}")
    for line in result.verdict():
        typer.echo(line)


def _where(finding: Finding) -> str:
    return f"{finding.file}: {finding.key}" if finding.key else finding.file
