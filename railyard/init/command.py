"""``railyard init``: make a small project for an application, which depends on Railyard as packages.

Owns the command: what it asks, what it prints, how it ends. The modules beside this one own what the
application is, and what is written.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, get_args

import typer
from pydantic.alias_generators import to_camel

from pulumiverse_railway import conflicts, rules
from railway_api.plans import Plan as RailwayPlan
from railyard.init import application, compose, requirements, write
from railyard.init.proposal import Proposal
from railyard.migrate.command import FIRST
from railyard.migrate.findings import Settings, label
from railyard.migrate.folder import repository
from railyard.review import checkout
from railyard.shared.console import CallError, JsonOption, OperationError, can_ask, reported_errors, shown, write_json
from railyard.shared.project import refuse_hidden_packages
from stacks.own.settings import Topology
from stacks.project_folder import OTHER_REQUIREMENTS, REQUIREMENTS, is_checkout
from stacks.shared_settings import file_name, stack_names

_TOPOLOGIES: Final = get_args(Topology)


FolderArgument = Annotated[
    Path, typer.Argument(metavar="[FOLDER]", show_default=False, help="Default: the working directory.")
]
NameOption = Annotated[
    str, typer.Option("--name", show_default=False, help="Of the system. Default: the name of the folder.")
]
TopologyOption = Annotated[
    str, typer.Option("--topology", show_default=False, help=f"What its program is: {', '.join(_TOPOLOGIES)}.")
]
ImageOption = Annotated[
    str, typer.Option("--image", show_default=False, help="The image that it runs, with its version.")
]
RepoOption = Annotated[
    str,
    typer.Option(
        "--repo",
        metavar="OWNER/NAME",
        show_default=False,
        help="Repository that Railway builds. Default: git's origin.",
    ),
]
StacksOption = Annotated[
    str,
    typer.Option("--stacks", metavar="A,B", show_default=False, help="Each promotes from the one before it."),
]
PackagesOption = Annotated[
    Path | None,
    typer.Option(
        "--packages",
        metavar="DIR",
        show_default=False,
        help="Pin Railyard's packages as the wheels in this folder. Default: those that are installed.",
    ),
]


def init(
    folder: FolderArgument = Path(),
    name: NameOption = "",
    topology: TopologyOption = "",
    image: ImageOption = "",
    repo: RepoOption = "",
    stacks: StacksOption = "",
    plan: Annotated[str, typer.Option("--plan", show_default=False, help="Railway plan of the workspace.")] = "",
    packages: PackagesOption = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there already.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Make a project for an application: settings, secrets' rules, workflows, and Railyard pinned as packages.

    Looks at what is there (Dockerfile, package.json, pyproject.toml, mix.exs, compose file, railway.toml, …) and writes
    what follows from it; the files of the application are left alone. Called again, it finishes what was cut off.
    """
    with reported_errors(json=json):
        asks = not yes and not json and can_ask()
        if not asks and not yes:
            raise CallError("nobody can be asked here: give --yes, and --name, --image, --stacks where they differ")
        _refuse_folder(folder)
        choices = _choices(folder.resolve(), name, stacks, plan, asks=asks)
        proposal = _proposal(folder, topology, image, repo, asks=asks)
        file = OTHER_REQUIREMENTS if _is_of_the_application(folder / REQUIREMENTS) else REQUIREMENTS
        wheels = requirements.in_folder(packages, folder) if packages else requirements.installed()
        files = write.project_files(choices, proposal, file) | {file: requirements.text(wheels)}
        planned = write.plan(folder, write.with_generated(files), force=force)
        if asks:
            _show(proposal)
            typer.confirm(f"Write {len(planned.files)} files into {folder.resolve()}?", default=True, abort=True)
        write.write(planned)
        _tell(choices, proposal, planned, file, json=json)


def _refuse_folder(folder: Path) -> None:
    """Raise ``CallError`` for a folder in which a project would not work."""
    if is_checkout(folder):
        raise CallError(f"{folder.resolve()} is a checkout of Railyard: call it in the folder of an application")
    refuse_hidden_packages(folder.resolve())


def _choices(folder: Path, name: str, stacks: str, plan: str, *, asks: bool) -> write.Choices:
    chosen = name or _prompted("Name", label(folder.name), asks=asks)
    stacks = stacks or _prompted("Stacks", FIRST, asks=asks)
    named = [each.strip() for each in stacks.split(",") if each.strip()]
    for each in (chosen, *named):
        if demand := rules.label.broken_by(each):
            raise CallError(f"{each!r} is not a valid name of a system or stack: it should {demand}")
    if not named or len(set(named)) < len(named):
        raise CallError(f"--stacks {stacks}: name one stack, or several different ones: staging,production")
    if others := [each for each in stack_names(folder) if each not in named]:
        raise CallError(
            f"{file_name(others[0])} is there already: name all stacks, --stacks {','.join([*named, *others])}"
        )
    workspace = plan or _prompted("Railway plan", RailwayPlan.HOBBY.value, asks=asks)
    if workspace not in list(RailwayPlan):
        raise CallError(f"--plan {workspace}: one of {', '.join(RailwayPlan)}")
    return write.Choices(name=chosen, stacks=named, plan=workspace, commit=_commit(folder) if folder.exists() else None)


