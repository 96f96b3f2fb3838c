"""``railyard images``: build and push the images of a system, and propose the commit that they are tagged with.

Owns which images are meant and how ``docker`` is called. Where a value is in the settings is known to
``settings_file``; the pull request is written through GitHub, since a workflow's checkout holds no token.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Final

import typer

from components.service_kind import ServiceSettings
from railyard.accounts.github import GitHub
from railyard.promote import settings_file
from railyard.review.checkout import changes_digest, path_in_repository
from railyard.shared.console import CallError, JsonOption, OperationError, reported_errors, shown, write_json
from railyard.shared.options import StackOption
from railyard.shared.stack import Stack, read_stack
from stacks.arguments_tree import walk_arguments
from stacks.system import SystemSettings

_DIGITS: Final = 7
"""Of a short commit; the same number everywhere, so that an image is found again."""

application = typer.Typer(no_args_is_help=True, help="Build a system's images, and propose the commit they come from.")

SystemArgument = Annotated[str, typer.Argument(help="A system that names the commit of its images, such as shop.")]
SourceOption = Annotated[Path, typer.Option("--source", help="A clone of the system's own repository.")]
PlatformOption = Annotated[
    str, typer.Option("--platform", help="Of the machines that run them: Railway's are linux/amd64, whatever builds.")
]
PushOption = Annotated[bool, typer.Option("--push", help="Push the images; docker has to be logged in.")]


@application.command()
def build(
    system: SystemArgument,
    source: SourceOption,
    stack: StackOption = "",
    *,
    platform: PlatformOption = "linux/amd64",
    push: PushOption = False,
    json: JsonOption = False,
) -> None:
    """Build each image of the system from its repository, tagged with the short commit that is checked out there.

    The Dockerfile of a service is <service>/Dockerfile, with its folder as context, or Dockerfile.<service> at the top.
    """
    with reported_errors(json=json):
        commit = _short_commit(source)
        images = images_of(read_stack(stack), system)
        calls = {service: _context(source, service) for service in images}
        if push and changes_digest(source):
            raise OperationError(
                f"files of {shown(source)} differ from commit {commit}: the images would not be what their tag says; "
                "commit the changes, or build without --push"
            )
        for service, image in images.items():
            _docker(
                "build", "--pull", "--platform", platform, "--tag", f"{image}:{commit}", *calls[service], quiet=json
            )
        for image in images.values() if push else ():
            _docker("push", f"{image}:{commit}", quiet=json)
        built = [f"{image}:{commit}" for image in images.values()]
        if json:
            write_json({"system": system, "commit": commit, "images": built, "pushed": push})
        else:
            typer.echo(f"{system} {commit}: " + ("pushed " if push else "built ") + ", ".join(built))


@application.command()
def propose(
    system: SystemArgument,
    commit: Annotated[str, typer.Argument(help="The commit that the images are tagged with.")],
    stack: StackOption = "",
    *,
    json: JsonOption = False,
) -> None:
    """Open a pull request, or update the open one, that lets the stack run the images of this commit.

    Needs GITHUB_TOKEN with contents: write and pull-requests: write, and GITHUB_REPOSITORY.
    """
    with reported_errors(json=json):
        images_of(read_stack(stack), system)  # refuses a system without a commit of its own
        edit = settings_file.edited(stack, {(system, "commit"): commit})
        if edit.before == edit.after:
            write_json({"action": "none"}) if json else typer.echo(f"{stack} runs {system} {commit} already")
            return
        title = f"{system} {commit} in {stack}"
        branch = f"images/{system}-{stack}"
        github = GitHub()
        path = path_in_repository(edit.file)
        base = github.put_file(branch, path, before=edit.before, after=edit.after, message=title)
        body = "\n".join([f"The images of {system} were built from its commit `{commit}`.", "", "```diff", *edit.lines])
        posted = github.pull_request(branch, base, title, body + "\n```\n")
        if json:
            write_json({"action": posted.action, "url": posted.url})
        else:
            typer.echo(f"pull request {posted.action}: {posted.url}")


def images_of(stack: Stack, system: str) -> dict[str, str]:
    """Return service → image without tag, of those that the system's commit decides about; raises ``CallError``."""
    images = images_in(stack.chosen([system])[system])
    if not images:
        raise CallError(f"{system} deploys no images that are tagged with a commit of its own: there is none to build")
    return images


def images_in(settings: SystemSettings) -> dict[str, str]:
    """Return the same of the settings of a system; nothing where its commit decides about none."""
    tag = f":{getattr(settings, 'commit', '')}"
    return {
        str(path[-1]): part.image.removesuffix(tag)
        for path, part in walk_arguments(settings)
        if len(tag) > 1 and isinstance(part, ServiceSettings) and part.image and part.image.endswith(tag)
    }


def _context(source: Path, service: str) -> list[str]:
    if (source / service / "Dockerfile").exists():
        return [str(source / service)]
    if (source / f"Dockerfile.{service}").exists():
        return ["--file", str(source / f"Dockerfile.{service}"), str(source)]
    raise OperationError(
        f"{shown(source)} has neither {service}/Dockerfile nor Dockerfile.{service}: nothing was built"
    )


def _short_commit(source: Path) -> str:
    if not source.is_dir():
        raise CallError(f"{shown(source)} is not a folder: give --source a clone of the system's repository")
    command = ["git", "rev-parse", f"--short={_DIGITS}", "HEAD"]
    process = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise OperationError(f"{shown(source)} is not a clone with a commit: its images would have no tag")
    return process.stdout.strip()[:_DIGITS]


def _docker(*arguments: str, quiet: bool) -> None:
    program = shutil.which("docker")
    if program is None:
        raise OperationError(
            "this needs docker, and it is not on PATH: install it from https://docs.docker.com/get-docker/"
        )
    process = subprocess.run([program, *arguments], stdout=subprocess.DEVNULL if quiet else None, check=False)
    if process.returncode != 0:
        raise OperationError(
            f"docker {' '.join(arguments)} failed with exit code {process.returncode}; it says why above"
        )
