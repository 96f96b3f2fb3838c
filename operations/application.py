"""The command line as a whole: its groups of commands.

Owns nothing but the list. Each group is a module of its own with a typer application.
"""

from __future__ import annotations

import typer

from operations import doctor, logs, promote, rollback, secrets, state, status, verify

application = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="What people do with a stack of Railyard beside previewing and deploying it.",
    epilog="Exit codes: 0 all is well, 1 a problem was found, 2 the call was wrong.",
)
application.command()(status.status)
application.command()(verify.verify)
application.command()(logs.logs)
application.command()(doctor.doctor)
application.command()(promote.promote)
application.command()(rollback.rollback)
application.add_typer(secrets.application, name="secrets")
application.add_typer(state.application, name="state")


@application.callback()
def main() -> None:
    """What people do with a stack of Railyard beside previewing and deploying it."""