def _commit(folder: Path) -> str | None:
    """Return the commit of the application that is checked out; None where there is none."""
    try:
        return checkout.commit(folder, "HEAD")[:7]
    except OperationError:
        return None


def _proposal(folder: Path, topology: str, image: str, repo: str, *, asks: bool) -> Proposal:
    if topology and topology not in _TOPOLOGIES:
        raise CallError(f"--topology {topology}: one of {', '.join(_TOPOLOGIES)}")
    if repo and rules.repository.broken_by(repo):
        raise CallError(f"--repo {repo}: a repository of GitHub is written owner/name")
    if repo and image:
        raise CallError("--repo and --image exclude each other, since a service runs one of them: leave one out")
    program = label(topology or "web") if topology not in ("", "service") else "web"
    proposal = compose.read(folder, name=program)
    if not proposal.services:
        proposal = application.read(folder, topology=topology or None, name=program)
    if image or not proposal.services:
        proposal = _of_an_image(proposal, program, image or _prompted("Image", "", asks=asks))
    if topology:
        _set_topology(proposal, topology)
    source = repo or repository(folder)
    for service, settings in proposal.services.items():
        if "image" in settings:
            continue
        source = source or _prompted("GitHub repository (owner/name)", "", asks=asks)
        if not source:
            raise CallError(
                f"{service}: git knows no GitHub repository of {shown(folder)}: give --repo owner/name, or --image"
            )
        proposal.services[service] = {"repo": source, **settings}
    return proposal


def _set_topology(proposal: Proposal, topology: str) -> None:
    """Let the only service have a topology; raises ``CallError`` where there are several."""
    if len(proposal.services) > 1:
        raise CallError(f"--topology is for one service, and there are {', '.join(proposal.services)}: leave it out")
    for name, settings in proposal.services.items():
        of_topology = application.of_topology(topology)
        if "cronSchedule" in of_topology and "cronSchedule" not in settings:
            proposal.notes.append(application.nightly(name))
        proposal.services[name] = of_topology | settings


def _of_an_image(proposal: Proposal, program: str, image: str) -> Proposal:
    """Let the only service run an image; where nothing was found, it is all there is."""
    if not image:
        raise CallError(
            "nothing here says what is to run (Dockerfile, package.json, pyproject.toml, mix.exs, compose file, "
            "railway.toml): give --image with its version, or --repo owner/name in the folder of the application"
        )
    if demand := rules.image.broken_by(image):
        raise CallError(f"--image {image}: it should {demand}")
    if len(proposal.services) > 1:
        raise CallError(f"--image is for one service, and there are {', '.join(proposal.services)}: leave it out")
    name, settings = next(iter(proposal.services.items()), (program, Settings()))
    of_a_repo = {to_camel(each) for each in conflicts.FOR_A_REPO}
    settings = {key: value for key, value in settings.items() if key not in of_a_repo}
    proposal.services = {name: {**settings, "image": image}}
    return proposal


def _is_of_the_application(file: Path) -> bool:
    return file.is_file() and not requirements.is_ours(file)


def _prompted(question: str, default: str, *, asks: bool) -> str:
    return str(typer.prompt(question, default=default, show_default=bool(default))).strip() if asks else default


def _show(proposal: Proposal) -> None:
    for service, settings in proposal.services.items():
        source = settings.get("image") or f"{settings['repo']}{settings.get('rootDirectory', '')}"
        typer.echo(f"{service}: {settings.get('topology', 'service')}, {source}")
    for database, settings in proposal.databases.items():
        typer.echo(f"{database}: {settings.get('kind', database)}")


def _tell(choices: write.Choices, proposal: Proposal, planned: write.Plan, file: str, *, json: bool) -> None:
    notes = [*proposal.notes, *_about_folder(planned.folder)]
    notes += [f"{name} is yours, and was left as it is" for name in planned.users_files]
    if json:
        write_json(
            {"name": choices.name, "written": list(planned.files), "kept": list(planned.users_files), "notes": notes}
        )
        return
    _show(proposal)
    for name in planned.files:
        typer.echo(f"{shown(planned.folder.resolve() / name)}: written")
    if not planned.files:
        typer.echo("everything is there already")
    for note in notes:
        typer.echo(f"note: {note}")
    install = f"python3 -m venv .venv && .venv/bin/pip install --require-hashes -r {file}"
    steps = [] if (planned.folder / ".venv").exists() else [install]
    typer.echo("next: " + ", then ".join([*steps, ".venv/bin/railyard preview"]))


def _about_folder(folder: Path) -> Sequence[str]:
    """Return what is to be known of the repository in which the folder lies."""
    command = ["git", "rev-parse", "--show-prefix"]
    try:
        prefix = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ()
    return (
        (f"GitHub reads workflows in .github of the repository alone, and this is its folder {prefix}",)
        if prefix
        else ()
    )
