"""The command line as a whole: its groups of commands.

Owns nothing but the list. Each group is a module of its own with a typer application.
"""

from __future__ import annotations

import typer

from railyard import logs, state, status, verify
from railyard.backups import backup, restore
from railyard.delivery import images
from railyard.delivery.comment import comment
from railyard.delivery.deploy import deploy
from railyard.delivery.drift import drift
from railyard.delivery.notify import notify
from railyard.delivery.plan import plan
from railyard.diff.command import diff
from railyard.diff.real import real
from railyard.doctor import command as doctor
from railyard.promotion import promote, rollback
from railyard.secrets import commands as secrets

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
