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
from railyard.shared.stack import Stack, read_stack
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
        stack = read_stack(stack_name)
        system, name = _declared(stack, service)
        program = _program()
        pointed = bool(os.environ.get(URL_VARIABLE))
        with connected(stack, about=system) as railway:
            if not (railway.real or pointed):
                raise OperationError(
                    "Railway's command line is pointed at nothing: set RAILWAY_API_TOKEN, or practise in the sandbox, "
                    f"with `{RAILYARD} sandbox serve` in one shell and `. .sandbox/environment` in this one"
                )
            (running,) = railway.run(running_systems(railway, stack, [system]))
        service_id = next((each.service_id for each in running.services if each.name == name), None)
        if running.project_id is None or running.environment_id is None or service_id is None:
            names = ", ".join(each.name for each in running.services if each.service_id) or "none yet"
            raise OperationError(f"{service} does not run in {stack.name}; what runs of {system}: {names}")
        where = ["--project", running.project_id, "--environment", running.environment_id, "--service", service_id]
        environment = _environment(real=railway.real)
        process = subprocess.run([program, "run", *where, "--", *command], env=environment, check=False)
    # A process that signal 15 ended has the exit code 143, as in a shell.
    raise typer.Exit(process.returncode if process.returncode >= 0 else 128 - process.returncode)


def _declared(stack: Stack, service: str) -> tuple[str, str]:
    """Return the system and the name of a service that the settings have."""
    systems = stack.settings.systems
    system, _, name = service.partition("/")
    if system not in systems or not name:
        choices = f"name a system of {stack.name} and one of its services, shop/web; it has {', '.join(systems)}"
        raise CallError(f"{service}: {choices}")
    declared = [each.name for each in services(systems[system])]
    if name not in declared:
        raise OperationError(f"{service} does not run in {stack.name}; what runs of {system}: {', '.join(declared)}")
    return system, name


def _environment(*, real: bool) -> dict[str, str]:
    """Return the variables of Railway's command line: without an empty RAILWAY_TOKEN, which it reads as a token.

    In the sandbox it trusts the sandbox's certificates.
    """
    environment = dict(os.environ)
    if environment.get("RAILWAY_TOKEN") == "":
        del environment["RAILWAY_TOKEN"]
    if not real and "RAILYARD_EDGE_AUTHORITY" in environment:
        environment["SSL_CERT_FILE"] = environment["RAILYARD_EDGE_AUTHORITY"]
    return environment


def _program() -> str:
    """Return the path of Railway's command line; raises ``OperationError`` where there is none that can do this."""
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
