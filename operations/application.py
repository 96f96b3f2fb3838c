"""The command line as a whole: its groups of commands.

Owns nothing but the list. Each group is a module of its own with a typer application.
"""

from __future__ import annotations

import typer

from operations import logs, state, status, verify
from operations.backups import backup, restore
from operations.delivery import images
from operations.delivery.comment import comment
from operations.delivery.deploy import deploy
from operations.delivery.drift import drift
from operations.delivery.notify import notify
from operations.delivery.plan import plan
from operations.diff.command import diff
from operations.diff.real import real
from operations.doctor import command as doctor
from operations.promotion import promote, rollback
from operations.secrets import commands as secrets

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
application.command()(diff)
application.command()(real)
application.command()(comment)
application.command()(plan)
application.command()(deploy)
application.command()(drift)
application.command()(notify)
application.command()(promote.promote)
application.command()(rollback.rollback)
application.add_typer(images.application, name="images")
application.add_typer(backup.application, name="backup")
application.add_typer(restore.application, name="restore")
application.add_typer(secrets.application, name="secrets")
application.add_typer(state.application, name="state")


@application.callback()
def main() -> None:
    """What people do with a stack of Railyard beside previewing and deploying it."""
