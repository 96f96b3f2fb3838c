"""The command line as a whole: its groups of commands.

Owns nothing but the list. Each group is a module of its own with a typer application.
"""

from __future__ import annotations

import typer

from railyard.adopt.command import abandon, adopt
from railyard.data import backup, due, restore
from railyard.deliver import images
from railyard.deliver.deploy import deploy
from railyard.deliver.drift import drift
from railyard.deliver.notify import notify
from railyard.deliver.plan import plan
from railyard.engine import commands as engine
from railyard.environments import commands as environments
from railyard.export import command as export
from railyard.init.command import init
from railyard.map.command import map_
from railyard.migrate.command import migrate
from railyard.money.command import cost
from railyard.one_off.command import run
from railyard.operate import logs, status, verify
from railyard.operate import state_bucket as state
from railyard.operate.doctor import command as doctor
from railyard.promote import promote, rollback
from railyard.review.comment import comment
from railyard.review.diff import diff
from railyard.review.real import real
from railyard.sandbox import commands as sandbox
from railyard.secrets import commands as secrets
from railyard.settings.command import settings
from railyard.stack import commands as stack
from railyard.workflows.changed import changed
from railyard.workflows.command import workflows

application = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="What people do with a stack of Railyard: in the sandbox, before and after a deployment, on real accounts.",
    epilog="Exit codes: 0 all is well, 1 a problem was found, 2 the call was wrong.",
)
application.command()(init)
for _operation in (engine.preview, engine.up, engine.refresh, engine.destroy, engine.unprotect):
    application.command(rich_help_panel="In the sandbox")(_operation)
application.command()(status.status)
application.command()(verify.verify)
application.command()(logs.logs)
application.command()(run)
application.command()(doctor.doctor)
application.command()(engine.tools)
application.command()(settings)
application.command()(cost)
application.command("map")(map_)
application.command()(diff)
application.command()(real)
application.command()(comment)
application.command()(plan)
application.command()(deploy)
application.command()(changed)
application.command()(drift)
application.command()(notify)
application.command()(workflows)
application.command()(migrate)
application.command()(adopt)
application.command()(abandon)
application.command()(promote.promote)
application.command()(rollback.rollback)
application.add_typer(environments.application, name="review")
application.add_typer(images.application, name="images")
backup.application.command("due")(due.due)
application.add_typer(backup.application, name="backup")
application.add_typer(restore.application, name="restore")
application.add_typer(export.application, name="export")
application.add_typer(secrets.application, name="secrets")
for _command in (engine.serve, engine.shell, engine.reset):
    sandbox.application.command()(_command)
application.add_typer(sandbox.application, name="sandbox")
application.add_typer(stack.application, name="stack")
application.add_typer(state.application, name="state")


@application.callback()
def main() -> None:
    """Take no options of its own: the commands have theirs."""
