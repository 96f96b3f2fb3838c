"""``railyard run SYSTEM/SERVICE -- COMMAND``: one-off commands through Railway's own command line.

Owns finding that program, whether it knows the options, and which project, environment and service it is pointed at.
No value passes through here: the program fetches the variables itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Annotated, Final

import typer

from pulumiverse_railway.provider.configuration import URL_VARIABLE
from railyard.accounts.railway_client import connected
from railyard.accounts.running_services_query import running_systems
from railyard.shared.console import CallError, OperationError, reported_errors
from railyard.shared.options import StackOption
from railyard.shared.stack import read_stack
from stacks.project_folder import RAILYARD
from stacks.services import services

PROGRAM: Final = "railway"
INSTALL: Final = "install it as https://docs.railway.com/guides/cli says, npm install -g @railway/cli for one"


def run(
    service: Annotated[
        str, typer.Argument(metavar="SYSTEM/SERVICE", show_default=False, help="Whose variables it gets.")
    ],
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...", show_default=False, help="After --.")],
    stack_name: StackOption = "",
) -> None:
    """Run a command on this machine with the variables of a service, and end as it ends.

    `railyard run shop/web -s staging -- mix ecto.rollback`. Railway's own command line does it, pointed at the right
    project and environment. The command runs here, not in the service: it sees no volume and no private name.
    """
    with reported_errors(json=False):
        system, _, name = service.partition("/")
        stack = read_stack(stack_name)
        if system not in stack.settings.systems or not name:
            choices = ", ".join(stack.settings.systems)
            raise CallError(
                f"{service}: name a system of {stack_name} and one of its services, shop/web; it has {choices}"
            )
        declared = [each.name for each in services(stack.settings.systems[system])]
        if name not in declared:
            raise OperationError(
                f"{service} does not run in {stack_name}; what runs of {system}: {', '.join(declared)}"
            )
        program = _program()
        pointed = bool(os.environ.get(URL_VARIABLE))
        with connected(stack, about=system) as railway:
            if not (railway.real or pointed):
                raise OperationError(
                    "Railway's command line is pointed at nothing: set RAILWAY_API_TOKEN, or practise in the sandbox, "
                    f"with `{RAILYARD} sandbox serve` in one shell and `. .sandbox/environment` in this one"
                )
            (of_system,) = railway.run(running_systems(railway, stack, [system]))
        running = of_system.service(name)
        if (
            of_system.project_id is None
            or of_system.environment_id is None
            or running is None
            or running.service_id is None
        ):
            names = ", ".join(each.name for each in of_system.services if each.service_id) or "none yet"
            raise OperationError(f"{service} does not run in {stack_name}; what runs of {system}: {names}")
        where = [
            "--project",
            of_system.project_id,
            "--environment",
            of_system.environment_id,
            "--service",
            running.service_id,
        ]
        environment = _environment(real=railway.real)
        process = subprocess.run([program, "run", *where, "--", *command], env=environment, check=False)
    raise typer.Exit(process.returncode)


def _environment(*, real: bool) -> dict[str, str]:
    """Return the variables of the program: that of the sandbox has to trust its certificates, and takes no empty token.

    It takes an empty RAILWAY_TOKEN for the token of a project.
    """
    environment = dict(os.environ)
    if environment.get("RAILWAY_TOKEN") == "":
        del environment["RAILWAY_TOKEN"]
    if not real and "RAILYARD_EDGE_AUTHORITY" in environment:
        environment["SSL_CERT_FILE"] = environment["RAILYARD_EDGE_AUTHORITY"]
    return environment


def _program() -> str:
    program = shutil.which(PROGRAM)
    if program is None:
        raise OperationError(f"this needs Railway's command line, and there is no {PROGRAM} on PATH: {INSTALL}")
    try:
        process = subprocess.run([program, "run", "--help"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        raise OperationError(f"{program} does not start: {INSTALL}") from None
    if missing := [option for option in ("--project", "--environment", "--service") if option not in process.stdout]:
        raise OperationError(
            f"{program} knows no {missing[0]}, so it is too old, or not Railway's command line: {INSTALL}"
        )
    return program
